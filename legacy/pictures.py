"""The functions for images that SciPy had in scipy.misc until 1.1, on Pillow."""
import numpy as np

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
