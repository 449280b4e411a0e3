"""legacy.fast: faster, and as right as without. The speed-ups run in processes of their own."""
import legacy

import functools
import os

import numpy as np
import pytest
import theano

import conftest

child = functools.partial(conftest.child, THEANO_FLAGS="")  # with the usual flags
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not theano.config.cxx, reason="no compiler")]

# --- startup: no number changes ---------------------------------------------------------


def test_a_second_process_compiles_nothing_and_a_start_imports_little():
    """Not Ops without parameters (Dot22) or with a file of C code (DimShuffle), nor what Theano tries at every start."""
    code = """
import subprocess, sys
ran = []
plain = subprocess.Popen.__init__
def popen(self, command, *rest, **more):
    ran.append(str(command))
    plain(self, command, *rest, **more)
subprocess.Popen.__init__ = popen
import legacy.fast.all, theano
import theano.tensor as T
x, v = T.matrix(), T.vector()
theano.function([x, v], [T.dot(x, x), x + v, T.dot(x, v)])
print("-o" in " ".join(ran), len(ran))
assert not {"scipy.stats", "scipy.signal"} & sys.modules.keys()
from theano.scalar.basic_scipy import Chi2SF
assert abs(Chi2SF.st_impl(3., 2.) - 0.2231302) < 1e-6 and sys.modules["scipy.stats"].chi2"""
    child(code)
    compiled, commands = child(code).stdout.split()
    assert compiled == "False" and int(commands) > 0


# --- headers: no number changes ---------------------------------------------------------

# Prints "! <the precompiled header>" for each module that g++ takes it for, and how often it was made.
COMPILE = """
import legacy, theano, subprocess
from theano.gof import cmodule
plain, run = cmodule.output_subprocess_Popen, subprocess.run
def heard(command):
    answer = plain([*command, "-H"])
    print(*(line for line in answer[1].decode().splitlines() if line.startswith(("!", "x"))), sep="\\n")
    return answer
def counted(command, **keywords):
    print("made" * ("c++-header" in command))
    return run(command, **keywords)
cmodule.output_subprocess_Popen, subprocess.run = heard, counted
x = theano.tensor.vector(dtype="float32")
assert theano.function([x], x {0} 3)([1.5]) == 1.5 {0} 3
"""


@pytest.mark.skipif(legacy.compiler.is_clang(), reason="g++ only")
def test_modules_take_the_precompiled_header_and_go_without_if_it_fails_once(tmp_path):
    flags = {"THEANO_FLAGS": f"base_compiledir={tmp_path}"}
    first = child(COMPILE.format("*"), **flags).stdout
    precompiled, = tmp_path.glob("*/headers-*.gch")
    assert f"! {precompiled}" in first and "made" in first
    second = child(COMPILE.format("+"), **flags).stdout
    assert f"! {precompiled}" in second and "made" not in second
    precompiled.unlink()                                                # as after a g++ that failed
    third = child(COMPILE.format("-"), **flags).stdout
    assert "!" not in third and "made" not in third


# --- sums -------------------------------------------------------------------------------

def test_a_sum_is_several_at_once_and_keeps_nan_and_infinity():
    """Several at once also by g++ 13 and 16, which have to be told; not by clang++."""
    child("""
import legacy.fast.all, theano, theano.tensor as T, numpy as np
x = T.vector(dtype="float32")
total = theano.function([x], x.sum(dtype="float64"))
ones = [1] * 1000
several = total(np.float32([2 ** 60, *ones])) > 2 ** 60        # one after the other, each 1 would be lost
assert several or legacy.compiler.is_clang()
assert total(np.float32([np.inf, *ones])) == np.inf
assert np.isnan(total(np.float32([np.inf, -np.inf, *ones]))) and np.isnan(total(np.float32([*ones, np.nan])))""")


def test_nan_is_kept():
    child("""
import legacy.fast.all, numpy as np, theano, theano.tensor as T
x = T.vector()
assert theano.function([x], [T.isnan(x), T.sqrt(x)])(np.array([np.nan, 1, np.inf], "float32"))[0].tolist() == [1, 0, 0]""")


# --- blas -------------------------------------------------------------------------------

@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_split_product_is_right_in_every_order_of_memory(dtype):
    child(f"dtype = {dtype!r}" + """
import legacy.fast.all, theano, theano.tensor as T, numpy as np
random = np.random.RandomState(0)
x, y, z = (theano.shared(random.randn(*shape).astype(dtype)) for shape in ((131, 97), (97, 201), (131, 201)))
x_t, y_t = (theano.shared(v.get_value().T.copy()) for v in (x, y))
total = theano.shared(z.get_value())
f = theano.function([], [T.dot(x, y), T.dot(x_t.T, y), T.dot(x, y_t.T), T.dot(x_t.T, y_t.T), T.dot(y.T, x.T)])
add = theano.function([], updates=[(total, 0.5 * total + np.asarray(3, dtype) * T.dot(x, y))])
assert "Gemm{inplace}" in [str(node.op) for node in add.maker.fgraph.toposort()]
assert "split" in T.blas.Dot22().c_code_cache_version()
product = x.get_value().astype(float) @ y.get_value()
tolerance = 1e-4 if dtype == "float32" else 1e-12
for got in f():
    assert np.allclose(got.T if got.shape[0] == 201 else got, product, atol=tolerance)
add()
assert np.allclose(total.get_value(), 0.5 * z.get_value() + 3 * product, atol=3 * tolerance)""")


def test_a_products_number_depends_on_no_core_and_a_fork_can_go_on():
    code = """
import legacy.fast.all, os, hashlib
import numpy as np, theano, theano.tensor as T
x = theano.shared(np.random.RandomState(0).randn(400, 400).astype("float32"))
f = theano.function([], T.dot(x, x.T))
print(hashlib.md5(f().tobytes()).hexdigest(), flush=True)
child = os.fork()
if not child:
    f()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0"""
    ways = [child(code), child(code, OMP_NUM_THREADS="1")]
    if hasattr(os, "sched_setaffinity"):
        ways.append(child("import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n" + code))
    assert len({done.stdout for done in ways}) == 1


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
