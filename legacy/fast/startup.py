"""A faster start: what Theano 1.0.5 compiles, tries, imports or waits for in every process. No number changes."""
import contextlib
import hashlib
import sys
import types
from pathlib import Path

from ..cache import cache_key
from ..compiler import is_clang


def _cache_ops_without_properties(_module):
    """Let Theano keep on disk what it compiled for an Op without parameters.

    Its CLinker takes an empty `__props__` for "this Op has no version" and has g++ compile Dot22, Alloc, the softmax
    and others anew in every process: half a second each.
    """
    import theano
    ops = [theano.gof.op.PureOp]
    for op in ops:
        ops += op.__subclasses__()
        if op.__dict__.get("__props__") == ():
            op.__props__ = ("__module__",)  # any constant; equality and hash don't look here


def _stable_versions(module):
    """Let Theano keep on disk what it compiled for an Op with its C code in a file, such as DimShuffle.

    Its version is Python's hash of that code, which differs from process to process since Python 3.3.
    """
    plain = module.COp.c_code_cache_version

    def c_code_cache_version(self):
        return (hashlib.sha256(repr(self.func_codes).encode()).hexdigest(), *plain(self)[1:])

    module.COp.c_code_cache_version = c_code_cache_version


def _wait_less_for_the_lock(compilelock):
    """Look ten times a second whether another process has done compiling: Theano looks every five to ten seconds."""
    plain = compilelock.lock

    def lock(tmp_dir, timeout=compilelock.notset, min_wait=0.05, max_wait=0.15, verbosity=0):
        return plain(tmp_dir, timeout, min_wait, max_wait, verbosity)

    compilelock.lock = lock


def _try_processor_flags_once(cmodule):
    """Compile and run Theano's small program with the processor's flags (0.1 s) only if it has not worked before.

    With clang++ it never works, in eight trials: Theano takes options of clang's inner program for the compiler's.
    """
    plain = cmodule.try_march_flag

    def try_march_flag(flags):
        import theano
        key = cache_key(flags, theano.config.cxx, theano.config.gcc.cxxflags, cmodule.gcc_version_str)
        note = Path(theano.config.compiledir) / f"march-{key}"
        if note.exists():
            return (not is_clang(),) * 2
        outcome = plain(flags)
        if outcome == (not is_clang(),) * 2:
            with contextlib.suppress(OSError):
                note.touch()
        return outcome

    cmodule.try_march_flag = try_march_flag


def _known_gemv_answer(blas_c):
    """Theano's program that tries how BLAS multiplies by zero lacks a bracket, so its answer is always this."""
    blas_c.check_force_gemv_init._force_init_beta = False


def _without(name, stand_in):
    """Make a context manager in which `import name` takes no time, where SciPy imports its parts on first use."""
    @contextlib.contextmanager
    def around():
        try:
            import scipy
        except ImportError:
            scipy = None
        spared = name not in sys.modules and hasattr(scipy, "__getattr__")
        if spared:
            sys.modules[name] = stand_in
        try:
            yield
        finally:
            if spared:
                del sys.modules[name]
    return around


AROUND_IMPORT = {
    # Theano has one function of scipy.stats, which takes 0.15 s to import ...
    "theano.scalar.basic_scipy": _without("scipy.stats", types.ModuleType("scipy.stats")),
    # ... and asks scipy.signal, 0.15 s too, for private functions that SciPy 1.8 moved; it expects the ImportError.
    "theano.tensor.nnet.conv": _without("scipy.signal", None),
    "theano.tensor.nnet.abstract_conv": _without("scipy.signal", None),
}
AFTER_IMPORT = {
    "theano": _cache_ops_without_properties,
    "keras": _cache_ops_without_properties,  # of the Theano modules that Keras imported
    "theano.gof.op": _stable_versions,
    "theano.gof.compilelock": _wait_less_for_the_lock,
    "theano.gof.cmodule": _try_processor_flags_once,
    "theano.tensor.blas_c": _known_gemv_answer,
}
