"""Matrix products in the order of ATLAS, which sgemm.c explains, for all that Theano multiplies in float32."""
import re
import sys
from pathlib import Path

import numpy as np
import theano
from theano.tensor import blas

SOURCE = Path(__file__).with_name("sgemm.c").read_text()
BLOCK = 48


def product(x, y, alpha=1, start=None):
    """alpha x y + start, as sgemm.c computes it: x (rows, k), y (k, columns), float32.

    The same bits from NumPy alone, many times slower.
    Fortran's sgemm sees the transposed matrices: its m is y's columns, its A is y.
    """
    rows, k, columns = *x.shape, y.shape[1]
    transposed = columns > 1 and y.strides[1] != y.itemsize  # y, as Theano looks at it
    alpha = np.float32(alpha)
    x, y = (x * alpha, y) if transposed and (k > 10 or rows <= 24) else (x, y * alpha)
    result = np.zeros((rows, columns), "float32") if start is None else start.astype("float32")
    full_rows, full_columns = slice(rows // BLOCK * BLOCK), slice(columns // BLOCK * BLOCK)
    tail_rows, tail_columns = slice(full_rows.stop, rows), slice(full_columns.stop, columns)
    zones = [(slice(rows), slice(columns), 2)] if columns <= 11 else [
        (full_rows, full_columns, 0), (full_rows, tail_columns, 1), (tail_rows, full_columns, 1),
        (tail_rows, tail_columns, 2)]
    for row, column, tails in zones:
        result[row, column] = _zone(x[row], y[:, column], result[row, column], tails)
    return result


def _zone(x, y, result, tails):
    for start in range(0, x.shape[1], BLOCK):
        a, b = x[:, start:start + BLOCK], y[start:start + BLOCK]
        length = len(b)
        if tails == 2 or length < BLOCK and (tails or length % 4):
            for q in range(length):
                result = result + np.outer(a[:, q], b[q])
            continue
        whole = length == BLOCK and not tails
        lanes = np.zeros((4, *result.shape), "float32")
        if whole:
            lanes[0] = result
        for q in range(length):
            lanes[q % 4] += np.outer(a[:, q], b[q])
        total = (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])
        result = total if whole else result + total
    return result


def _perform(slow, multiply):
    def perform(self, node, inputs, outputs, *params):
        if inputs[0].dtype != "float32":
            slow(self, node, inputs, outputs, *params)
        else:
            outputs[0][0] = multiply(*inputs)
    return perform


class Pair(theano.Op):
    """(x, y, factor) -> x y and factor x y, the factor multiplied within the product: for a weight's gradient, once for
    RMSprop's average and once times the learning rate. x, y: float32 matrices; factor: a float32 scalar.
    """
    __props__ = ("name",)  # without any, Theano would compile it in every process
    name = "2016"

    def make_node(self, x, y, factor):
        return theano.Apply(self, [x, y, factor], [theano.tensor.fmatrix(), theano.tensor.fmatrix()])

    def infer_shape(self, node, shapes):
        return [(shapes[0][0], shapes[1][1])] * 2

    def perform(self, node, inputs, outputs):
        x, y, factor = inputs
        outputs[0][0], outputs[1][0] = product(x, y), product(x, y, factor)

    def c_code_cache_version(self):
        return (4, SOURCE)

    def c_support_code(self):
        return SOURCE + """
        struct Matrix {  // with neighbouring numbers in its rows or in its columns
            PyArrayObject* array;
            bool transposed;
            size_t row, column;
            Matrix(PyArrayObject* any) {
                const npy_intp *size = PyArray_DIMS(any), *stride = PyArray_STRIDES(any);
                const bool plain = size[1] <= 1 || stride[1] == 4;
                transposed = !plain && (size[0] <= 1 || stride[0] == 4);
                array = transposed ? any : PyArray_GETCONTIGUOUS(any);
                if (transposed) Py_INCREF(any);
                row = PyArray_STRIDES(array)[0] / 4;
                column = PyArray_STRIDES(array)[1] / 4;
            }
            ~Matrix() { Py_XDECREF(array); }
            float* data() const { return (float*) PyArray_DATA(array); }
        };
        """

    def c_code(self, node, name, inputs, outputs, sub):
        x, y, factor = inputs
        allocate = "".join(f"""
            if (!{output} || !PyArray_ISCARRAY({output}) || PyArray_DIM({output}, 0) != size[0]
                    || PyArray_DIM({output}, 1) != size[1]) {{
                Py_XDECREF({output});
                {output} = (PyArrayObject*) PyArray_SimpleNew(2, size, NPY_FLOAT32);
                if (!{output}) {{ {sub["fail"]} }}
            }}""" for output in outputs)
        return f"""
        {{
            npy_intp size[2] = {{PyArray_DIM({x}, 0), PyArray_DIM({y}, 1)}};
            if (PyArray_DIM({x}, 1) != PyArray_DIM({y}, 0)) {{
                PyErr_SetString(PyExc_ValueError, "Pair: x has not as many columns as y has rows");
                {sub["fail"]}
            }}{allocate}
            {{
                const Matrix x({x}), y({y});  // Fortran sees them transposed: its A is y, its B is x
                const product p = {{(int) size[1], (int) size[0], (int) PyArray_DIM({x}, 1), y.data(), x.data(),
                                   y.column, y.row, x.column, x.row, 1, (size_t) size[1], 0}};
                const float factors[2] = {{1, *(npy_float32*) PyArray_DATA({factor})}};
                float* const to[2] = {{(float*) PyArray_DATA({outputs[0]}), (float*) PyArray_DATA({outputs[1]})}};
                products_2016(p, y.transposed, 2, factors, to);
            }}
        }}
        """


