"""Theano's flags, compiler, BLAS and compile cache, on machines of today."""
import contextlib
import ctypes
import functools
import hashlib
import importlib.util
import logging
import os
import platform
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path

FAST = os.environ.get("TP2_PLAIN", "") in ("", "0")


# --- Flags and compiler -----------------------------------------------------------------

def _say(sentence):
    print(f"legacy: {sentence}", file=sys.stderr)


@functools.cache
def _compiler():
    """The C++ compiler's name for Theano's `cxx` flag, or "" (said aloud) where none can work."""
    found = next((name for name in ("g++", "clang++") if shutil.which(name)), "")
    headers = Path(sysconfig.get_paths()["include"]) / "Python.h"
    if not found:
        _say("no C++ compiler (g++) found, so Theano runs on NumPy alone: the same results, many "
             "times slower; install g++ to speed it up.")
    elif not headers.exists():
        _say(f"{headers} is missing, so Theano can't compile and runs on NumPy alone: the same "
             "results, many times slower; install Python's development headers to speed it up.")
        return ""
    return found


def _openblas():
    """SciPy's own OpenBLAS, loaded, or None where the wheel ships none.

    Theano 1.0.5 with `blas.ldflags` empty goes through NumPy and copies every transposed
    matrix of a matrix-vector product: 2.5 times slower on Ej1b_ii. NumPy's own
    OpenBLAS can't be linked instead, its integers are 64 bits wide.
    """
    scipy = importlib.util.find_spec("scipy")
    for library in sorted(Path(scipy.origin).parents[1].glob("scipy.libs/libscipy_openblas*.so")):
        # Global: the modules that Theano compiles find its routines without being linked to it, so
        # that its path is in no flag (Theano splits flags at blanks) and in no key of the compile cache.
        return ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
    return None


# The routines that Theano's C code calls; SciPy >= 1.14 exports them with a prefix.
_BLAS_ROUTINES = [precision + routine + "_" for precision in "sd"
                  for routine in ("gemm", "gemv", "ger", "dot", "axpy", "scal", "copy", "swap",
                                  "nrm2", "asum", "rot", "rotg", "rotm", "rotmg", "gbmv",
                                  "symv", "sbmv", "spmv", "trmv", "tbmv", "tpmv", "trsv", "tbsv",
                                  "tpsv", "syr", "spr", "spr2", "syr2", "symm", "syrk", "syr2k",
                                  "trmm", "trsm")]


def _digest():
    """Eight digits that stand for this package's source: with it changes what Theano compiles, and its Ops."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:8]


def _theano_flags(theirs, ours):
    """THEANO_FLAGS: the user's own string `theirs`, with `ours` and what all need filled in where it is silent."""
    named = {pair.split("=", 1)[0].strip() for pair in theirs.split(",") if pair.strip()}
    flags = {
        "device": "cpu",
        **ours,
        # NumPy >= 1.22 no longer has the `blas_opt_info` that Theano 1.0.5 asks for at its
        # import unless this flag is set, be it to nothing.
        "blas.ldflags": "",
        # Theano's default, and what else decides the C code but is in no key of the compile cache.
        "compiledir_format": "compiledir_%(short_platform)s-%(processor)s-%(python_version)s-%(python_bitwidth)s"
                             f"-numpy_%(numpy_version)s-legacy_{_digest()}",
    }
    if "cxx" not in named:
        flags["cxx"] = _compiler()
    # Theano stops at its import where it can't write to the home.
    home = Path(os.path.expanduser("~"))
    if not os.access(home, os.W_OK):
        flags["base_compiledir"] = Path(tempfile.gettempdir()) / f"theano-{os.getuid()}" / "tp2-deep-learning"
    if FAST:
        # -fno-*: let g++ vectorise square roots and branches. Unlike -ffast-math these keep
        # NaN and infinity as they are.
        options = ["-O3", "-fno-math-errno", "-fno-trapping-math"]
        if _blas and flags.get("cxx") and not named & {"blas.ldflags", "gcc.cxxflags"}:
            flags["blas.ldflags"] = "-lm"  # any flag: it tells Theano that there is a BLAS
            options += [f"-D{name}=scipy_{name}" for name in _BLAS_ROUTINES]
        flags["gcc.cxxflags"] = " ".join(options)
        # Keep the buffers between two calls of a function instead of asking for new ones.
        flags["allow_gc"] = "False"
        # local_dot22_to_dot22scalar: with RMSprop it computes each weight gradient twice, once
        # times the learning rate. inplace_elemwise_optimizer: g++ does not vectorise a loop that
        # writes where it reads.
        flags["optimizer_excluding"] = "local_dot22_to_dot22scalar:inplace_elemwise_optimizer"
    filled = [f"{flag}={value}" for flag, value in flags.items() if flag not in named]
    return ",".join(filled + [pair for pair in theirs.split(",") if pair.strip()])


_blas = _openblas() if FAST else None
_theirs = os.environ.get("THEANO_FLAGS", "")


def set_flags(**ours):
    """Fill THEANO_FLAGS with `ours`, where the user's are silent; only before Theano is imported."""
    os.environ["THEANO_FLAGS"] = _theano_flags(_theirs, ours)


