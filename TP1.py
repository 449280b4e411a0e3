"""The preprocessing of photographs, which the report (exercise 1b ii) takes over from the course's first assignment.

A photograph becomes a vector of 784 numbers, as long as one of MNIST's digits: `preprocess` is the
chain, `load_photographs` runs it over folders and keeps the result.
"""
import concurrent.futures
import contextlib
import hashlib
import os
from pathlib import Path

import numpy as np
import PIL
from PIL import Image
from skimage.util import img_as_float32
from tqdm import tqdm

from tp2.cli import InputError
from tp2.datasets import cache_folder, photographs, read_image
from tp2.files import atomic_write

SIDE = 28  # pixels: the size of MNIST's digits, and the report's for photographs


def to_rgb(image):
    """Three channels: grey is replicated, alpha dropped. (h, w) or (h, w, 1 to 4) -> (h, w, 3), same dtype."""
    image = np.asarray(image)
    if image.ndim == 2 or image.shape[2] < 3:
        return np.repeat(image.reshape(*image.shape[:2], -1)[:, :, :1], 3, axis=2)
    return image[:, :, :3]


def preprocess(image, side=SIDE):
    """An image, (h, w) or (h, w, 1 to 4), -> (side * side,) float32 in [0, 1].

    Whole numbers count from 0 to their dtype's largest, floats must be in [0, 1]. A constant image gives zeros.
    """
    image = img_as_float32(to_rgb(image))
    height, width, _ = image.shape
    size = max(height, width)
    # Zero mean per channel, so that a border of zeros is the mean colour; then centred in a square
    image = image - image.mean(axis=(0, 1), dtype=np.float64).astype(np.float32)
    above, left = (size - height) // 2, (size - width) // 2
    image = np.pad(image, ((above, size - height - above), (left, size - width - left), (0, 0)))
    # Unit variance per channel
    deviation = np.sqrt(np.mean(image ** 2, axis=(0, 1), dtype=np.float64)).astype(np.float32)
    image /= np.where(deviation > 0, deviation, 1)
    # From 0 to 1: SciPy's imresize of 2016 stretched it so, unasked
    low, high = image.min(), image.max()
    image = (image - low) / (high - low if high > low else 1)
    # 28x28, then grey: the mean of the channels
    channels = [Image.fromarray(channel).resize((side, side), Image.BILINEAR) for channel in np.moveaxis(image, 2, 0)]
    return np.mean(channels, axis=0).clip(0, 1).ravel()


def fingerprint(paths):
    """A digest (hex) of files' names and contents; InputError for an unreadable file."""
    digest = hashlib.blake2b(digest_size=16)
    for path in paths:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InputError(f"{path} can't be read ({error.strerror}): let it be read, or take it out of its "
                             "folder.") from error
        digest.update(os.fsencode(f"{path.parent.name}/{path.name} {len(content)}\n") + content)
    return digest.hexdigest()


def load_photographs(root, categories):
    """All photographs of some categories, preprocessed.

    Returns X (n, 784) float32 in [0, 1], y (n,) float32 (0 for the first category, 1 for the
    second, ...), the n paths, and the photographs' fingerprint. The arrays are kept in the cache
    under a name made of that fingerprint, this file's text and Pillow's version, so a change in any of
    them computes them again. InputError naming the first file that can't be read.
    """
    groups = [photographs(root, category) for category in categories]
    labels = np.repeat(np.arange(len(groups), dtype=np.float32), [len(group) for group in groups])
    paths = sum(groups, [])
    digest = fingerprint(paths)
    method = hashlib.blake2b(Path(__file__).read_bytes() + PIL.__version__.encode(), digest_size=8).hexdigest()
    cached = cache_folder() / f"preprocessed-{digest}-{method}.npy"
    with contextlib.suppress(OSError, ValueError, EOFError):  # EOFError: an empty file
        vectors = np.load(cached)
        if vectors.shape == (len(paths), SIDE * SIDE):
            return vectors, labels, paths, digest
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow decodes without Python's lock
        work = pool.map(lambda path: preprocess(read_image(path)), paths)
        try:
            vectors = np.stack(list(tqdm(work, desc="Preprocessing", total=len(paths), unit=" photographs")))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    with contextlib.suppress(InputError), atomic_write(cached) as part, open(part, "wb") as file:
        np.save(file, vectors)
    return vectors, labels, paths, digest


def split(labels, test_per_class, rng):
    """Indices (train, test): `test_per_class` of each class at random for test, the rest for train.

    labels: (n,), numbered from 0; rng: a numpy RandomState. InputError where a class is too small.
    """
    test = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if len(members) <= test_per_class:
            raise InputError(f"a class has {len(members)} photographs, too few to hold out {test_per_class}: give "
                             "--test a smaller number.")
        test.append(rng.permutation(members)[:test_per_class])
    test = np.concatenate(test)
    return np.setdiff1d(np.arange(len(labels)), test), test
