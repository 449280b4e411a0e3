"""machine2016: each rule of the report's arithmetic, against the rule written out or against Theano's own.

It changes a whole process, so what needs it imported runs in children; the kernel is compiled and called directly.
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
# The networks' products as Theano asks Fortran for them: transa, transb, m, n, k, alpha; n or k is the batch.
SHAPES = [("N", "N", 512, 128, 784, 1), ("N", "N", 512, 128, 512, 1), ("N", "N", 10, 128, 512, 1),
          ("N", "T", 10, 512, 128, 1), ("N", "T", 10, 512, 128, 0.001), ("T", "N", 512, 128, 10, 1.25),
          ("T", "N", 512, 128, 10, 10), ("N", "T", 512, 512, 128, 1), ("N", "T", 512, 512, 128, 0.001),
          ("T", "N", 512, 128, 512, 1.25), ("N", "T", 512, 784, 128, 1), ("N", "T", 512, 784, 128, 0.001)]
BATCHES = [24, 96, 127, 1, 16]  # besides 128: the last ones of 15,000, 60,000 and 10,000 digits, and others
OTHERS = [("N", "N", 50, 1100, 60, 1), ("N", "N", 100, 70, 131, 1), ("T", "T", 50, 47, 7, 0.3), ("N", "N", 240, 1, 48, 1),
          ("T", "N", 11, 60, 100, 2)]


def compiled(folder, *flags, compiler="g++"):
    """sgemm.c as a function of NumPy arrays: (a, b, transa, transb, alpha, c, beta), Fortran's shapes and order."""
    source, library = folder / "sgemm.cpp", folder / f"sgemm{len(list(folder.iterdir()))}.so"
    source.write_text(f"""{SGEMM.read_text()}
        extern "C" void sgemm(char* ta, char* tb, int* m, int* n, int* k, float* alpha, float* a, int* lda,
                              float* b, int* ldb, float* beta, float* c, int* ldc)
        {{ sgemm_2016(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc); }}""")
    subprocess.check_call([compiler, "-O3", "-ffp-contract=off", "-shared", "-fPIC", "-Werror", *flags, "-o", library,
                           source])
    function = ctypes.CDLL(str(library)).sgemm

    def sgemm(a, b, transa, transb, alpha, c, beta):
        (m, n), k = c.shape, a.shape[1] if transa == "N" else a.shape[0]
        numbers = [ctypes.byref(ctypes.c_int(number)) for number in (m, n, k, len(a), len(b), m)]
        factors = [ctypes.byref(ctypes.c_float(factor)) for factor in (alpha, beta)]
        data = [array.ctypes.data_as(ctypes.c_void_p) for array in (a, b, c)]
        function(transa.encode(), transb.encode(), *numbers[:3], factors[0], data[0], numbers[3], data[1], numbers[4],
                 factors[1], data[2], numbers[5])
        return c
    return sgemm


@pytest.fixture(scope="module")
def sgemm(tmp_path_factory):
    if not shutil.which("g++"):
        pytest.skip("no g++")
    return compiled(tmp_path_factory.mktemp("sgemm"), *(["-march=native"] if platform.machine() == "x86_64" else []))


def operands(transa, transb, m, n, k, seed=0):
    """a and b, in Fortran's order, with zeros among their numbers."""
    random = np.random.default_rng(seed)
    arrays = []
    for trans, shape in (transa, (m, k)), (transb, (k, n)):
        values = random.standard_normal(shape, "float32") * (random.random(shape) < 0.6)
        arrays.append(np.asfortranarray(values if trans == "N" else values.T))
    return arrays


def element(a, b, c, tails):
    """The rule, for one element: A's row, B's column (alpha in one of them), what it starts from, tails 0 to 2."""
    for start in range(0, len(a), 48):
        terms = [x * y for x, y in zip(a[start:start + 48], b[start:start + 48])]
        if tails == 2 or len(terms) < 48 and (tails or len(terms) % 4):
            for term in terms:
                c = c + term
            continue
        from_c = len(terms) == 48 and not tails
        lanes = [c if from_c else np.float32(0)] + [np.float32(0)] * 3
        for q, term in enumerate(terms):
            lanes[q % 4] = lanes[q % 4] + term
        total = (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])
        c = total if from_c else c + total
    return c