set_flags(
    floatX="float32",  # as Keras wants it; a 2016 .theanorc may say otherwise
    # A compile cache of our own: Theano unpickles every key in it, also those of Ops that only
    # this project can import.
    base_compiledir=Path(os.path.expanduser("~")) / ".theano" / "tp2-deep-learning",
)
# "Using NumPy C-API based implementation for BLAS functions" and the like, at every start.
logging.getLogger("theano.tensor.blas").setLevel(logging.ERROR)


# --- Threads ----------------------------------------------------------------------------

def _openmp():
    """g++'s OpenMP library, where Theano's modules can be compiled with it, or None."""
    if _blas is None or "cxx=g++" not in os.environ["THEANO_FLAGS"].split(",") or sys.platform != "linux":
        return None
    # Before it is loaded: an idle thread looks for work some microseconds long, then sleeps.
    os.environ.setdefault("GOMP_SPINCOUNT", "2000")
    try:
        library = ctypes.CDLL("libgomp.so.1")
    except OSError:
        return None
    # Its threads do not survive a fork, and a child that asked for them would wait for ever.
    os.register_at_fork(after_in_child=lambda: library.omp_set_num_threads(1))
    return library


# Columns of a product (rows, as NumPy sees them), a part to each thread. Not OpenBLAS's own threads: those
# spin for a core that another program has, and what they compute depends on how many they are.
_SPLIT_PRODUCT = """
#include <omp.h>
static void split_%(gemm)s(
        char* ta, char* tb, const int* m, const int* n, const int* k, const %(real)s* alpha, const %(real)s* a,
        const int* lda, const %(real)s* b, const int* ldb, const %(real)s* beta, %(real)s* c, const int* ldc) {
    const long parts = 1e-6 * *m * *n * *k < 1 ? 1 : omp_get_max_threads();
    const long step = *tb == 'N' ? *ldb : 1;
    #pragma omp parallel for num_threads(parts) schedule(static, 1) if (parts > 1)
    for (long part = 0; part < parts; ++part) {
        const long start = *n * part / parts;
        const int count = *n * (part + 1) / parts - start;
        %(gemm)s(ta, tb, m, &count, k, alpha, a, lda, b + start * step, ldb, beta, c + start * *ldc, ldc);
    }
}
#undef %(gemm)s
#define %(gemm)s split_%(gemm)s
"""


def _split_products(blas):
    """Have the modules that Theano compiles for matrix products split large ones among OpenMP's threads."""
    related = blas.GemmRelated
    code, options, version = related.c_support_code, related.c_compile_args, related.build_gemm_version
    split = "".join(_SPLIT_PRODUCT % {"gemm": gemm, "real": real} for gemm, real in (("sgemm_", "float"),
                                                                                   ("dgemm_", "double")))
    related.c_support_code = lambda self: code(self) + split
    related.c_compile_args = lambda self: [*options(self), "-fopenmp"]
    related.build_gemm_version = lambda self: (*version(self), "split", 1)


_omp = _openmp()


def blas_threads(count):
    """Set how many threads a large matrix product of Theano's compiled code may use; at first, one per core.

    The numbers depend on `count`, not on how many cores there are to run them. One thread per training
    suits several trainings at once better than several in each.
    """
    if _omp:
        _omp.omp_set_num_threads(int(count))
    if _blas:
        _blas.scipy_openblas_set_num_threads(1 if _omp else int(count))


blas_threads(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())


# --- The processor: denormal numbers ----------------------------------------------------

def _flush_denormals():
    """Round float results below 1e-38 to zero, on x86 Linux, for this thread and its children.

    RMSprop's averages of squared gradients decay into denormal numbers, on which x86
    processors are up to a hundred times slower. g++ sets this mode by itself with
    -ffast-math, but only before version 13 and with its other effects on NaN.
    """
    if platform.machine() != "x86_64" or sys.platform != "linux":
        return
    import numpy
    for dtype in (numpy.float16, numpy.float32, numpy.float64):
        numpy.finfo(dtype)  # looks for denormals and warns where there are none: ask now
    libm = ctypes.CDLL("libm.so.6")
    environment = (ctypes.c_uint32 * 8)()  # glibc's fenv_t; its last word is MXCSR
    if libm.fegetenv(environment) == 0:
        environment[7] |= 0x8040  # flush to zero, denormals are zero
        libm.fesetenv(environment)


if FAST:
    with contextlib.suppress(OSError):  # another libc than glibc: slower, not wrong
        _flush_denormals()


# --- The compile cache ------------------------------------------------------------------

def cache_ops_without_properties(_module):
    """Let Theano 1.0.5 keep on disk what it compiled for an Op without parameters.

    Its CLinker takes an empty `__props__` for "this Op has no version" and has g++ compile
    Dot22, Alloc, the softmax and others anew in every process: half a second each.
    """
    import theano
    ops = [theano.gof.op.PureOp]
    for op in ops:
        ops += op.__subclasses__()
        if op.__dict__.get("__props__") == ():
            op.__props__ = ("__module__",)  # any constant; equality and hash don't look here


AROUND_IMPORT = {}
AFTER_IMPORT = {"theano": cache_ops_without_properties} if FAST else {}
if _omp:
    AFTER_IMPORT["theano.tensor.blas"] = _split_products
