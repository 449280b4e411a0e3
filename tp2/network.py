"""The report's MNIST network: built, trained, saved and found again.

Shared by Ej2a (which varies it) and Ej2c (which saves it). The original is Keras's own
example mnist_mlp.py of 2016: 784-512-512-10, ReLU, dropout 0.2 after each hidden layer,
softmax, RMSprop, batches of 128, 20 epochs, seed 1337.
"""
import legacy
from legacy import speed

import io
import json
import os
import stat

import h5py
import keras
import numpy as np
from keras.layers import Activation, Dense, Dropout
from keras.models import Sequential, load_model

from . import figures
from .cli import InputError
from .files import hdf5_digest, versions, whole_hdf5

ORIGINAL = {"train_fraction": 1.0, "hidden": [512, 512], "activation": "relu", "dropout": 0.2}
EPOCHS = 20
SEED = 1337
BATCH_SIZE = 128
SAMPLES = 60000  # training digits
PIXELS, CLASSES = 784, 10

speed.install()


def add_flags(parser, epochs_of):
    """Give a cli.Parser --epochs, --samples, --force and --seed."""
    parser.add_whole("--epochs", EPOCHS, f"epochs of {epochs_of}")
    parser.add_whole("--samples", SAMPLES, "use only the first N training digits", BATCH_SIZE, SAMPLES)
    parser.add_argument("--force", action="store_true", help="train again what is already there")
    parser.add_seed(SEED)


def caveats(epochs, samples):
    """What a figure must say across its top where a training is not the report's full one."""
    return [figures.shorter(epochs, EPOCHS, "épocas"), figures.shorter(samples, SAMPLES, "dígitos")]


def settings_for(change, epochs, seed, samples):
    """Everything that decides a training's outcome: the original's settings with `change`."""
    return {**ORIGINAL, **change, "epochs": epochs, "seed": seed, "batch_size": BATCH_SIZE,
            "optimizer": "RMSprop", "samples": samples}


def build(hidden, activation, dropout):
    """The network as Keras's Sequential model, compiled; hidden: units of each hidden layer.

    Initial weights are Keras's (Glorot uniform), drawn from np.random's global state.
    """
    keras.backend.reset_uids()  # so that layers are dense_1, dense_2, ... in every file
    model = Sequential()
    for number, units in enumerate(hidden):
        model.add(Dense(units, input_shape=(PIXELS,)) if number == 0 else Dense(units))
        model.add(Activation(activation))
        if dropout:
            model.add(Dropout(dropout))
    model.add(Dense(CLASSES))
    model.add(Activation("softmax"))
    model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.RMSprop(), metrics=["accuracy"])
    return model


def fit(model, settings, digits, epochs, callbacks=(), verbose=0):
    """Train `model` on the digits (see TP1.load_mnist) as `settings` say; returns its history.

    The history is Keras's: {"accuracy", "val_accuracy", "loss", "val_loss": a list of epochs}.
    "accuracy" is measured on the training batches as they pass, dropout at work; "val_" is the
    10,000 test digits after each epoch, the network whole. callbacks, verbose: Keras's.
    """
    (x, y), test = digits
    count = int(round(settings["train_fraction"] * min(settings["samples"], len(x))))
    legacy.blas_threads(1)  # the same sums on any number of cores
    fitted = model.fit(x[:count], y[:count], batch_size=settings["batch_size"], epochs=epochs,
                       verbose=verbose, validation_data=test, callbacks=list(callbacks))
    return {name: [float(value) for value in values] for name, values in fitted.history.items()}


def train(path, settings, digits, callbacks=()):
    """Train a network from its first weights and save model, settings and history in one file.

    path: a .h5 file in Keras's own layout, with the attributes `settings`, `versions` and `history`
    (JSON) and a `digest` of it all beside Keras's; written whole or not at all. Returns the history.
    """
    np.random.seed(settings["seed"])
    model = build(settings["hidden"], settings["activation"], settings["dropout"])
    history = fit(model, settings, digits, settings["epochs"], callbacks)
    with whole_hdf5(path) as file:
        model.save(file)
        for name, value in (("settings", settings), ("versions", versions()), ("history", history)):
            file.attrs[name] = json.dumps(value)
        file.attrs["digest"] = hdf5_digest(file)
    return history


def finished(path, settings):
    """The history of an earlier training with equal settings and versions, or None.

    InputError naming the file where it can't be read or was changed since: nothing is overwritten unasked.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise OSError("it is no file")
        with h5py.File(path, "r") as file:
            if "model_weights" not in file:
                raise OSError("no model in it")
            same = (json.loads(file.attrs.get("settings", "null")) == settings
                    and json.loads(file.attrs.get("versions", "null")) == versions())
            if not same or "digest" not in file.attrs:  # none: written before there were digests
                return None
            if file.attrs["digest"] != hdf5_digest(file):
                raise OSError("it is damaged")
            return json.loads(file.attrs["history"])
    except FileNotFoundError:
        return None
    except Exception as error:  # h5py has a dozen kinds for a damaged file
        raise _unreadable(path, error) from error


def load(path, settings):
    """The model that `train` saved with these settings, its optimizer's state included.

    A model file is a program: its configuration names what Keras then calls, and a Lambda layer's holds code. So
    only the very configuration that `build` gives is loaded; InputError for another.
    """
    own = io.BytesIO()
    with h5py.File(own, "w") as file:
        build(settings["hidden"], settings["activation"], settings["dropout"]).save(file)
        configuration = {name: file.attrs[name] for name in ("model_config", "training_config")}
    try:
        with h5py.File(path, "r") as file:
            if any(file.attrs[name] != value for name, value in configuration.items()):
                raise ValueError("it holds another network than it should")
            return load_model(file)
    except Exception as error:
        raise _unreadable(path, error) from error


def _unreadable(path, error):
    reason = (str(error) or type(error).__name__).splitlines()[0]
    return InputError(f"{path} can't be read as a saved model ({reason}): delete it, or give --force to train again.")
