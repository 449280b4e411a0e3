"""NumPy 1.18 to 2.5; what Theano and Keras themselves need is in legacy/numpy.py."""
import collections.abc
import functools

import numpy as np

from .engine import Row, renamed


def rows():
    np.set_printoptions(legacy="1.25")  # 2.0: prints np.float64(1.5) for 1.5
    return [
        Row("numpy", "rank", "1.18", "numpy:ndim"),
        Row("numpy", "typeDict", "1.23", "numpy:sctypeDict"),
        Row("numpy", "alen", "1.23", value=lambda a: len(np.atleast_1d(a))),
        Row("numpy", "histogram histogram2d", "1.24", wrap=renamed(normed="density")),
        Row("numpy", "array asarray asanyarray", "1.24", wrap=_array),
        Row("numpy", "stack hstack vstack dstack", "1.25", wrap=_stack),
        Row("numpy", "unique", "2.0", wrap=_unique),
        Row("numpy", "fromstring", "2.3", wrap=_fromstring),
        Row("numpy", "trapz", "2.4", "numpy:trapezoid"),
        Row("numpy", "row_stack", "2.5", "numpy:vstack"),
        Row("numpy.lib", "pad", "2.0", "numpy:pad"),
        Row("numpy.core.umath_tests", "*", "2.0", value={"inner1d": _inner1d, "matrix_multiply": np.matmul}),
        Row("numpy.random", "random_integers", "2.5", value=_random_integers),
    ]


def _inner1d(a, b):
    return np.einsum("...i,...i->...", a, b)


def _random_integers(low, high=None, size=None):
    """Whole numbers from low (1) to high, which is among them."""
    low, high = (1, low) if high is None else (low, high)
    return np.random.randint(low, int(high) + 1, size=size, dtype="l")


def _array(plain):
    """1.24: lists of unequal lengths are an error without dtype=object. 2.0: so is copy=False if it must copy."""
    @functools.wraps(plain)
    def array(*arguments, **keywords):
        if keywords.get("copy") is False:
            keywords["copy"] = None
        try:
            return plain(*arguments, **keywords)
        except ValueError as error:
            if len(arguments) > 1 or keywords.get("dtype") is not None or "inhomogeneous" not in str(error):
                raise
            return plain(*arguments, **{**keywords, "dtype": np.object_})
    return array


def _stack(plain):
    """1.25: what is stacked must be a list, not a generator or a `map`."""
    @functools.wraps(plain)
    def stack(tup, *arguments, **keywords):
        return plain(list(tup) if isinstance(tup, collections.abc.Iterator) else tup, *arguments, **keywords)
    return stack


def _unique(plain):
    """2.0: the inverse of `unique` has the array's shape; it was a vector."""
    @functools.wraps(plain)
    def unique(ar, return_index=False, return_inverse=False, return_counts=False, axis=None, **keywords):
        parts = plain(ar, return_index, return_inverse, return_counts, axis, **keywords)
        if not return_inverse or axis is not None:
            return parts
        at = 2 if return_index else 1
        return (*parts[:at], parts[at].ravel(), *parts[at + 1:])
    return unique


def _fromstring(plain):
    """2.3: `fromstring` reads text only, not bytes."""
    @functools.wraps(plain)
    def fromstring(string, dtype=float, count=-1, *, sep="", **keywords):
        if sep:
            return plain(string, dtype, count, sep=sep, **keywords)
        return np.frombuffer(string.encode() if isinstance(string, str) else string, dtype, count).copy()
    return fromstring
