"""Data in: photographs and MNIST digits become arrays ready for a network.

The report (exercise 1b ii) takes this preprocessing over from the course's first assignment,
hence the module's name. The chain, step by step, is `preprocess`; the scripts load whole
folders with `load_photographs`, which gives the same numbers faster.
"""
import concurrent.futures
import contextlib
import functools
import hashlib
import io
import os
from pathlib import Path

import numpy as np
import PIL
from PIL import Image
from skimage.color import gray2rgb
from skimage.util import img_as_float64
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from tp2 import datasets
from tp2.cli import InputError
from tp2.datasets import cache_folder, mnist, photographs, read_image, unit_range
from tp2.files import whole_file

SIDE = 28  # pixels: the size of MNIST's digits, and the report's for photographs


# --- One photograph, step by step -------------------------------------------------------

def to_rgb(image):
    """Three channels: grey is replicated, alpha dropped.

    image: (h, w), (h, w, 1) grey, (h, w, 2) grey and alpha, (h, w, 3) or (h, w, 4), any dtype.
    Returns (h, w, 3) of the same dtype. ValueError for any other shape or an empty image.
    """
    image = np.asarray(image)
    if image.size == 0 or image.ndim not in (2, 3) or image.ndim == 3 and image.shape[2] > 4:
        raise ValueError(f"an array of shape {image.shape} is not an image")
    if image.ndim == 2:
        return gray2rgb(image)
    return gray2rgb(image[:, :, 0]) if image.shape[2] < 3 else image[:, :, :3]


def to_float(image):
    """Brightness from 0 (black) to 1 (white), float64.

    image: any shape; whole numbers are divided by their type's largest value, floats must be
    in [0, 1] already, else ValueError.
    """
    return unit_range(img_as_float64(image))


def channel_means(image):
    """The mean of each channel: (h, w, c) -> (c,), float64.

    Rounding can put the mean of a constant channel beside its value; here it never does, so
    that what is constant stays exactly 0 once centred, and is not divided by a tiny variance.
    """
    return np.clip(image.mean(axis=(0, 1), dtype=np.float64), image.min(axis=(0, 1)), image.max(axis=(0, 1)))


def pad_to_square(image):
    """Centre a float image (h, w, c) in the smallest square that holds it.

    The border is the image's mean colour. Where it can't be even, the extra line is below or
    to the right. Returns (n, n, c) with n = max(h, w).
    """
    height, width, channels = image.shape
    side = max(height, width)
    square = np.empty((side, side, channels), image.dtype)
    square[:] = channel_means(image)
    top, left = (side - height) // 2, (side - width) // 2
    square[top:top + height, left:left + width] = image
    return square


def zero_mean(image):
    """Subtract each channel's mean: (h, w, c) -> (h, w, c)."""
    return image - channel_means(image)


def unit_variance(image):
    """Divide each channel by its standard deviation; a constant channel stays as it is."""
    deviation = image.std(axis=(0, 1))
    return image / np.where(deviation > 0, deviation, 1)


def stretch(image):
    """Map the least value of the whole image to 0 and the greatest to 1; a constant image to 0.

    SciPy's `imresize`, which 2016's code used, did this to its input unasked.
    """
    low, high = image.min(), image.max()
    return (image - low) / (high - low) if high > low else np.zeros_like(image)


def resize(image, side=SIDE):
    """Resize (h, w, c) to (side, side, c), float32: Pillow's bilinear filter, as `imresize` did.

    Pillow widens the filter when it shrinks, so that every pixel counts (no aliasing).
    """
    channels = [Image.fromarray(channel.astype(np.float32)).resize((side, side), Image.BILINEAR)
                for channel in np.moveaxis(image, 2, 0)]
    return np.stack([np.asarray(channel) for channel in channels], axis=2)


def to_grey(image):
    """The mean of the three channels: (h, w, 3) -> (h, w)."""
    return image.mean(axis=2)


def preprocess(image, side=SIDE):
    """The whole chain: any image that `to_rgb` takes -> (side * side,) float32 in [0, 1]."""
    image = pad_to_square(to_float(to_rgb(image)))
    image = resize(stretch(unit_variance(zero_mean(image))), side)
    return to_grey(image).clip(0, 1).ravel().astype(np.float32)


# --- The same, faster -------------------------------------------------------------------

@functools.lru_cache(maxsize=256)
def resize_weights(length, side=SIDE):
    """The matrix (side, length), float32, by which `resize` multiplies a line of `length` pixels.

    Resizing is linear, so what Pillow makes of the identity matrix is that matrix. (It is asked
    for 512 columns at a time: the whole identity of a long line would not fit in memory.)
    """
    blocks = []
    for start in range(0, length, 512):
        columns = np.eye(length, min(512, length - start), -start, dtype=np.float32)
        blocks.append(np.asarray(Image.fromarray(columns).resize((columns.shape[1], side), Image.BILINEAR)))
    return np.concatenate(blocks, axis=1)


