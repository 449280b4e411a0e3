"""Theano 1.0.5: its flags, and its functions that call what NumPy, SciPy or Python took away.

During Theano's import THEANO_FLAGS holds the user's flags, and legacy's for those that the user leaves open.
"""
import configparser
import contextlib
import functools
import importlib.util
import logging
import os
import re
import shlex
import sysconfig

from . import cache, compiler
from .helpers import environment, refuse, replace_lines, say

# --- Flags ------------------------------------------------------------------------------

# For flags that the user does not set. `legacy.fast.all` adds to them, `python -m legacy` clears them.
flags = {
    # Not Theano's own folder, where modules of other versions may lie.
    "base_compiledir": "~/.theano/legacy",
}

# "Using NumPy C-API based implementation for BLAS functions" and the like, at every start.
logging.getLogger("theano.tensor.blas").setLevel(logging.ERROR)


def _parsed(text):
    """A string of THEANO_FLAGS as {name: value}, as Theano splits it."""
    splitter = shlex.shlex(text, posix=True)
    splitter.whitespace, splitter.whitespace_split = ",", True
    try:
        pairs = [pair.strip().split("=", 1) for pair in splitter]
    except ValueError as error:
        refuse(f"THEANO_FLAGS can't be read ({error}): fix {text!r}.")
    return {pair[0].strip(): pair[-1] for pair in pairs if len(pair) == 2}


def _quoted(value):
    """A flag's value, quoted if Theano could not read it otherwise: a home folder may be called o'brien."""
    return value if re.fullmatch(r"""[^'"\\,#]*""", value) else "'" + value.replace("'", "'\"'\"'") + "'"


def _filled_in(theirs):
    """The user's THEANO_FLAGS with ours added; checks the folder for compiled modules and the compiler."""
    named = _parsed(theirs)
    if re.match("gpu|cuda|opencl", named.get("device", "")) and importlib.util.find_spec("pygpu") is None:
        say(f"device={named['device']}: there is no pygpu, which Theano needs for a graphics card: it runs on the "
            "processor.")
        theirs = ",".join(pair for pair in theirs.split(",") if pair.partition("=")[0].strip() != "device")
        del named["device"]
    ours = {
        "device": "cpu",
        # NumPy 1.22 took away the `blas_opt_info` that Theano asks for unless this flag is set, be it to nothing.
        "blas.ldflags": "",
        # Theano's default, and what decides the C code but is in no key of the cache.
        "compiledir_format": "compiledir_%(short_platform)s-%(processor)s-%(python_version)s-%(python_bitwidth)s"
                             f"-numpy_%(numpy_version)s-{cache.SUFFIX}",
        **flags,
    }
    folder = cache.usable_folder(named.get("compiledir") or named.get("base_compiledir"),
                                 ours.get("base_compiledir", "~/.theano"))
    ours["base_compiledir"] = str(folder)
    options = tuple(named.get("gcc.cxxflags", ours.get("gcc.cxxflags", "")).split())
    if "cxx" not in named:
        ours["cxx"] = compiler.find(options, folder)
    elif named["cxx"]:
        compiler.check(named["cxx"], options, folder)
    if not named.get("cxx", ours.get("cxx")):
        ours["blas.ldflags"] = ""
    filled = [f"{flag}={_quoted(value)}" for flag, value in ours.items() if flag not in named]
    return ",".join([*filled, *filter(str.strip, theirs.split(","))])


@contextlib.contextmanager
def _with_flags():
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        refuse("this Python is free-threaded, which Theano's C code was not written for: use the usual one of the same "
               "version (python3.14, not python3.14t).")
    with environment(THEANO_FLAGS=_filled_in(os.environ.get("THEANO_FLAGS", ""))):
        yield


@contextlib.contextmanager
def _settings_in_a_sentence():
    """Print one line if Theano can't read a flag or a .theanorc."""
    try:
        yield
    except (ValueError, configparser.Error) as error:
        reason = " ".join(str(error).split())
        files = os.environ.get("THEANORC") or os.path.expanduser("~/.theanorc")
        refuse(f"Theano's settings can't be used ({reason}): fix THEANO_FLAGS or {files}.")


