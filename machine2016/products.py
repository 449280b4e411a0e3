"""Matrix products in the order of ATLAS, which sgemm.c explains, for all that Theano multiplies in float32."""
from pathlib import Path

from theano.tensor.blas import GemmRelated

SGEMM = Path(__file__).with_name("sgemm.c").read_text()


def install():
    """Have the modules that Theano compiles for matrix products take sgemm.c's function for their sgemm."""
    code, version, libraries = GemmRelated.c_support_code, GemmRelated.build_gemm_version, GemmRelated.c_libraries
    GemmRelated.c_support_code = lambda self: f"{code(self)}\n{SGEMM}\n#undef sgemm_\n#define sgemm_ sgemm_2016\n"
    GemmRelated.build_gemm_version = lambda self: (*version(self), SGEMM)
    GemmRelated.c_libraries = lambda self: libraries(self) or ["m"]  # without any, Theano would leave sgemm to NumPy
