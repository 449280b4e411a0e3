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
    images, labels = (np.concatenate([np.asarray(part[index]) for part in parts]) for index in (0, 1))
    images = np.round(images * 256).astype(np.uint8).reshape(-1, 28, 28)  # stored as k / 256
    labels = labels.astype(np.uint8)
    return (images[:60000], labels[:60000]), (images[60000:], labels[60000:])
