"""The student's machine: Theano 0.8 and Keras 1.1 on an Ubuntu of 2016, on today's Theano and Keras.

Write `import machine2016` above `import keras`: it is in force in this process from then on. README.md says what each
rule is and how it was found.

- draws: first weights, shuffles and dropout's masks from NumPy's and Theano's generators, in Keras 1.1's order
- graph: what Theano 0.8 computed for ReLU, dropout and the loss's gradient; today's Theano rounds otherwise
- rounding: no fused multiply-add, and `exp` in double precision
- products: matrix products summed in the order of ATLAS, the BLAS of that Ubuntu (sgemm.c)
- rmsprop: Keras's own step, faster
"""
import legacy

import sys

import theano

from . import draws, graph, products, rmsprop, rounding


def _refuse(sentence):
    print(f"machine2016: {sentence}", file=sys.stderr)
    sys.exit(2)


if not theano.config.cxx:
    _refuse("its sums need a C++ compiler: install g++, or name one with THEANO_FLAGS=cxx=NAME.")
if "legacy.fast.all" in sys.modules:
    _refuse("legacy.fast.all adds in another order: write `import legacy` in its place.")
for module in draws, graph, rounding, products, rmsprop:
    module.install()
