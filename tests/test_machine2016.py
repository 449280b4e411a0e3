"""machine2016: each rule of the report's arithmetic, against the rule written out in NumPy or against Theano's own.

It changes a whole process, so what needs it imported runs in a child; the kernel is compiled and called directly.
"""
import ctypes
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tp2 import cli

SGEMM = cli.ROOT / "machine2016" / "sgemm.c"
# What 2016's own stack (Theano 0.8.2, Keras 1.1.0, ATLAS) has after three batches of training, of 128, 128 and 24.
CHECKSUMS = ["f3d57184ac6dc85702df01b6b43daaca0e5792c1b584fe9a576e0e8d38e89412",
             "36453324ecbd34e5c91aeefdff2354b7f6f37b8ac2b39c71b50eb824a4f91747",
             "36eef8b903ab48b9e04a0d530c032dcc02a6e39105e09840871af3f1a1afc9e1"]
# Products as Theano asks Fortran for them: transa, transb, m, n, k, alpha. First the networks', for batches of 128 ...
SHAPES = [("N", "N", 512, 128, 784, 1), ("N", "N", 10, 128, 512, 1), ("N", "T", 10, 512, 128, 1),
          ("N", "T", 10, 512, 128, 0.001), ("T", "N", 512, 128, 10, 1.25), ("N", "T", 512, 512, 128, 0.001),
          ("T", "N", 512, 128, 512, 1.25), ("N", "T", 512, 784, 128, 1),
          # ... of 24, 96, 127 and 1, then what else has a way of its own in the rule or in the kernel.
          ("N", "N", 512, 24, 512, 1), ("T", "N", 512, 96, 10, 2.5), ("N", "T", 512, 784, 127, 0.001),
          ("T", "N", 512, 37, 10, 1.25), ("N", "T", 512, 300, 128, 0.001),
          ("N", "N", 512, 1, 784, 1), ("N", "N", 50, 1100, 60, 1), ("N", "N", 100, 70, 131, 1), ("T", "T", 50, 47, 7, 0.3),
          ("N", "N", 240, 1, 48, 1), ("T", "N", 11, 60, 100, 2), ("N", "N", 3, 5, 0, 1)]


def matrix(shape, nonzero, random):
    return np.asfortranarray(random.standard_normal(shape, "float32") * (random.random(shape) < nonzero))


def by_the_rule(a, b, transa, transb, alpha, c):
    """alpha A B + c in the order of ATLAS, as sgemm.c's comment says it."""
    a, b, (m, n), k = a if transa == "N" else a.T, b if transb == "N" else b.T, c.shape, a.shape[transa == "N"]
    scales_b = m > n if k > 96 else n <= 48
    a, b = (a, b * np.float32(alpha)) if scales_b else (a * np.float32(alpha), b)
    full, c = (m // 48 * 48, n // 48 * 48), c.copy()
    for rows, tail_row in (slice(full[0]), 0), (slice(full[0], m), 1):
        for columns, tail_column in (slice(full[1]), 0), (slice(full[1], n), 1):
            tails = 2 if m <= 11 else tail_row + tail_column
            for start in range(0, k, 48):
                terms = [np.outer(a[rows, q], b[q, columns]) for q in range(start, min(start + 48, k))]
                whole = len(terms) == 48
                if tails == 2 or not whole and (tails or len(terms) % 4):
                    for term in terms:
                        c[rows, columns] += term
                    continue
                lanes = np.zeros((4, *terms[0].shape), "float32")
                if whole and not tails:
                    lanes[0], c[rows, columns] = c[rows, columns], 0
                for q, term in enumerate(terms):
                    lanes[q % 4] += term
                c[rows, columns] += (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])
    return c