def expected(a, b, transa, transb, alpha, c, row, column):
    a, b = a if transa == "N" else a.T, b if transb == "N" else b.T
    (m, n), k, alpha = c.shape, a.shape[1], np.float32(alpha)
    in_b = transa == "T" and (k > 10 or n <= 24)
    tails = 2 if m <= 11 else int(row >= m // 48 * 48) + int(column >= n // 48 * 48)
    return element(a[row] * (1 if in_b else alpha), b[:, column] * (alpha if in_b else 1), c[row, column], tails)


def with_batch(shape, batch):
    return tuple(batch if size == 128 else size for size in shape)


LAST_BATCHES = [with_batch(shape, batch) for batch in BATCHES for shape in SHAPES[::4]]


@pytest.mark.parametrize("shape", [*SHAPES, *LAST_BATCHES, *OTHERS], ids=str)
def test_a_product_is_summed_by_the_rule(sgemm, shape):
    transa, transb, m, n, k, alpha = shape
    a, b = operands(*shape[:5])
    got = sgemm(a, b, transa, transb, alpha, np.full((m, n), np.nan, "float32", order="F"), 0)
    for row in {0, m // 48 * 48 - 1, m // 48 * 48, m - 1} & set(range(m)):
        for column in {0, n // 48 * 48 - 1, n // 48 * 48, n - 1} & set(range(n)):
            assert got[row, column] == expected(a, b, transa, transb, alpha, np.zeros((m, n), "float32"), row, column)


def test_a_product_starts_from_beta_c(sgemm):
    a, b = operands("N", "N", 100, 60, 130)
    c = np.asfortranarray(np.random.default_rng(1).standard_normal((100, 60), "float32"))
    got = sgemm(a, b, "N", "N", 1, c.copy(order="F"), 0.5)
    for row, column in (0, 0), (99, 0), (0, 59), (99, 59):
        assert got[row, column] == expected(a, b, "N", "N", 1, np.float32(0.5) * c, row, column)
    assert np.allclose(got, a @ b + 0.5 * c, atol=1e-4)


def test_all_widths_of_vectors_give_equal_bits(sgemm, tmp_path):
    if platform.machine() != "x86_64":
        pytest.skip("SSE2, AVX and AVX-512 are x86-64's")
    known = Path("/proc/cpuinfo").read_text() if os.path.exists("/proc/cpuinfo") else ""
    widths = [flags for name, flags in (("sse2", ["-march=x86-64"]), ("avx2", ["-march=haswell"]),
                                        ("avx512f", ["-mavx512f"])) if name in known]
    kernels = [compiled(tmp_path, *flags) for flags in widths]
    for shape in SHAPES[0], SHAPES[4], SHAPES[9], with_batch(SHAPES[10], 127), *OTHERS:
        transa, transb, m, n, k, alpha = shape
        a, b = operands(*shape[:5])
        products = [kernel(a, b, transa, transb, alpha, np.zeros((m, n), "float32", order="F"), 0)
                    for kernel in [sgemm, *kernels]]
        assert all(np.array_equal(products[0], product) for product in products[1:])


def child(code, **environment):
    """What a child prints as JSON in its last line, after `import machine2016`, Keras and NumPy."""
    before = "import machine2016, json\nimport keras, theano\nimport numpy as np\nfrom keras import backend as K\n"
    done = subprocess.run([sys.executable, "-c", before + code], cwd=cli.ROOT, env={**os.environ, **environment},
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


# A network of the report's kind: small, with all that its variants have.
SMALL = """
def weights(activation="relu", dropout=0.3, hidden=(60, 20), inputs=130, batches=(20, 7)):
    np.random.seed(1)
    x, y = np.random.rand(30, inputs).astype("float32"), np.eye(10, dtype="float32")[np.arange(30) % 10]
    model = keras.models.Sequential()
    for number, units in enumerate(hidden):
        model.add(keras.layers.Dense(units, **({} if number else {"input_shape": (inputs,)})))
        model.add(keras.layers.Activation(activation))
        if dropout:
            model.add(keras.layers.Dropout(dropout))
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.compile("rmsprop", "categorical_crossentropy")
    for batch in batches:
        model.train_on_batch(x[:batch], y[:batch])
    return [repr(float(value.sum(dtype="float64"))) for value in [*model.get_weights(), model.predict(x)]]
print(json.dumps([weights(), weights("sigmoid"), weights(dropout=0)]))
"""


@pytest.fixture(scope="module")
def small():
    return child(SMALL)[0]


def test_without_a_compiler_numpy_gives_equal_bits_and_says_so(small):
    slow, said = child(SMALL, THEANO_FLAGS=f"{os.environ.get('THEANO_FLAGS', '')},cxx=")
    assert slow == small
    assert "machine2016: without a C++ compiler NumPy adds up the products: the same numbers" in said


@pytest.mark.slow
def test_legacys_own_speedups_change_no_bit(small):
    assert child(SMALL.replace("\ndef", "\nimport legacy.fast.all\ndef", 1))[0] == small
    before = "import legacy.fast.all\n"
    code = f"{before}import machine2016, json, keras\nimport numpy as np\n{SMALL}"
    done = subprocess.run([sys.executable, "-c", code], cwd=cli.ROOT, capture_output=True, text=True)
    assert json.loads(done.stdout.splitlines()[-1]) == small


def test_a_compiler_that_fails_on_sgemm_gets_a_sentence(tmp_path):
    compiler = tmp_path / "half-g++"
    compiler.write_text('#!/bin/sh\nfor file in "$@"; do case $file in *.cpp) if grep -q sgemm_2016 "$file"; then\n'
                        'echo "mod.cpp:7: error: no vectors here" >&2; exit 1; fi;; esac; done\nexec g++ "$@"\n')
    compiler.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", "import machine2016, keras, theano\na = theano.tensor.fmatrix()\n"
                           "theano.function([a], theano.tensor.dot(a, a))"], cwd=cli.ROOT, capture_output=True,
                          text=True,
                          env={**os.environ, "THEANO_FLAGS": f"base_compiledir={tmp_path / 'modules'},cxx={compiler}"})
    assert done.returncode == 2
    assert "fails on sgemm.c (error: no vectors here)." in done.stderr
    assert "Traceback" not in done.stderr


TRAINING = """
import hashlib
from tp2 import datasets
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


model, sums = network(), []
for batch in slice(128), slice(128, 256), slice(256, 280):
    model.train_on_batch(x[batch], y[batch])
    sums.append(hashlib.sha256(b"".join(value.astype("<f4").tobytes() for value in model.get_weights())).hexdigest())
history = network().fit(x[:15000], y[:15000], batch_size=128, epochs=1, verbose=0, validation_data=test).history
after = str(np.random.get_state()[1:3])
np.random.seed(1337)
machine2016.draws.skip_training(samples=15000, epochs=1)
print(json.dumps([sums, round(15000 * float(history["accuracy"][0])), round(10000 * float(history["val_accuracy"][0])),
                  after == str(np.random.get_state()[1:3])]))
"""


@pytest.fixture(scope="module")
def training():
    return child(TRAINING)[0]


def test_weights_after_three_batches_are_those_of_2016(training):
    assert training[0] == CHECKSUMS


def test_the_first_epoch_of_item_i_is_the_reports(training):
    assert training[1:3] == [12819, 9106]


def test_skip_training_takes_what_a_training_takes(training):
    assert training[3]


def test_a_pair_is_two_products_whichever_factor_has_more_zeros():
    equal, _ = child("""
x, y, factor = theano.tensor.fmatrix(), theano.tensor.fmatrix(), theano.tensor.fscalar()
pair = theano.function([x, y, factor], machine2016.products.Pair()(x, y, factor))
random, equal = np.random.RandomState(0), []
for (rows, k, columns) in (100, 128, 130), (130, 24, 100), (97, 127, 53), (60, 50, 10), (10, 128, 1):
    for kept in (0.2, 0.8), (0.8, 0.2):
        a, b = [(random.randn(k, size) * (random.rand(k, size) < share)).astype("float32")
                for size, share in zip((rows, columns), kept)]
        for got, alpha in zip(pair(a.T, b, np.float32(0.001)), (1, 0.001)):
            equal.append(bool((got == machine2016.products.product(a.T, b, alpha)).all()))
print(json.dumps(equal))
""")
    assert equal == [True] * 20


def test_other_types_orders_and_shapes():
    result, _ = child("""
def losses(inputs, floatx="float32", weights=None):
    K.set_floatx(floatx)
    np.random.seed(1)
    x, y = np.random.randint(0, 9, (40, 6)).astype(inputs), np.eye(3)[np.arange(40) % 3]
    a = keras.layers.Input((6,), dtype=inputs)
    model = keras.models.Model(a, keras.layers.Dense(3, activation="softmax")(a))
    model.compile("rmsprop", "categorical_crossentropy")
    if weights:
        model.set_weights(weights(*model.get_weights()))
    return model.fit(x, y, epochs=5, verbose=0, shuffle=False).history["loss"]


def error(output, *inputs, given):
    try:
        theano.function(inputs, output)(*(np.ones(shape, "float32") for shape in given))
    except ValueError as error:
        return str(error).splitlines()[0]


x, w, b = theano.tensor.fmatrix(), theano.tensor.fmatrix(), theano.tensor.fvector()
plain = losses("float32")
print(json.dumps({
    "bytes": np.allclose(losses("uint8"), plain, rtol=1e-4), "float64": np.allclose(losses("float64", "float64"), plain, rtol=1e-4),
    "Fortran's order": losses("float32", weights=lambda w, b: [np.asfortranarray(w), b]) == plain,
    "bias": error(K.relu(K.bias_add(K.dot(x, w), b)), x, w, b, given=((4, 6), (6, 5), 3)),
    "targets": error(K.categorical_crossentropy(w, x), x, w, given=((4, 5), (2, 5)))}))
""")
    wrong = "machine2016: a matrix of {} x {}, where {} x {} is needed"
    assert result == {"bytes": True, "float64": True, "Fortran's order": True, "bias": wrong.format(1, 3, 1, 5),
                      "targets": wrong.format(2, 5, 4, 5)}


def test_masks_are_those_of_theanos_mrg():
    equal, _ = child("""
from theano.sandbox.rng_mrg import MRG_RandomStreams
x, phase = theano.tensor.fmatrix(), K.learning_phase()
theirs = theano.function([x], MRG_RandomStreams(2016).binomial(x.shape, p=0.7, dtype="float32"))
ours = theano.function([x, phase], machine2016.draws.mask(2016, x, 0.7, phase))
equal = []
for rows, training in (128, 1), (24, 1), (128, 0), (1, 1), (127, 1):
    value = np.zeros((rows, 512), "float32")
    mask, other = theirs(value), ours(value, training)
    equal.append(bool((other == (mask if training else 1)).all()))  # in a test none is used, but all are drawn
print(json.dumps(equal))
""")
    assert equal == [True] * 5


def test_graph_where_theano_0_8_differed():
    result, _ = child("""
import math
T = theano.tensor
x, w, b, g = T.fmatrix(), T.fmatrix(), T.fvector(), T.fmatrix()
random = np.random.RandomState(0)
rounds = [random.randn(*shape).astype("float32") for shape in ((50, 30), (30, 40), (40,), (50, 40))]
a = T.dot(x, w) + K.reshape(b, (1, 40))
values = theano.function([x, w, b], [T.dot(x, w), K.relu(a)])(*rounds[:3])
sum_2016 = np.float32(0.5) * ((np.abs(values[0] + rounds[2]) + values[0]) + rounds[2])
gradient = theano.function([x, w, b, g], T.grad((K.relu(a) * g).sum(), b))(*rounds)
active = np.where(values[0] + rounds[2] > 0, rounds[3], 0)
p, t, weight = T.fmatrix(), T.fmatrix(), T.fvector()
share = random.rand(24, 10).astype("float32")
share /= share.sum(axis=1, keepdims=True)
target = np.eye(10, dtype="float32")[np.arange(24) % 10]
weights = random.rand(24).astype("float32")
from keras.backend import theano_backend
low, high = np.float32(1e-7), np.float32(1 - 1e-7)
plain = T.nnet.categorical_crossentropy(T.clip(p / p.sum(axis=-1, keepdims=True), low, high), t)


def derivatives(loss):
    first = T.grad((loss * weight).mean(), p)
    return theano.function([p, t, weight], [first, T.grad((first ** 2).sum(), p)])(share, target, weights)


ours, theirs = derivatives(K.categorical_crossentropy(t, p)), derivatives(plain)
z = T.fmatrix()
logits = 5 * random.randn(8, 10).astype("float32")
softmax = theano.function([z], K.softmax(z))(logits)
powers = [[np.float32(math.exp(value)) for value in row - row.max()] for row in logits]
by_hand = np.float32([[value * (1.0 / sum(row, np.float64(0))) for value in row] for row in powers])
sigmoid = theano.function([z], K.sigmoid(z))(logits)
sigmoid_by_hand = np.float32([[1 / (1 + math.exp(-value)) if value <= 15 else 1 for value in row]
                              for row in logits.astype(float)])
print(json.dumps({
    "relu": bool((values[1] == sum_2016).all()), "not zero": bool((values[1][values[0] + rounds[2] < 0] != 0).any()),
    "bias": bool((gradient == active.sum(axis=0, dtype="float64").astype("float32")).all()),
    "plain relu": theano.function([x], K.relu(x))(rounds[0]).tolist() == np.maximum(rounds[0], 0).tolist(),
    "weighted": bool(np.allclose(ours[0], theirs[0], rtol=1e-4, atol=1e-7)),
    "second": bool(np.allclose(ours[1], theirs[1], rtol=1e-3, atol=1e-5)),
    "softmax": bool((softmax == by_hand).all()), "sigmoid": bool((sigmoid == sigmoid_by_hand).all())}))
""")
    assert all(result.values()), result


def test_without_it_keras_and_theano_are_as_before():
    code = ("import legacy, sys, keras, theano\nfrom keras import backend as K\n"
            "from theano.tensor import blas\n"
            "print([K.relu.__module__, K.categorical_crossentropy.__module__, keras.layers.Dropout.call.__module__,"
            "keras.initializers.VarianceScaling.__call__.__module__, keras.optimizers.RMSprop.get_updates.__module__],"
            "'2016' in blas.GemmRelated().c_support_code(), 'contract' in theano.config.gcc.cxxflags,"
            "'machine2016' in sys.modules)")
    done = subprocess.run([sys.executable, "-c", code], cwd=cli.ROOT, capture_output=True, text=True)
    assert "machine2016" not in done.stdout.split("]")[0]
    assert done.stdout.split("]")[1].split() == ["False"] * 3
