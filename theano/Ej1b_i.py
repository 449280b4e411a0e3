"""Exercise 1b i: logistic regression, "A Real Example" of Theano's tutorial, trained in minibatches.

The report: "se indica el tamaño del minibatch en la línea 10, y luego el script calculará cuántos
generar". Look at: how many that makes, the cost (cross-entropy plus the L2 term) falling to its
floor, the accuracy on 400 random samples reaching 100 %. A full run prints last:
    Cost: 19.2138 in the first epoch, 0.1203 in the last
    Accuracy after training: 400 of 400 = 100.00%
"""

BATCH_SIZE = 64  # samples per minibatch

import legacy  # before theano

import numpy as np
import theano
import theano.tensor as T

from tp2 import cli, figures, files, loop

N = 400              # training samples
FEATURES = 784       # numbers in each
EPOCHS = 10000
LEARNING_RATE = 0.1
L2 = 0.01


def minibatches(n, size):
    """Where each minibatch of `size` of `n` samples starts and stops: two int64 vectors.

    Every sample is in exactly one; the last minibatch is smaller where size does not divide n.
    """
    starts = np.arange(0, n, size)
    return starts, np.minimum(starts + size, n)


def main():
    parser = cli.Parser(__doc__)
    parser.add_whole("--batch-size", BATCH_SIZE, "samples per minibatch, line 10")
    parser.add_whole("--epochs", EPOCHS, "passes over the samples")
    parser.add_seed()
    arguments = parser.parse()
    rng = np.random.RandomState(arguments.seed)

    # Data: random samples with random labels, as in the tutorial. One shuffle for both.
    inputs = rng.randn(N, FEATURES)
    labels = rng.randint(size=N, low=0, high=2)
    order = rng.permutation(N)
    X = theano.shared(inputs[order].astype(theano.config.floatX), name="X")
    Y = theano.shared(labels[order].astype(theano.config.floatX), name="Y")

    # Minibatches
    starts, stops = minibatches(N, arguments.batch_size)
    print(f"{N} samples in {len(starts)} minibatches of {arguments.batch_size}; the last has "
          f"{stops[-1] - starts[-1]}. {arguments.epochs} epochs, {arguments.epochs * len(starts)} steps.")
    step = theano.shared(np.int64(0), name="step")   # steps done
    batch = step % len(starts)
    start, stop = theano.shared(starts)[batch], theano.shared(stops)[batch]
    x, y = X[start:stop], Y[start:stop]              # views, not copies

    # Model: p(y = 1 | x) = sigmoid(w x + b)
    w = theano.shared(rng.randn(FEATURES).astype(theano.config.floatX), name="w")
    b = theano.shared(np.asarray(0, theano.config.floatX), name="b")
    z = T.dot(x, w) + b
    # -y log(p) - (1 - y) log(1 - p) with p = sigmoid(z), written so that no log meets a zero
    cross_entropy = T.nnet.softplus(z) - y * z
    cost = cross_entropy.mean() + L2 * (w ** 2).sum()
    hits = T.eq(z > 0, y).sum()
    gw, gb = T.grad(cost, [w, b])

    # Training
    updates = [(w, w - LEARNING_RATE * gw), (b, b - LEARNING_RATE * gb)]
    (costs, all_hits), _ = loop.train(arguments.epochs * len(starts), updates, record=[cost, hits], step=step)

    # Results. An epoch's cost is the mean over its samples, so a smaller minibatch counts for less.
    epoch_costs = costs.reshape(arguments.epochs, -1) @ (stops - starts) / N
    epoch_hits = all_hits.reshape(arguments.epochs, -1).sum(axis=1)
    final_z = X.get_value() @ w.get_value() + b.get_value()
    correct = int(((final_z > 0) == Y.get_value()).sum())
    print(f"Cost: {epoch_costs[0]:.4f} in the first epoch, {epoch_costs[-1]:.4f} in the last")
    print(f"Accuracy after training: {correct} of {N} = {correct / N:.2%}")

    epochs = np.arange(1, arguments.epochs + 1)
    drawing = figures.cost_and_accuracy(f"{len(starts)} minibatches de {arguments.batch_size}", epochs, epoch_costs,
                                        epoch_hits / N, "Épocas")
    figures.save_figure(drawing, arguments.results, "Ej1b_i", figures.shorter(arguments.epochs, EPOCHS, "épocas"))
    every = max(1, arguments.epochs // 1000)
    files.save_metrics(
        arguments.results, "Ej1b_i",
        {"origin": "random", "samples": N, "features": FEATURES},
        {"batch_size": arguments.batch_size, "epochs": arguments.epochs, "learning_rate": LEARNING_RATE,
         "l2": L2, "seed": arguments.seed},
        {"minibatches": np.stack([starts, stops], axis=1).tolist(), "train_correct": correct,
         "train_total": N},
        {"epoch": epochs[::every].tolist() + ([arguments.epochs] if every > 1 else []),
         "cost": files.rounded(epoch_costs, every), "train_correct": files.rounded(epoch_hits, every)})


if __name__ == "__main__":
    cli.run(main)
