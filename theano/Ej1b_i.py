"""Exercise 1b i: logistic regression, "A Real Example" of Theano's tutorial, trained in minibatches.

The report: "se indica el tamaño del minibatch en la línea 10, y luego el script calculará cuántos generar". Look at
the cost, part of which is the L2 term, and at the accuracy: 784 weights can memorise 400 random samples. Changed from
the student's script: minibatches are slices inside the graph; softplus, so no log(0) is taken; a fixed seed; curves.
A full run prints:    Cost: 17.7662 in the first epoch, 0.1309 in the last
                      Accuracy after training: 400 of 400 = 100.00%
"""

BATCH_SIZE = 10  # samples per minibatch

from tp2.cli import Parser, run  # first, for a Ctrl-C during the imports

import legacy.fast.all  # before theano

import numpy as np
import theano
import theano.tensor as T
from tqdm import tqdm

from tp2 import figures, files

N = 400              # training samples
FEATURES = 784       # numbers in each
EPOCHS = 10000
LEARNING_RATE = 0.1
L2 = 0.01


def main():
    parser = Parser(__doc__)
    parser.add_whole("--batch-size", BATCH_SIZE, "samples per minibatch, line 10")
    parser.add_whole("--epochs", EPOCHS, "passes over the samples")
    parser.add_seed()
    arguments = parser.parse()
    batch_size, epochs = arguments.batch_size, arguments.epochs
    rng = np.random.RandomState(arguments.seed)

    # Data: random samples with random labels, shuffled together. The last minibatch may be smaller.
    inputs, labels = rng.randn(N, FEATURES), rng.randint(size=N, low=0, high=2)
    order = rng.permutation(N)
    X = theano.shared(inputs[order].astype(theano.config.floatX), name="X")
    Y = theano.shared(labels[order].astype(theano.config.floatX), name="Y")
    bounds = [[start, min(start + batch_size, N)] for start in range(0, N, batch_size)]
    sizes = [stop - start for start, stop in bounds]
    print(f"{N} samples in {len(bounds)} minibatches of {batch_size}; the last has {sizes[-1]}. "
          f"{epochs} epochs, {epochs * len(bounds)} steps.")

    # Model: p(y = 1 | x) = sigmoid(w x + b)
    x, y = T.matrix("x"), T.vector("y")
    w = theano.shared(rng.randn(FEATURES).astype(theano.config.floatX), name="w")
    b = theano.shared(np.asarray(0, theano.config.floatX), name="b")
    z = T.dot(x, w) + b
    cross_entropy = T.nnet.softplus(z) - y * z      # = -y log(p) - (1 - y) log(1 - p)
    cost = cross_entropy.mean() + L2 * (w ** 2).sum()
    n_correct = T.eq(z > 0, y).sum()

    # Training: a step of gradient descent for each minibatch
    index = T.lscalar("index")
    minibatch = slice(index * batch_size, (index + 1) * batch_size)
    gw, gb = T.grad(cost, [w, b])
    train_step = theano.function([index], [cost, n_correct], givens={x: X[minibatch], y: Y[minibatch]},
                                 updates=[(w, w - LEARNING_RATE * gw), (b, b - LEARNING_RATE * gb)])
    evaluate = theano.function([], n_correct, givens={x: X, y: Y})
    steps = np.empty((epochs, len(bounds), 2))      # cost and correct samples, before each step
    for epoch in tqdm(range(epochs), desc="Training", unit=" epochs"):
        for i in range(len(bounds)):
            steps[epoch, i] = train_step(i)

    # Results. An epoch's cost is the mean over its samples, so a smaller minibatch counts for less.
    costs, correct = steps[:, :, 0] @ sizes / N, steps[:, :, 1].sum(axis=1)
    final = int(evaluate())
    print(f"Cost: {costs[0]:.4f} in the first epoch, {costs[-1]:.4f} in the last")
    print(f"Accuracy after training: {final} of {N} = {final / N:.2%}")
    fig = figures.cost_and_accuracy(f"{len(bounds)} minibatches de {batch_size}", range(1, epochs + 1), costs,
                                    correct / N, "Épocas")
    figures.save(fig, arguments.results, "Ej1b_i", figures.shorter(epochs, EPOCHS, "épocas"))
    shown = files.evenly_spaced(epochs)
    files.save_metrics(
        arguments.results, "Ej1b_i", {"origin": "random", "samples": N, "features": FEATURES},
        {"batch_size": batch_size, "epochs": epochs, "learning_rate": LEARNING_RATE, "l2": L2, "seed": arguments.seed},
        {"minibatches": bounds, "train_correct": final, "train_total": N},
        {"epoch": (shown + 1).tolist(), "cost": files.rounded(costs[shown]), "train_correct": correct[shown].tolist()})


if __name__ == "__main__":
    run(main)
