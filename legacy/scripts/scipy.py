"""SciPy 1.2 to 1.14, whose scipy.misc had its functions for images (on Pillow) until 1.1."""
import functools
import sys
import warnings

import numpy as np

from .engine import Row

_IMAGES = "bytescale fromimage imfilter imread imresize imrotate imsave imshow toimage"
_WINDOWS = ("barthann bartlett blackman blackmanharris bohman boxcar chebwin cosine exponential flattop gaussian "
            "general_gaussian hamming hann kaiser nuttall parzen triang tukey")
_NUMPYS = ("abs all any arange arccos arcsin arctan array asarray concatenate cos cumsum diag dot e exp eye float32 "
           "float64 hstack inf int32 int64 interp isnan linspace loadtxt log1p max mean median min nan ndarray newaxis "
           "ones pi polyfit prod reshape savetxt shape sign sin std sum tan tanh tile transpose var vstack where zeros "
           "zeros_like")


def rows():
    warnings.filterwarnings("ignore", "scipy.misc", DeprecationWarning)  # it says that it is empty
    return [
        Row("scipy", "misc", "1.2", "scipy.misc"),  # it came with scipy.io, scipy.stats and scipy.ndimage
        Row("scipy.misc", "*", "2.0", value={}),
        *[Row("scipy.misc", name, "1.2", value=globals()[name]) for name in _IMAGES.split()],
        Row("scipy.misc.pilutil", "*", "1.2", value={name: globals()[name] for name in _IMAGES.split()}),
        Row("scipy.misc", "comb factorial factorial2 factorialk logsumexp", "1.3", "scipy.special"),
        Row("scipy.misc", "pade", "1.3", "scipy.interpolate"),
        Row("scipy.misc", "central_diff_weights", "1.12", value=_central_diff_weights),
        Row("scipy.misc", "derivative", "1.12", value=_derivative),
        Row("scipy.misc", "ascent electrocardiogram face", "1.12", "scipy.datasets"),
        Row("scipy.ndimage", "imread", "1.2", value=imread),
        Row("scipy", _NUMPYS, "1.12", "numpy"),
        Row("scipy", "log log10 log2 power sqrt", "1.12", "numpy.lib.scimath"),
        Row("scipy", "rand randn", "1.12", "numpy.random"),
        Row("scipy", "random", "1.12", "numpy:random"),
        Row("scipy.linalg", "pinv2", "1.9", "scipy.linalg:pinv"),
        Row("scipy.linalg", "tri tril triu", "1.13", "numpy"),
        Row("scipy.signal", _WINDOWS, "1.13", "scipy.signal.windows"),
        Row("scipy.signal", "hanning", "1.3", "scipy.signal.windows:hann"),
        Row("scipy.stats", "mode", "1.11", wrap=_mode),
        Row("scipy.integrate", "simps", "1.14", value=_simps),
        Row("scipy.integrate", "trapz", "1.14", "scipy.integrate:trapezoid"),
        Row("scipy.integrate", "cumtrapz", "1.14", "scipy.integrate:cumulative_trapezoid"),
    ]


def _central_diff_weights(Np, ndiv=1):
    """Weights of Np (odd) equally spaced values for the derivative of order `ndiv` at their centre."""
    if Np < ndiv + 1 or Np % 2 == 0:
        raise ValueError("the number of points must be odd, and greater than the derivative's order")
    powers = np.arange(Np)
    inverse = np.linalg.inv(np.arange(-(Np >> 1), (Np >> 1) + 1.0)[:, None] ** powers)
    return np.prod(np.arange(1, ndiv + 1), axis=0) * inverse[ndiv]


def _derivative(func, x0, dx=1.0, n=1, args=(), order=3):
    """The n-th derivative at x0, by central differences of `order` points."""
    weights = _central_diff_weights(order, n)
    half = order >> 1
    return sum(weight * func(x0 + (k - half) * dx, *args) for k, weight in enumerate(weights)) / dx ** n


