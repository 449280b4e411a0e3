"""Matrix products of Theano's compiled code: right, and the same however many cores run their parts."""
import legacy

import numpy as np
import pytest
import theano
import theano.tensor as T
from test_legacy import python

pytestmark = pytest.mark.skipif(not theano.config.cxx, reason="no compiler")


@pytest.fixture
def two_threads():
    legacy.blas_threads(2)
    yield
    legacy.blas_threads(1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_split_product_is_right_in_every_order_of_memory(two_threads, dtype):
    random = np.random.RandomState(0)
    x, y, z = (theano.shared(random.randn(*shape).astype(dtype)) for shape in ((131, 97), (97, 201), (131, 201)))
    x_t, y_t = (theano.shared(v.get_value().T.copy()) for v in (x, y))
    total = theano.shared(z.get_value())
    f = theano.function([], [T.dot(x, y), T.dot(x_t.T, y), T.dot(x, y_t.T), T.dot(x_t.T, y_t.T), T.dot(y.T, x.T)])
    add = theano.function([], updates=[(total, 0.5 * total + np.asarray(3, dtype) * T.dot(x, y))])
    assert "Gemm{inplace}" in [str(node.op) for node in add.maker.fgraph.toposort()]
    product = x.get_value().astype(float) @ y.get_value()
    tolerance = 1e-4 if dtype == "float32" else 1e-12
    for got in f():
        assert np.allclose(got.T if got.shape[0] == 201 else got, product, atol=tolerance)
    add()
    assert np.allclose(total.get_value(), 0.5 * z.get_value() + 3 * product, atol=3 * tolerance)


def test_what_a_product_gives_depends_on_no_core_and_a_fork_can_go_on(two_threads):
    code = """
import legacy, os, sys, hashlib
import numpy as np, theano, theano.tensor as T
legacy.blas_threads(2)
x = theano.shared(np.random.RandomState(0).randn(400, 400).astype("float32"))
f = theano.function([], T.dot(x, x.T))
print(hashlib.md5(f().tobytes()).hexdigest(), flush=True)
child = os.fork()
if not child:
    f()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0"""
    one = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n" if hasattr(__import__("os"), "sched_setaffinity") else ""
    assert python(code).stdout == python(one + code).stdout != ""