def preprocess_fast(image, side=SIDE):
    """`preprocess` without ever touching a padded image; equal to it within float32 rounding.

    Centring, scaling and stretching only shift and scale a channel, which commutes with the
    linear resize: so the photograph is resized first, and the rest happens on side x side
    pixels. The border, being the mean, is 0 once centred and adds nothing to a sum.
    """
    image = to_rgb(image)
    if image.dtype == np.uint8:  # bytes need no scaling, the chain undoes any; float32 holds them
        planes = np.moveaxis(image, 2, 0).astype(np.float32, order="C")
    else:
        planes = np.moveaxis(to_float(image), 2, 0).copy()
    means = channel_means(np.moveaxis(planes, 0, 2)).astype(planes.dtype)
    planes -= means[:, np.newaxis, np.newaxis]

    height, width = planes.shape[1:]
    square = max(height, width)
    top, left = (square - height) // 2, (square - width) // 2
    rows = resize_weights(square, side)[:, top:top + height]
    columns = resize_weights(square, side)[:, left:left + width]
    small = rows @ planes @ columns.T

    squares = np.einsum("chw,chw->c", planes, planes) / square ** 2  # the border's are 0
    scale = 1 / np.sqrt(np.where(squares > 0, squares, 1))
    low = (planes.min(axis=(1, 2)) * scale).min()
    high = (planes.max(axis=(1, 2)) * scale).max()
    if high == low:
        return np.zeros(side * side, np.float32)
    grey = np.tensordot(scale, small, axes=1) / 3
    return ((grey - low) / (high - low)).clip(0, 1).ravel().astype(np.float32)


# --- Exercise 2b's way ------------------------------------------------------------------

def thumbnail(image, side=SIDE):
    """The nearest pixels and nothing else, as Keras's own loader takes them: -> (side, side, 3) float32 from 0 to 255.

    image: any that `to_rgb` and `to_float` take.
    """
    image = to_rgb(image)
    # Where Pillow takes them: it resizes a column, and a row, of numbers from 0 on.
    rows, columns = (np.asarray(Image.fromarray(np.arange(length, dtype=np.int32)[np.newaxis])
                                .resize((side, 1), Image.NEAREST))[0] for length in image.shape[:2])
    return np.ascontiguousarray(255 * to_float(image[rows][:, columns]), np.float32)


# --- Folders of photographs, and the digits -------------------------------------------------

def fingerprint(files):
    """A digest (hex) of names and contents, that changes with any of them; InputError for an unreadable file."""
    digest = hashlib.blake2b(digest_size=16)
    for path in files:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InputError(f"{path} can't be read ({error.strerror}): let it be read, or take it out of its "
                             "folder.") from error
        digest.update(os.fsencode(f"{path.parent.name}/{path.name} {len(content)}\n"))
        digest.update(content)
    return digest.hexdigest()


def load_photographs(root, categories):
    """All photographs of some categories, preprocessed.

    Returns X (n, 784) float32 in [0, 1], y (n,) float32 (0 for the first category, 1 for the
    second, ...), the n paths, and the photographs' fingerprint. The arrays are kept in the
    cache under a name made of that fingerprint, of the text of the modules that make them and of Pillow's
    version, so a change in any of them makes them anew; so does damage, which the digest at the cached
    file's end tells. InputError naming the first file that can't be read.
    """
    files = [photographs(root, category) for category in categories]
    labels = np.repeat(np.arange(len(files), dtype=np.float32), [len(group) for group in files])
    files = sum(files, [])
    digest = fingerprint(files)
    modules = b"".join(Path(module).read_bytes() for module in (__file__, datasets.__file__))
    method = hashlib.blake2b(modules + PIL.__version__.encode(), digest_size=8).hexdigest()
    cached = cache_folder() / f"preprocessed-{digest}-{method}.npy"
    vectors = _load_array(cached)
    if vectors is None or vectors.shape != (len(files), SIDE * SIDE):
        # Pillow and NumPy let go of Python's lock while they decode and multiply. One BLAS thread in each of ours:
        # more would wait for each other, spinning.
        with threadpool_limits(1, "blas"), concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            work = pool.map(lambda path: preprocess_fast(read_image(path)), files)
            try:
                vectors = np.stack(list(tqdm(work, "Preprocessing", len(files), unit=" photographs")))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        with contextlib.suppress(InputError):  # a full disk costs the next run some seconds, no more
            _save_array(cached, vectors)
    return vectors, labels, files, digest


def _save_array(path, array):
    """Write an array to a .npy file, with a digest of it all at its end (which np.load doesn't read)."""
    content = io.BytesIO()
    np.save(content, array)
    with whole_file(path) as part:
        part.write_bytes(content.getvalue() + hashlib.blake2b(content.getvalue()).digest())


def _load_array(path):
    """What `_save_array` wrote, or None where it isn't there or isn't whole."""
    if not os.path.isfile(path):
        return None
    try:
        content = path.read_bytes()
    except OSError:
        return None
    size = hashlib.blake2b().digest_size
    if hashlib.blake2b(content[:-size]).digest() != content[-size:]:
        return None
    return np.load(io.BytesIO(content[:-size]), allow_pickle=False)


def load_mnist():
    """MNIST as Keras's example takes it: ((x, y), (x, y)) of 60,000 and 10,000 digits.

    x: (n, 784) float32 in [0, 1], a byte divided by 255; y: (n, 10) float32, one-hot.
    InputError where there is no MNIST, or not the right one.
    """
    pixels, labels = mnist()
    x = np.divide(pixels.reshape(-1, SIDE * SIDE), 255, dtype=np.float32)
    y = np.eye(10, dtype=np.float32)[labels]
    return (x[:60000], y[:60000]), (x[60000:], y[60000:])
