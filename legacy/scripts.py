"""What scripts of those years used of other packages, and later versions took away. Only for `python -m legacy`."""
import contextlib
import sys
import warnings

import numpy as np

from . import mnist

# --- multiprocessing: Python 3.14 no longer forks on Linux ---------------------------------------------

def _fork(multiprocessing_context):
    """Let a new process have the script's lambdas and data, and not run the script again from its top."""
    multiprocessing_context._default_context._default_context = multiprocessing_context._concrete_contexts["fork"]


# --- scipy.misc: SciPy 1.2 and 1.3 took the functions for images away ---------------------------------

def _bytescale(data, cmin=None, cmax=None, high=255, low=0):
    if data.dtype == np.uint8:
        return data
    cmin = data.min() if cmin is None else cmin
    cmax = data.max() if cmax is None else cmax
    if cmax < cmin:
        raise ValueError("cmax is below cmin")
    scale = float(high - low) / ((cmax - cmin) or 1)
    return (((data - cmin) * scale + low).clip(low, high) + 0.5).astype(np.uint8)


def _to_image(array, mode=None, channel_axis=None):
    """An image of 2 or 3 dimensions for Pillow, stretched to 0 ... 255 unless it is bytes."""
    from PIL import Image
    data = np.asarray(array)
    if np.iscomplexobj(data):
        raise ValueError("an array of complex numbers is no image")
    if data.ndim == 2:
        size = data.shape[::-1]
        if mode == "F":
            return Image.frombytes("F", size, data.astype(np.float32).tobytes())
        if mode in (None, "L", "P"):
            image = Image.frombytes("L", size, _bytescale(data).tobytes())
            if mode == "P":
                image.putpalette(np.repeat(np.arange(256, dtype=np.uint8), 3).tobytes())
            return image
        if mode == "1":
            return Image.frombytes("1", size, (data > 255).tobytes())
        if mode == "I":
            low, high = data.min(), data.max()
            return Image.frombytes("I", size, ((data * 1.0 - low) * 255 / (high - low)).astype(np.uint32).tobytes())
        raise ValueError(f"no image of mode {mode!r} has the shape {data.shape}")
    if data.ndim != 3 or not {3, 4} & set(data.shape):
        raise ValueError(f"no image has the shape {data.shape}")
    if channel_axis is None:
        channel_axis = data.shape.index(3 if 3 in data.shape else 4)
    channels = data.shape[channel_axis]
    if channels not in (3, 4):
        raise ValueError(f"an image has 3 or 4 channels, not {channels}")
    mode = mode or {3: "RGB", 4: "RGBA"}[channels]
    if mode not in {3: ("RGB", "YCbCr"), 4: ("RGBA", "CMYK")}[channels]:
        raise ValueError(f"no image of mode {mode!r} has the shape {data.shape}")
    data = np.moveaxis(_bytescale(data), channel_axis, 2)
    return Image.frombytes(mode, data.shape[1::-1], data.tobytes())


def _from_image(image, flatten=False, mode=None):
    if mode is not None:
        if mode != image.mode:
            image = image.convert(mode)
    elif image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    if flatten:
        image = image.convert("F")
    elif image.mode == "1":
        image = image.convert("L")
    return np.array(image)


def imread(name, flatten=False, mode=None):
    """Read an image from a file, as an array; `flatten` makes it one grey channel of floats."""
    from PIL import Image
    with Image.open(name) as image:
        return _from_image(image, flatten, mode)


def imsave(name, arr, format=None):
    """Write an array as an image, stretched to 0 ... 255 unless it is bytes."""
    _to_image(arr, channel_axis=2).save(name, format)


def imresize(arr, size, interp="bilinear", mode=None):
    """Resize an image to a percentage (int), a fraction (float) or (height, width); bytes come back."""
    image = _to_image(arr, mode)
    if np.issubdtype(type(size), np.signedinteger):
        size = tuple((np.array(image.size) * (size / 100.0)).astype(int))
    elif np.issubdtype(type(size), np.floating):
        size = tuple((np.array(image.size) * size).astype(int))
    else:
        size = size[1], size[0]
    method = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "cubic": 3}[interp]
    return _from_image(image.resize(size, method))


def _images(scipy_misc):
    for function in imread, imsave, imresize:
        if not hasattr(scipy_misc, function.__name__):
            setattr(scipy_misc, function.__name__, function)


@contextlib.contextmanager
def _without_warning():
    """SciPy says at the import of scipy.misc that it is empty."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


# --- Keras: 2.3 renamed `acc` to `accuracy`, in what a training logs -----------------------------------

def _acc(keras):
    """Log each accuracy that `metrics=["accuracy"]` gives under its name before Keras 2.3, too."""
    from keras.callbacks import BaseLogger

    def add(callback, logs):
        outputs = ["", *(f"{name}_" for name in callback.model.output_names)]
        for prefix in outputs + [f"val_{output}" for output in outputs]:
            if f"{prefix}accuracy" in logs:
                logs.setdefault(f"{prefix}acc", logs[f"{prefix}accuracy"])

    def also(method):
        def call(self, number, logs=None):
            method(self, number, logs)
            add(self, logs if logs is not None else {})
        return call

    # The first callback of every training: what it adds to the logs, all others see.
    BaseLogger.on_batch_end = also(BaseLogger.on_batch_end)
    BaseLogger.on_epoch_end = also(BaseLogger.on_epoch_end)


def _mnist(keras_mnist):
    """Let Keras load MNIST from the wheel; it downloads where that is missing."""
    download = keras_mnist.load_data

    def load_data(path="mnist.npz"):
        """(x_train, y_train), (x_test, y_test): bytes, 60,000 and 10,000 of them."""
        return mnist.load() or download(path)

    keras_mnist.load_data = load_data


AROUND_IMPORT = {"scipy.misc": _without_warning}
AFTER_IMPORT = {"scipy.misc": _images, "keras": _acc, "keras.datasets.mnist": _mnist}
if sys.version_info >= (3, 14) and sys.platform == "linux":
    AFTER_IMPORT["multiprocessing.context"] = _fork
