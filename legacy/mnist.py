"""MNIST without a network: the data file of the wheel that `install.py` lays beside the packages."""
import gzip
import hashlib
import pickle

import numpy as np

from .install import MNIST_FOLDER

FILE = MNIST_FOLDER / "mnist" / "data" / "mnist.pkl.gz"
SHA256 = "f11bb9e41d6c1b6c124aa38fd605497bdcfe2ee08cf7c2bb5a41ab5d759e1416"


def load():
    """((x_train, y_train), (x_test, y_test)) as Keras has them, bytes; None where the file is missing or another."""
    try:
        packed = FILE.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(packed).hexdigest() != SHA256:  # a pickle may do anything: only this one is opened
        return None
    parts = pickle.loads(gzip.decompress(packed), encoding="latin1")
    # Stored as float32, k / 256 exactly. Multiplied in pieces that stay in the processor's cache.
    images = np.concatenate([np.multiply(part[0], 256, out=np.empty(part[0].shape, np.uint8), casting="unsafe")
                             for part in parts]).reshape(-1, 28, 28)
    labels = np.concatenate([part[1] for part in parts]).astype(np.uint8)
    return (images[:60000], labels[:60000]), (images[60000:], labels[60000:])
