"""SciPy 1.2 to 1.14, whose scipy.misc had its functions for images (on Pillow) until 1.1."""
import numpy as np

from .engine import Row, wrapper

_IMAGES = "bytescale fromimage imread imresize imrotate imsave toimage"
_NUMPYS = ("abs all any arange arccos arcsin arctan array asarray concatenate cos cumsum diag dot e exp eye float32 "
           "float64 hstack inf int32 int64 interp isnan linspace loadtxt log1p max mean median min nan ndarray newaxis "
           "ones pi polyfit prod reshape savetxt shape sign sin std sum tan tanh tile transpose var vstack where zeros "
           "zeros_like")


def rows():
    return [
        Row("scipy", "misc", "1.2", "scipy.misc"),  # it came with scipy.io, scipy.stats and scipy.ndimage
        Row("scipy.misc", "*", "2.0", value={}),
        *[Row("scipy.misc", name, "1.2", value=globals()[name]) for name in _IMAGES.split()],
        Row("scipy.misc.pilutil", "*", "1.2", value={name: globals()[name] for name in _IMAGES.split()}),
        Row("scipy.misc", "comb factorial factorial2 factorialk logsumexp", "1.3", "scipy.special"),
        Row("scipy.misc", "ascent face", "1.12", "scipy.datasets"),
        Row("scipy.ndimage", "imread", "1.2", value=imread),
        Row("scipy", _NUMPYS, "1.12", "numpy"),
        Row("scipy", "log log10 log2 power sqrt", "1.12", "numpy.lib.scimath"),
        Row("scipy", "rand randn", "1.12", "numpy.random"),
        Row("scipy", "random", "1.12", "numpy:random"),
        Row("scipy.linalg", "pinv2", "1.9", "scipy.linalg:pinv"),
        Row("scipy.signal", "blackman boxcar gaussian hamming hann kaiser", "1.13", "scipy.signal.windows"),
        Row("scipy.signal", "hanning", "1.3", "scipy.signal.windows:hann"),
        Row("scipy.stats", "mode", "1.11", wrap=_mode),
        Row("scipy.integrate", "trapz", "1.14", "scipy.integrate:trapezoid"),
        Row("scipy.integrate", "cumtrapz", "1.14", "scipy.integrate:cumulative_trapezoid"),
    ]


@wrapper
def _mode(plain, a, axis=0, **keywords):
    """1.11: the mode along an axis no longer keeps this axis."""
    a, axis = (np.ravel(a), 0) if axis is None else (a, axis)
    return plain(a, axis, **{"keepdims": True, **keywords})


# --- scipy.misc's images ----------------------------------------------------------------

_INTERPOLATION = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "cubic": 3}


def bytescale(data, cmin=None, cmax=None, high=255, low=0):
    """An array as bytes, stretched from cmin ... cmax (its own) to low ... high; bytes stay as they are."""
    if data.dtype == np.uint8:
        return data
    cmin = data.min() if cmin is None else cmin
    cmax = data.max() if cmax is None else cmax
    scale = float(high - low) / ((cmax - cmin) or 1)
    return (((data - cmin) * scale + low).clip(low, high) + 0.5).astype(np.uint8)


def toimage(arr, high=255, low=0, cmin=None, cmax=None, mode=None, channel_axis=None):
    """An image of 2 or 3 dimensions for Pillow, stretched by `bytescale`."""
    from PIL import Image
    data = np.asarray(arr)
    if np.iscomplexobj(data):
        raise ValueError("an array of complex numbers is no image")
    if data.ndim == 2:
        size = data.shape[::-1]
        if mode == "F":
            return Image.frombytes("F", size, data.astype(np.float32).tobytes())
        if mode in (None, "L"):
            return Image.frombytes("L", size, bytescale(data, cmin, cmax, high, low).tobytes())
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
    data = np.moveaxis(bytescale(data, cmin, cmax, high, low), channel_axis, 2)
    return Image.frombytes(mode, data.shape[1::-1], data.tobytes())


def fromimage(im, flatten=False, mode=None):
    """An image of Pillow's as an array; `flatten` makes it one grey channel of floats."""
    if mode is not None:
        if mode != im.mode:
            im = im.convert(mode)
    elif im.mode == "P":
        im = im.convert("RGBA" if "transparency" in im.info else "RGB")
    if flatten:
        im = im.convert("F")
    elif im.mode == "1":
        im = im.convert("L")
    return np.array(im)


def imread(name, flatten=False, mode=None):
    """Read an image from a file, as an array; `flatten` makes it one grey channel of floats."""
    from PIL import Image
    with Image.open(name) as image:
        return fromimage(image, flatten, mode)


def imsave(name, arr, format=None):
    """Write an array as an image, stretched to 0 ... 255 unless it is bytes."""
    toimage(arr, channel_axis=2).save(name, format)


def imresize(arr, size, interp="bilinear", mode=None):
    """Resize an image to a percentage (int), a fraction (float) or (height, width); bytes come back."""
    image = toimage(arr, mode=mode)
    if np.issubdtype(type(size), np.signedinteger):
        size = tuple((np.array(image.size) * (size / 100.0)).astype(int))
    elif np.issubdtype(type(size), np.floating):
        size = tuple((np.array(image.size) * size).astype(int))
    else:
        size = size[1], size[0]
    return fromimage(image.resize(size, _INTERPOLATION[interp]))


def imrotate(arr, angle, interp="bilinear"):
    """Rotate an image counter-clockwise by an angle in degrees; bytes come back."""
    return fromimage(toimage(arr).rotate(angle, _INTERPOLATION[interp]))
