"""Exercise 2c: a trained model is saved with model.save(), its HDF5 file inspected and loaded back.

The original MNIST network, trained as in Ej2a.py, is saved to results/Ej2c.h5: "Keras utiliza, en particular, este
formato para guardar en disco la configuración y los pesos entrenados de un modelo, utilizando el método `save()`". Look
at the tree: the model's configuration as attributes, a group per layer with its weights, and the optimizer's state. The
loaded model predicts the same to the last bit, and training goes on where it stopped. The training itself is kept in
results/Ej2c_original.h5, and not repeated until its code or its settings change. `machine2016` makes Theano and Keras
compute as the student's machine did, so the accuracy is the report's, see Ej2a.py.

Changed from the student's script, which ended with save(): the file is read and loaded back. A full
run prints last:

    Loaded back: 669,706 parameters; greatest difference between the two models' predictions: 0;
    optimizer state equal, after 9380 steps
    Test accuracy: saved 98.34%, loaded 98.34%
    Training goes on for an epoch from the loaded model:
"""
import legacy  # before keras, which needs it on a Python of today; not legacy.fast.all, which would round otherwise
import machine2016  # before keras: the student's machine

import h5py
import keras
import numpy as np
from keras.layers import Activation, Dense, Dropout
from keras.models import Sequential, load_model
from keras.optimizers import RMSprop

from tp2 import datasets, figures, files, trainings
from tp2.cli import Parser, run
from tp2.exercise2a import ORIGINAL, report_curves

BATCH_SIZE = ORIGINAL["batch_size"]


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


def train(settings, callbacks):
    """Train the network: (the model, its Curve); see tp2.trainings.run."""
    (x, y), test = datasets.mnist()
    x, y = x[:settings["samples"]], y[:settings["samples"]]
    keras.backend.reset_uids()  # layers are dense_1, dense_2, ... in every file
    np.random.seed(settings["seed"])
    model = build()
    history = model.fit(x, y, batch_size=BATCH_SIZE, epochs=settings["epochs"], verbose=0, validation_data=test,
                        callbacks=callbacks).history
    _, whole = model.evaluate(x, y, batch_size=1000, verbose=0)
    return model, trainings.curve(history, len(x), len(test[0]), whole)


def main():
    parser = Parser(__doc__)
    trainings.add_flags(parser)
    arguments = parser.parse()
    settings = {"original": {**ORIGINAL, **arguments.settings}}
    (x, y), test = datasets.mnist()
    x, y = x[:arguments.samples], y[:arguments.samples]
    x_test, true = test[0], test[1].argmax(axis=1)
    curves = trainings.run(train, settings, arguments.results, trainings.processors())
    model = load_model(str(arguments.results / "Ej2c_original.h5"))

    # Save
    path = arguments.results / "Ej2c.h5"
    with files.atomic_write(path) as part:
        model.save(str(part))
    print(f"\nWrote {path}, {path.stat().st_size / 1e6:.1f} MB. Its tree:")
    with h5py.File(path, "r") as file:
        files.print_tree(file)
        groups = files.names(file)

    # Load back. Seeded first: each Dropout layer draws a seed for itself when it is made.
    np.random.seed(arguments.seed)
    loaded = load_model(str(path))
    saved_p, loaded_p = (m.predict(x_test, batch_size=1000) for m in (model, loaded))
    saved_state, loaded_state = model.optimizer.get_weights(), loaded.optimizer.get_weights()
    results = {
        "groups": groups, "layers": [layer.name for layer in loaded.layers], "parameters": loaded.count_params(),
        "configuration_equal": loaded.get_config() == model.get_config(),
        "weights_equal": all(map(np.array_equal, model.get_weights(), loaded.get_weights())),
        "optimizer_equal": all(map(np.array_equal, saved_state, loaded_state)), "optimizer_steps": int(loaded_state[0]),
        "greatest_difference": float(np.abs(saved_p - loaded_p).max()),
        "test_correct_saved": int((saved_p.argmax(axis=1) == true).sum()),
        "test_correct_loaded": int((loaded_p.argmax(axis=1) == true).sum()), "test_total": len(true)}
    print(f"\nLoaded back: {results['parameters']:,} parameters; greatest difference between the two models' "
          f"predictions: {results['greatest_difference']:g};\noptimizer state "
          f"{'equal' if results['optimizer_equal'] else 'DIFFERENT'}, after {results['optimizer_steps']} steps")
    print("Test accuracy: " + ", ".join(f"{name} {results[f'test_correct_{name}'] / len(true):.2%}"
                                        for name in ("saved", "loaded")))
    print("Training goes on for an epoch from the loaded model:")
    further = loaded.fit(x, y, batch_size=BATCH_SIZE, epochs=1, verbose=2, validation_data=test).history
    results["further_epoch"] = further

    kept = trainings.metrics(settings, curves)
    files.save(arguments.results, "Ej2c", data=kept["data"], settings=kept["settings"]["original"], results=results,
               history=kept["history"]["original"], caveats=trainings.caveats(arguments),
               figure=figures.curve_and_digits(curves["original"], report_curves()["original"], x_test, true,
                                               loaded_p.argmax(axis=1)))


if __name__ == "__main__":
    run(main)
