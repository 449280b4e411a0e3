"""legacy.numpy: what NumPy 1.24 and NumPy 2 took away or changed, patch by patch."""
import legacy

import math

import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.configparser import change_flags

PYTHON = theano.Mode("py", "fast_run")  # as where there is no compiler


def call(inputs, outputs, *values, mode=None, **keywords):
    return theano.function(inputs, outputs, mode=mode, **keywords)(*values)


# --- Names ------------------------------------------------------------------------------

def test_what_is_more_than_a_name_answers_as_it_did():
    assert np.cast["int8"](3.7).dtype == np.int8 and np.cast[theano.scalar.float32](1).dtype == np.float32
    assert np.msort(np.array([[2, 1], [1, 3]])).tolist() == [[1, 1], [2, 3]]
    assert np.asscalar(np.array([2.5])) == 2.5 and np.sctype2char("float32") == "f"
    assert np.asfarray([1, 2]).dtype == np.float64 and np.asfarray([1], "float32").dtype == np.float32
    assert np.int(3.5) == 3 and -math.inf == np.NINF and np.math is math and np.MAXDIMS == 32
    assert np.unicode_ is np.str_ and np.float_ is np.float64 and np.product([2, 3]) == 6 and np.in1d([1, 5], [5]).tolist() == [False, True]


def test_keras_loads_texts_of_unequal_lengths(monkeypatch, tmp_path):
    from keras.datasets import imdb, reuters
    texts = np.empty(2, object)
    texts[:] = [[1, 5, 7], [1, 4]]
    np.savez(tmp_path / "imdb.npz", x_train=texts, y_train=[0, 1], x_test=texts, y_test=[1, 0])
    np.savez(tmp_path / "reuters.npz", x=np.concatenate([texts] * 5), y=np.arange(10))
    for module, name in (imdb, "imdb.npz"), (reuters, "reuters.npz"):
        monkeypatch.setattr(module, "get_file", lambda *_, name=name, **__: str(tmp_path / name))
        (x, _), _ = module.load_data()
        assert x.dtype == object and isinstance(x[0], list)


# --- Whole numbers that don't fit -------------------------------------------------------

@pytest.mark.parametrize("value, dtype, want", [
    (300, "int8", 44), (-1, "uint8", 255), (2 ** 40 + 7, "int32", 7), (-1, "uint64", 2 ** 64 - 1), (2 ** 63, "uint32", 0),
    (1e10, "int16", -7168), ([300, -1], "uint8", [44, 255])])
def test_asarray_wraps_around(value, dtype, want):
    array = theano._asarray(value, dtype)
    assert array.dtype == dtype and array.tolist() == want


@pytest.mark.parametrize("value, dtype", [(2 ** 64, "int8"), (2 ** 63, "uint8"), (2 ** 63, "int64"), (1e300, "int32")])
def test_asarray_refuses_what_it_refused(value, dtype):
    with pytest.raises(OverflowError):
        theano._asarray(value, dtype)


def test_elemwise_in_python_wraps_around():
    x = T.bvector()
    assert call([x], x * 100 + 100, [1, 3], mode=PYTHON).tolist() == [-56, -112]


def test_a_fused_cast_wraps_around():
    x = T.ivector()
    assert call([x], T.cast(x + 200, "int8") + T.cast(1, "int8"), [0, 100], mode=PYTHON).tolist() == [-55, 45]


def test_the_optimizer_takes_minus_one_of_an_unsigned_type():
    x = T.vector(dtype="uint8")
    with change_flags(on_opt_error="raise"):
        assert call([x], -x, [1, 2], mode=PYTHON).tolist() == [255, 254]


# --- Rules of types ---------------------------------------------------------------------

@pytest.mark.parametrize("floatx, value, want", [
    ("float64", 0.1, "float64"), ("float64", 0.5, "float32"), ("float32", 0.1, "float32"), ("float32", 200, "int16"),
    ("float32", 2 ** 40, "int64"), ("float32", 2 ** 63, "uint64"), ("float64", 1e300, "float64")])
def test_a_constant_has_the_type_it_had(floatx, value, want):
    with change_flags(floatX=floatx):
        assert T.constant(value).dtype == theano.scalar.constant(value).dtype == want


def test_a_fused_float32_leaves_the_rest_float64():
    x = T.dvector()
    got = call([x], T.cast(x, "float32") - (x + 1), [1 / 3, 0.1], mode=PYTHON)
    assert np.allclose(got, [float(np.float32(value)) - (value + 1) for value in (1 / 3, 0.1)], rtol=1e-14, atol=0)


