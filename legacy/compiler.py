"""The C++ compiler: tried before Theano uses it, since Theano's own complaint is a traceback of 30 lines."""
import ctypes
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from .cache import cache_key
from .helpers import refuse, say

# Functions (cmodule, source, options) -> (source, options): what changes before g++ gets it, in this order. numpy.py
# adds the first, fast/headers.py the second.
before_compiling = []

_PROGRAM = '#include <Python.h>\n#include <cmath>\nextern "C" int answer() { return 42; }\n'


def why_not_working(compiler, options, folder):
    """Why modules that `compiler` makes in `folder` can't be loaded, or None. A success is noted there in a file."""
    path = shutil.which(compiler)
    if path is None:
        return "it isn't there"
    include = sysconfig.get_paths()["include"]
    try:
        status = os.stat(path)
        note = folder / f"compiler-{cache_key(path, status.st_size, status.st_mtime_ns, include, options)}"
        if note.exists():
            return None
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            source, module = Path(temporary) / "try.cpp", Path(temporary) / "try.so"
            source.write_text(_PROGRAM)
            undefined = ["-undefined", "dynamic_lookup"] if sys.platform == "darwin" else []
            command = [path, *options, "-shared", "-fPIC", *undefined, f"-I{include}", "-o", module, source]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
            if done.returncode:
                return (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[0]
            if ctypes.CDLL(str(module)).answer() != 42:
                return "what it compiles does not run"
        note.touch()
    except OSError as error:
        return str(error)
    return None


def check(compiler, options, folder):
    """End with a sentence where the compiler that THEANO_FLAGS names doesn't work."""
    reason = why_not_working(compiler, options, folder)
    if reason:
        refuse(f"THEANO_FLAGS names the compiler {compiler}, which fails ({reason}): name another, or none.")


def find(options, folder):
    """The compiler for Theano's flag `cxx`: "g++", "clang++", or "" with a sentence where neither works."""
    slower = "Theano runs on NumPy alone: the same results, many times slower;"
    found = [name for name in ("g++", "clang++") if shutil.which(name)]
    if not found:
        say(f"no C++ compiler (g++) found, so {slower} install g++ to speed it up.")
        return ""
    header = Path(sysconfig.get_paths()["include"]) / "Python.h"
    if not header.exists():
        say(f"{header} is missing, so Theano can't compile and {slower} install Python's development headers "
            "to speed it up.")
        return ""
    reasons = []
    for name in found:
        reason = why_not_working(name, options, folder)
        if not reason:
            return name
        reasons.append(f"{name}: {reason}")
    say(f"the C++ compiler fails ({'; '.join(reasons)}), so {slower} fix it to speed it up.")
    return ""


def is_clang():
    """Whether Theano's compiler is clang++, which macOS also calls g++; after Theano's import."""
    import theano
    return "clang" in theano.config.cxx or sys.platform == "darwin"


def _allow_narrowing(cmodule):
    """Theano's Elemwise initialises arrays of int with npy_intp, an error to clang++ since C++11."""
    plain = cmodule.GCC_compiler.compile_args
    if is_clang():
        cmodule.GCC_compiler.compile_args = staticmethod(
            lambda march_flags=True: [*plain(march_flags), "-Wno-c++11-narrowing"])


def _change_before_compiling(cmodule):
    """legacy's only change to Theano's compile_str, which Theano calls with its cache locked."""
    plain = cmodule.GCC_compiler.compile_str

    def compile_str(module_name, src_code, location=None, **keywords):
        options = list(keywords.get("preargs") or [])
        for change in before_compiling:
            src_code, options = change(cmodule, src_code, options)
        return plain(module_name, src_code, location, **{**keywords, "preargs": options})

    cmodule.GCC_compiler.compile_str = staticmethod(compile_str)


def _patch(cmodule):
    _allow_narrowing(cmodule)
    _change_before_compiling(cmodule)


AROUND_IMPORT = {}
AFTER_IMPORT = {"theano.gof.cmodule": _patch}
