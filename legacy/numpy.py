"""What NumPy 1.24 and 2 took away from Theano 1.0.5 and Keras 2.3.1, or changed silently: in Python and in C.

The names below are put back into `numpy` itself, so every package in the process sees them. All else is changed in
Theano's and Keras's modules only.
"""
import copy
import functools
import math
import re

import numpy as np

from .compiler import before_compiling

NUMPY_2 = np.lib.NumpyVersion(np.__version__) >= "2.0.0"


# --- Names ------------------------------------------------------------------------------

class _Cast:
    """`np.cast[dtype](x)`, gone with NumPy 2. Theano also asks with a type of its own, which has a dtype."""

    def __getitem__(self, dtype):
        if not isinstance(dtype, (str, type, np.dtype)):
            dtype = dtype.dtype
        return lambda x: np.asarray(x).astype(dtype)


_exceptions = getattr(np, "exceptions", np)
_NAMES = {
    # NumPy 1.24 took away the aliases of Python's own types (`bool` and `long` came back, as NumPy's) ...
    "complex": complex, "float": float, "int": int, "object": object, "str": str, "unicode": str,
    # ... and NumPy 2 (`in1d`: 2.4) the second names of what it has. Theano and Keras use cast, complex,
    # ComplexWarning, Inf, in1d, int, product, sctype2char, string_ and unicode_; scripts of their years the others.
    "bool8": np.bool_, "bytes0": np.bytes_, "str0": np.str_, "object0": np.object_, "void0": np.void,
    "int0": np.intp, "uint0": np.uintp, "float_": np.float64, "longfloat": np.longdouble,
    "complex_": np.complex128, "cfloat": np.complex128, "singlecomplex": np.complex64,
    "clongfloat": np.clongdouble, "longcomplex": np.clongdouble, "string_": np.bytes_, "unicode_": np.str_,
    "Inf": np.inf, "Infinity": np.inf, "infty": np.inf, "PINF": np.inf, "NINF": -np.inf,
    "NaN": np.nan, "NAN": np.nan, "PZERO": 0.0, "NZERO": -0.0,
    "product": np.prod, "cumproduct": np.cumprod, "alltrue": np.all, "sometrue": np.any,
    "round_": np.round, "in1d": np.isin, "mat": np.asmatrix, "math": math, "cast": _Cast(),
    "MAXDIMS": 32, "msort": lambda a: np.sort(a, axis=0), "asscalar": lambda a: a.item(),
    "asfarray": lambda a, dtype=np.float64: np.asarray(a, dtype if np.issubdtype(dtype, np.inexact) else np.float64),
    "sctype2char": lambda dtype: np.dtype(dtype).char,
    "AxisError": _exceptions.AxisError, "ComplexWarning": _exceptions.ComplexWarning,
    "RankWarning": getattr(_exceptions, "RankWarning", UserWarning),
    "VisibleDeprecationWarning": _exceptions.VisibleDeprecationWarning,
}
for _name, _value in _NAMES.items():
    if _name not in vars(np):
        setattr(np, _name, _value)


# --- Whole numbers that don't fit -------------------------------------------------------

def _wrapped(value, dtype):
    """Whole numbers as `dtype`, too large ones wrapped around as NumPy 1 did it, and as C does."""
    limits = np.iinfo(dtype)
    largest = 2 ** (64 if dtype in (np.uint32, np.uint64) else 63)  # beyond, NumPy 1 too said OverflowError

    def one(number):
        number = int(number)
        if not -2 ** 63 <= number < largest:
            raise OverflowError(f"{number} is too large for {dtype}")
        return (number - int(limits.min)) % 2 ** limits.bits + int(limits.min)

    return np.asarray(np.frompyfunc(one, 1, 1)(np.asarray(value, object)), dtype)


def _or_wrapped(convert):
    """`np.array` or `np.asarray`, for which `convert(300, "int8")` is 44 and not an OverflowError (NumPy 2)."""
    def converted(value, dtype=None, **keywords):
        try:
            return convert(value, dtype, **keywords)
        except OverflowError:
            if dtype is None or np.dtype(dtype).kind not in "iu":
                raise
            return convert(_wrapped(value, np.dtype(dtype)), **keywords)
    return converted