def test_what_is_only_chosen_stays_a_python_number():
    """Among Python's numbers a division by zero is an error, in Theano without a compiler."""
    x, y = T.lvector(), T.lvector()
    with pytest.raises(ZeroDivisionError):  # the maximum is NumPy's, 1 is chosen beside it
        call([x, y], T.clip(T.maximum(x, y), 1, 2) // T.clip(x, 0, 2), [0], [-5], mode=PYTHON)


def test_a_sum_of_small_numbers_is_wide():
    assert theano.scalar.add.impl(np.int8(100), np.int8(100)) == 200
    assert theano.scalar.add.impl(np.float32(1), np.float32(2)).dtype == np.float64
    assert theano.scalar.add.impl(2 ** 70, 1) == 2 ** 70 + 1


@pytest.mark.parametrize("number", [3.0, 3, 3 + 1j])
def test_an_inverse_has_all_its_digits(number):
    assert theano.scalar.inv.impl(number) == 1 / number
    assert theano.scalar.inv.impl(np.float32(3)).dtype == np.float32


@pytest.mark.parametrize("op", ["ceil", "floor", "trunc"])
def test_a_whole_number_rounded_is_a_float(op):
    impl = getattr(theano.scalar, op).impl
    assert np.signbit(-impl(0)) and impl(0).dtype == np.float64
    assert impl(np.int8(3)).dtype == np.float16 and impl(np.int16(3)).dtype == np.float32
    assert impl(np.float32(2.5)) in (2, 3)


def test_mrg_in_python_draws_what_c_draws():
    from theano.sandbox.rng_mrg import MRG_RandomStreams
    for dtype in "float32", "float64":
        python, c = (call([], MRG_RandomStreams(7).uniform((20,), dtype=dtype), mode=mode) for mode in (PYTHON, None))
        assert np.allclose(python, c, rtol=1e-6)  # C rounds its product to float32


def test_multinomials_of_many_rows_in_python():
    from theano.sandbox.multinomial import ChoiceFromUniform, MultinomialFromUniform
    p, u = T.matrix(), T.vector()
    weights, draws = np.full((300, 2), 0.5, "float32"), np.tile(np.float32([0.2, 0.8]), 150)
    for op, want in (MultinomialFromUniform("auto"), [[1, 0], [0, 1]]), (ChoiceFromUniform("auto"), [[0], [1]]):
        assert call([p, u], op(p, u), weights, draws, mode=PYTHON)[:2].tolist() == want


# --- Other functions --------------------------------------------------------------------

def test_a_random_state_is_not_shared_by_its_copies():
    state = theano.shared(np.random.RandomState(5))
    draw = theano.function([], T.raw_random.uniform(state, (2,))[1])  # without an update
    assert (draw() == draw()).all()


def test_cumsum_with_and_without_an_axis():
    x, v = T.matrix(), T.vector()
    values = np.arange(6, dtype="float32").reshape(2, 3)
    for mode in None, PYTHON:
        got = call([x, v], [T.cumsum(x), T.cumsum(x, axis=0), T.cumprod(x + 1, axis=1), T.cumsum(v), T.cumsum(v, axis=0)],
                   values, values[1], mode=mode)
        want = values.cumsum(), values.cumsum(0), (values + 1).cumprod(1), values[1].cumsum(), values[1].cumsum()
        assert all((a == b).all() for a, b in zip(got, want))


def test_the_inverse_of_unique_is_a_vector():
    x = T.lmatrix()
    unique = T.extra_ops.Unique(return_index=True, return_inverse=True, return_counts=True)
    assert [value.tolist() for value in call([x], unique(x), [[3, 1], [1, 3]])] == [[1, 3], [1, 0], [1, 0, 0, 1], [2, 2]]
    assert call([x], T.extra_ops.Unique(return_inverse=True)(x), [[3, 1], [1, 3]])[1].shape == (4,)


# --- C code -----------------------------------------------------------------------------

def test_products_of_matrices_compile():
    """BLAS and the descriptor's element size."""
    x, y, v = T.matrix(), T.matrix(), T.vector()
    a = np.arange(6, dtype="float32").reshape(2, 3)
    got = call([x, y, v], [T.dot(x, y), T.dot(x[:, ::2], y[::2]), T.dot(x, v), T.outer(v, v), x.dimshuffle(0, "x", 1)], a, a.T, a[0])
    want = a @ a.T, a[:, ::2] @ a.T[::2], a @ a[0], np.outer(a[0], a[0]), a[:, None]
    assert all((g == w).all() for g, w in zip(got, want))


def test_the_largest_of_all_compiles():
    x, i = T.matrix(), T.vector(dtype="uint64")
    got = call([x, i], [x.max(), x.argmax(), x.argmax(axis=1), *T.max_and_argmax(x), x[i]], [[1, 5], [7, 2]], [1])
    assert [value.tolist() for value in got] == [7, 2, [1, 0], 7, 2, [[7, 2]]]


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_complex_numbers_compile(dtype):
    x, y = T.vector(dtype=dtype), T.vector(dtype=dtype)
    a, b = np.array([1 + 2j, 3], dtype), np.array([2 - 1j, 1j], dtype)
    got = call([x, y], [x + y, x * y - 2 * x, x / y, -x, (x * y).real, x.imag, abs(x), T.conj(x)], a, b)
    want = a + b, a * b - 2 * a, a / b, -a, (a * b).real, a.imag, abs(a), a.conj()
    assert all(np.allclose(g, w) for g, w in zip(got, want))


class TwoAndWidth(theano.Op):
    """An Op as of 2016, with C code in Python 2's names and NumPy 1's. NPY_MAXDIMS is a size in it, not "no axis"."""
    __props__ = ()

    def make_node(self, x):
        return theano.Apply(self, [T.as_tensor_variable(x)], [T.lscalar()])

    def c_code(self, node, name, inputs, outputs, sub):
        x, z = inputs[0], outputs[0]
        return f"""
        npy_intp dims[NPY_MAXDIMS];
        dims[0] = PyArray_NDIM({x}) > NPY_MAXDIMS;
        PyObject *two = PyInt_FromLong(2), *text = PyString_FromString("x");
        Py_XDECREF({z});
        {z} = (PyArrayObject*) PyArray_ZEROS(0, dims, NPY_INT64, 0);
        *(npy_int64*) PyArray_DATA({z}) = 1000 * PyInt_Check(two) + 100 * PyString_Check(text) + 10 * PyInt_AS_LONG(two)
            + PyArray_DESCR({x})->elsize + 5 * dims[0];
        Py_DECREF(two); Py_DECREF(text);
        """


def test_somebodys_own_c_code_compiles():
    x = T.vector(dtype="float64")
    assert call([x], TwoAndWidth()(x), [1.0]) == 1128


# --- Rows by number, an Embedding's gradient --------------------------------------------

@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "complex64"])
@pytest.mark.parametrize("x_shape, y_shape", [((5, 3), (4, 3)), ((5, 3), (3,)), ((5, 3), (1, 3)), ((5, 3), ()), ((5,), (4,)),
                                              ((5,), ()), ((5, 2, 3), (4, 2, 3)), ((5, 2, 3), (4, 1, 3))])
