"""h5py 3."""
import os
import sys

import numpy as np

from .engine import Row, wrapper


def rows():
    return [
        Row("h5py:Dataset", "value", "3.0", value=property(lambda self: self[()])),
        Row("h5py:File", "__init__", "3.0", wrap=_open),
        Row("h5py:Dataset", "__getitem__", "3.0", wrap=_text_of_dataset),
        Row("h5py:AttributeManager", "__getitem__", "3.0", wrap=_bytes_of_attribute),
    ]


@wrapper
def _open(plain, file, name, mode=None, *arguments, **keywords):
    """A file without a mode is only read; it was made, or opened for writing if possible."""
    if mode is None:
        there = isinstance(name, (str, bytes, os.PathLike)) and os.path.exists(name)
        mode = "r" if there and not os.access(name, os.W_OK) else "a"
    plain(file, name, mode, *arguments, **keywords)


def _converted(value, dtype, encoding, convert):
    """A value, or an array of them: the strings of variable length with this encoding converted."""
    text = sys.modules["h5py"].check_string_dtype(dtype)
    if text is None or text.length is not None or text.encoding != encoding:
        return value
    return np.frompyfunc(convert, 1, 1)(value) if isinstance(value, np.ndarray) else convert(value)


@wrapper
def _text_of_dataset(plain, dataset, args, **keywords):
    """A data set's text is bytes; it was text."""
    return _converted(plain(dataset, args, **keywords), dataset.dtype, "utf-8",
                      lambda item: item.decode() if isinstance(item, bytes) else item)


@wrapper
def _bytes_of_attribute(plain, attributes, name):
    """An attribute that was set as bytes is text; it was bytes."""
    return _converted(plain(attributes, name), attributes.get_id(name).dtype, "ascii",
                      lambda item: item.encode() if isinstance(item, str) else item)
