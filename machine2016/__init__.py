"""The machine of the report: Theano 0.8 and Keras 1.1 on an Ubuntu of 2016, on today's Theano and Keras.

A ReLU network amplifies roundings: two trainings that differ in one last bit differ by some digits of 60,000 after an
epoch. To have the report's numbers to the last digit, a training must draw the same random numbers, compute the same
expressions, and round each of them as the student's machine did:

- draws: first weights, shuffles and dropout's masks from NumPy's and Theano's generators, in Keras 1.1's order;
- graph: what Theano 0.8 computed for ReLU, dropout and the loss's gradient, where today's Theano rounds otherwise;
- products: matrix products summed in the order of ATLAS, the BLAS of that Ubuntu (sgemm.c);
- arithmetic: no fused multiply-add, since its g++ compiled for processors without, and `exp` in double precision.

All of it is fixed here, so no processor, BLAS or number of threads changes a bit. Write `import machine2016` above
`import keras`: it is in force in this process from then on.
"""
import legacy

import ctypes
import sys

import theano

from . import draws, graph, products


def _without_fast_rounding():
    """Undo what `legacy.fast.all` may round differently: 2016's sums added one number after the other, and results
    below 1e-38 were no zeros.
    """
    theano.tensor.elemwise.Sum.c_compile_args = lambda self: []
    if sys.platform == "linux":
        ctypes.CDLL(None).fesetenv(ctypes.c_void_p(-1))  # FE_DFL_ENV of glibc and of musl


if "legacy.fast.all" in sys.modules:
    _without_fast_rounding()
products.install()
graph.install()
draws.install()
