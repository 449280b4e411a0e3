"""h5py 3."""
import functools
import os
import sys

import numpy as np

from .engine import Row


def rows():
    return [
        Row("h5py:Dataset", "value", "3.0", value=property(lambda self: self[()])),
        Row("h5py:File", "fid", "3.0", value=property(lambda self: self.id)),
        Row("h5py.highlevel", "*", "3.0", "h5py"),
        Row("h5py:File", "__init__", "3.0", wrap=_open),
        Row("h5py:Dataset", "__getitem__", "3.0", wrap=_text_of_dataset),
        Row("h5py:AttributeManager", "__getitem__", "3.0", wrap=_bytes_of_attribute),
    ]


def _open(plain):
    """A file without a mode is only read; it was made, or opened for writing if possible."""
    @functools.wraps(plain)
    def __init__(self, name, mode=None, *arguments, **keywords):
        if mode is None:
            there = isinstance(name, (str, bytes, os.PathLike)) and os.path.exists(name)
            mode = "r" if there and not os.access(name, os.W_OK) else "a"
        plain(self, name, mode, *arguments, **keywords)
    return __init__


def _converted(value, dtype, encoding, convert):
    """A value, or an array of them: the strings of variable length with this encoding converted."""
    text = sys.modules["h5py"].check_string_dtype(dtype)
    if text is None or text.length is not None or text.encoding != encoding:
        return value
    return np.frompyfunc(convert, 1, 1)(value) if isinstance(value, np.ndarray) else convert(value)


def _text_of_dataset(plain):
    """A data set's text is bytes; it was text."""
    return lambda self, args, **keywords: _converted(
        plain(self, args, **keywords), self.dtype, "utf-8",
        lambda item: item.decode() if isinstance(item, bytes) else item)


def _bytes_of_attribute(plain):
    """An attribute that was set as bytes is text; it was bytes."""
    return lambda self, name: _converted(
        plain(self, name), self.get_id(name).dtype, "ascii",
        lambda item: item.encode() if isinstance(item, str) else item)