def compiled(folder, flag):
    """A library with sgemm.c's function."""
    source, library = folder / "sgemm.cpp", folder / f"sgemm{flag}.so"
    source.write_text(f"""{SGEMM.read_text()}
        extern "C" void sgemm(char* ta, char* tb, int* m, int* n, int* k, float* alpha, float* a, int* lda,
                              float* b, int* ldb, float* beta, float* c, int* ldc)
        {{ sgemm_2016(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc); }}""")
    subprocess.check_call(["g++", "-O3", "-ffp-contract=off", "-fopenmp", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror",
                           flag, "-o", library, source])
    return library


def loaded(library):
    """Its function, of NumPy arrays: (a, b, transa, transb, alpha, c, beta), Fortran's shapes and order."""
    function = ctypes.CDLL(str(library)).sgemm

    def sgemm(a, b, transa, transb, alpha, c, beta):
        c = c.copy(order="F")
        (m, n), k = c.shape, a.shape[transa == "N"]
        numbers = [ctypes.byref(ctypes.c_int(number)) for number in (m, n, k, max(1, len(a)), max(1, len(b)), m)]
        factors = [ctypes.byref(ctypes.c_float(factor)) for factor in (alpha, beta)]
        data = [array.ctypes.data_as(ctypes.c_void_p) for array in (a, b, c)]
        function(transa.encode(), transb.encode(), *numbers[:3], factors[0], data[0], numbers[3], data[1], numbers[4],
                 factors[1], data[2], numbers[5])
        return c
    return sgemm


@pytest.fixture(scope="module")
def kernels(tmp_path_factory):
    """sgemm.c for each width of vectors that this processor has, the widest with 2 and 4 threads too."""
    if not shutil.which("g++"):
        pytest.skip("no g++")
    known = Path("/proc/cpuinfo").read_text() if os.path.exists("/proc/cpuinfo") else ""
    flags = [flag for name, flag in (("", "-march=x86-64"), ("avx2", "-march=haswell"), ("avx512f", "-mavx512f"))
             if name in known] if platform.machine() == "x86_64" else ["-O3"]
    folder, one = tmp_path_factory.mktemp("sgemm"), np.ones((1, 1), "float32")
    libraries = [(compiled(folder, flag), 1) for flag in flags]
    # Copies, since a library reads the number of threads in its first product.
    libraries += [(shutil.copy(libraries[-1][0], folder / f"{threads}.so"), threads) for threads in (2, 4)]
    found = []
    with pytest.MonkeyPatch.context() as environment:
        for library, threads in libraries:
            environment.setenv("MACHINE2016_THREADS", str(threads))
            found.append(loaded(library))
            assert found[-1](one, one, "N", "N", 1, one, 0) == 1
    return found


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_product_is_summed_by_the_rule_with_any_vectors_and_threads(kernels, shape):
    transa, transb, m, n, k, alpha = shape
    random = np.random.default_rng(0)
    for nonzero in 0.2, 1:
        a = matrix((m, k) if transa == "N" else (k, m), 0.9, random)
        b = matrix((k, n) if transb == "N" else (n, k), nonzero, random)
        expected = by_the_rule(a, b, transa, transb, alpha, np.zeros((m, n), "float32"))
        for sgemm in kernels:
            assert np.array_equal(sgemm(a, b, transa, transb, alpha, np.full((m, n), np.nan, "float32"), 0), expected)


def test_a_product_starts_from_beta_c(kernels):
    random = np.random.default_rng(1)
    a, b, c = (matrix(shape, 0.6, random) for shape in ((100, 130), (130, 60), (100, 60)))
    expected = by_the_rule(a, b, "N", "N", 1, np.float32(0.5) * c)
    assert np.allclose(expected, a @ b + 0.5 * c, atol=1e-4)
    for sgemm in kernels:
        assert np.array_equal(sgemm(a, b, "N", "N", 1, c, 0.5), expected)


