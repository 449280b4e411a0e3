"""Keras 2.3.1 on Theano whatever the user's settings, with h5py 3, and models that Keras 3 loads."""
import base64
import contextlib
import dis
import functools
import importlib.util
import json
import marshal
import os
import platform
import sys
import tempfile

import numpy as np

from .helpers import environment, replace_lines

# Returns the content of the keras.json that Keras reads: {}, so its defaults. `python -m legacy` reads the user's own.
read_settings = dict


@contextlib.contextmanager
def _on_theano():
    """Have Keras choose Theano at its import, whatever ~/.keras/keras.json or the user's KERAS_BACKEND say.

    A keras.json may come from Keras 3 ("backend": "jax", "floatx": "bfloat16"), at which Keras 2.3.1 stops, or swap
    the axes of images: Keras is shown another folder.
    """
    if sys.stderr is None:  # closed; Keras writes to it at its import
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115, it stays open
    settings = read_settings()
    with tempfile.TemporaryDirectory() as folder, environment(KERAS_BACKEND="theano", KERAS_HOME=folder):
        if settings:
            with open(os.path.join(folder, "keras.json"), "w") as file:
                json.dump(settings, file)
        yield


class _Text(str):
    """A string that also answers `decode`, as the bytes it was in h5py 2 did."""

    def decode(self, *_):
        return str(self)


def _as_text(value):
    """The value of an HDF5 attribute or dataset, its text as `_Text`."""
    if isinstance(value, str):
        return _Text(value)
    if isinstance(value, np.ndarray) and value.dtype.hasobject:  # an array of variable-length strings
        return [_as_text(item) for item in value]
    return value


class _Group:
    """An h5py group whose attributes are text that decodes; all else is the group's own."""

    def __init__(self, group):
        self._group = group
        self.attrs = {name: _as_text(value) for name, value in group.attrs.items()}

    def __getattr__(self, name):
        return getattr(self._group, name)

    def __contains__(self, name):
        return name in self._group

    def __getitem__(self, name):
        item = self._group[name]
        return _Group(item) if hasattr(item, "keys") else item


def _read_h5py3_strings():
    """Let Keras 2.3.1 load what it saves: h5py 3 returns text attributes as str, not bytes."""
    from keras.engine import saving
    from keras.utils import io_utils

    # load_model reads through H5Dict ...
    get_item = io_utils.H5Dict.__getitem__
    io_utils.H5Dict.__getitem__ = lambda self, name: _as_text(get_item(self, name))

    # ... and load_weights straight from the group.
    def from_group(load):
        return lambda group, *args, **kwargs: load(_Group(group), *args, **kwargs)

    for name in ("load_weights_from_hdf5_group", "load_weights_from_hdf5_group_by_name"):
        setattr(saving, name, from_group(getattr(saving, name)))


def _save_the_input_layer():
    """Let a Sequential model's configuration begin with its InputLayer, as tf.keras 2 writes it.

    Keras 2.3.1 notes the input's shape in the first layer instead, where Keras 3 (3.15) misreads
    it and builds a model of one dimension more. With its InputLayer a saved model loads in
    Keras 2.3.1, tf.keras 2 and Keras 3.
    """
    from keras.engine.input_layer import InputLayer
    from keras.models import Sequential
    plain = Sequential.get_config

    def get_config(self):
        config = plain(self)
        source = self.inputs[0]._keras_history[0] if self.inputs else None
        if isinstance(source, InputLayer) and config["layers"][0]["class_name"] != "InputLayer":
            config["layers"][0]["config"].pop("batch_input_shape", None)
            config["layers"].insert(0, {"class_name": "InputLayer", "config": source.get_config()})
        return config

    Sequential.get_config = get_config


def _average_in_float64(callbacks):
    """Average an epoch's losses in float64, as a float32 times a number was before NumPy 2 (NEP 50).

    In float32 they lose digits, and `json` no longer takes the history.
    """
    plain = callbacks.BaseLogger.on_batch_end

    def on_batch_end(self, batch, logs=None):
        plain(self, batch, {
            name: value if name in self.stateful_metrics or isinstance(value, int) else np.float64(value)
            for name, value in (logs or {}).items()})

    callbacks.BaseLogger.on_batch_end = on_batch_end


_MARK = b"legacy"  # before the number of the Python that made a Lambda layer's code, both after the code


def _is_this_pythons(text):
    """Whether a saved function's code, base64, was made by this version of Python.

    Where it is unmarked (not saved with this package), since Python 3.11 its first instruction tells, but for 3.11
    from 3.12.
    """
    try:
        raw = base64.b64decode(text)
        *_, mark, number = raw.rpartition(_MARK)
        if mark and len(number) == len(importlib.util.MAGIC_NUMBER):
            return number == importlib.util.MAGIC_NUMBER
        code = marshal.loads(raw)
        first = "COPY_FREE_VARS" if code.co_freevars else "MAKE_CELL" if code.co_cellvars else "RESUME"
        return sys.version_info < (3, 11) or code.co_code[0] == dis.opmap[first]
    except (ValueError, EOFError, TypeError, AttributeError):
        return False


def _code_of_this_python(generic_utils):
    """Refuse a Lambda layer with the code of another Python, which would end the process without a word.

    marshal doesn't say which Python it was, and ignores what stands after the code.
    """
    dump, load = generic_utils.func_dump, generic_utils.func_load

    def func_dump(func):
        text, *rest = dump(func)
        marked = base64.b64decode(text) + _MARK + importlib.util.MAGIC_NUMBER
        return (base64.encodebytes(marked).decode("ascii"), *rest)

    def func_load(code, *arguments, **keywords):
        if not _is_this_pythons(code[0] if isinstance(code, (tuple, list)) else code):
            raise ValueError("the model has a Lambda layer with code of another Python than this "
                             f"{platform.python_version()}, which can't run it: load the model with the Python that "
                             "saved it, or build it in the script and load its weights.")
        return load(code, *arguments, **keywords)

    generic_utils.func_dump, generic_utils.func_load = func_dump, func_load


def _patch(_keras):
    _read_h5py3_strings()
    _save_the_input_layer()


_LINES = {
    # h5py 3: a file opened without a mode is read-only; File.fid. (`model.save` into a file object.)
    "keras.utils.io_utils": {"save_to_binary_h5py": [("'in-memory-h5py',", "'in-memory-h5py', 'w',"),
                                                     (".fid.", ".id.")]},
    # Python 3.12: randint takes no float.
    "keras_preprocessing.sequence": {"skipgrams": [("10e6", "int(10e6)")]},
}

AROUND_IMPORT = {"keras": _on_theano}
AFTER_IMPORT = {
    **{name: functools.partial(replace_lines, lines=lines) for name, lines in _LINES.items()},
    "keras": _patch,
    "keras.callbacks.callbacks": _average_in_float64,
    "keras.utils.generic_utils": _code_of_this_python,
}
