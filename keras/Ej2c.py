"""Exercise 2c: a trained model saved with model.save(), its H5 file looked into and loaded back.

The original MNIST network (Ej2a's, if it was trained before) goes into results/Ej2c.h5: "Keras
utiliza, en particular, este formato para guardar en disco la configuración y los pesos entrenados de un
modelo, utilizando el método `save()`". Look at the tree: the model's configuration as attributes, a
group per layer with its weights, and the optimizer's state. The loaded model predicts the same to the
last bit, and training goes on where it stopped. `machine2016` makes Theano and Keras compute as the
student's machine did, so that the accuracy is the report's, see Ej2a.py.

Changed from the student's script, which ended with save(): the file is read and loaded back. A full
run prints last:

    Loaded back: 669,706 parameters; greatest difference between the two models' predictions: 0;
    optimizer state equal, after 9380 steps
    Test accuracy: saved 98.34%, loaded 98.34%
    Training goes on for an epoch from the loaded model:
"""
from tp2.cli import Parser, run  # first, for a Ctrl-C during the imports

import legacy  # before keras
import machine2016  # the student's machine

import h5py
import keras
import numpy as np
from keras.layers import Activation, Dense, Dropout
from keras.models import Sequential, load_model
from keras.optimizers import RMSprop

from tp2 import datasets, figures, files, trainings

EPOCHS = 20
BATCH_SIZE = 128
# The same settings as Ej2a's, so that one kept training serves both.
ORIGINAL = {"hidden": [512, 512], "activation": "relu", "dropout": 0.2, "train_fraction": 1.0, "trainings_before": 0}


def build():
    """The original network of exercise 2a, compiled: 784 pixels, two hidden layers, 10 digits."""
    model = Sequential()
    model.add(Dense(512, input_shape=(784,)))
    model.add(Activation("relu"))
    model.add(Dropout(0.2))
    model.add(Dense(512))
    model.add(Activation("relu"))
    model.add(Dropout(0.2))
    model.add(Dense(10))
    model.add(Activation("softmax"))
    optimizer = RMSprop(epsilon=1e-8)  # Keras 1's default
    model.compile(loss="categorical_crossentropy", optimizer=optimizer, metrics=["accuracy"])
    assert model.count_params() == 669706
    return model


def train(settings, path, callbacks):
    """Train the network and keep it, with its curve, in the file `path`; see tp2.trainings.run."""
    (x, y), test = datasets.mnist()
    x, y = x[:settings["samples"]], y[:settings["samples"]]
    keras.backend.reset_uids()  # layers are dense_1, dense_2, ... in every file
    np.random.seed(settings["seed"])
    model = build()
    history = model.fit(x, y, batch_size=BATCH_SIZE, epochs=settings["epochs"], verbose=0, validation_data=test,
                        callbacks=callbacks).history
    _, whole = model.evaluate(x, y, batch_size=1000, verbose=0)
    trainings.save(model, path, settings, trainings.curve(history, len(x), len(test[0]), whole))


def main():
    parser = Parser(__doc__)
    trainings.add_flags(parser, EPOCHS)
    arguments = parser.parse()
    (x, y), (x_test, y_test) = datasets.mnist()
    settings = {**ORIGINAL, "epochs": arguments.epochs, "samples": arguments.samples, "batch_size": BATCH_SIZE,
                "seed": arguments.seed}
    report = files.report_curves()["original"]
    curve = trainings.run(train, {"original": settings}, arguments.results, 1, arguments.force)["original"]
    model = load_model(str(arguments.results / "Ej2a_original.h5"))

    # Save
    path = arguments.results / "Ej2c.h5"
    with files.atomic_write(path) as part:
        model.save(str(part))
    print(f"\nWrote {path}, {path.stat().st_size / 1e6:.1f} MB. Its tree:")
    with h5py.File(path, "r") as file:
        files.print_tree(file)

    # Load back. Seeded first: each Dropout layer draws a seed of its own when it is made.
    np.random.seed(arguments.seed)
    loaded = load_model(str(path))
    saved_p, loaded_p = (m.predict(x_test, batch_size=1000) for m in (model, loaded))
    saved_state, loaded_state = model.optimizer.get_weights(), loaded.optimizer.get_weights()
    true = y_test.argmax(axis=1)
    results = {
        "parameters": loaded.count_params(), "greatest_difference": float(np.abs(saved_p - loaded_p).max()),
        "optimizer_equal": all(map(np.array_equal, saved_state, loaded_state)), "optimizer_steps": int(loaded_state[0]),
        "test_correct_saved": int((saved_p.argmax(axis=1) == true).sum()),
        "test_correct_loaded": int((loaded_p.argmax(axis=1) == true).sum()), "test_total": len(true)}
    print(f"\nLoaded back: {results['parameters']:,} parameters; greatest difference between the two models' "
          f"predictions: {results['greatest_difference']:g};\noptimizer state "
          f"{'equal' if results['optimizer_equal'] else 'DIFFERENT'}, after {results['optimizer_steps']} steps")
    print("Test accuracy: " + ", ".join(f"{name} {results[f'test_correct_{name}'] / len(true):.2%}"
                                        for name in ("saved", "loaded")))
    print("Training goes on for an epoch from the loaded model:")
    further = loaded.fit(x[:arguments.samples], y[:arguments.samples], batch_size=BATCH_SIZE, epochs=1, verbose=2,
                         validation_data=(x_test, y_test)).history

    fig = figures.curve_and_digits(curve, report, x_test, true, loaded_p.argmax(axis=1))
    figures.save(fig, arguments.results, "Ej2c", *trainings.caveats(arguments, EPOCHS))
    results["further_epoch"] = {name: files.rounded(values) for name, values in further.items()}
    files.save_metrics(
        arguments.results, "Ej2c", {"origin": "real", "name": "MNIST", "train": arguments.samples, "test": 10000},
        settings, results, {name: values for name, values in curve.items() if isinstance(values, list)})


if __name__ == "__main__":
    run(main)
