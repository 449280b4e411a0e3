"""Exercise 1b iii: a hidden layer of 100 ReLU before the logistic output.

The data of Theano's tutorial (400 random samples, random labels) and one layer more: h = max(0, x W + c), and
p(y = 1 | x) = sigmoid(h w + b). The cost is the mean of -y log p - (1 - y) log(1 - p), plus L2 (|W|^2 + |w|^2). The
weights start as He, Zhang, Ren and Sun propose ("Delving Deep into Rectifiers", ICCV 2015, eq. 10): normal, with
standard deviation sqrt(2 / n), n the number of inputs of a unit. Look at the printed deviation, and at
the accuracy reaching 100 %: 400 samples of 784 numbers can be learned by heart, whatever their labels.

Changed from the student's script: there the ReLU stood on the output, behind two linear layers, and only
the second layer's weights were scaled; here the hidden layer has the ReLU, the output none. The report
speaks of *dividing* by sqrt(2 / n), n "la cantidad de parámetros": a slip, the paper (and the script)
multiply. A full run prints:

    100 ReLU; standard deviation of their 78400 initial weights: 0.050416, sqrt(2 / 784) = 0.050508
    Cost: 3.0211 before the first step, 0.0948 after the last
    Training accuracy: 400 of 400 = 100.00%
"""
import legacy.fast.all  # before theano: it runs on a Python of today, and its sums and products are faster

import numpy as np
import theano
import theano.tensor as T
from tqdm import tqdm

from tp2 import figures, files
from tp2.cli import Parser, run

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
    parser = Parser(__doc__)
    parser.add_whole("--steps", STEPS, "training steps")
    parser.add_seed()
    arguments = parser.parse()
    rng = np.random.RandomState(arguments.seed)

    # Data: random samples with random labels, as in the tutorial
    X = theano.shared(rng.randn(N, FEATURES).astype(theano.config.floatX), name="X")
    Y = theano.shared(rng.randint(size=N, low=0, high=2).astype(theano.config.floatX), name="Y")

    # Model: p(y = 1 | x) = sigmoid(h w + b) with h = ReLU(x W + c)
    x, y = T.matrix("x"), T.vector("y")
    W = theano.shared(he_normal(rng, FEATURES, HIDDEN), name="W")
    c = theano.shared(np.zeros(HIDDEN, theano.config.floatX), name="c")
    w = theano.shared(he_normal(rng, HIDDEN, 1)[:, 0], name="w")  # of the one output unit
    b = theano.shared(np.asarray(0, theano.config.floatX), name="b")
    initial = W.get_value()
    deviation = float(initial.std(dtype=np.float64))
    print(f"{HIDDEN} ReLU; standard deviation of their {initial.size} initial weights: {deviation:.6f}, "
          f"sqrt(2 / {FEATURES}) = {np.sqrt(2 / FEATURES):.6f}")
    h = T.nnet.relu(T.dot(x, W) + c)
    z = T.dot(h, w) + b
    cross_entropy = T.nnet.softplus(z) - y * z      # = -y log(p) - (1 - y) log(1 - p), without the log of a zero
    cost = cross_entropy.mean() + L2 * ((w ** 2).sum() + (W ** 2).sum())
    n_correct = T.eq(z > 0, y).sum()

    # Training: gradient descent, every step on all samples
    parameters = [W, c, w, b]
    train_step = theano.function([], [cost, n_correct], givens={x: X, y: Y},
                                 updates=[(parameter, parameter - LEARNING_RATE * gradient) for parameter, gradient
                                          in zip(parameters, T.grad(cost, parameters))])
    evaluate = theano.function([], [cost, n_correct], givens={x: X, y: Y})
    steps = []                                      # cost and correct samples, before each step
    for _ in tqdm(range(arguments.steps), desc="Training", unit=" steps"):
        steps.append(train_step())
    costs, correct = map(np.array, zip(*steps))

    # Results
    final_cost, final_correct = (value.item() for value in evaluate())
    print(f"Cost: {costs[0]:.4f} before the first step, {final_cost:.4f} after the last")
    print(f"Training accuracy: {final_correct} of {N} = {final_correct / N:.2%}")
    fig = figures.cost_and_accuracy(f"Capa oculta de {HIDDEN} ReLU", range(1, arguments.steps + 1), costs, correct / N)
    files.save(arguments.results, "Ej1b_iii", data={"origin": "random", "samples": N, "features": FEATURES},
               settings={**arguments.settings, "hidden": HIDDEN, "learning_rate": LEARNING_RATE, "l2": L2},
               results={"initial_weights": initial.shape, "initial_deviation": deviation,
                        "train_correct": final_correct, "train_total": N, "final_cost": final_cost},
               history=files.thinned("step", costs, correct), figure=fig,
               caveats=[figures.shorter(arguments.steps, STEPS, "pasos")])


if __name__ == "__main__":
    run(main)