# --- Functions that call what later versions took away ----------------------------------
# Rarely used ones: convolution and pooling without a compiler (also in FAST_COMPILE and DebugMode), DebugMode, Theano's
# own conv2d.

_LINES = {
    # NumPy 1.23: a list of slices no longer indexes as a tuple does.
    "theano.tensor.signal.pool": {
        "Pool.perform": [("yk[[", "yk[tuple(["), ("xrange(nd)]])", "xrange(nd)])])")],
        "AveragePoolGrad.perform": [("gxk[region_slice]", "gxk[tuple(region_slice)]")],
        "MaxPoolRop.perform": [("yk[[", "yk[tuple(["), ("xrange(nd)]]", "xrange(nd)])]")],
    },
    # NumPy 2: partition and argpartition no longer leave numbers in the same order; the gradient takes the second's.
    "theano.tensor.sort": {"_topk_py_impl": [
        ("np.partition(x, -k, axis=axis)[idx]",
         "np.take_along_axis(x, np.argpartition(x, -k, axis=axis)[tuple(idx)], axis)"), ("[idx]", "[tuple(idx)]")]},
    # NumPy 2: ndarray.itemset; NumPy 2.3: ndarray.tostring.
    "theano.compile.debugmode": {"_Linker.make_all": [("[0].itemset(dr_vals[r][0])", "[0][...] = dr_vals[r][0]")]},
    "theano.printing": {"hex_digest": [("tostring", "tobytes")]},
}


def _convolve(module):
    """SciPy 1.8 made private what Theano's convolution in Python calls; its public functions do the same."""
    def convolve(*arguments):
        from scipy import signal
        return signal.convolve(*arguments)

    def convolve2d(image, kernel, _flip, mode, _boundary, _fill):
        from scipy import signal
        return signal.convolve2d(image, kernel, mode)

    module._valfrommode = module._bvalfromboundary = lambda name: name
    module._convolve2d, module.convolve = convolve2d, convolve
    module.imported_scipy_signal = True


def _conv_op(module):
    _convolve(module)
    # NumPy 2 has no noprefix.h; the C code uses none of its names.
    module.ConvOp.c_headers = lambda self: ["<iostream>", "<sstream>"]


def _blas(blas):
    # Without a linked BLAS, BatchedDot's C code can't be loaded ("undefined symbol: dgemm_"): NumPy multiplies.
    plain = blas.BatchedDot.c_code

    def c_code(self, *arguments):
        if not blas.config.blas.ldflags:
            raise blas.theano.gof.utils.MethodNotDefined("c_code", type(self), "BatchedDot")
        return plain(self, *arguments)

    blas.BatchedDot.c_code = c_code
    # Since NumPy 1.23 empty arrays have strides of 0, and Gemm ends with "some matrix has no unit stride".
    gemm, version = blas.GemmRelated, blas.GemmRelated.build_gemm_version
    gemm.encode_strides_in_unit = gemm.encode_strides_in_unit.replace("]==1", "]<=1")
    gemm.compute_strides = re.sub(r"\((N(.)\[(.)\]) > 1\)", r"(\1 > 1 && S\2[\3])", gemm.compute_strides)
    gemm.build_gemm_version = lambda self: (*version(self), "empty")


def _docstring(module):
    """`python -OO` has no docstrings; each PatternSub adds to one."""
    module.PatternSub.__doc__ = module.PatternSub.__doc__ or ""


AROUND_IMPORT = {
    "theano": _with_flags,
    "theano.configdefaults": _settings_in_a_sentence,
}
AFTER_IMPORT = {
    **{name: functools.partial(replace_lines, lines=lines) for name, lines in _LINES.items()},
    "theano.tensor.blas": _blas,
    "theano.gof.opt": _docstring,
    "theano.tensor.nnet.abstract_conv": _convolve,
    "theano.tensor.nnet.conv": _conv_op,
}
