"""legacy.python: what Python 3.10 to 3.15 took away, patch by patch."""
import legacy

import numpy as np
import pytest
import theano
import theano.tensor as T

from conftest import child


def test_collections_has_the_abstract_classes_that_keras_asks_for():
    import collections  # by attribute, as Keras does; an import statement is what linters rewrite
    for name in "Container", "Iterable", "Mapping", "Sequence":
        assert getattr(collections, name) is getattr(collections.abc, name)


@pytest.mark.slow
def test_scan_runs_and_has_a_gradient():
    x, w = T.vector(), T.scalar()
    states, _ = theano.scan(lambda value, state: w * state + value, x, T.zeros_like(x[0]))
    got, gradient = theano.function([x, w], [states, T.grad(states[-1], w)])([1, 2, 3], 2)
    assert got.tolist() == [1, 4, 11] and gradient == 6  # d (4 + 2 w + 3) and w's powers at 2: 2 w + 2


def test_gpuarray_can_be_imported_as_scan_does():
    from theano import gpuarray
    assert not gpuarray.pygpu_activated


def test_the_stand_ins_are_gone_after_the_imports():
    child("""
from importlib.util import find_spec
names = "distutils", "imp", "pkg_resources", "numpy.linalg.linalg"
before = [name for name in names if find_spec(name)]
import legacy, theano, numpy
from theano import gpuarray
assert before == [name for name in names if find_spec(name)]
assert numpy.get_include() in theano.gof.cmodule.std_include_dirs()""")


def test_dump_and_load_of_pkl_utils(tmp_path):
    from theano.misc import pkl_utils
    file = tmp_path / "model.zip"
    with open(file, "wb") as opened:
        pkl_utils.dump(theano.shared(np.arange(3.0), name="weights"), opened)
    with open(file, "rb") as opened:
        assert pkl_utils.load(opened).get_value().tolist() == [0, 1, 2]
