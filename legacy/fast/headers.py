"""Faster compilation: a precompiled header of what every module includes. No number changes.

Theano 1.0.5 has g++ compile each of its Ops by itself, 25 for the smallest of scripts, each with all of Python's,
NumPy's and C++'s headers: more than half of g++'s time.
"""
import functools
import os
import subprocess
import tempfile
from pathlib import Path

from .. import numpy
from ..cache import cache_key
from ..compiler import is_clang

_CONTENT = (numpy.c_source("") if numpy.NUMPY_2 else "") + "".join(
    f"#include <{name}>\n" for name in ("Python.h", "iostream", "vector", "algorithm", "math.h", "numpy/arrayobject.h",
                                        "numpy/arrayscalars.h"))


@functools.cache
def _precompiled(header, command):
    """Whether `header`, a Path, can be used; it is compiled if need be. A header without `.gch` has failed before."""
    compiled = Path(f"{header}.gch")
    if header.exists():
        return compiled.exists()
    try:
        with tempfile.TemporaryDirectory(dir=header.parent) as folder:
            text, output = Path(folder) / "text.h", Path(folder) / "output"
            text.write_text(_CONTENT)
            done = subprocess.run([*command, "-x", "c++-header", text, "-o", output], stdin=subprocess.DEVNULL,
                                  capture_output=True)
            if done.returncode == 0:
                os.replace(output, compiled)
            os.replace(text, header)
    except OSError:  # a full disk
        return False
    return done.returncode == 0


def _is_usual(cmodule, options):
    """Whether an Op has no options of its own, which would need another precompiled header."""
    # clang++ stops if a header is newer than the precompiled one, as after a new installation.
    if "-Wno-unused-label" not in options or is_clang():
        return False
    usual = {"-O3", "-fno-math-errno", *cmodule.GCC_compiler.compile_args()}
    return all(option in usual or option.startswith("-W") for option in options)


def with_precompiled_header(cmodule, source, options):
    """For `compiler.before_compiling`: the options with which g++ reads the precompiled header, and -g0 -O3.

    Theano asks for a debugger's symbols, and doesn't ask for -O3 when it compiles the linker that calls the Ops.
    """
    import theano
    usual = _is_usual(cmodule, options)
    options = ["-g0", "-O3", *options]
    if usual:
        folders = [f"-I{path}" for path in cmodule.std_include_dirs()]
        # In the same order as compile_str, which g++ wants.
        command = (theano.config.cxx, "-shared", "-g", *options, *folders, "-fvisibility=hidden")
        header = Path(theano.config.compiledir) / f"headers-{cache_key(list(command), cmodule.gcc_version_str)}.h"
        if _precompiled(header, command):
            options += ["-include", str(header)]
    return source, options