class _NumPy:
    """NumPy as a single module sees it: with some functions of NumPy 1, otherwise the real one."""

    def __init__(self, **functions):
        vars(self).update(functions)

    def __getattr__(self, name):
        return getattr(np, name)


def _wrap_around(module):
    """theano._asarray(300, "int8"); what Elemwise computes in Python; the optimizer's array(-1, "uint8")."""
    module.np = _NumPy(array=_or_wrapped(np.array), asarray=_or_wrapped(np.asarray))


# --- Rules of types (NEP 50) ------------------------------------------------------------

def _types_of_constants(module):
    """Keep the types that Theano gives to Python's floats, by `x == cast`: now true for 0.1 and float32(0.1)."""
    import theano
    plain = module.NumpyAutocaster.__call__

    def autocast(self, x):
        floatX = theano.config.floatX
        if (type(x) is not float or theano.config.cast_policy != "custom"
                or floatX in self.dtypes and floatX != "float64"):
            return plain(self, x)
        for dtype in self.dtypes:
            if dtype != "float16" or floatX == "float16":
                cast = theano._asarray(x, dtype)
                if cast == np.float64(x):
                    break
        return cast  # the first type that holds x, else the last

    module.NumpyAutocaster.__call__ = autocast


_SIXTY_FOUR_BITS = {float: np.float64, int: np.int64, complex: np.complex128}


def _together(impl, numbers):
    """`impl(*numbers)`, of Python's and NumPy's numbers as NumPy 1 met them: Python's have 64 bits.

    NumPy 2 takes Python's to have the other's type: a float32, where Theano goes on in float64.
    """
    if len({hasattr(number, "dtype") for number in numbers}) < 2:
        return impl(*numbers)
    met = [number if hasattr(number, "dtype") else _SIXTY_FOUR_BITS.get(type(number), type(number))(number)
           for number in numbers]
    result = impl(*met)
    # Clip and Switch give back one of the numbers: clip(x, 1, 2) of x = 3 is Python's 2 again, not an int64.
    return next((number for number, same in zip(numbers, met) if same is result), result)


def _as_float(number):
    """A whole number as the float that NumPy 1's ufuncs made of it."""
    if isinstance(number, int):
        return np.float64(number)
    dtype = np.asarray(number).dtype
    return np.asarray(number, np.promote_types(dtype, np.float16))[()] if dtype.kind in "iub" else number


def _types_of_scalars(module):
    """Keep the types in which Theano computes number by number: a fused Elemwise's Python form, and Inv."""
    _types_of_constants(module)

    def init_py_impls(self):
        @functools.cache
        def compose(variable):
            if variable in self.fgraph.inputs:
                index = self.fgraph.inputs.index(variable)
                return lambda inputs: inputs[index]
            if variable.owner is None:
                return lambda inputs: variable.data
            operands = [compose(operand) for operand in variable.owner.inputs]
            impl = variable.owner.op.impl
            return lambda inputs: _together(impl, [operand(inputs) for operand in operands])

        self._impls = [compose(output) for output in self.fgraph.outputs]

    module.Composite.init_py_impls = init_py_impls
    # `sum` begins with Python's 0 ...
    module.Add.impl = lambda self, *inputs: sum(inputs, np.int64(0)) if hasattr(inputs[0], "dtype") else sum(inputs)
    # ... Inv is `np.float32(1.0) / x`, of a Python number where Elemwise calls it ...
    module.Inv.impl = lambda self, x: (np.float32 if hasattr(x, "dtype") else np.float64)(1.0) / x

    # ... NumPy 2.1 leaves whole numbers as they are, where there is no -0.0 ...
    for op, function in (module.Ceil, np.ceil), (module.Floor, np.floor), (module.Trunc, np.trunc):
        op.impl = lambda self, x, function=function: function(_as_float(x))

    def cast(self, x):  # ... and np.int8(300) is an OverflowError.
        try:
            return self.ctor(x)
        except OverflowError:
            return _wrapped(x, np.dtype(self.o_type.dtype))[()]

    module.Cast.impl = cast


