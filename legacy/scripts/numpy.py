"""NumPy 1.18 to 2.5; what Theano and Keras themselves need is in legacy/numpy.py."""
import collections.abc

import numpy as np

from .engine import Row, default, renamed, wrapper


def rows():
    return [
        Row("numpy", "rank", "1.18", "numpy:ndim"),
        Row("numpy", "typeDict", "1.23", "numpy:sctypeDict"),
        Row("numpy", "alen", "1.23", value=lambda a: len(np.atleast_1d(a))),
        Row("numpy", "histogram histogram2d", "1.24", wrap=renamed(normed="density")),
        Row("numpy", "array asarray asanyarray", "1.24", wrap=_array),
        Row("numpy", "warnings", "1.25", "warnings"),
        Row("numpy", "stack hstack vstack dstack", "1.25", wrap=_stack),
        Row("numpy", "unique", "2.0", wrap=_unique),
        Row("numpy", "loadtxt genfromtxt", "2.0", wrap=default("encoding", 9, "bytes")),
        Row("numpy.fft", "fft ifft rfft irfft hfft ihfft fft2 ifft2 rfft2 irfft2 fftn ifftn rfftn irfftn", "2.0",
            wrap=_in_double_precision),
        Row("numpy", "fromstring", "2.3", wrap=_fromstring),
        Row("numpy", "trapz", "2.4", "numpy:trapezoid"),
        Row("numpy", "row_stack", "2.5", "numpy:vstack"),
        Row("numpy.lib", "pad", "2.0", "numpy:pad"),
        Row("numpy.core.umath_tests", "*", "2.0", value={"inner1d": _inner1d, "matrix_multiply": np.matmul}),
    ]


def _inner1d(a, b):
    return np.einsum("...i,...i->...", a, b)


@wrapper
def _array(plain, *arguments, **keywords):
    """1.24: lists of unequal lengths are an error without dtype=object. 2.0: so is copy=False if it must copy."""
    if keywords.get("copy") is False:
        keywords["copy"] = None
    try:
        return plain(*arguments, **keywords)
    except ValueError as error:
        if len(arguments) > 1 or keywords.get("dtype") is not None or "inhomogeneous" not in str(error):
            raise
        return plain(*arguments, **{**keywords, "dtype": np.object_})


@wrapper
def _stack(plain, tup, *arguments, **keywords):
    """1.25: what is stacked must be a list, not a generator or a `map`."""
    return plain(list(tup) if isinstance(tup, collections.abc.Iterator) else tup, *arguments, **keywords)


@wrapper
def _unique(plain, ar, return_index=False, return_inverse=False, return_counts=False, axis=None, **keywords):
    """2.0: the inverse of `unique` has the array's shape; it was a vector."""
    parts = plain(ar, return_index, return_inverse, return_counts, axis, **keywords)
    if not return_inverse or axis is not None:
        return parts
    at = 2 if return_index else 1
    return (*parts[:at], parts[at].ravel(), *parts[at + 1:])


@wrapper
def _in_double_precision(plain, a, *arguments, **keywords):
    """2.0: the transform of float32 is complex64; all were computed in double precision."""
    return plain(np.asarray(a, np.complex128 if np.iscomplexobj(a) else np.float64), *arguments, **keywords)


@wrapper
def _fromstring(plain, string, dtype=float, count=-1, *, sep="", **keywords):
    """2.3: `fromstring` reads text only, not bytes."""
    if sep:
        return plain(string, dtype, count, sep=sep, **keywords)
    return np.frombuffer(string.encode() if isinstance(string, str) else string, dtype, count).copy()
