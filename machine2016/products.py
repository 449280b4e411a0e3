"""Matrix products in the order of ATLAS, which sgemm.c explains, for all that Theano multiplies in float32.

MACHINE2016_THREADS in the environment says how many threads share a large product, with g++; without it one computes
it. They change no bit.
"""
from legacy.compiler import is_clang

import os
from pathlib import Path

from theano.tensor.blas import GemmRelated

SGEMM = Path(__file__).with_name("sgemm.c").read_text()


def install():
    """Have the modules that Theano compiles for matrix products take sgemm.c's function for their sgemm."""
    related = GemmRelated
    code, version, libraries, options = (related.c_support_code, related.build_gemm_version, related.c_libraries,
                                         related.c_compile_args)
    related.c_support_code = lambda self: f"{code(self)}\n{SGEMM}\n#undef sgemm_\n#define sgemm_ sgemm_2016\n"
    related.build_gemm_version = lambda self: (*version(self), SGEMM)
    related.c_libraries = lambda self: libraries(self) or ["m"]  # without any, Theano would leave sgemm to NumPy
    if not is_clang():  # it has OpenMP in a package of its own
        related.c_compile_args = lambda self: [*options(self), "-fopenmp"]
        os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # a thread without work looks for it some microseconds long
