"""legacy.theano: flags and settings. And all of Theano works: linear algebra, convolution, sparse matrices, DebugMode."""
import legacy

import pickle

import numpy as np
import pytest
import theano
import theano.tensor as T
import theano.tensor.slinalg as slinalg

from conftest import child

# --- Flags ------------------------------------------------------------------------------


def test_the_users_flags_win_and_ours_fill_in():
    code = "import legacy.fast.all, theano; print(theano.config.floatX, theano.config.allow_gc, theano.config.device)"
    assert child(code).stdout.split() == ["float32", "False", "cpu"]
    assert child(code, THEANO_FLAGS="floatX=float64,allow_gc=True").stdout.split() == ["float64", "True", "cpu"]


@pytest.mark.slow
@pytest.mark.parametrize("flags", ["blas.ldflags=", "gcc.cxxflags=-O2", "optimizer=fast_compile", "cxx="])
def test_a_product_is_right_under_any_of_the_users_flags(flags):
    child("""
import legacy.fast.all, numpy as np, theano, theano.tensor as T
x, y, v = T.matrix(), T.matrix(), T.vector()
f = theano.function([x, y, v], [T.dot(x, y), T.dot(x, v), T.dot(x.T, T.dot(x, v))])
r = np.random.RandomState(0)
a, b, c = (r.randn(*s).astype("float32") for s in ((5, 7), (7, 3), (7,)))
for got, want in zip(f(a, b, c), (a @ b, a @ c, a.T @ (a @ c))):
    assert np.allclose(got, want, atol=1e-4), (got, want)""", THEANO_FLAGS=flags)


@pytest.mark.parametrize("value", ["/home/o'brien/.theano", "/a, b#c", 'say "x"', "back\\slash", "-O3 -lm", "compiledir_%(device)s"])
def test_a_flags_value_is_what_theano_reads(value):
    from theano.configparser import parse_config_string
    flags = f"a={legacy.theano._quoted(value)},b=2"
    assert parse_config_string(flags) == {"a": value, "b": "2"} == legacy.theano._parsed(flags)


@pytest.mark.parametrize("flags, theanorc, words", [
    ("floatX=float99", "", "float99"), ("floatX='float32", "", "No closing quotation"), ("", "floatX = float64\n", "no section"),
    ("", "[global]\nmode = SLOW\n", "FAST_RUN"), ("base_compiledir=/proc/x", "", "/proc/x"), ("cxx=/no/g++", "", "/no/g++")])
def test_settings_that_theano_does_not_take_are_a_sentence(tmp_path, flags, theanorc, words):
    (tmp_path / "rc").write_text(theanorc)
    done = child("import legacy, theano", fails=True, THEANO_FLAGS=flags, THEANORC=str(tmp_path / "rc"))
    assert done.returncode == 2 and words in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr


def test_another_error_while_theano_is_imported_is_not_called_a_setting():
    done = child("import legacy, sys, types\nfake = types.ModuleType('scipy')\n"
                  "def fail(name): raise ValueError('numpy.dtype size changed')\n"
                  "fake.__getattr__ = fail\nsys.modules['scipy'] = sys.modules['scipy.sparse'] = fake\nimport theano", fails=True)
    assert "Traceback" in done.stderr and "size changed" in done.stderr and "THEANO_FLAGS" not in done.stderr


def test_theano_starts_without_scipy():
    child("import sys; sys.modules['scipy'] = None\nimport legacy.fast.all, theano, numpy as np; x = theano.tensor.matrix()\n"
           "f = theano.function([x], theano.tensor.dot(x, x)); assert (f(np.eye(2, dtype='f')) == np.eye(2)).all()")


def test_a_free_threaded_python_is_refused_in_a_sentence():
    done = child("import sysconfig; sysconfig.get_config_vars()['Py_GIL_DISABLED'] = 1\nimport legacy, theano", fails=True)
    assert done.returncode == 2 and "free-threaded" in done.stderr and len(done.stderr.splitlines()) == 1


# --- Theano -----------------------------------------------------------------------------

