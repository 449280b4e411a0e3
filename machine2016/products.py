"""Matrix products in the order of ATLAS, which sgemm.c explains, for all that Theano multiplies in float32."""
from pathlib import Path

import numpy as np
import theano
from theano.tensor import blas

SOURCE = Path(__file__).with_name("sgemm.c").read_text()
BLOCK = 48


def product(x, y, alpha=1, start=None):
    """alpha x y + start, as sgemm.c computes it: x (rows, k), y (k, columns), float32.

    The same bits from NumPy alone, many times slower: for a Theano without compiler, and to read.
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
        (full_rows, full_columns, 0), (full_rows, tail_columns, 1), (tail_rows, full_columns, 1), (tail_rows, tail_columns, 2)]
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
            return slow(self, node, inputs, outputs, *params)
        outputs[0][0] = multiply(*inputs)
    return perform


def install():
    """Have the modules that Theano compiles for matrix products take sgemm.c for their sgemm, and NumPy the same."""
    theano.config.gcc.cxxflags = f"{theano.config.gcc.cxxflags} -ffp-contract=off"  # no fused multiply-add, in any module
    # Theano 0.8 multiplied a gradient by its factor within the matrix product. Today's has that rule too, but legacy
    # leaves it out, by name: it costs a second product where the gradient itself is needed as well.
    blas.blas_optdb.register("factors_within_products", theano.tensor.opt.in2out(blas.local_dot22_to_dot22scalar), 11,
                             "fast_run")
    related = blas.GemmRelated
    code, version = related.c_support_code, related.build_gemm_version
    related.c_support_code = lambda self: f"{code(self)}\n{SOURCE}\n#undef sgemm_\n#define sgemm_ sgemm_2016\n"
    related.build_gemm_version = lambda self: (*version(self), SOURCE)
    blas.Dot22.perform = _perform(blas.Dot22.perform, product)
    blas.Dot22Scalar.perform = _perform(blas.Dot22Scalar.perform, product)
    blas.Gemm.perform = _perform(blas.Gemm.perform, lambda z, a, x, y, b: product(x, y, a, z * b))
