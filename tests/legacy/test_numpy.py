"""legacy.numpy: what NumPy 1.24 and NumPy 2 took away or changed, where the table of values has no line for it."""
import legacy

import math

import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.configparser import change_flags

PYTHON = theano.Mode("py", "fast_run")  # as where there is no compiler


def call(inputs, outputs, *values, mode=None):
    return theano.function(inputs, outputs, mode=mode)(*values)


def test_what_is_more_than_a_name_answers_as_it_did():
    assert np.cast["int8"](3.7).dtype == np.int8 and np.cast[theano.scalar.float32](1).dtype == np.float32
    assert np.msort(np.array([[2, 1], [1, 3]])).tolist() == [[1, 1], [2, 3]]
    assert np.asscalar(np.array([2.5])) == 2.5 and np.sctype2char("float32") == "f"
    assert np.asfarray([1, 2]).dtype == np.float64 and np.asfarray([1], "float32").dtype == np.float32
    assert np.int(3.5) == 3 and -math.inf == np.NINF and np.math is math and np.MAXDIMS == 32
    assert np.unicode_ is np.str_ and np.float_ is np.float64 and np.product([2, 3]) == 6 and np.in1d([1, 5], [5]).tolist() == [False, True]


# --- Rules of types ---------------------------------------------------------------------

def test_the_optimizer_takes_minus_one_of_an_unsigned_type():
    x = T.vector(dtype="uint8")
    with change_flags(on_opt_error="raise"):
        assert call([x], -x, [1, 2], mode=PYTHON).tolist() == [255, 254]


def test_what_is_too_large_wraps_around():
    x, y = T.ivector(), T.bvector()
    assert call([y], y * 100 + 100, [1, 3], mode=PYTHON).tolist() == [-56, -112]
    assert call([x], T.cast(x + 200, "int8") + T.cast(1, "int8"), [0, 100], mode=PYTHON).tolist() == [-55, 45]


def test_a_fused_operation_meets_pythons_numbers_with_64_bits():
    x, y = T.dvector(), T.lvector()
    got = call([x], T.cast(x, "float32") - (x + 1), [1 / 3, 0.1], mode=PYTHON)
    assert np.allclose(got, [float(np.float32(value)) - (value + 1) for value in (1 / 3, 0.1)], rtol=1e-14, atol=0)
    assert call([y], T.cast(y, "int8") + (y + 1), [2 ** 40], mode=PYTHON) == 2 ** 40 + 1


