"""Exercise 2a: the MNIST network, and what five modifications do to it.

The original is Keras's example mnist_mlp.py of 2016: 784-512-512-10, ReLU, dropout 0.2. Look at:
  i    a quarter of the training data: a slower curve, and test accuracy about 97 %
  ii   one hidden layer: hardly a difference, contrary to what the report's author expected
  iii  sigmoid units: far slower, and still rising after epoch 10
  iv   dropout from 20 (the original itself) to 90 %: train falls with each step, test only at the very end
  v    no dropout: train almost perfect, test still above 98 %
"Train" is the accuracy on the training batches as they pass, dropout at work. A finished training is kept in
results/Ej2a_<variant>.h5 and not repeated. `machine2016` makes Theano and Keras compute as the student's machine
did (its random numbers, its graph, its BLAS's order of summation), so all 480 numbers of the report's figures come
out again, on any processor. With another --seed it trains differently, in the same arithmetic.

Changed from the student's five scripts: they are one, in Keras 2's names; every training leaves a model and metrics;
"ii_quarter" (one layer on a quarter of the data) is ours, to test a reason that the report gives. One oddity is kept:
iv ran in three goes (20 30 40, 50 60 70 and 80 90 %), each seeded only once at its start. A full run prints, before
the list of files, each training's final accuracies and how many of its 40 numbers are equal to the report's:

      original    99.51%    98.34%   40 of 40   Modelo original
             i    99.71%    96.80%   40 of 40   25% de datos de train
"""
from tp2.cli import Parser, run  # first, for a Ctrl-C during the imports

import legacy  # before keras
import machine2016  # the student's machine

import keras
import numpy as np
from keras.layers import Activation, Dense, Dropout
from keras.models import Sequential
from keras.optimizers import RMSprop

from tp2 import datasets, figures, files, trainings
from tp2.figures import plt

EPOCHS = 20
BATCH_SIZE = 128
# "trainings_before": how many ran before it in the same go of iv, whose random numbers go on where theirs ended.
ORIGINAL = {"hidden": [512, 512], "activation": "relu", "dropout": 0.2, "train_fraction": 1.0, "trainings_before": 0}
VARIANTS = {  # what each training changes of the original, and the report's title
    "original": ({}, "Modelo original"),
    "i": ({"train_fraction": 0.25}, "25% de datos de train"),
    "ii": ({"hidden": [512]}, "Utilizando solo una capa"),
    "ii_quarter": ({"hidden": [512], "train_fraction": 0.25}, "(una capa, 25% de datos)"),  # not the report's
    "iii": ({"activation": "sigmoid"}, "Utilizando unidades sigmoideas"),
    "iv_30": ({"dropout": 0.3, "trainings_before": 1}, "Dropout = 30%"),
    "iv_40": ({"dropout": 0.4, "trainings_before": 2}, "Dropout = 40%"),
    "iv_50": ({"dropout": 0.5}, "Dropout = 50%"),
    "iv_60": ({"dropout": 0.6, "trainings_before": 1}, "Dropout = 60%"),
    "iv_70": ({"dropout": 0.7, "trainings_before": 2}, "Dropout = 70%"),
    "iv_80": ({"dropout": 0.8}, "Dropout = 80%"),
    "iv_90": ({"dropout": 0.9, "trainings_before": 1}, "Dropout = 90%"),
    "v": ({"dropout": 0.0}, "Eliminando el dropout"),
}
ITEMS = {item: [name for name in VARIANTS if name.split("_")[0] == item] for item in ("i", "ii", "iii", "iv", "v")}


def build(hidden, activation, dropout):
    """The network, compiled: 784 pixels, hidden layers of these sizes, 10 digits."""
    model = Sequential()
    for number, units in enumerate(hidden):
        model.add(Dense(units, input_shape=(784,)) if number == 0 else Dense(units))
        model.add(Activation(activation))
        if dropout:
            model.add(Dropout(dropout))
    model.add(Dense(10))
    model.add(Activation("softmax"))
    optimizer = RMSprop(epsilon=1e-8)  # Keras 1's default
    model.compile(loss="categorical_crossentropy", optimizer=optimizer, metrics=["accuracy"])
    assert hidden != [512, 512] or model.count_params() == 669706
    return model


def train(settings, path, callbacks):
    """Train one network and keep it, with its curve, in the file `path`; see tp2.trainings.run."""
    (x, y), test = datasets.mnist()
    count = round(settings["train_fraction"] * settings["samples"])
    x, y = x[:count], y[:count]
    keras.backend.reset_uids()  # layers are dense_1, dense_2, ... in every file
    np.random.seed(settings["seed"])
    for _ in range(settings["trainings_before"]):
        machine2016.draws.skip_training(samples=count, epochs=EPOCHS)
    model = build(settings["hidden"], settings["activation"], settings["dropout"])
    history = model.fit(x, y, batch_size=BATCH_SIZE, epochs=settings["epochs"], verbose=0, validation_data=test,
                        callbacks=callbacks).history
    _, whole = model.evaluate(x, y, batch_size=1000, verbose=0)  # train accuracy without dropout
    trainings.save(model, path, settings, trainings.curve(history, count, len(test[0]), whole))


def main():
    parser = Parser(__doc__)
    parser.add_argument("item", nargs="?", choices=["all", *ITEMS], default="all", help="which item (default: all)")
    trainings.add_flags(parser, EPOCHS)
    parser.add_whole("--jobs", trainings.processors(), "trainings at once, one processor each; changes no number")
    arguments = parser.parse()
    items = list(ITEMS) if arguments.item == "all" else [arguments.item]
    names = ["original"] + [name for item in items for name in ITEMS[item]]
    settings = {name: {**ORIGINAL, **VARIANTS[name][0], "epochs": arguments.epochs, "samples": arguments.samples,
                       "batch_size": BATCH_SIZE, "seed": arguments.seed} for name in names}
    report = files.report_curves()
    curves = trainings.run(train, settings, arguments.results, arguments.jobs, arguments.force)

    # Results
    trainings.print_table(curves, report, {name: VARIANTS[name][1] for name in names})
    caveats = trainings.caveats(arguments, EPOCHS)
    for item in items:
        shown = ["original", *ITEMS[item]] if item == "iv" else ["original", item]
        rows = len(shown) // 2
        fig, axes = plt.subplots(rows, 2, figsize=(11, 4.2 * rows), layout="constrained")
        for ax, name in zip(axes.flat, shown):
            figures.accuracy_panel(ax, VARIANTS[name][1], curves[name], report[name])
        figures.save(fig, arguments.results, f"Ej2a_{item}", *caveats)
        trained = {name: settings[name] for name in ["original", *ITEMS[item]]}
        trainings.save_metrics(arguments.results, f"Ej2a_{item}", trained, curves)
    if "iv" in items:
        shown = ["original", *ITEMS["iv"]]
        fig = figures.dropout_panels([settings[name]["dropout"] for name in shown], [curves[name] for name in shown])
        figures.save(fig, arguments.results, "Ej2a_dropout", *caveats)


if __name__ == "__main__":
    run(main)
