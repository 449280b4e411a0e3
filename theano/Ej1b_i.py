"""Exercise 1b i: Theano's logistic regression, trained in minibatches.

Look at: how many minibatches come out of their size, the cost (cross-entropy plus the
L2 term) falling to its floor, the accuracy on 400 random samples reaching 100 %. The
report: "se indica el tamaño del minibatch en la línea 10, y luego el script calculará
cuántos generar, dividiendo luego el conjunto de entrenamiento".
Source of the model: deeplearning.net's Theano tutorial, "A Real Example: Logistic Regression".
"""

BATCH_SIZE = 64  # samples per minibatch

import legacy  # noqa: E402  (before theano)

import numpy as np  # noqa: E402
import theano  # noqa: E402
import theano.tensor as T  # noqa: E402

import cli  # noqa: E402
import loop  # noqa: E402
import report  # noqa: E402

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
    # as text: argparse then holds line 10 to the same rules as the flag
    parser.add_argument("--batch-size", type=cli.whole(1), default=str(BATCH_SIZE), metavar="B",
                        help=f"samples per minibatch (default: {BATCH_SIZE}, from line 10)")
    parser.add_argument("--epochs", type=cli.whole(1), default=EPOCHS, metavar="N",
                        help=f"passes over the samples (default: {EPOCHS})")
    parser.add_seed(1337)
    parser.add_results()
    arguments = parser.parse_args()
    results = report.results_folder(arguments.results)
    rng = np.random.RandomState(arguments.seed)

    # Data: random samples with random labels, as in the tutorial. One shuffle for both.
    inputs = rng.randn(N, FEATURES)
    labels = rng.randint(size=N, low=0, high=2)
    order = rng.permutation(N)
    X = theano.shared(inputs[order].astype(theano.config.floatX), name="X")
    Y = theano.shared(labels[order].astype(theano.config.floatX), name="Y")

    starts, stops = minibatches(N, arguments.batch_size)
    steps = arguments.epochs * len(starts)
    print(f"{N} samples in {len(starts)} minibatches of {arguments.batch_size}; the last has "
          f"{stops[-1] - starts[-1]}. {arguments.epochs} epochs, {steps} steps.")

    # Model: p(y = 1 | x) = sigmoid(w x + b)
    w = theano.shared(rng.randn(FEATURES).astype(theano.config.floatX), name="w")
    b = theano.shared(np.asarray(0, theano.config.floatX), name="b")
    step = theano.shared(np.int64(0), name="step")
    batch = step % len(starts)
    start, stop = theano.shared(starts)[batch], theano.shared(stops)[batch]
    x, y = X[start:stop], Y[start:stop]        # views, not copies
    z = T.dot(x, w) + b
    # -y log(p) - (1 - y) log(1 - p) with p = sigmoid(z), written so that no log meets a zero
    cross_entropy = T.nnet.softplus(z) - y * z
    cost = cross_entropy.mean() + L2 * (w ** 2).sum()
    hits = T.eq(z > 0, y).sum()
    gw, gb = T.grad(cost, [w, b])

    # Every step notes its cost and its hits, so the loop need not return to Python.
    (costs, all_hits), notes = loop.noted(step, steps, cost, hits)
    train = theano.function([], updates=[(w, w - LEARNING_RATE * gw), (b, b - LEARNING_RATE * gb)] + notes)
    loop.repeat(train, steps, "Training")

    # An epoch's cost is the mean over its samples, so a smaller minibatch counts for less.
    per_epoch = costs.get_value().reshape(arguments.epochs, -1)
    epoch_costs = per_epoch @ (stops - starts) / N
    epoch_hits = all_hits.get_value().reshape(arguments.epochs, -1).sum(axis=1)
    final_z = X.get_value() @ w.get_value() + b.get_value()
    correct = int(((final_z > 0) == Y.get_value()).sum())
    print(f"Cost: {epoch_costs[0]:.4f} in the first epoch, {epoch_costs[-1]:.4f} in the last")
    print(f"Accuracy after training: {correct} of {N} = {correct / N:.2%}")

    drawing, axes = report.figure(1, 2, 11, 4.2)
    epochs = np.arange(1, arguments.epochs + 1)
    title = f"{len(starts)} minibatches de {arguments.batch_size}"
    report.curves(axes[0, 0], title, epochs, epoch_costs, xlabel="Épocas", ylabel="Costo")
    report.curves(axes[0, 1], title, epochs, epoch_hits / N, xlabel="Épocas", ylabel="Accuracy")
    axes[0, 0].set(xscale="log", yscale="log")
    axes[0, 1].set(xscale="log")
    report.save_figure(drawing, results, "Ej1b_i", report.shorter(arguments.epochs, EPOCHS, "épocas"))
    every = max(1, arguments.epochs // 1000)
    report.save_metrics(
        results, "Ej1b_i",
        {"origin": "random", "samples": N, "features": FEATURES},
        {"batch_size": arguments.batch_size, "epochs": arguments.epochs, "learning_rate": LEARNING_RATE,
         "l2": L2, "seed": arguments.seed},
        {"minibatches": np.stack([starts, stops], axis=1).tolist(), "train_correct": correct,
         "train_total": N},
        {"epoch": epochs[::every].tolist() + ([arguments.epochs] if every > 1 else []),
         "cost": report.rounded(epoch_costs, every), "train_correct": report.rounded(epoch_hits, every)})


if __name__ == "__main__":
    cli.run(main)
