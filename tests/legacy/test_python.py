"""legacy.python: what Python 3.10 to 3.15 took away."""
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


def test_dump_and_load_of_pkl_utils(tmp_path):
    from theano.misc import pkl_utils
    file = tmp_path / "model.zip"
    with open(file, "wb") as opened:
        pkl_utils.dump(theano.shared(np.arange(3.0), name="weights"), opened)
    with open(file, "rb") as opened:
        assert pkl_utils.load(opened).get_value().tolist() == [0, 1, 2]


def test_without_docstrings():
    child("import subprocess, sys; assert subprocess.check_output([sys.executable, '-OO', '-W', 'ignore', '-c', "
          "'import legacy, theano, keras; print(theano.tensor.exp(0.).eval())']) == b'1.0\\n'", THEANO_FLAGS="cxx=")