def test_what_is_only_chosen_stays_a_python_number():
    """Among Python's numbers a division by zero is an error, in Theano without a compiler."""
    x, y = T.lvector(), T.lvector()
    with pytest.raises(ZeroDivisionError):  # the maximum is NumPy's, 1 is chosen beside it
        call([x, y], T.clip(T.maximum(x, y), 1, 2) // T.clip(x, 0, 2), [0], [-5], mode=PYTHON)


def test_a_sum_of_small_numbers_is_wide():
    assert theano.scalar.add.impl(np.int8(100), np.int8(100)) == 200
    assert theano.scalar.add.impl(np.float32(1), np.float32(2)).dtype == np.float64
    assert theano.scalar.add.impl(2 ** 70, 1) == 2 ** 70 + 1


@pytest.mark.parametrize("op", ["ceil", "floor", "trunc"])
def test_a_whole_number_rounded_is_a_float(op):
    impl = getattr(theano.scalar, op).impl
    assert np.signbit(-impl(0)) and impl(0).dtype == np.float64
    assert impl(np.int8(3)).dtype == np.float16 and impl(np.int16(3)).dtype == np.float32
    assert impl(np.float32(2.5)) in (2, 3)


def test_multinomials_of_many_rows_in_python():
    from theano.sandbox.multinomial import ChoiceFromUniform, MultinomialFromUniform
    p, u = T.matrix(), T.vector()
    weights, draws = np.full((300, 2), 0.5, "float32"), np.tile(np.float32([0.2, 0.8]), 150)
    for op, want in (MultinomialFromUniform("auto"), [[1, 0], [0, 1]]), (ChoiceFromUniform("auto"), [[0], [1]]):
        assert call([p, u], op(p, u), weights, draws, mode=PYTHON)[:2].tolist() == want


def test_the_inverse_of_unique_is_a_vector():
    x = T.lmatrix()
    unique = T.extra_ops.Unique(return_index=True, return_inverse=True, return_counts=True)
    assert [value.tolist() for value in call([x], unique(x), [[3, 1], [1, 3]])] == [[1, 3], [1, 0], [1, 0, 0, 1], [2, 2]]
    assert call([x], T.extra_ops.Unique(return_inverse=True)(x), [[3, 1], [1, 3]])[1].shape == (4,)


# --- C code -----------------------------------------------------------------------------

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


@pytest.mark.slow
def test_somebodys_own_c_code_and_complex_numbers_compile():
    x = T.vector(dtype="complex128")
    a = np.array([1 + 2j, 3])
    got = call([x], [TwoAndWidth()(x.real), x * x - 2 * x, x / (x + 1)], a)
    assert got[0] == 1128 and np.allclose(got[1], a * a - 2 * a) and np.allclose(got[2], a / (a + 1))


# Rows by number, an Embedding's gradient: whole rows of floats are added by a loop, all else by NumPy.
@pytest.mark.slow
@pytest.mark.parametrize("dtype, x_shape, y_shape", [
    ("float32", (5, 3), (4, 3)), ("float64", (5, 2, 3), (4, 2, 3)), ("float32", (5, 3), (3,)), ("float32", (5, 2, 3), (4, 1, 3)),
    ("float64", (5,), ()), ("int32", (5, 3), (4, 3))])
def test_rows_are_added_and_set_by_number(dtype, x_shape, y_shape):
    x, y, i = T.TensorType(dtype, [False] * len(x_shape))(), T.TensorType(dtype, [n == 1 for n in y_shape])(), T.lvector()
    a, b = (np.arange(np.prod(shape)).reshape(shape).astype(dtype) for shape in (x_shape, y_shape))
    rows = np.array([1, 1, 4, -5])
    got = call([x, y, i], [T.inc_subtensor(x[i], y), T.set_subtensor(x[i], y)], a, b, rows)
    added, put = a.copy(), a.copy()
    np.add.at(added, rows, b)
    put[rows] = b
    assert got[0].dtype == dtype and (got[0] == added).all() and (got[1] == put).all()


@pytest.mark.parametrize("order", [lambda a: a.T, lambda a: a[:, ::-1]])
def test_rows_are_added_in_place_to_arrays_of_any_order(order):
    array = order(np.arange(12, dtype="float32").reshape(3, 4))
    want, added = array.copy(), np.ones((2, array.shape[1]), "float32")
    np.add.at(want, [2, 2], added)
    x, y, i = theano.shared(array, borrow=True), T.matrix(), T.lvector()
    theano.function([y, i], [], updates=[(x, T.inc_subtensor(x[i], y))])(added, [2, 2])
    assert (x.get_value() == want).all()


@pytest.mark.parametrize("row", [5, -6])
def test_a_row_out_of_bounds_is_an_error(row):
    x, i = T.matrix(), T.lvector()
    function = theano.function([x, i], T.inc_subtensor(x[i], x[:1] + T.zeros((1, 2))))
    with pytest.raises(IndexError):
        function(np.zeros((5, 2), "float32"), [row])


def test_mrg_refuses_types_beyond_whose_arrays_its_c_code_writes():
    from theano.sandbox.rng_mrg import MRG_RandomStreams
    with pytest.raises(TypeError, match="int32"):
        MRG_RandomStreams(1).uniform((2,), dtype="int32")
    assert MRG_RandomStreams(1).binomial((2,), dtype="int32").dtype == "int32"