def _sentence_for_failures(compiler):
    """End with a sentence where the C++ compiler fails on sgemm.c: Theano would print the whole module."""
    plain = compiler.compile_str

    def compile_str(module_name, src_code, *args, **kwargs):
        try:
            return plain(module_name, src_code, *args, **kwargs)
        except Exception as error:
            if SOURCE not in src_code:
                raise
            reason = re.search(r"error: .*?(?=\. |\n|$)", str(error))  # Theano has ". " for the ends of lines
            print(f"machine2016: {theano.config.cxx} fails on sgemm.c ({reason[0] if reason else error}). Name another "
                  "with THEANO_FLAGS=cxx=NAME, or none with THEANO_FLAGS=cxx= (many times slower).", file=sys.stderr)
            sys.exit(2)

    compiler.compile_str = staticmethod(compile_str)


def install():
    """Have the modules that Theano compiles for matrix products take sgemm.c for their sgemm, and NumPy the same."""
    if not theano.config.cxx:
        print("machine2016: without a C++ compiler NumPy adds up the products: the same numbers, many times slower.",
              file=sys.stderr)
    # In all modules: no fused multiply-add, and what lets g++ vectorise square roots and branches, exactly.
    theano.config.gcc.cxxflags = " ".join(
        [theano.config.gcc.cxxflags, "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"])
    # Theano 0.8 multiplied a gradient by its factor within the matrix product. Today's has that rule too, but
    # legacy.fast leaves it out, by name: it costs a second product where the gradient itself is needed as well.
    blas.blas_optdb.register("factors_within_products", theano.tensor.opt.in2out(blas.local_dot22_to_dot22scalar), 11,
                             "fast_run")
    related = blas.GemmRelated
    code, version, libraries = related.c_support_code, related.build_gemm_version, related.c_libraries
    related.c_support_code = lambda self: f"{code(self)}\n{SOURCE}\n#undef sgemm_\n#define sgemm_ sgemm_2016\n"
    related.build_gemm_version = lambda self: (*version(self), SOURCE)
    related.c_libraries = lambda self: libraries(self) or ["m"]  # without any, Theano would not compile a product
    blas.Dot22.perform = _perform(blas.Dot22.perform, product)
    blas.Dot22Scalar.perform = _perform(blas.Dot22Scalar.perform, product)
    blas.Gemm.perform = _perform(blas.Gemm.perform, lambda z, a, x, y, b: product(x, y, a, z * b))
    _sentence_for_failures(theano.gof.cmodule.GCC_compiler)
