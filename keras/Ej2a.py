"""Exercise 2a: the MNIST network, and what five modifications do to it.

The original is Keras's example mnist_mlp.py of 2016: 784-512-512-10, ReLU, dropout 0.2. Look at:
  i    a quarter of the training data: a slower curve, and test accuracy about 97 %
  ii   one hidden layer: hardly a difference, contrary to what the report's author expected
  iii  sigmoid units: far slower, and still rising after epoch 10
  iv   dropout from 20 (the original itself) to 90 %: train falls with each step, test only at the very end
  v    no dropout: train almost perfect, test still above 98 %
"Train" is the accuracy on the training batches as they pass, dropout at work. Which trainings there are, and what each
changes, is in tp2/exercise2a.py. A finished one is kept in results/Ej2a_<training>.h5, and not repeated until its code
or its settings change. `machine2016` makes Theano and Keras compute as the student's machine did (its random numbers,
its graph, its BLAS's order of summation), so the numbers of the report's figures come out again, on any processor.
With another --seed it trains differently, in the same arithmetic.

Changed from the student's five scripts: they are one, in Keras 2's names; every training leaves a model and metrics;
"ii_quarter" (one layer on a quarter of the data) is ours, to test a reason that the report gives. One oddity is kept:
iv ran in three goes (20 30 40, 50 60 70 and 80 90 %), each seeded only once at its start. A full run prints, before
the list of files, each training's final accuracies and how many of its 40 numbers are equal to the report's:

      original    99.51%    98.34%   40 of 40   Modelo original
             i    99.71%    96.80%   40 of 40   25% de datos de train
"""
import legacy  # before keras, which needs it on a Python of today; not legacy.fast.all, which would round otherwise
import machine2016  # before keras: the student's machine

import keras
import numpy as np
from keras.layers import Activation, Dense, Dropout
from keras.models import Sequential
from keras.optimizers import RMSprop

from tp2 import datasets, figures, files, trainings
from tp2.cli import Parser, run
from tp2.exercise2a import ITEMS, ORIGINAL, VARIANTS, report_curves


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


def train(settings, callbacks):
    """Train one network: (the model, its Curve); see tp2.trainings.run."""
    (x, y), test = datasets.mnist()
    count = round(settings["train_fraction"] * settings["samples"])
    x, y = x[:count], y[:count]
    keras.backend.reset_uids()  # layers are dense_1, dense_2, ... in every file
    np.random.seed(settings["seed"])
    for _ in range(settings["trainings_before"]):
        machine2016.draws.skip_training(samples=count, epochs=ORIGINAL["epochs"])
    model = build(settings["hidden"], settings["activation"], settings["dropout"])
    history = model.fit(x, y, batch_size=settings["batch_size"], epochs=settings["epochs"], verbose=0,
                        validation_data=test, callbacks=callbacks).history
    _, whole = model.evaluate(x, y, batch_size=1000, verbose=0)  # train accuracy without dropout
    return model, trainings.curve(history, count, len(test[0]), whole)


def main():
    parser = Parser(__doc__)
    parser.add_argument("item", nargs="?", choices=["all", *ITEMS], default="all", help="which item (default: all)",
                        neutral=True)
    trainings.add_flags(parser)
    parser.add_argument("--force", action="store_true", neutral=True, help="train again what is kept")
    parser.add_whole("--jobs", trainings.processors(), "trainings at once, one processor each", neutral=True)
    parser.add_argument("--report-style", action="store_true", neutral=True,
                        help="also draw each figure exactly as the report has it, into report_style/ of the results")
    arguments = parser.parse()
    items = list(ITEMS) if arguments.item == "all" else [arguments.item]
    names = [name for name in VARIANTS if any(name in ITEMS[item] for item in items)]
    settings = {name: {**ORIGINAL, **VARIANTS[name].changes, **arguments.settings} for name in names}
    report = report_curves()
    curves = trainings.run(train, settings, arguments.results, arguments.jobs, arguments.force)

    # Results
    trainings.print_table(curves, report, {name: VARIANTS[name].title for name in names})
    caveats = trainings.caveats(arguments)
    for item in items:
        shown = [name for name in ITEMS[item] if VARIANTS[name].shown]
        fig = figures.comparison([VARIANTS[name].title for name in shown], [curves[name] for name in shown],
                                 [report[name] for name in shown])
        files.save(arguments.results, f"Ej2a_{item}", figure=fig, caveats=caveats,
                   **trainings.metrics({name: settings[name] for name in ITEMS[item]}, curves))
    if "iv" in items:
        fig = figures.dropout_panels([settings[name]["dropout"] for name in ITEMS["iv"]],
                                     [curves[name] for name in ITEMS["iv"]])
        files.save_figure(fig, arguments.results, "Ej2a_dropout", *caveats)
    if arguments.report_style:
        drawn = [(name, name, VARIANTS[name].title) for name in names if VARIANTS[name].shown]
        drawn += [("iv_20", "original", "Dropout = 20%")] if "iv" in items else []  # the original once more
        for file, name, title in drawn:
            pixels = figures.report_style(title, curves[name].train, curves[name].test, figures.MOVED.get(name, 0))
            files.save_pixels(pixels, arguments.results / "report_style", file)


if __name__ == "__main__":
    run(main)
