"""Theano's flags, compiler, BLAS and compile cache, on machines of today."""
import configparser
import contextlib
import ctypes
import functools
import hashlib
import importlib.util
import logging
import os
import platform
import re
import shlex
import shutil
import stat
import subprocess
import sys
import sysconfig
import tempfile
import types
from pathlib import Path

FAST = os.environ.get("TP2_PLAIN", "") in ("", "0")


# --- The folder for compiled modules, and the compiler ------------------------------------

def _say(sentence):
    print(f"legacy: {sentence}", file=sys.stderr)


def _refuse(sentence):
    """End the program: what Theano would say here is a traceback of 30 lines."""
    _say(sentence)
    sys.exit(2)


@functools.cache
def _digest():
    """Eight digits that stand for this package's source: with it changes what Theano compiles, and its Ops."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:8]


def name_for(*known):
    """Eight digits that stand for some values, in the name of a file that is good for just these."""
    return hashlib.sha256(repr(known).encode()).hexdigest()[:8]


def _hindrance(folder):
    """What hinders Theano from keeping compiled modules in a folder, which is made if need be, or None."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_a_megabyte(folder)
        for made in folder.glob(f"compiledir_*legacy_{_digest()}"):
            for path in (made, *made.iterdir()):  # `sudo` leaves some that Theano stops at
                if path.is_dir() and not os.access(path, os.R_OK | os.W_OK | os.X_OK):
                    return f"{path} is not open to this user"
    except OSError as error:
        return error.strerror
    return None


def _write_a_megabyte(folder):
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(2**20))
        file.flush()


def _folder_for_modules(wanted):
    """`wanted`, below the home, or a temporary folder of one's own where Theano can't keep compiled modules there."""
    home = os.path.expanduser("~")
    reason = _hindrance(wanted) if os.path.isabs(home) and os.path.isdir(home) else "there is no home folder"
    if not reason:
        return wanted
    try:
        fallback = Path(tempfile.gettempdir()) / f"theano-{os.geteuid()}"
        with contextlib.suppress(FileExistsError):
            fallback.mkdir(mode=0o700)
        status = fallback.lstat()  # anybody could have put something of that name there, with modules in it
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            raise PermissionError(0, f"{fallback} is not this user's own folder")
        fallback.chmod(0o700)
        other = _hindrance(fallback)
    except OSError as error:
        other = error.strerror
    if other:
        _refuse(f"Theano can't keep what it compiles in {wanted} ({reason}), nor in a temporary folder ({other}): "
                "let one be written, free some space, or name a folder with THEANO_FLAGS=base_compiledir=FOLDER.")
    _say(f"Theano can't keep what it compiles in {wanted} ({reason}): {fallback} it is.")
    return fallback


def _make_room_for_temporary_files(folder):
    """Let the compiler, and Keras, have `folder` for their temporary files where TMPDIR's is full."""
    try:
        _write_a_megabyte(os.environ.get("TMPDIR") or tempfile.gettempdir())
    except OSError as error:
        _say(f"no room for temporary files ({error.strerror}): {folder} takes them.")
        os.environ["TMPDIR"], tempfile.tempdir = str(folder), None


