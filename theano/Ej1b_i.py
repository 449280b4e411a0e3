"""Exercise 1b i: logistic regression, "A Real Example" of Theano's tutorial, trained in minibatches of line 10's size.

p(y = 1 | x) = sigmoid(w x + b). The cost of a minibatch is the mean of -y log p - (1 - y) log(1 - p), plus L2 |w|^2.
Look at the cost, and at the accuracy: 784 weights can memorise 400 random samples. Changed from the student's script:
minibatches are slices inside the graph; softplus, so no log(0) is taken; a fixed seed; curves. A full run prints:
    Cost: 17.7662 in the first epoch, 0.1309 in the last
    Accuracy after training: 400 of 400 = 100.00%
"""

BATCH_SIZE = 10  # samples per minibatch

import legacy.fast.all  # before theano: it runs on a Python of today, and its sums and products are faster

import numpy as np
import theano
import theano.tensor as T
from tqdm import tqdm

from tp2 import figures, files
from tp2.cli import Parser, run

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
    minibatches = [(start, min(start + batch_size, N)) for start in range(0, N, batch_size)]
    print(f"{N} samples in {len(minibatches)} minibatches of {batch_size}; the last has {N - minibatches[-1][0]}. "
          f"{epochs} epochs, {epochs * len(minibatches)} steps.")

    # Model: p(y = 1 | x) = sigmoid(w x + b)
    x, y = T.matrix("x"), T.vector("y")
    w = theano.shared(rng.randn(FEATURES).astype(theano.config.floatX), name="w")
    b = theano.shared(np.asarray(0, theano.config.floatX), name="b")
    z = T.dot(x, w) + b
    cross_entropy = T.nnet.softplus(z) - y * z      # = -y log p - (1 - y) log(1 - p)
    cost = cross_entropy.mean() + L2 * (w ** 2).sum()
    n_correct = T.eq(z > 0, y).sum()

    # Training: a step of gradient descent for each minibatch, from sample `start` to before `stop`
    start, stop = T.lscalars("start", "stop")
    gw, gb = T.grad(cost, [w, b])
    train_step = theano.function([start, stop], [cost, n_correct], givens={x: X[start:stop], y: Y[start:stop]},
                                 updates=[(w, w - LEARNING_RATE * gw), (b, b - LEARNING_RATE * gb)])
    evaluate = theano.function([], n_correct, givens={x: X, y: Y})
    costs, correct = np.zeros(epochs), np.zeros(epochs, int)        # of each epoch; measured before each step
    for epoch in tqdm(range(epochs), desc="Training", unit=" epochs"):
        for minibatch in minibatches:
            step_cost, step_correct = train_step(*minibatch)
            costs[epoch] += step_cost * (minibatch[1] - minibatch[0]) / N   # a mean over samples, not over minibatches
            correct[epoch] += step_correct

    # Results
    final = int(evaluate())
    print(f"Cost: {costs[0]:.4f} in the first epoch, {costs[-1]:.4f} in the last")
    print(f"Accuracy after training: {final} of {N} = {final / N:.2%}")
    fig = figures.cost_and_accuracy(f"{len(minibatches)} minibatches de {batch_size}", range(1, epochs + 1), costs,
                                    correct / N, "Épocas")
    files.save(arguments.results, "Ej1b_i", data={"origin": "random", "samples": N, "features": FEATURES},
               settings={**arguments.settings, "learning_rate": LEARNING_RATE, "l2": L2},
               results={"minibatches": minibatches, "train_correct": final, "train_total": N},
               history=files.thinned("epoch", costs, correct), figure=fig,
               caveats=[figures.shorter(epochs, EPOCHS, "épocas")])


if __name__ == "__main__":
    run(main)
