"""The package: its import hook, which speed-ups are on, and what it leaves of itself in the process."""
import legacy

import pytest

from conftest import child


def test_reloading_installs_no_second_hook():
    child("""
import importlib, sys, legacy
importlib.reload(legacy)
assert sum(hasattr(finder, "is_legacy_hook") for finder in sys.meta_path) == 1
import keras, theano""")


MODE = """
import theano, numpy as np
print(theano.tensor.blas.Dot22.__props__ != (), theano.config.allow_gc, "c_compile_args" in vars(theano.tensor.elemwise.Sum))"""


@pytest.mark.parametrize("module, environment, want", [
    ("legacy", {}, "True True False"),                        # nothing that changes a number
    ("legacy", {"LEGACY_FAST": "0"}, "False True False"),
    ("legacy.fast.all", {"LEGACY_FAST": "0"}, "False True False")])
def test_which_speedups_are_on(module, environment, want):
    assert child(f"import {module}" + MODE, **environment).stdout.split() == want.split()


def test_legacy_fast_has_all():
    assert child("import legacy.fast.all" + MODE).stdout.split() == ["True", "False", "True"]


def test_legacy_fast_after_theano_says_that_it_is_too_late():
    done = child("import legacy, theano, legacy.fast.all; print(theano.config.allow_gc)")
    assert "import it first" in done.stderr and done.stdout == "True\n"


def test_the_environment_is_left_as_it_was():
    """So child processes get the user's own settings."""
    child("import os; before = dict(os.environ)\nimport legacy.fast.all, keras\nassert os.environ == before", KERAS_BACKEND="tensorflow",
           THEANO_FLAGS="floatX=float64")
    child("import os; before = dict(os.environ)\nimport legacy.fast.all, keras\nassert os.environ == before")


def test_importing_legacy_writes_nothing_and_theano_writes_to_its_cache_only(tmp_path):
    child("import legacy.fast.all", HOME=str(tmp_path))
    assert not list(tmp_path.iterdir())
    child("import legacy.fast.all, theano", HOME=str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == [".theano"]
    assert [path.name for path in (tmp_path / ".theano").iterdir()] == ["legacy"]