def test_rows_are_added_and_set_by_number(dtype, x_shape, y_shape):
    x, y, i = T.TensorType(dtype, [False] * len(x_shape))(), T.TensorType(dtype, [n == 1 for n in y_shape])(), T.lvector()
    a, b = (np.arange(np.prod(shape)).reshape(shape).astype(dtype) for shape in (x_shape, y_shape))
    rows = np.array([1, 1, 4, -5])
    got = call([x, y, i], [T.inc_subtensor(x[i], y), T.set_subtensor(x[i], y)], a, b, rows)
    added, put = a.copy(), a.copy()
    np.add.at(added, rows, b)
    put[rows] = b
    assert got[0].dtype == dtype and (got[0] == added).all() and (got[1] == put).all()


def test_rows_of_transposed_and_reversed_arrays():
    x, y, i = T.matrix(), T.matrix(), T.ivector()
    a, b = np.arange(12, dtype="float32").reshape(3, 4), np.ones((2, 3), "float32")
    # To the arrays' own variables: inc_subtensor of x.T[i] gives all of x.
    xt, xr = x.T, x[:, ::-1]
    got = call([x, y, i], [T.inc_subtensor(xt[i], y), T.inc_subtensor(xr[i], xr[:2])], a, b, [2, 2])
    want = a.T.copy(), a[:, ::-1].copy()
    np.add.at(want[0], [2, 2], b)
    np.add.at(want[1], [2, 2], want[1][:2].copy())
    assert all((g == w).all() for g, w in zip(got, want))


@pytest.mark.parametrize("row", [5, -6])
def test_a_row_out_of_bounds_is_an_error(row):
    x, i = T.matrix(), T.lvector()
    function = theano.function([x, i], T.inc_subtensor(x[i], x[:1] + T.zeros((1, 2))))
    with pytest.raises(IndexError):
        function(np.zeros((5, 2), "float32"), [row])
