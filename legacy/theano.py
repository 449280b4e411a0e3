"""Theano 1.0.5's flags: for its import, THEANO_FLAGS has what the user's own leave open."""
import configparser
import contextlib
import importlib.util
import logging
import os
import re
import shlex
import sysconfig

from . import cache, compiler
from .process import environment, refuse, say

# Filled in where THEANO_FLAGS is silent; `legacy.fast.all` adds to them, `python -m legacy` has none.
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
    """A flag's value, in quotes where Theano would stop in it: a home folder may be called o'brien."""
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
    """End with a sentence where Theano's settings modules stop at a flag or a .theanorc."""
    try:
        yield
    except (ValueError, configparser.Error) as error:
        reason = " ".join(str(error).split())
        files = os.environ.get("THEANORC") or os.path.expanduser("~/.theanorc")
        refuse(f"Theano's settings can't be used ({reason}): fix THEANO_FLAGS or {files}.")


AROUND_IMPORT = {
    "theano": _with_flags,
    "theano.configparser": _settings_in_a_sentence,
    "theano.configdefaults": _settings_in_a_sentence,
}
AFTER_IMPORT = {}
