"""Theano's matrix products by SciPy's OpenBLAS, the large ones in two halves that two cores compute at once.

Theano 1.0.5 without a BLAS goes through NumPy and copies every transposed matrix of a matrix-vector product: 2.5 times
slower in logistic regression. NumPy's own OpenBLAS can't be linked, its integers have 64 bits.
Not OpenBLAS's own threads: they spin for a core that another program has, and what they compute depends on how many
they are.
"""
import ctypes
import importlib.util
import os
from pathlib import Path

from ..compiler import is_clang
from ..helpers import environment


def _openblas():
    """The OpenBLAS of SciPy's wheel, loaded, with one thread; None where SciPy or the library is missing."""
    scipy = importlib.util.find_spec("scipy")
    if scipy is None:
        return None
    for library in Path(scipy.origin).parents[1].glob("scipy.libs/libscipy_openblas-*.so"):  # "64_-": wide integers
        # Global: compiled modules find its routines without being linked to it, so its path is in no flag (Theano
        # splits flags at blanks) and in no key of the cache.
        loaded = ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
        loaded.scipy_openblas_set_num_threads(1)
        return loaded
    return None


openblas = _openblas()

# What Theano's C code calls; SciPy's library has the names with a prefix.
_ROUTINES = [precision + routine + "_" for precision in "sd"
             for routine in ("gemm", "gemv", "ger", "dot", "axpy", "scal", "copy", "swap", "nrm2", "asum", "rot",
                             "rotg", "rotm", "rotmg", "gbmv", "symv", "sbmv", "spmv", "trmv", "tbmv", "tpmv", "trsv",
                             "tbsv", "tpsv", "syr", "spr", "spr2", "syr2", "symm", "syrk", "syr2k", "trmm", "trsm")]

# Two parts on any number of cores: the numbers are the same. Columns of the product, rows as NumPy sees them.
_SPLIT = """
#ifdef _OPENMP
#include <omp.h>
#endif
static void split_%(gemm)s(
        char* ta, char* tb, const int* m, const int* n, const int* k, const %(real)s* alpha, const %(real)s* a,
        const int* lda, const %(real)s* b, const int* ldb, const %(real)s* beta, %(real)s* c, const int* ldc) {
    const long parts = 1e-6 * *m * *n * *k < 1 ? 1 : 2;
    const long step = *tb == 'N' ? *ldb : 1;
#ifdef _OPENMP
    #pragma omp parallel for schedule(static, 1) num_threads(parts) if (parts > 1 && omp_get_max_threads() > 1)
#endif
    for (long part = 0; part < parts; ++part) {
        const long start = *n * part / parts;
        const int count = *n * (part + 1) / parts - start;
        %(gemm)s(ta, tb, m, &count, k, alpha, a, lda, b + start * step, ldb, beta, c + start * *ldc, ldc);
    }
}
#undef %(gemm)s
#define %(gemm)s split_%(gemm)s
"""


def _is_linked():
    import theano
    return openblas is not None and theano.config.blas.ldflags == "-lm"  # as all.py sets it


def _name_routines(blas_headers):
    if _is_linked():
        plain = blas_headers.blas_header_text
        names = "".join(f"#define {name} scipy_{name}\n" for name in _ROUTINES)
        blas_headers.blas_header_text = lambda: names + plain()


def _split_products(blas):
    if not _is_linked():
        return
    related = blas.GemmRelated
    code, options, version = related.c_support_code, related.c_compile_args, related.build_gemm_version
    split = "".join(_SPLIT % {"gemm": gemm, "real": real} for gemm, real in (("sgemm_", "float"), ("dgemm_", "double")))
    openmp = ["-fopenmp"] if _has_openmp() else []
    related.c_support_code = lambda self: code(self) + split
    related.c_compile_args = lambda self: [*options(self), *openmp]
    related.build_gemm_version = lambda self: (*version(self), "split", 1)


def _has_openmp():
    """Whether g++'s OpenMP is there, after making it safe to fork."""
    if is_clang():
        return False
    try:
        # An idle thread looks for work some microseconds long, then sleeps.
        with environment(GOMP_SPINCOUNT=os.environ.get("GOMP_SPINCOUNT", "2000")):
            library = ctypes.CDLL("libgomp.so.1")
    except OSError:
        return False
    # Its threads do not survive a fork, and a child that asked for them would wait for ever.
    os.register_at_fork(after_in_child=lambda: library.omp_set_num_threads(1))
    return True


AROUND_IMPORT = {}
AFTER_IMPORT = {"theano.tensor.blas_headers": _name_routines, "theano.tensor.blas": _split_products}