def _mrg(module):
    next_value, draw = module.mrg_next_value, module.MRG_RandomStreams.uniform

    def mrg_next_value(rstate, new_rstate, NORM, mask, offset):
        """Without a compiler MRG masks an int32 with 0xffffffff: an OverflowError, as that is no int32."""
        return next_value(rstate, new_rstate, NORM, np.int64(mask), offset)

    @functools.wraps(draw)
    def uniform(self, size, low=0.0, high=1.0, ndim=None, dtype=None, nstreams=None, **keywords):
        """Refuse types that are no floats: MRG's C code writes float64 beyond the end of their arrays."""
        if dtype is not None and not str(dtype).startswith("float"):
            raise TypeError(f"MRG_RandomStreams.uniform draws floats, not {dtype}")
        return draw(self, size, low, high, ndim, dtype, nstreams, **keywords)

    module.mrg_next_value, module.MRG_RandomStreams.uniform = mrg_next_value, uniform


def _wide_samples(module):
    """Without a compiler a multinomial's number of samples, an int8, times its rows stayed an int8."""
    for op in module.MultinomialFromUniform, module.ChoiceFromUniform:
        def perform(self, node, ins, outs, plain=op.perform):
            return plain(self, node, [*ins[:2], *map(int, ins[2:])], outs)
        op.perform = perform


# --- Other functions that answer otherwise ----------------------------------------------

def _copy_generators(module):
    """Since NumPy 1.24 the copy of a RandomState shares its generator: a Theano function drew from a shared state."""
    module.copy = copy.deepcopy


def _extra_ops(module):
    # CumOp hands C the number for "no axis", which was np.MAXDIMS and is NPY_RAVEL_AXIS in NumPy 2.
    ravel = int(np.iinfo(np.intc).min)
    module.CumOp.c_axis = property(lambda self: ravel if self.axis is None else self.axis)
    # np.unique's inverse was a vector, and has its input's shape in NumPy 2.
    plain = module.Unique.perform

    def perform(self, node, inputs, output_storage):
        plain(self, node, inputs, output_storage)
        if self.return_inverse:
            inverse = output_storage[2 if self.return_index else 1]
            inverse[0] = inverse[0].ravel()

    module.Unique.perform = perform


def _array_of_lists(value, *arguments, **keywords):
    try:
        return np.array(value, *arguments, **keywords)
    except ValueError:
        return np.array(value, object)


def _ragged(module):
    """Before NumPy 1.24 lists of unequal lengths made an array of lists, such as Keras's datasets of texts."""
    module.np = _NumPy(array=_array_of_lists)


# --- C code -----------------------------------------------------------------------------

# Before Theano's own includes.
_PREAMBLE = """\
#ifndef LEGACY_NUMPY_2
#define LEGACY_NUMPY_2
/* NumPy 2 hides PyArray_Descr's fields (elsize) from code that should run on NumPy 1 too: this doesn't. */
#define NPY_TARGET_VERSION 0x00000012
#include <Python.h>
#include <numpy/npy_common.h>
/* NumPy 2's npy_3kcompat.h no longer spells Python 2's names. */
#define NPY_PY3K 1
#define PyInt_Check PyLong_Check
#define PyInt_CheckExact PyLong_CheckExact
#define PyInt_FromLong PyLong_FromLong
#define PyInt_AsLong PyLong_AsLong
#define PyInt_AS_LONG PyLong_AsLong
#define PyInt_AsSsize_t PyLong_AsSsize_t
#define PyNumber_Int PyNumber_Long
#define PyString_Check PyBytes_Check
#define PyString_FromString PyBytes_FromString
#define PyString_AsString PyBytes_AsString
/* NumPy 2's complex numbers are C's own, without the fields `real` and `imag`. */
struct legacy_complex64 { npy_float32 real, imag; };
struct legacy_complex128 { npy_float64 real, imag; };
#endif
"""


def c_source(code):
    """Theano's C++ code for NumPy 1, as NumPy 2 compiles it."""
    code = re.sub(r": public npy_complex(64|128)\b", r": public legacy_complex\1", code)
    # Theano names "no axis" so in seven places; NumPy 2 has a name and a number of its own for it.
    code = re.sub(r"(\baxis (?:=|==|!=) |PyArray_(?:Min|Max)\(\w+, )NPY_MAXDIMS\b", r"\1NPY_RAVEL_AXIS", code)
    return _PREAMBLE + code


