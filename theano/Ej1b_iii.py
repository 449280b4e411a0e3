"""Exercise 1b iii: a hidden layer of 100 ReLU before the logistic output.

The data of Theano's tutorial (400 random samples, random labels) and one layer more; the
weights start as He, Zhang, Ren and Sun propose ("Delving Deep into Rectifiers", ICCV 2015,
eq. 10): normal, with standard deviation sqrt(2 / n), n the number of inputs of a unit. The
report speaks of *dividing* normal numbers by sqrt(2 / n), with n "la cantidad de
parámetros"; that is a slip, the paper multiplies.
Look at: the printed deviation against sqrt(2 / 784), and the accuracy reaching 100 %: with
400 samples of 784 numbers even random labels can be learned by heart. A full run prints last:

    100 ReLU; standard deviation of their 78400 initial weights: 0.050416, sqrt(2 / 784) = 0.050508
    Cost: 3.0211 before the first step, 0.0948 after the last
    Training accuracy: 400 of 400 = 100.00%
"""
import legacy  # before theano

import numpy as np
import theano
import theano.tensor as T

from tp2 import cli, figures, files, loop

N = 400              # training samples
FEATURES = 784       # numbers in each
HIDDEN = 100         # ReLU
STEPS = 10000
LEARNING_RATE = 0.1
L2 = 0.01


def he_normal(rng, inputs, units):
    """Initial weights (inputs, units), floatX: normal, standard deviation sqrt(2 / inputs)."""
    return (rng.randn(inputs, units) * np.sqrt(2 / inputs)).astype(theano.config.floatX)


def main():
    parser = cli.Parser(__doc__)
    parser.add_whole("--steps", STEPS, "training steps")
    parser.add_seed()
    arguments = parser.parse()
    rng = np.random.RandomState(arguments.seed)

    # Data: random samples with random labels, as in the tutorial
    X = theano.shared(rng.randn(N, FEATURES).astype(theano.config.floatX), name="X")
    Y = theano.shared(rng.randint(size=N, low=0, high=2).astype(theano.config.floatX), name="Y")

    # Model: p(y = 1 | x) = sigmoid(h w + b) with h = ReLU(x W + c)
    W = theano.shared(he_normal(rng, FEATURES, HIDDEN), name="W")
    c = theano.shared(np.zeros(HIDDEN, theano.config.floatX), name="c")
    w = theano.shared(he_normal(rng, HIDDEN, 1)[:, 0], name="w")
    b = theano.shared(np.asarray(0, theano.config.floatX), name="b")
    deviation = float(W.get_value().std(dtype=np.float64))
    print(f"{HIDDEN} ReLU; standard deviation of their {W.get_value().size} initial weights: {deviation:.6f}, "
          f"sqrt(2 / {FEATURES}) = {np.sqrt(2 / FEATURES):.6f}")

    hidden = T.nnet.relu(T.dot(X, W) + c)
    z = T.dot(hidden, w) + b
    cross_entropy = T.nnet.softplus(z) - Y * z   # never the log of a zero, see Ej1b_i
    cost = cross_entropy.mean() + L2 * ((w ** 2).sum() + (W ** 2).sum())
    hits = T.eq(z > 0, Y).sum()
    parameters = [W, c, w, b]

    # Training
    final = theano.function([], [cost, hits])
    updates = [(parameter, parameter - LEARNING_RATE * gradient)
               for parameter, gradient in zip(parameters, T.grad(cost, parameters))]
    (costs, all_hits), _ = loop.train(arguments.steps, updates, record=[cost, hits], threads=2)

    # Results
    final_cost, correct = (value.item() for value in final())
    print(f"Cost: {costs[0]:.4f} before the first step, {final_cost:.4f} after the last")
    print(f"Training accuracy: {correct} of {N} = {correct / N:.2%}")

    steps = np.arange(1, arguments.steps + 1)
    drawing = figures.cost_and_accuracy(f"Capa oculta de {HIDDEN} ReLU", steps, costs, all_hits / N)
    figures.save_figure(drawing, arguments.results, "Ej1b_iii", figures.shorter(arguments.steps, STEPS, "pasos"))
    every = max(1, arguments.steps // 1000)
    files.save_metrics(
        arguments.results, "Ej1b_iii",
        {"origin": "random", "samples": N, "features": FEATURES},
        {"hidden": HIDDEN, "steps": arguments.steps, "learning_rate": LEARNING_RATE, "l2": L2, "seed": arguments.seed},
        {"initial_weights": [FEATURES, HIDDEN], "initial_deviation": deviation, "train_correct": correct,
         "train_total": N, "final_cost": final_cost},
        {"step": steps[::every].tolist() + ([arguments.steps] if every > 1 else []),
         "cost": files.rounded(costs, every), "train_correct": files.rounded(all_hits, every)})


if __name__ == "__main__":
    cli.run(main)
