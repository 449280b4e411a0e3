"""What a training draws at random, as Keras 1.1 on Theano 0.8 drew it.

Where `np.random.seed` was called, NumPy's global stream gives, in this order: each Dense layer's first weights, each
Dropout's seed, as the layers are added, then a shuffle of the samples before each epoch. A Dropout's masks come from
Theano's MRG31k3p, started from its seed.
"""
from pathlib import Path

import numpy as np
from keras.initializers import VarianceScaling
from theano.sandbox.rng_mrg import mrg_uniform

MRG31K3P = Path(__file__).with_name("mrg31k3p.c").read_text()


def glorot_uniform(shape):
    """First weights of a layer of shape (inputs, outputs), from NumPy's global stream (Glorot and Bengio, 2010)."""
    limit = np.sqrt(6. / (shape[0] + shape[1]))
    return np.random.uniform(-limit, limit, shape).astype("float32")


def dropout_seed():
    """The seed of a Dropout, from NumPy's global stream."""
    return np.random.randint(1, 10e6)


def skip_training(hidden=(512, 512), dropout=True, samples=60000, epochs=20):
    """Take from NumPy's global stream what one training of an MNIST network takes."""
    inputs = 784
    for units in hidden:
        glorot_uniform((inputs, units))
        if dropout:
            dropout_seed()
        inputs = units
    glorot_uniform((inputs, 10))
    for _ in range(epochs):
        np.random.shuffle(np.arange(samples))


def _first_weights(theirs):
    """For VarianceScaling, whose Glorot's uniform distribution is Dense's default: it drew from its own generator."""
    def call(self, shape, dtype=None):
        glorot = (self.scale, self.mode, self.distribution, self.seed) == (1, "fan_avg", "uniform", None)
        return glorot_uniform(shape) if glorot and len(shape) == 2 else theirs(self, shape, dtype)
    return call


def install():
    """Have Keras's layers begin with `glorot_uniform`, and Theano draw with mrg31k3p.c."""
    VarianceScaling.__call__ = _first_weights(VarianceScaling.__call__)
    code, version = mrg_uniform.c_support_code, mrg_uniform.c_code_cache_version
    mrg_uniform.c_support_code = lambda self: code(self) + MRG31K3P
    mrg_uniform.c_code_cache_version = lambda self: (*version(self), MRG31K3P)
