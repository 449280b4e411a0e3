"""Exercise 1b ii: logistic regression tells airplanes from motorbikes.

The model of exercise 1b i, p(motorbike | x) = sigmoid(w x + b), on Caltech101's photographs after TP1's preprocessing;
200 of each class are held out for test. The cost is the mean of -y log p - (1 - y) log(1 - p), plus L2 |w|^2, and every
step sees all photographs. The report: "obteniendo una precisión de 95.75 %". Look at test accuracy close behind train,
and at the 784 weights as a picture: bright where light pixels speak for a motorbike, dark where they speak for an
airplane. At steps 10 to 60 both curves oscillate together, one over the other: the step size is too large for the
first weights.

Changed from the student's script: a seed, so that the split is the same in every run (the student's was
not); the test set is evaluated along the way. A full run prints:

    Test accuracy: 380 of 400 = 95.00%  (the report: 95.75 %)
                          predicted airplanes  predicted Motorbikes
          actual airplanes                196                     4
         actual Motorbikes                 16                   184
"""
import legacy.fast.all  # before theano: it runs on a Python of today, and its sums and products are faster

import math

import h5py
import numpy as np
import theano
import theano.tensor as T
from tqdm import tqdm

import TP1
from tp2 import datasets, figures, files
from tp2.cli import Parser, run

CLASSES = ["airplanes", "Motorbikes"]   # labels 0 and 1
TEST_PER_CLASS = 200
STEPS = 10000
LEARNING_RATE = 0.1
L2 = 0.01


def main():
    parser = Parser(__doc__)
    parser.add_data()
    parser.add_whole("--steps", STEPS, "training steps")
    parser.add_whole("--test", TEST_PER_CLASS, "photographs of each class held out for test",
                     dest="test_per_class")
    parser.add_seed()
    arguments = parser.parse()
    rng = np.random.RandomState(arguments.seed)

    # Data
    photographs = datasets.caltech101(arguments.data)
    results = files.folder_for(arguments.results, photographs.drawn)
    vectors, labels, paths, digest = TP1.load_photographs(photographs.root, CLASSES)
    train, test = TP1.split(labels, arguments.test_per_class, rng)
    print(f"{len(train)} photographs for training, {len(test)} for test")
    X, Y, X_test, Y_test = (theano.shared(array.astype(theano.config.floatX)) for array in
                            (vectors[train], labels[train], vectors[test], labels[test]))

    # Model: p(y = 1 | x) = sigmoid(w x + b)
    x, y = T.matrix("x"), T.vector("y")
    w = theano.shared(rng.randn(TP1.SIDE ** 2).astype(theano.config.floatX), name="w")
    b = theano.shared(np.asarray(0, theano.config.floatX), name="b")
    z = T.dot(x, w) + b
    cross_entropy = T.nnet.softplus(z) - y * z      # = -y log(p) - (1 - y) log(1 - p), without the log of a zero
    cost = cross_entropy.mean() + L2 * (w ** 2).sum()
    n_correct = T.eq(z > 0, y).sum()

    # Training: every step sees all photographs of the training set
    gw, gb = T.grad(cost, [w, b])
    train_step = theano.function([], [cost, n_correct], givens={x: X, y: Y},
                                 updates=[(w, w - LEARNING_RATE * gw), (b, b - LEARNING_RATE * gb)])
    evaluate = theano.function([], [cost, n_correct, T.nnet.sigmoid(z)], givens={x: X_test, y: Y_test})
    logged = files.evenly_spaced_log(arguments.steps)
    curves = []                                     # cost and correct photographs: train, then test
    for step in tqdm(range(1, arguments.steps + 1), desc="Training", unit=" steps"):
        of_test = evaluate()[:2] if step in logged else None
        of_train = train_step()                     # also measured before this step's update
        if of_test:
            curves.append([*of_train, *of_test])

    # Results
    *_, probability = evaluate()
    true = labels[test]
    confusion = [[((true == actual) & ((probability > 0.5) == guess)).sum() for guess in (0, 1)] for actual in (0, 1)]
    correct = confusion[0][0] + confusion[1][1]
    print(f"Test accuracy: {correct} of {len(test)} = {correct / len(test):.2%}  (the report: 95.75 %)")
    print(f"{'':>22}predicted {CLASSES[0]}  predicted {CLASSES[1]}")
    for name, row in zip(CLASSES, confusion):
        print(f"{'actual ' + name:>22}{row[0]:>19}{row[1]:>22}")
    with files.atomic_write(results / "Ej1b_ii.h5") as part, h5py.File(part, "w") as file:
        file["w"], file["b"] = w.get_value(), b.get_value()
        file.attrs.update(model="P(class 1) = sigmoid(x w + b), x from TP1.preprocess", classes=CLASSES,
                          data=photographs.origin)
    caveats = [figures.drawn_sample(photographs.drawn), figures.shorter(arguments.steps, STEPS, "pasos")]
    files.save_figure(figures.misclassified([paths[index] for index in test], true, probability), results,
                      "Ej1b_ii_errors", *caveats)
    train_cost, train_correct, test_cost, test_correct = map(np.array, zip(*curves))
    side = math.isqrt(len(w.get_value()))           # of the pictures, and of the weights as one
    accuracies = train_correct / len(train), test_correct / len(test)
    fig = figures.logistic_regression(logged, (train_cost, test_cost), accuracies, w.get_value().reshape(side, side))
    files.save(results, "Ej1b_ii", figure=fig, caveats=caveats,
               data={"origin": photographs.origin, "fingerprint": digest, "train": len(train), "test": len(test),
                     "classes": {name: (labels == k).sum() for k, name in enumerate(CLASSES)}},
               settings={**arguments.settings, "side": side, "learning_rate": LEARNING_RATE, "l2": L2},
               results={"confusion": confusion, "test_correct": correct, "test_total": len(test),
                        "train_correct": train_correct[-1], "train_total": len(train)},
               history={"step": logged, "train_cost": train_cost, "train_correct": train_correct,
                        "test_cost": test_cost, "test_correct": test_correct})


if __name__ == "__main__":
    run(main)
