"""Exercise 1b ii: logistic regression tells airplanes from motorbikes.

The model of exercise 1b i, full batch, on Caltech101's photographs after TP1's
preprocessing; 200 of each class are held out for test. The report: "A pesar de la
simplicidad de la red [...] obteniendo una precisión de 95.75 %, habiendo antes separado 400
imágenes para el conjunto de test".
Look at: test accuracy close behind train, and the 784 weights as a picture: bright where
light pixels speak for a motorbike, dark where they speak for an airplane. A full run prints
(the last digits are the processor's, here and in what follows):

    Test accuracy: 380 of 400 = 95.00%  (the report: 95.75 %)
                          predicted airplanes  predicted Motorbikes
          actual airplanes                196                     4
         actual Motorbikes                 16                   184
"""
import legacy  # before theano

import numpy as np
import theano
import theano.tensor as T

import TP1
from tp2 import cli, datasets, figures, files, loop

CLASSES = ["airplanes", "Motorbikes"]   # labels 0 and 1
IN_CALTECH101 = [800, 798]              # photographs of each
TEST_PER_CLASS = 200
STEPS = 10000
LEARNING_RATE = 0.1
L2 = 0.01
MOST_SHOWN = 24                         # misclassified photographs in the second figure


def main():
    parser = cli.Parser(__doc__)
    parser.add_data()
    parser.add_whole("--steps", STEPS, "training steps")
    parser.add_whole("--test", TEST_PER_CLASS, "photographs of each class held out for test")
    parser.add_seed()
    arguments = parser.parse()
    rng = np.random.RandomState(arguments.seed)

    # Data
    photographs = datasets.caltech101(arguments.data)
    results = files.folder_for(arguments.results, "Ej1b_ii", photographs.drawn)
    vectors, labels, paths, digest = TP1.load_photographs(photographs.root, CLASSES)
    train_set, test_set = split(labels, arguments.test, rng)
    print(f"{len(train_set)} photographs for training, {len(test_set)} for test")
    X, Y, X_test, Y_test = (theano.shared(array.astype(theano.config.floatX)) for array in
                            (vectors[train_set], labels[train_set], vectors[test_set], labels[test_set]))

    # Model: P(class 1 | x) = sigmoid(w x + b)
    w = theano.shared(rng.randn(TP1.SIDE ** 2).astype(theano.config.floatX), name="w")
    b = theano.shared(np.asarray(0, theano.config.floatX), name="b")

    def cost_and_hits(x, y):
        z = T.dot(x, w) + b
        cross_entropy = T.nnet.softplus(z) - y * z   # never the log of a zero, see Ej1b_i
        return cross_entropy.mean() + L2 * (w ** 2).sum(), T.eq(z > 0, y).sum()

    cost, hits = cost_and_hits(X, Y)
    gw, gb = T.grad(cost, [w, b])

    # Training. The test set is looked at now and then only, being no part of it.
    test = theano.function([], list(cost_and_hits(X_test, Y_test)))
    noted = loop.evenly_on_log_axis(arguments.steps)
    updates = [(w, w - LEARNING_RATE * gw), (b, b - LEARNING_RATE * gb)]
    (costs, all_hits), tested = loop.train(arguments.steps, updates, record=[cost, hits], watch=test, watch_at=noted)
    test_costs, test_hits = np.array(tested, float).T

    # Results
    probability = theano.function([], T.nnet.sigmoid(T.dot(X_test, w) + b))()
    true = labels[test_set]
    confusion = [[int(((true == actual) & ((probability > 0.5) == predicted)).sum()) for predicted in (0, 1)]
                 for actual in (0, 1)]
    correct = confusion[0][0] + confusion[1][1]
    print(f"Test accuracy: {correct} of {len(test_set)} = {correct / len(test_set):.2%}"
          + ("  (the report: 95.75 %)" if np.bincount(labels.astype(int)).tolist() == IN_CALTECH101 else ""))
    print(f"{'':>22}predicted {CLASSES[0]}  predicted {CLASSES[1]}")
    for name, row in zip(CLASSES, confusion):
        print(f"{'actual ' + name:>22}{row[0]:>19}{row[1]:>22}")

    costs, all_hits = costs[noted - 1], all_hits[noted - 1]
    caveats = [figures.drawn_sample(photographs.drawn), figures.shorter(arguments.steps, STEPS, "pasos")]
    drawing, (panels,) = figures.figure(1, 3, 14, 4.2)
    figures.curves(panels[0], "Costo", noted, costs, test_costs, log="xy")
    figures.curves(panels[1], " contra ".join(name.capitalize() for name in CLASSES), noted, all_hits / len(train_set),
                   test_hits / len(test_set), ylabel="Accuracy", log="x")
    for panel in panels[:2]:
        figures.last_values(panel)
    weights = w.get_value().reshape(TP1.SIDE, TP1.SIDE)
    limit = np.abs(weights).max()
    picture = panels[2].imshow(weights, cmap="gray", vmin=-limit, vmax=limit)
    panels[2].set(title="Pesos aprendidos (28x28)", xticks=[], yticks=[])
    drawing.colorbar(picture, ax=panels[2], label=f"negro: {CLASSES[0]}, blanco: {CLASSES[1]}")
    figures.save_figure(drawing, results, "Ej1b_ii", *caveats)
    show_errors([paths[index] for index in test_set], true, probability, results, caveats)

    with files.whole_hdf5(results / "Ej1b_ii.h5") as file:
        file["w"], file["b"] = w.get_value(), b.get_value()
        file.attrs["model"] = "P(class 1) = sigmoid(x w + b), x as TP1.preprocess makes it"
        file.attrs["classes"] = CLASSES
        file.attrs["data"] = photographs.origin
    print(f"Wrote {results / 'Ej1b_ii.h5'}")
    files.save_metrics(
        results, "Ej1b_ii",
        {"origin": photographs.origin, "classes": {name: int((labels == label).sum())
                                                   for label, name in enumerate(CLASSES)},
         "fingerprint": digest, "train": len(train_set), "test": len(test_set)},
        {"steps": arguments.steps, "test_per_class": arguments.test, "learning_rate": LEARNING_RATE, "l2": L2,
         "seed": arguments.seed},
        {"confusion": confusion, "test_correct": correct, "test_total": len(test_set),
         "train_correct": int(all_hits[-1]), "train_total": len(train_set)},
        {"step": noted.tolist(), "train_cost": files.rounded(costs), "test_cost": files.rounded(test_costs),
         "train_correct": files.rounded(all_hits), "test_correct": files.rounded(test_hits)})


