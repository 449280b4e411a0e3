"""Exercise 2c: a trained model saved with model.save(), its H5 file looked into and loaded back.

The original MNIST network (Ej2a's, if it was trained before) goes into results/Ej2c.h5:
"Keras utiliza, en particular, este formato para guardar en disco la configuración y los
pesos entrenados de un modelo, utilizando el método `save()`". Look at the tree: the model's
configuration as attributes, a group per layer with its weights, and the optimizer's state.
The loaded model predicts the same to the last bit, and training goes on where it stopped.
A full run prints last:

    Loaded back: 669,706 parameters; greatest difference between the two models' predictions: 0;
    optimizer state equal, after 9380 steps
    Test accuracy: saved 98.23%, loaded 98.23%
    Training goes on for an epoch from the loaded model:
     - 3s - loss: 0.0159 - accuracy: 0.9960 - val_loss: 0.1235 - val_accuracy: 0.9816
"""
import legacy  # before keras

import h5py
import numpy as np
from keras.models import load_model

import TP1
from tp2 import cli, figures, files, network, trainings

SHOWN = 24              # digits in the figure, half of them misclassified


def main():
    parser = cli.Parser(__doc__)
    network.add_flags(parser, "the training")
    arguments = parser.parse()
    results = arguments.results

    # Train, or take Ej2a's training
    settings = network.settings_for({}, arguments.epochs, arguments.seed, arguments.samples)
    digits = TP1.load_mnist()
    history = trainings.histories({"original": settings}, results, lambda: digits, force=arguments.force)["original"]
    model = network.load(results / "Ej2a_original.h5", settings)

    # Save
    path = results / "Ej2c.h5"
    with files.whole_hdf5(path) as file:
        model.save(file)
    print(f"\nWrote {path}, {path.stat().st_size / 1e6:.1f} MB. Its tree:")
    with h5py.File(path, "r") as file:
        files.print_tree(file)

    # Load back. The seed first: the dropout of the epoch to come is seeded as its layers are made.
    np.random.seed(arguments.seed)
    loaded = load_model(str(path))
    probabilities, counts = compare(model, loaded, digits)
    print(f"\nLoaded back: {counts['parameters']:,} parameters; greatest difference between the two models' "
          f"predictions: {counts['greatest_difference']:g}; optimizer state "
          f"{'equal' if counts['optimizer_equal'] else 'DIFFERENT'}, after {counts['optimizer_steps']} steps")
    print(f"Test accuracy: saved {counts['test_correct_saved'] / counts['test_total']:.2%}, "
          f"loaded {counts['test_correct_loaded'] / counts['test_total']:.2%}")
    print("Training goes on for an epoch from the loaded model:")
    further = network.fit(loaded, settings, digits, epochs=1, verbose=2)

    figure(history, digits, probabilities, results, network.caveats(arguments.epochs, arguments.samples))
    files.save_metrics(
        results, "Ej2c", {"origin": "real", "name": "MNIST", "train": arguments.samples, "test": 10000},
        settings, {**counts, "further_epoch": {name: files.rounded(values) for name, values in further.items()}},
        {name: files.rounded(values) for name, values in history.items()})


def compare(model, loaded, digits):
    """Two models on the test digits: {"greatest_difference", "test_correct" of each, ...}, raw counts."""
    x, y = digits[1]
    before, after = model.predict(x, batch_size=1000), loaded.predict(x, batch_size=1000)
    states = zip(model.optimizer.get_weights(), loaded.optimizer.get_weights())
    return after, {
        "greatest_difference": float(np.abs(before - after).max()),
        "optimizer_equal": all(np.array_equal(one, other) for one, other in states),
        "optimizer_steps": int(loaded.optimizer.get_weights()[0]),
        "parameters": int(loaded.count_params()),
        "test_correct_saved": int((before.argmax(1) == y.argmax(1)).sum()),
        "test_correct_loaded": int((after.argmax(1) == y.argmax(1)).sum()), "test_total": len(y)}


def figure(history, digits, probabilities, folder, caveats):
    """Ej2c.png: the accuracy curve beside test digits, predicted and true."""
    x, y = digits[1]
    true, predicted = y.argmax(1), probabilities.argmax(1)
    wrong = np.flatnonzero(true != predicted)[:SHOWN // 2]
    right = np.flatnonzero(true == predicted)[:SHOWN - len(wrong)]
    drawing, axes = figures.figure(4, 9, 14, 5.6)
    grid = axes[0, 0].get_gridspec()
    for place in axes[:, :3].flat:
        place.remove()
    curve = drawing.add_subplot(grid[:, :3])
    figures.accuracy_panel(curve, "Modelo original", history)
    for place in axes[:, 3:].flat:
        place.set_axis_off()
    for place, index in zip(axes[:, 3:].flat, np.concatenate([right, wrong])):
        place.imshow(x[index].reshape(TP1.SIDE, TP1.SIDE), cmap="gray_r")
        good = true[index] == predicted[index]
        place.set_title(f"{predicted[index]}" if good else f"{predicted[index]}, era {true[index]}",
                        color="black" if good else figures.TRAIN, fontsize=11)
    drawing.supxlabel(f"Predicciones del modelo cargado; en rojo, mal clasificadas "
                      f"({(true != predicted).sum()} de {len(true)})", fontsize=10, x=0.68)
    figures.save_figure(drawing, folder, "Ej2c", *caveats)


if __name__ == "__main__":
    cli.run(main)
