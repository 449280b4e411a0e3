"""legacy.fast: faster, and as right as without. It changes how Theano compiles, so each test has processes of its own."""
import legacy

import functools
import os

import numpy as np
import pytest
import theano

import conftest

child = functools.partial(conftest.child, THEANO_FLAGS="")  # compiled with the usual flags
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not theano.config.cxx, reason="no compiler")]


# --- startup, headers: no number changes ------------------------------------------------

# Prints "! <the precompiled header>" for each module that g++ takes it for, "made" if it is, and what Theano ran.
COMPILE = """
import subprocess, sys
ran, plain = [], subprocess.Popen.__init__
def popen(self, command, *rest, **more):
    ran.append(" ".join(map(str, command)))
    plain(self, command, *rest, **more)
subprocess.Popen.__init__ = popen
import legacy.fast.all, theano
import theano.tensor as T
from theano.gof import cmodule
output = cmodule.output_subprocess_Popen
def heard(command):
    answer = output([*command, "-H"])
    print(*(line for line in answer[1].decode().splitlines() if line.startswith(("!", "x"))), sep="\\n")
    return answer
cmodule.output_subprocess_Popen = heard
x, v = T.matrix(), T.vector()
theano.function([x, v], [T.dot(x, x), x {0} v, T.dot(x, v)])
print("made" * any("c++-header" in command for command in ran), "compiled" * any(" -o " in command for command in ran), len(ran))
assert not {{"scipy.stats", "scipy.signal"}} & sys.modules.keys()
from theano.scalar.basic_scipy import Chi2SF
assert abs(Chi2SF.st_impl(3., 2.) - 0.2231302) < 1e-6 and sys.modules["scipy.stats"].chi2"""


@pytest.mark.skipif(legacy.compiler.is_clang(), reason="g++ only")
def test_modules_are_compiled_once_with_a_precompiled_header_and_a_start_imports_little(tmp_path):
    """Also Ops without parameters (Dot22), those with a file of C code (DimShuffle), and what Theano tries at every start."""
    flags = {"THEANO_FLAGS": f"base_compiledir={tmp_path}"}
    first, second, third = (child(COMPILE.format(sign), **flags).stdout for sign in "++*")
    precompiled, = tmp_path.glob("*/headers-*.gch")
    assert f"! {precompiled}" in first and "made" in first
    assert "compiled" not in second and int(second.split()[-1]) > 0    # g++ --version
    assert f"! {precompiled}" in third and "made" not in third
    precompiled.unlink()                                               # as after a g++ that failed
    fourth = child(COMPILE.format("-"), **flags).stdout
    assert "!" not in fourth and "made" not in fourth and "compiled" in fourth


# --- sums, blas -------------------------------------------------------------------------

def test_a_sum_is_several_at_once_and_nan_and_infinity_are_kept():
    """Several at once also by g++ 13 and 16, which have to be told; not by clang++."""
    child("""
import legacy.fast.all, theano, theano.tensor as T, numpy as np
x = T.vector(dtype="float32")
total, isnan = theano.function([x], x.sum(dtype="float64")), theano.function([x], T.isnan(x) + T.isnan(T.sqrt(x)))
ones = [1] * 1000
several = total(np.float32([2 ** 60, *ones])) > 2 ** 60        # one after the other, each 1 would be lost
assert several or legacy.compiler.is_clang()
assert total(np.float32([np.inf, *ones])) == np.inf
assert np.isnan(total(np.float32([np.inf, -np.inf, *ones]))) and np.isnan(total(np.float32([*ones, np.nan])))
assert isnan(np.float32([np.nan, 1, np.inf, -1])).tolist() == [1, 0, 0, 1]""")


PRODUCTS = """
import legacy.fast.all, theano, theano.tensor as T, numpy as np, hashlib, os
numbers = hashlib.md5()
for dtype, tolerance in ("float32", 1e-4), ("float64", 1e-12):
    random = np.random.RandomState(0)
    x, y, z = (theano.shared(random.randn(*shape).astype(dtype)) for shape in ((131, 97), (97, 201), (131, 201)))
    x_t, y_t = (theano.shared(v.get_value().T.copy()) for v in (x, y))
    total = theano.shared(z.get_value())
    f = theano.function([], [T.dot(x, y), T.dot(x_t.T, y), T.dot(x, y_t.T), T.dot(x_t.T, y_t.T), T.dot(y.T, x.T), T.dot(x, y[:, 0])])
    add = theano.function([], updates=[(total, 0.5 * total + np.asarray(3, dtype) * T.dot(x, y))])
    assert "Gemm{inplace}" in [str(node.op) for node in add.maker.fgraph.toposort()]
    product = x.get_value().astype(float) @ y.get_value()
    for got, want in zip(f(), [product] * 4 + [product.T, product[:, 0]]):
        assert np.allclose(got, want, atol=tolerance)
        numbers.update(got.tobytes())
    add()
    assert np.allclose(total.get_value(), 0.5 * z.get_value() + 3 * product, atol=3 * tolerance)
print("split" in T.blas.Dot22().c_code_cache_version(), numbers.hexdigest(), flush=True)
child = os.fork()
if not child:
    f()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0"""


def test_a_split_product_is_right_in_every_order_of_memory_and_depends_on_no_core():
    """And a forked process can go on."""
    ways = [child(PRODUCTS).stdout, child(PRODUCTS, OMP_NUM_THREADS="1").stdout]
    if hasattr(os, "sched_setaffinity"):
        ways.append(child("import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n" + PRODUCTS).stdout)
    assert len(set(ways)) == 1 and ways[0].startswith("True ")
    assert child(PRODUCTS, THEANO_FLAGS="blas.ldflags=").stdout.startswith("False ")  # the user's flag


def test_a_training_is_the_same_with_and_without(tmp_path):
    """Ten epochs of Keras: equal with the speed-ups of `import legacy`, and to rounding with all."""
    code = """
import numpy as np, keras
np.random.seed(1)
x = np.random.rand(256, 20).astype("float32"); y = np.eye(3)[np.random.randint(3, size=256)]
m = keras.models.Sequential([keras.layers.Dense(30, activation="relu", input_shape=(20,)), keras.layers.Dense(3, activation="softmax")])
m.compile(keras.optimizers.RMSprop(), "categorical_crossentropy")
print(*m.fit(x, y, epochs=10, batch_size=32, verbose=0).history["loss"])"""
    off, plain, fast = (np.array(child(first + code, **environment).stdout.split(), float) for first, environment in (
        ("import legacy", {"LEGACY_FAST": "0", "THEANO_FLAGS": f"base_compiledir={tmp_path}"}),
        ("import legacy", {}), ("import legacy.fast.all", {})))
    assert len(off) == 10 and (off == plain).all() and np.allclose(off, fast, rtol=1e-4)