def split(labels, test_per_class, rng):
    """Indices (train, test): `test_per_class` of each class at random for test, the rest for train.

    InputError where a class has no more photographs than that.
    """
    test = []
    for label in range(2):
        members = np.flatnonzero(labels == label)
        if len(members) <= test_per_class:
            raise cli.InputError(f"{CLASSES[label]} has {len(members)} photographs, too few to hold out "
                                 f"{test_per_class}: give --test a smaller number.")
        test.append(rng.permutation(members)[:test_per_class])
    test = np.concatenate(test)
    return np.setdiff1d(np.arange(len(labels)), test), test


def show_errors(paths, labels, probabilities, folder, caveats):
    """Ej1b_ii_errors.png: the misclassified test photographs, the most confident errors first."""
    wrong = np.flatnonzero((probabilities > 0.5) != labels)
    wrong = wrong[np.argsort(-np.abs(probabilities[wrong] - 0.5))]
    shown = wrong[:MOST_SHOWN]
    columns = 6
    rows = max(1, -(-len(shown) // columns))
    drawing, axes = figures.figure(rows, columns, 13, 2.1 * rows + 0.6)
    for place in axes.flat:
        place.set_axis_off()
    for place, index in zip(axes.flat, shown):
        place.imshow(TP1.to_float(TP1.to_rgb(datasets.read_image(paths[index]))))
        place.set_title(f"{CLASSES[int(labels[index])]}: P({CLASSES[1]}) = {probabilities[index]:.2f}", fontsize=9)
    drawing.supxlabel(f"{len(wrong)} de {len(labels)} fotografías de test mal clasificadas"
                      + (f"; se muestran {len(shown)}" if len(shown) < len(wrong) else ""))
    figures.save_figure(drawing, folder, "Ej1b_ii_errors", *caveats)


if __name__ == "__main__":
    cli.run(main)