def _mode(plain):
    """1.11: the mode along an axis no longer keeps this axis."""
    @functools.wraps(plain)
    def mode(a, axis=0, **keywords):
        a, axis = (np.ravel(a), 0) if axis is None else (a, axis)
        return plain(a, axis, **{"keepdims": True, **keywords})
    return mode


def _simps(y, x=None, dx=1, axis=-1, even="avg"):
    """Simpson's rule; of an even number of points a trapezium last ("first"), first ("last"), or the mean of both."""
    integrate = sys.modules["scipy.integrate"]
    y = np.moveaxis(np.asarray(y), axis, -1)
    x = None if x is None else np.broadcast_to(np.moveaxis(np.asarray(x), axis, -1) if np.ndim(x) > 1 else x, y.shape)

    def part(rule, where):
        return rule(y[..., where], None if x is None else x[..., where], dx=dx)

    if y.shape[-1] % 2:
        return part(integrate.simpson, slice(None))
    ends = {"first": part(integrate.simpson, slice(-1)) + part(integrate.trapezoid, slice(-2, None)),
            "last": part(integrate.simpson, slice(1, None)) + part(integrate.trapezoid, slice(2))}
    return (ends["first"] + ends["last"]) / 2 if even == "avg" else ends[even]


# --- scipy.misc's images ----------------------------------------------------------------

_INTERPOLATION = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "cubic": 3}
_FILTERS = {"blur", "contour", "detail", "edge_enhance", "edge_enhance_more", "emboss", "find_edges", "smooth",
            "smooth_more", "sharpen"}


def bytescale(data, cmin=None, cmax=None, high=255, low=0):
    """An array as bytes, stretched from cmin ... cmax (its own) to low ... high; bytes stay as they are."""
    if data.dtype == np.uint8:
        return data
    if not 0 <= low <= high <= 255:
        raise ValueError("low and high must be within 0 ... 255, low not above high")
    cmin = data.min() if cmin is None else cmin
    cmax = data.max() if cmax is None else cmax
    if cmax < cmin:
        raise ValueError("cmax is below cmin")
    scale = float(high - low) / ((cmax - cmin) or 1)
    return (((data - cmin) * scale + low).clip(low, high) + 0.5).astype(np.uint8)


def toimage(arr, high=255, low=0, cmin=None, cmax=None, pal=None, mode=None, channel_axis=None):
    """An image of 2 or 3 dimensions for Pillow, stretched by `bytescale`."""
    from PIL import Image
    data = np.asarray(arr)
    if np.iscomplexobj(data):
        raise ValueError("an array of complex numbers is no image")
    if data.ndim == 2:
        size = data.shape[::-1]
        if mode == "F":
            return Image.frombytes("F", size, data.astype(np.float32).tobytes())
        if mode in (None, "L", "P"):
            image = Image.frombytes("L", size, bytescale(data, cmin, cmax, high, low).tobytes())
            if pal is None and mode == "P":
                pal = np.repeat(np.arange(256), 3)
            if pal is not None:
                image.putpalette(np.asarray(pal, np.uint8).tobytes())
            return image
        if mode == "1":
            return Image.frombytes("1", size, (data > high).tobytes())
        if mode == "I":
            cmin, cmax = data.min() if cmin is None else cmin, data.max() if cmax is None else cmax
            stretched = (data * 1.0 - cmin) * (high - low) / (cmax - cmin) + low
            return Image.frombytes("I", size, stretched.astype(np.uint32).tobytes())
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


def imfilter(arr, ftype):
    """An image after one of Pillow's filters: "blur", "contour", ... "sharpen"."""
    from PIL import ImageFilter
    if ftype not in _FILTERS:
        raise ValueError(f"no filter is called {ftype!r}")
    return fromimage(toimage(arr).filter(getattr(ImageFilter, ftype.upper())))


def imshow(arr):
    """Show an array as an image, in the viewer that Pillow finds."""
    toimage(arr).show()
