"""legacy.compiler and legacy.cache: what Theano would end at with a traceback is refused or repaired in a sentence."""
import legacy
from legacy import cache, compiler

import os
import shutil
import tempfile

import numpy as np
import pytest
import theano
from theano.gof import cmodule, compilelock

from conftest import child


def program(path, *lines):
    path.write_text("\n".join(["#!/bin/sh", *lines]))
    path.chmod(0o755)
    return path


# --- The compiler -----------------------------------------------------------------------

def test_without_a_compiler_it_runs_and_says_so(tmp_path):
    done = child("import sys; sys.modules['scipy'] = None\nimport legacy.fast.all, theano, numpy as np; x = theano.tensor.matrix()\n"
                 "print(theano.function([x], theano.tensor.dot(x, x))(2 * np.eye(2, dtype='f')).tolist())", PATH=str(tmp_path))
    assert done.stdout == "[[4.0, 0.0], [0.0, 4.0]]\n" and "no C++ compiler" in done.stderr and "slower" in done.stderr


def test_a_compiler_that_works_is_tried_once(tmp_path):
    gxx = program(tmp_path / "g++", "echo $0 is out of order >&2", "exit 1")
    for _ in range(2):
        assert "out of order" in compiler.why_not_working(str(gxx), (), tmp_path)
    program(gxx, f"echo >> {tmp_path}/calls", f'exec {shutil.which("g++") or "clang++"} "$@"')
    for _ in range(2):
        assert compiler.why_not_working(str(gxx), (), tmp_path) is None
    assert (tmp_path / "calls").read_text() == "\n"
    assert compiler.why_not_working(str(tmp_path / "none"), (), tmp_path) == "it isn't there"


# --- The cache's folder -----------------------------------------------------------------

def test_a_home_that_is_not_there_is_not_made_and_does_not_stop_theano(tmp_path):
    done = child("import legacy, theano; print(theano.config.compiledir)", HOME=str(tmp_path / "none"), TMPDIR=str(tmp_path),
                 THEANO_FLAGS="cxx=")
    assert done.stdout.startswith(str(tmp_path / "theano-")) and "no home folder" in done.stderr
    assert not (tmp_path / "none").exists()


def test_a_temporary_folder_of_ones_own_is_the_fallback(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    fallback = tmp_path / f"theano-{os.geteuid()}"
    assert cache.usable_folder(None, tmp_path / "new") == tmp_path / "new" and not capsys.readouterr().err
    (tmp_path / "file").touch()
    assert cache.usable_folder(None, tmp_path / "file" / "x") == fallback
    assert fallback.stat().st_mode & 0o777 == 0o700 and "can't keep" in capsys.readouterr().err
    other = os.geteuid() + 1
    fallback.rename(tmp_path / f"theano-{other}")
    monkeypatch.setattr(os, "geteuid", lambda: other)
    with pytest.raises(SystemExit) as ended:
        cache.usable_folder(None, tmp_path / "file" / "x")
    assert ended.value.code == 2 and "another user" in capsys.readouterr().err


@pytest.mark.parametrize("free, reason", [(10 ** 5, "the disk is full"), (10 ** 9, None)])
def test_a_full_disk_is_noticed_before_theano_waits_for_it(tmp_path, monkeypatch, free, reason):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: (10 ** 12, 10 ** 12 - free, free))
    assert cache.why_not_writable(tmp_path) == reason


def test_what_sudo_left_is_named(tmp_path, monkeypatch):
    left = tmp_path / f"compiledir_x-{cache.SUFFIX}" / "tmp1"
    left.mkdir(parents=True)
    (left.parent / "a file").touch()
    monkeypatch.setattr(os, "access", lambda path, mode: path != left)
    assert cache.why_not_writable(tmp_path) == f"{left} is not writable"


def test_another_numpy_has_a_folder_of_its_own():
    assert f"numpy_{np.__version__}" in theano.config.compiledir


# --- What is in it ----------------------------------------------------------------------

