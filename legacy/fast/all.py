"""`import legacy.fast.all`: all speed-ups, also those that may round a last digit differently.

Import it before theano and keras. Sums and matrix products add in another order, results below 1e-38 (float32) are
zero, and buffers are kept between two calls of a function. None depends on the number of cores.
"""
import sys

from .. import SPEEDUPS, hook, theano
from ..process import say
from . import blas, denormals, sums

if SPEEDUPS and "theano" in sys.modules:
    say("legacy.fast.all is imported after Theano, so it changes nothing: import it first.")
elif SPEEDUPS:
    hook(blas, sums)
    denormals.flush_to_zero()
    theano.flags.update({
        # g++ vectorises square roots and branches; unlike -ffast-math these keep NaN and infinity.
        "gcc.cxxflags": "-fno-math-errno -fno-trapping-math",
        "allow_gc": "False",  # keep a function's buffers from call to call
        # local_dot22_to_dot22scalar: with RMSprop it computes each weight's gradient twice, once times the learning
        # rate. inplace_elemwise_optimizer: g++ does not vectorise a loop that writes where it reads.
        "optimizer_excluding": "local_dot22_to_dot22scalar:inplace_elemwise_optimizer",
    })
    if blas.openblas:
        theano.flags["blas.ldflags"] = "-lm"  # any flag: it tells Theano that there is a BLAS