def _failure(compiler, options, folder):
    """Why modules that `compiler` makes in `folder` can't be loaded, or None; that is noted there, and tried once."""
    path = shutil.which(compiler)
    include = sysconfig.get_paths()["include"]
    try:
        status = os.stat(path)
        note = folder / f"compiler-{name_for(path, status.st_size, status.st_mtime_ns, include, options)}"
        if note.exists():
            return None
        with tempfile.TemporaryDirectory(dir=folder) as place:
            source, module = Path(place) / "try.cpp", Path(place) / "try.so"
            source.write_text('#include <Python.h>\n#include <cmath>\nextern "C" int answer() { return 42; }\n')
            command = [path, *options, "-shared", "-fPIC", f"-I{include}", "-o", str(module), str(source)]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
            if done.returncode:
                return (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[0]
            if ctypes.CDLL(str(module)).answer() != 42:
                return "what it compiles does not run"
        note.touch()
    except (OSError, TypeError) as error:
        return "it isn't there" if path is None else str(error)
    return None


@functools.cache
def _compiler(options, folder):
    """The C++ compiler's name for Theano's `cxx` flag, or "" (said aloud) where none can work."""
    found = [name for name in ("g++", "clang++") if shutil.which(name)]
    headers = Path(sysconfig.get_paths()["include"]) / "Python.h"
    slower = "Theano runs on NumPy alone: the same results, many times slower;"
    if not found:
        _say(f"no C++ compiler (g++) found, so {slower} install g++ to speed it up.")
        return ""
    if not headers.exists():
        _say(f"{headers} is missing, so Theano can't compile and {slower} install Python's development headers to "
             "speed it up.")
        return ""
    reasons = {}
    for name in found:
        reasons[name] = _failure(name, options, folder)
        if not reasons[name]:
            return name
    _say("the C++ compiler fails (" + "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
         + f"), so {slower} mend it to speed it up.")
    return ""


# --- Flags ------------------------------------------------------------------------------

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


def _parsed(flags):
    """A string of THEANO_FLAGS as {name: value}, as Theano splits it."""
    splitter = shlex.shlex(flags, posix=True)
    splitter.whitespace, splitter.whitespace_split = ",", True
    try:
        pairs = [pair.strip().split("=", 1) for pair in splitter]
    except ValueError as error:
        _refuse(f"THEANO_FLAGS can't be read ({error}): mend {flags!r}.")
    return {pair[0].strip(): pair[-1] for pair in pairs if len(pair) == 2}


def _quoted(value):
    """A flag's value, in quotes where Theano would else stop in it: a home folder may be called o'brien."""
    return str(value) if re.fullmatch(r"""[^'"\\,#]*""", str(value)) else "'" + str(value).replace("'", "'\"'\"'") + "'"


def _theano_flags(theirs, ours):
    """THEANO_FLAGS: the user's own string `theirs`, with `ours` and what all need filled in where it is silent."""
    named = _parsed(theirs)
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
    theirs_for_modules = named.get("compiledir") or named.get("base_compiledir")
    if theirs_for_modules:
        folder = Path(os.path.expanduser(theirs_for_modules)).absolute()
        reason = _hindrance(folder)
        if reason:
            _refuse(f"THEANO_FLAGS names {folder}, where Theano can't keep what it compiles ({reason}): name another "
                    "folder.")
    else:
        # Where a script of those years has Theano's own place for them, a .theanorc may name another.
        wanted = flags.get("base_compiledir", Path(os.path.expanduser("~")) / ".theano")
        folder = _folder_for_modules(wanted)
        if folder != wanted:
            flags["base_compiledir"] = folder
    _make_room_for_temporary_files(folder)
    # -fno-*: let g++ vectorise square roots and branches. Unlike -ffast-math these keep
    # NaN and infinity as they are.
    # -g0: Theano asks for a debugger's symbols.
    options = ["-O3", "-g0", "-fno-math-errno", "-fno-trapping-math"]
    tried = tuple(named["gcc.cxxflags"].split() if "gcc.cxxflags" in named else options if FAST else ())
    if "cxx" not in named:
        flags["cxx"] = _compiler(tried, folder)
    elif named["cxx"]:
        reason = _failure(named["cxx"], tried, folder)
        if reason:
            _refuse(f"THEANO_FLAGS names the compiler {named['cxx']}, which fails ({reason}): name another, or none.")
    if FAST:
        if _blas and flags.get("cxx") and not named.keys() & {"blas.ldflags", "gcc.cxxflags"}:
            flags["blas.ldflags"] = "-lm"  # any flag: it tells Theano that there is a BLAS
            options += [f"-D{name}=scipy_{name}" for name in _BLAS_ROUTINES]
        flags["gcc.cxxflags"] = " ".join(options)
        # Keep the buffers between two calls of a function instead of asking for new ones.
        flags["allow_gc"] = "False"
        # local_dot22_to_dot22scalar: with RMSprop it computes each weight gradient twice, once
        # times the learning rate. inplace_elemwise_optimizer: g++ does not vectorise a loop that
        # writes where it reads.
        flags["optimizer_excluding"] = "local_dot22_to_dot22scalar:inplace_elemwise_optimizer"
    filled = [f"{flag}={_quoted(value)}" for flag, value in flags.items() if flag not in named]
    return ",".join(filled + [pair for pair in theirs.split(",") if pair.strip()])


@contextlib.contextmanager
def _settings_in_a_sentence():
    """End with a sentence where Theano does not like a flag, or what is in a .theanorc."""
    try:
        yield
    except (ValueError, configparser.Error) as error:
        reason = " ".join(str(error).split())
        files = os.environ.get("THEANORC") or os.path.expanduser("~/.theanorc")
        _refuse(f"Theano's settings can't be used ({reason}): mend {'THEANO_FLAGS or ' if _theirs else ''}{files}.")


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


# --- Sums -------------------------------------------------------------------------------

def _sum_in_any_order(elemwise):
    """Let g++ vectorise the loops of Theano's sums, all but those over the last axis, often of ten numbers.

    With -O3 alone each addition waits for the one before. They add in float64: where they sum float32, another order
    shows in no digit, and NaN and infinity stay what they are.
    """
    options = ["-fassociative-math", "-fno-signed-zeros", "-fno-trapping-math"]
    elemwise.Sum.c_compile_args = lambda self: options if self.axis is None or 0 in self.axis else []


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


def _stable_versions(module):
    """Let Theano 1.0.5 keep on disk what it compiled for an Op with its C code in a file, such as DimShuffle.

    Its version is Python's hash of that code, which is another in each process since Python 3.3.
    """
    plain = module.COp.c_code_cache_version

    def c_code_cache_version(self):
        return (hashlib.sha256(repr(self.func_codes).encode()).hexdigest(), *plain(self)[1:])

    module.COp.c_code_cache_version = c_code_cache_version


def note_digest(path):
    """Put the digest of a file that the compiler wrote beside it."""
    Path(f"{path}.digest").write_text(hashlib.blake2b(Path(path).read_bytes()).hexdigest())


def is_whole(path):
    """Whether a file is what the compiler wrote, as `note_digest` noted it."""
    try:
        return hashlib.blake2b(Path(path).read_bytes()).hexdigest() == Path(f"{path}.digest").read_text()
    except (OSError, ValueError):
        return False


def _remove_if_broken(module):
    """Remove a compiled module's folder where its file is broken, to load which may end the process; whether it was."""
    from theano.gof import compilelock
    if is_whole(module):
        return False
    with compilelock.lock_ctx():  # nobody else is just making it
        if is_whole(module):
            return False
        _say(f"{module} is broken: it is compiled again.")
        shutil.rmtree(os.path.dirname(module), ignore_errors=True)
    return True


def _compile_broken_modules_again(cmodule):
    """Give each module that Theano compiles a digest beside it, and believe no module without."""
    compile_str = cmodule.GCC_compiler.compile_str

    def compiled(module_name, src_code, location=None, *args, **kwargs):
        module = compile_str(module_name, src_code, location, *args, **kwargs)
        note_digest(Path(location) / f"{module_name}.{cmodule.get_lib_extension()}")
        return module

    cmodule.GCC_compiler.compile_str = staticmethod(compiled)
    cache = cmodule.ModuleCache
    from_key, from_hash = cache._get_from_key, cache._get_from_hash

    def forget_if_broken(self, name):
        if name is None or name in self.module_from_name or not _remove_if_broken(name):
            return
        self.entry_from_key = {key: entry for key, entry in self.entry_from_key.items() if entry != name}
        self.module_hash_to_key_data = {module_hash: data for module_hash, data in self.module_hash_to_key_data.items()
                                        if data.get_entry() != name}
        self.loaded_key_pkl.discard(os.path.join(os.path.dirname(name), "key.pkl"))

    def get_from_key(self, key, key_data=None):
        if key_data is None:
            forget_if_broken(self, self.entry_from_key.get(key))
        return from_key(self, key, key_data)

    def get_from_hash(self, module_hash, key, *args, **kwargs):
        if module_hash in self.module_hash_to_key_data:
            forget_if_broken(self, self.module_hash_to_key_data[module_hash].get_entry())
        return from_hash(self, module_hash, key, *args, **kwargs)

    cache._get_from_key, cache._get_from_hash = get_from_key, get_from_hash


def _whole_or_gone(name):
    """Make a context manager in which a module that Theano imports itself is whole or not there at all."""
    @contextlib.contextmanager
    def around():
        import theano
        folder = os.path.join(theano.config.compiledir, name)
        if os.path.exists(os.path.join(folder, "mod.cpp")):  # it was compiled
            _remove_if_broken(os.path.join(folder, name + ".so"))
        yield
    return around


def _wait_less_for_the_lock(compilelock):
    """Look ten times a second whether another process has done compiling: Theano looks every five to ten seconds."""
    plain = compilelock.lock

    def lock(tmp_dir, timeout=compilelock.notset, min_wait=0.05, max_wait=0.15, verbosity=0):
        return plain(tmp_dir, timeout, min_wait, max_wait, verbosity)

    compilelock.lock = lock


# --- What Theano does at every start ------------------------------------------------------

def _try_the_processors_flags_once(cmodule):
    """Have Theano compile and run its small program with the processor's flags (0.1 s) only where it has not yet."""
    plain = cmodule.try_march_flag

    def try_march_flag(flags):
        import theano
        name = name_for(flags, theano.config.cxx, theano.config.gcc.cxxflags, cmodule.gcc_version_str)
        note = Path(theano.config.compiledir) / f"march-{name}"
        if note.exists():
            return True, True
        outcome = plain(flags)
        if outcome == (True, True):
            with contextlib.suppress(OSError):
                note.touch()
        return outcome

    cmodule.try_march_flag = try_march_flag


def _known_trial(blas_c):
    """Theano's program that tries how BLAS multiplies by zero lacks a bracket: its answer is always this."""
    blas_c.check_force_gemv_init._force_init_beta = False


def _without(name, stand_in):
    """Make a context manager in which `import name` takes no time, where SciPy imports its parts when they are used."""
    @contextlib.contextmanager
    def around():
        import scipy
        spared = name not in sys.modules and hasattr(scipy, "__getattr__")
        if spared:
            sys.modules[name] = stand_in
        try:
            yield
        finally:
            if spared:
                del sys.modules[name]
    return around


def _prepare(cmodule):
    _compile_broken_modules_again(cmodule)
    if FAST:
        _try_the_processors_flags_once(cmodule)


AROUND_IMPORT = {
    "theano": _settings_in_a_sentence,
    "theano.gof.cutils": _whole_or_gone("cutils_ext"),
    "theano.gof.lazylinker_c": _whole_or_gone("lazylinker_ext"),
}
AFTER_IMPORT = {"theano.gof.cmodule": _prepare, "theano.gof.compilelock": _wait_less_for_the_lock}
if FAST:
    AROUND_IMPORT |= {
        # Theano has one function of scipy.stats, which takes 0.15 s to import ...
        "theano.scalar.basic_scipy": _without("scipy.stats", types.ModuleType("scipy.stats")),
        # ... and asks scipy.signal, 0.15 s too, for private functions that since SciPy 1.8 are not where it looks:
        # an ImportError, with which it is content.
        "theano.tensor.nnet.conv": _without("scipy.signal", None),
        "theano.tensor.nnet.abstract_conv": _without("scipy.signal", None),
    }
    AFTER_IMPORT |= {
        "theano": cache_ops_without_properties,
        "theano.gof.op": _stable_versions,
        "theano.tensor.blas_c": _known_trial,
        "theano.tensor.elemwise": _sum_in_any_order,
    }
if _omp:
    AFTER_IMPORT["theano.tensor.blas"] = _split_products
