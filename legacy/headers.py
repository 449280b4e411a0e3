"""What every module that Theano compiles includes, read by g++ once: a precompiled header beside the modules.

Theano 1.0.5 has g++ compile each of its Ops by itself, 25 for the smallest of scripts and with all of Python's,
NumPy's and C++'s headers in each: more than half of g++'s time. Where g++ does not like the precompiled form (of
another version, say) it reads the header itself.
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from . import numpy
from .theano import FAST, is_whole, name_for, note_digest

_CONTENT = (numpy.c_source("") if numpy.NUMPY_2 else "") + "".join(
    f"#include <{name}>\n" for name in ("Python.h", "iostream", "vector", "algorithm", "math.h", "numpy/arrayobject.h",
                                        "numpy/arrayscalars.h"))


def _made(header, command):
    """Whether `header`, a Path, is there with its precompiled form, after making what is missing or broken."""
    precompiled = Path(f"{header}.gch")
    try:
        if is_whole(precompiled):
            return True
        with tempfile.TemporaryDirectory(dir=header.parent) as folder:
            part, text = Path(folder) / "part", Path(folder) / "text"
            text.write_text(_CONTENT)
            os.replace(text, header)
            if subprocess.run([*command, "-x", "c++-header", header, "-o", part], stdin=subprocess.DEVNULL,
                              capture_output=True).returncode:
                return False
            os.replace(part, precompiled)
            note_digest(precompiled)
            return True
    except OSError:  # a full disk: it goes without
        return False


def _read_headers_once(cmodule):
    import theano
    compile_str = cmodule.GCC_compiler.compile_str
    made = {}

    def takes(options):
        """Not what is no Op, nor the few Ops with options of their own: they'd need each another precompiled form."""
        # clang++ stops where a header is newer than the precompiled one, as after a new installation.
        if "-Wno-unused-label" not in options or "clang" in theano.config.cxx:
            return False
        usual = {"-O3", "-fno-math-errno", *cmodule.GCC_compiler.compile_args()}
        return all(option in usual or option.startswith("-W") for option in options)

    def compiled(module_name, src_code, location=None, **kwargs):
        """Theano's, which calls it under the lock of its compile cache."""
        options = list(kwargs.get("preargs") or [])
        if takes(options):
            folders = [f"-I{path}" for path in cmodule.std_include_dirs()]
            # As compile_str puts them, since g++ wants the same for both.
            command = [theano.config.cxx, "-shared", "-g", *options, *folders, "-fvisibility=hidden"]
            header = Path(theano.config.compiledir) / f"headers-{name_for(command, cmodule.gcc_version_str)}.h"
            if header not in made:
                made[header] = _made(header, command)
            if made[header]:
                kwargs["preargs"] = [*options, "-include", str(header)]
        return compile_str(module_name, src_code, location, **kwargs)

    cmodule.GCC_compiler.compile_str = staticmethod(compiled)


AROUND_IMPORT = {}
AFTER_IMPORT = {"theano.gof.cmodule": _read_headers_once} if FAST and sys.platform == "linux" else {}