def test_a_modules_keys_are_whole_while_others_are_written(tmp_path):
    """Theano removes a module with an empty file of keys, be it in use."""
    file, seen = tmp_path / "key.pkl", []

    class Key:
        def __reduce__(self):
            seen.append(file.read_bytes())
            return str, ()
    cmodule.KeyData({1}, "hash", str(file), "entry").save_pkl()
    before = file.read_bytes()
    cmodule.KeyData({Key()}, "hash", str(file), "entry").save_pkl()
    assert seen == [before] != [file.read_bytes()] and before


def test_a_process_that_waits_for_the_lock_looks_again_within_a_second(tmp_path, monkeypatch):
    """Theano's looks after five seconds or more."""
    folder, waits = tmp_path / "lock_dir", []
    folder.mkdir()
    (folder / "lock").write_text("1_another process")

    def sleep(seconds):
        waits.append(seconds)
        shutil.rmtree(folder)
    monkeypatch.setattr(compilelock.time, "sleep", sleep)
    compilelock.lock(str(folder))
    assert max(waits) < 1 and (folder / "lock").exists()


@pytest.mark.slow
@pytest.mark.skipif(not theano.config.cxx, reason="no compiler")
def test_a_module_is_whole_or_not_there(tmp_path):
    """Theano loads whatever is called lazylinker_ext.so; half of it, of a compiler that was killed, would end the process."""
    program(tmp_path / "g++", 'for last; do case "$previous" in -o) output=$last;; esac; previous=$last; done',
            f'{shutil.which("g++") or "clang++"} "$@" || exit', 'case "$output" in *lazylinker*) '
            'head -c 5000 "$output" > "$output.half"; mv "$output.half" "$output"; kill -9 $PPID;; esac')
    code = "import legacy, theano; x = theano.tensor.scalar(); print(theano.function([x], x + 2)(3))"
    flags = {"THEANO_FLAGS": f"base_compiledir={tmp_path},gcc.cxxflags=-O0", "LEGACY_FAST": "0"}
    assert child(code, fails=True, PATH=f"{tmp_path}:{os.environ['PATH']}", **flags).returncode == -9
    assert list(tmp_path.glob("*/lazylinker_ext/*.tmp")) and not list(tmp_path.glob("*/lazylinker_ext/*.so"))
    assert child(code, **flags).stdout == "5.0\n"


@pytest.mark.slow
@pytest.mark.skipif(not theano.config.cxx, reason="no compiler")
def test_a_package_whose_ops_are_in_the_cache_is_not_imported_for_them(tmp_path):
    """Theano unpickles the keys of all Ops there, and would import Keras, which sets floatX, in any script."""
    (tmp_path / "twice.py").write_text("""
import theano
class Twice(theano.Op):
    __props__ = ("number",)
    number = 2
    def make_node(self, x): return theano.Apply(self, [x], [x.type()])
    def c_code_cache_version(self): return (1,)
    def c_code(self, node, name, inputs, outputs, sub):
        return "Py_XDECREF(%s); %s = (PyArrayObject*) PyNumber_Add((PyObject*) %s, (PyObject*) %s);" % (*outputs * 2, *inputs * 2)
""")
    environment = {"PYTHONPATH": str(tmp_path), "THEANO_FLAGS": f"base_compiledir={tmp_path},gcc.cxxflags=-O0", "LEGACY_FAST": "0"}
    use = """
import legacy, sys, theano
from theano.gof import cmodule
plain, compiled = cmodule.GCC_compiler.compile_str, []
cmodule.GCC_compiler.compile_str = staticmethod(lambda *rest, **more: compiled.append(more) or plain(*rest, **more))
x = theano.tensor.vector()
if "twice" in {0!r}:
    import twice
    assert theano.function([x], twice.Twice()(x))([3]) == 6
else:
    assert theano.function([x], x + 7)([3]) == 10
print(len(compiled) > 0, "twice" in sys.modules)"""
    assert child(use.format("twice"), **environment).stdout == "True True\n"
    assert child(use.format("another"), **environment).stdout == "True False\n"
    assert child(use.format("twice"), **environment).stdout == "False True\n"  # found again where it is imported