# a[index] += inc and a[index] = inc, over the first axis. NumPy's own, but for the case that counts:
# the gradient of an Embedding, whole rows of floats.
_INPLACE_INCREMENT = """
template <typename T>
static int add_rows(PyArrayObject *a, PyArrayObject *index, PyArrayObject *inc)
{
    const npy_intp length = PyArray_DIM(a, 0), rows = PyArray_DIM(index, 0);
    const npy_intp width = rows ? PyArray_SIZE(inc) / rows : 0;
    const T *from = (const T*) PyArray_DATA(inc);
    for (npy_intp row = 0; row < rows; ++row, from += width) {
        npy_intp at = ((npy_intp*) PyArray_DATA(index))[row];
        if (at < -length || at >= length) {
            PyErr_Format(PyExc_IndexError, "index %zd is out of bounds for axis 0 with size %zd", at, length);
            return -1;
        }
        T *to = (T*) (PyArray_BYTES(a) + (at < 0 ? at + length : at) * PyArray_STRIDE(a, 0));
        for (npy_intp i = 0; i < width; ++i)
            to[i] += from[i];
    }
    return 0;
}

static int rows_of_floats(PyArrayObject *a, PyArrayObject *index, PyArrayObject *inc)
{
    const int type = PyArray_TYPE(a), nd = PyArray_NDIM(a);
    npy_intp stride = PyArray_ITEMSIZE(a);
    if (!(type == NPY_FLOAT || type == NPY_DOUBLE) || PyArray_TYPE(inc) != type || PyArray_NDIM(inc) != nd
            || PyArray_TYPE(index) != NPY_INTP || PyArray_NDIM(index) != 1 || !PyArray_ISCARRAY_RO(index)
            || !PyArray_ISCARRAY_RO(inc) || !PyArray_ISBEHAVED(a) || PyArray_DIM(inc, 0) != PyArray_DIM(index, 0))
        return 0;
    for (int i = nd - 1; i > 0; stride *= PyArray_DIM(a, i), --i)
        if (PyArray_DIM(a, i) != PyArray_DIM(inc, i) || PyArray_STRIDE(a, i) != stride)
            return 0;
    return type;
}

static int inplace_increment(PyArrayObject *a, PyObject *index, PyArrayObject *inc, int increment)
{
    if (PyArray_FailUnlessWriteable(a, "input/output array") < 0)
        return -1;
    if (!increment)
        return PyObject_SetItem((PyObject*) a, index, (PyObject*) inc);
    switch (rows_of_floats(a, (PyArrayObject*) index, inc)) {
        case NPY_FLOAT: return add_rows<npy_float>(a, (PyArrayObject*) index, inc);
        case NPY_DOUBLE: return add_rows<npy_double>(a, (PyArrayObject*) index, inc);
    }
    PyObject *numpy = PyImport_ImportModule("numpy");
    PyObject *add = numpy ? PyObject_GetAttrString(numpy, "add") : NULL;
    PyObject *done = add ? PyObject_CallMethod(add, (char*) "at", (char*) "OOO", a, index, inc) : NULL;
    Py_XDECREF(numpy);
    Py_XDECREF(add);
    Py_XDECREF(done);
    return done ? 0 : -1;
}
"""


def _increment_without_mapiter(module):
    """NumPy 2 made MapIter private, with which AdvancedIncSubtensor1 adds rows by number."""
    module.inc_code = lambda: _INPLACE_INCREMENT


AROUND_IMPORT = {}
AFTER_IMPORT = {
    "theano.sandbox.rng_mrg": _mrg,
    "theano.tensor.raw_random": _copy_generators,
    "keras.datasets.imdb": _ragged,
    "keras.datasets.reuters": _ragged,
}
if NUMPY_2:
    before_compiling.append(lambda cmodule, source, options: (c_source(source), options))
    AFTER_IMPORT.update({
        "theano.misc.safe_asarray": _wrap_around,
        "theano.tensor.elemwise": _wrap_around,
        "theano.tensor.opt": _wrap_around,
        "theano.scalar.basic": _types_of_scalars,
        "theano.sandbox.multinomial": _wide_samples,
        "theano.tensor.extra_ops": _extra_ops,
        "theano.tensor.inc_code": _increment_without_mapiter,
    })