def test_convolution_and_pooling():
    from scipy.signal import convolve2d
    from theano.tensor.signal.pool import pool_2d
    x, w = T.tensor4(), T.tensor4()
    a, b = np.random.RandomState(0).rand(1, 1, 6, 6).astype("float32"), np.random.RandomState(1).rand(1, 1, 3, 3).astype("float32")
    convolved = T.nnet.conv2d(x, w)
    got = theano.function([x, w], [convolved, pool_2d(x, (2, 2), ignore_border=True), T.grad(convolved.sum(), w)])(a, b)
    assert np.allclose(got[0][0, 0], convolve2d(a[0, 0], b[0, 0], "valid"), atol=1e-5)
    assert (got[1][0, 0] == a[0, 0].reshape(3, 2, 3, 2).max(axis=(1, 3))).all()
    assert np.allclose(got[2][0, 0], convolve2d(a[0, 0], np.ones((4, 4)), "valid")[::-1, ::-1], atol=1e-4)


def test_functions_are_copied_and_pickled():
    total, x = theano.shared(np.float32(0), name="total"), T.fscalar("x")
    mode = theano.compile.get_default_mode().excluding("inplace")  # copy() in Theano 1.0.5 is wrong with Ops in place
    add = theano.function([x], total * 2, updates=[(total, total + x)], mode=mode)
    other = add.copy(swap={total: theano.shared(np.float32(10))})
    unpickled = pickle.loads(pickle.dumps(add))
    got = [add(1), add(1), other(1), other(1), unpickled(1), unpickled(1), total.get_value()]
    assert [float(np.squeeze(value)) for value in got] == [0, 2, 20, 22, 0, 2, 2]


def test_linear_algebra_sorting_and_indices():
    x, i = T.dmatrix(), T.lvector()
    a = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]])
    outputs = [T.nlinalg.matrix_inverse(x), T.nlinalg.det(x), slinalg.cholesky(x), T.nlinalg.eigh(x)[0], slinalg.solve(x, x[:, 0]),
               T.nlinalg.svd(x)[1], T.sort(x, axis=1), T.argsort(x), x[i, i], T.inc_subtensor(x[i, i], 1), x[x > 0.9]]
    eigen = np.linalg.eigvalsh(a)
    plus = a.copy()
    plus[[0, 2], [0, 2]] += 1
    want = [np.linalg.inv(a), np.linalg.det(a), np.linalg.cholesky(a), eigen, [1, 0, 0], eigen[::-1], np.sort(a, axis=1),
            a.argsort(), [4, 2], plus, a[a > 0.9]]
    for got, wanted in zip(theano.function([x, i], outputs)(a, [0, 2]), want):
        assert np.allclose(got, wanted)


def test_sparse_matrices():
    import scipy.sparse
    import theano.sparse as sparse
    x, y = sparse.csr_matrix("x", dtype="float64"), T.dmatrix()
    a, b = scipy.sparse.random(5, 4, 0.5, "csr", random_state=0), np.arange(8.0).reshape(4, 2)
    product = sparse.dot(x, y)
    got = theano.function([x, y], [product, sparse.sp_sum(x, axis=0), T.grad(product.sum(), y), sparse.structured_sigmoid(x)])(a, b)
    assert np.allclose(got[0], a @ b) and np.allclose(got[1], a.toarray().sum(axis=0))
    assert np.allclose(got[2], a.toarray().T @ np.ones((5, 2))) and got[3].nnz == a.nnz


@pytest.mark.slow
def test_debug_mode_and_printing():
    x = T.vector("x")
    function = theano.function([x], T.exp(x * 2).sum(), mode=theano.compile.DebugMode(check_py_code=True))
    assert np.isclose(function([0, 0]), 2)
    assert theano.pprint(x * 2 + 0.1) == "((x * TensorConstant{2}) + TensorConstant{0.1})"
    printed = theano.printing.debugprint(x * np.float32(0.1), file="str", ids="")
    assert "TensorConstant{0.1}" in printed and "Elemwise{mul,no_inplace}" in printed


@pytest.mark.parametrize("device", ["gpu", "gpu0", "cuda0"])
def test_a_script_for_a_graphics_card_runs_on_the_processor(device):
    done = child("import legacy, theano; print(theano.config.device, theano.config.floatX)",
                  THEANO_FLAGS=f"device={device},floatX=float16,cxx=")
    assert done.stdout == "cpu float16\n" and f"device={device}: there is no pygpu" in done.stderr, done.stderr
