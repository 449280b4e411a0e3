"""`import legacy.fast.all`: all speed-ups, including those that may round a last digit differently.

Import it before theano and keras. Sums and matrix products add in another order, and buffers are kept between two
calls of a function. No result depends on the number of cores.
"""
import sys

from .. import SPEEDUPS, hook, theano
from ..helpers import say
from . import blas, sums

if SPEEDUPS and "theano" in sys.modules:
    say("legacy.fast.all is imported after Theano, so it changes nothing: import it first.")
elif SPEEDUPS:
    hook(blas, sums)
    theano.flags.update({
        # g++ vectorises square roots and branches; unlike -ffast-math these keep NaN and infinity.
        "gcc.cxxflags": "-fno-math-errno -fno-trapping-math",
        "allow_gc": "False",  # keep a function's buffers from call to call
        # g++ does not vectorise a loop that writes where it reads.
        "optimizer_excluding": "inplace_elemwise_optimizer",
    })
    if blas.openblas:
        theano.flags["blas.ldflags"] = "-lm"  # any flag: it tells Theano that there is a BLAS