CHILD = """
import legacy
import hashlib, json, math
import keras, theano
import numpy as np
from keras import backend as K
from theano.sandbox.rng_mrg import MRG_RandomStreams
T, found = theano.tensor, {}
x = T.fmatrix()


def masks():
    draw = theano.function([x], MRG_RandomStreams(2016).binomial(x.shape, p=0.7, dtype="float32"))
    return [draw(np.zeros((rows, 512), "float32")) for rows in (128, 24, 1, 127, 1)]


theirs = masks()
import machine2016
from tp2 import datasets

found["masks"] = all(map(np.array_equal, masks(), theirs))

# ReLU: the sum, and the bias's gradient
random = np.random.RandomState(0)
w, b, g = T.fmatrix(), T.fvector(), T.fmatrix()
values = [random.randn(*shape).astype("float32") for shape in ((50, 30), (30, 40), (40,), (50, 40))]
a = T.dot(x, w) + K.reshape(b, (1, 40))
product, relu = theano.function([x, w, b], [T.dot(x, w), K.relu(a)])(*values[:3])
gradient = theano.function([x, w, b, g], T.grad((K.relu(a) * g).sum(), b))(*values)
active = np.where(product + values[2] > 0, values[3], 0)
found["relu"] = np.array_equal(relu, np.float32(0.5) * ((np.abs(product + values[2]) + product) + values[2]))
found["relu is not quite zero"] = bool((relu[product + values[2] < 0] != 0).any())
found["bias"] = np.array_equal(gradient, active.sum(axis=0, dtype="float64").astype("float32"))
found["relu of an input"] = np.array_equal(theano.function([x], K.relu(x))(values[0]), np.maximum(values[0], 0))

# Dropout: the factor
dropout = keras.models.Sequential([keras.layers.Dropout(0.3, input_shape=(20,))])
dropped = K.function([dropout.input, K.learning_phase()], dropout.outputs)
found["dropout"] = [sorted(set(dropped([np.ones((9, 20), "float32"), phase])[0].ravel().tolist())) for phase in (0, 1)]

# The loss's gradient with weights of samples, where the mean's 1 / n is not its only factor
p, t, weight = T.fmatrix(), T.fmatrix(), T.fvector()
share, target = random.rand(24, 10).astype("float32"), np.eye(10, dtype="float32")[np.arange(24) % 10]
weights = random.rand(24).astype("float32")
plain = T.nnet.categorical_crossentropy(p / p.sum(axis=-1, keepdims=True), t)
gradients = [theano.function([p, t, weight], T.grad((loss * weight).mean(), p))(share, target, weights)
             for loss in (K.categorical_crossentropy(t, p), plain)]
found["loss"] = np.allclose(*gradients, rtol=1e-4, atol=1e-7)

# exp, in double precision
logits = 5 * random.randn(8, 10).astype("float32")
powers = [[np.float32(math.exp(value)) for value in row - row.max()] for row in logits]
softmax = np.float32([[value * (1.0 / sum(row, np.float64(0))) for value in row] for row in powers])
sigmoid = np.float32([[1 / (1 + math.exp(-value)) if value <= 15 else 1 for value in row] for row in logits.astype(float)])
found["softmax"] = np.array_equal(theano.function([x], K.softmax(x))(logits), softmax)
found["sigmoid"] = np.array_equal(theano.function([x], K.sigmoid(x))(logits), sigmoid)

# RMSprop: the step in C
step = machine2016.rmsprop.RMSpropStep()
p, a, g, rate_g = [np.abs(random.randn(7, 30)).astype("float32") for _ in range(4)]
shared = [theano.shared(value.copy()) for value in (p, a)]
update = theano.function([], updates=list(zip(shared, step(*shared, g, rate_g, np.float32(0.9), np.float32(1e-8)))))
update()
new_a = np.float32(0.9) * a + (1 - np.float32(0.9)) * (g * g)
found["rmsprop"] = [np.array_equal(shared[1].get_value(), new_a),
                    np.array_equal(shared[0].get_value(), p - rate_g / (np.float32(1e-8) + np.sqrt(new_a))),
                    "InPlace" in str(update.maker.fgraph.toposort())]


# Inputs, weights and precision that are not the report's
def losses(inputs="float32", floatx="float32", order="C"):
    K.set_floatx(floatx)
    np.random.seed(1)
    x, y = np.random.randint(0, 9, (40, 6)).astype(inputs), np.eye(3)[np.arange(40) % 3]
    a = keras.layers.Input((6,), dtype=inputs)
    model = keras.models.Model(a, keras.layers.Dense(3, activation="softmax")(a))
    model.compile("rmsprop", "categorical_crossentropy")
    model.set_weights([np.array(value, order=order) for value in model.get_weights()])
    return model.fit(x, y, epochs=5, verbose=0, shuffle=False).history["loss"]


found["bytes"] = np.allclose(losses("uint8"), losses(), rtol=1e-4)
found["Fortran's order"] = losses(order="F") == losses()
found["float64"] = np.allclose(losses("float64", "float64"), losses(), rtol=1e-4)
K.set_floatx("float32")


# The report's network
(x, y), test = datasets.mnist()


def network():
    np.random.seed(1337)
    model = keras.models.Sequential()
    for shape in {"input_shape": (784,)}, {}:
        model.add(keras.layers.Dense(512, **shape))
        model.add(keras.layers.Activation("relu"))
        model.add(keras.layers.Dropout(0.2))
    model.add(keras.layers.Dense(10))
    model.add(keras.layers.Activation("softmax"))
    model.compile(keras.optimizers.RMSprop(epsilon=1e-8), "categorical_crossentropy", metrics=["accuracy"])
    return model


model, found["checksums"] = network(), []
for batch in slice(128), slice(128, 256), slice(256, 280):
    model.train_on_batch(x[batch], y[batch])
    weights = b"".join(value.astype("<f4").tobytes() for value in model.get_weights())
    found["checksums"].append(hashlib.sha256(weights).hexdigest())
history = network().fit(x[:15000], y[:15000], batch_size=128, epochs=1, verbose=0, validation_data=test).history
found["epoch"] = round(15000 * float(history["accuracy"][0])), round(10000 * float(history["val_accuracy"][0]))
after = str(np.random.get_state()[1:3])
np.random.seed(1337)
machine2016.draws.skip_training(samples=15000, epochs=1)
found["skipped"] = after == str(np.random.get_state()[1:3])
print(json.dumps(found))
"""


