"""The package: its import hook, which speed-ups are on, and what it leaves in the process and in the user's folders."""
import legacy

import json

import pytest

from conftest import child

FACTS = """
import importlib, json, os, sys
from importlib.util import find_spec
MODERN = "distutils", "imp", "pkg_resources", "numpy.linalg.linalg"
environment, there = dict(os.environ), [name for name in MODERN if find_spec(name)]
import legacy
importlib.reload(legacy)
import {module}, theano, numpy as np
floatX = theano.config.floatX  # Keras sets its own
import keras
from theano import gpuarray
print(json.dumps({{
    "hooks": sum(hasattr(finder, "is_legacy_hook") for finder in sys.meta_path), "environment": environment == os.environ,
    "stand-ins": there == [name for name in MODERN if find_spec(name)],
    "numpy's headers": np.get_include() in theano.gof.cmodule.std_include_dirs(),
    "cached Ops": theano.tensor.blas.Dot22.__props__ != (), "allow_gc": theano.config.allow_gc, "floatX": floatX,
    "fast sums": "c_compile_args" in vars(theano.tensor.elemwise.Sum), "device": theano.config.device}}))"""


@pytest.fixture(scope="module")
def facts(tmp_path_factory):
    """facts(module, flags): what holds in a process that imports it, Theano and Keras; without a compiler, so quickly."""
    def facts(module, flags="", **environment):
        home = tmp_path_factory.mktemp("home")
        done = child(FACTS.format(module=module), HOME=str(home), THEANO_FLAGS=f"cxx=,{flags}", KERAS_BACKEND="tensorflow", **environment)
        return {**json.loads(done.stdout), "stderr": done.stderr, "written": sorted(str(path.relative_to(home)) for path in home.glob("*/*"))}
    return facts


@pytest.fixture(scope="module")
def plain(facts):
    return facts("legacy")


def test_a_process_is_left_as_it_was(plain):
    """One hook after a reload; the environment, for child processes; other packages find no distutils that isn't there."""
    assert plain["hooks"] == 1 and plain["environment"] and plain["stand-ins"] and plain["numpy's headers"]


def test_theano_writes_to_its_cache_only(plain):
    assert plain["written"] == [".theano/legacy"]


def test_a_plain_import_has_the_speedups_that_change_no_number(plain):
    assert plain["cached Ops"] and plain["allow_gc"] and not plain["fast sums"]


def test_fast_has_all_and_the_users_flags_win(facts):
    fast = facts("legacy.fast.all", "device=cuda0")
    assert fast["cached Ops"] and not fast["allow_gc"] and fast["fast sums"] and fast["environment"]
    assert fast["floatX"] == "float64" and fast["device"] == "cpu" and "device=cuda0: there is no pygpu" in fast["stderr"]
    users = facts("legacy.fast.all", "allow_gc=True,floatX=float16", LEGACY_FAST="0")
    assert not users["cached Ops"] and users["allow_gc"] and not users["fast sums"] and users["floatX"] == "float16"


def test_fast_after_theano_says_that_it_is_too_late():
    done = child("import legacy, theano, legacy.fast.all; print(theano.config.allow_gc)", THEANO_FLAGS="cxx=")
    assert "import it first" in done.stderr and done.stdout == "True\n"