def child(code, **environment):
    return subprocess.run([sys.executable, "-c", code], cwd=cli.ROOT, env={**os.environ, **environment},
                          capture_output=True, text=True)


@pytest.fixture(scope="module")
def found():
    done = child(CHILD)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("rule", ["masks", "relu", "relu is not quite zero", "bias", "relu of an input", "loss", "softmax",
                                  "sigmoid", "bytes", "Fortran's order", "float64", "skipped"])
def test_rule(found, rule):
    assert found[rule] is True


def test_dropout_scales_what_it_keeps_in_training_only(found):
    assert found["dropout"] == [[1], [0, pytest.approx(1 / 0.7)]]


def test_rmsprops_step_is_keras_own_and_in_place(found):
    assert found["rmsprop"] == [True] * 3


def test_weights_after_three_batches_are_those_of_2016(found):
    assert found["checksums"] == CHECKSUMS


def test_the_first_epoch_of_item_i_is_the_reports(found):
    assert found["epoch"] == [12819, 9106]


@pytest.mark.parametrize("before, flags, said", [("import legacy", ",cxx=", "need a C++ compiler"),
                                                 ("import legacy.fast.all", "", "legacy.fast.all adds in another order")])
def test_what_would_round_otherwise_is_refused(before, flags, said):
    done = child(f"{before}\nimport machine2016", THEANO_FLAGS=os.environ.get("THEANO_FLAGS", "") + flags)
    assert (done.returncode, done.stderr.count("Traceback")) == (2, 0)
    assert "machine2016: " in done.stderr and said in done.stderr
