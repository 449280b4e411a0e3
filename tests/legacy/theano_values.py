"""What Theano computes on the stack at hand, a line each: name = type values.

    python tests/theano_values.py float32 >here.txt                 # on NumPy alone; float64 too
    python tests/theano_values.py float32 compiled >here.txt        # a part of it, compiled
    python tests/theano_values.py float32 compiled fast >here.txt   # with legacy.fast.all; also without `compiled`

tests/fixtures/theano_values_*.txt are the lines of the last pins before NumPy 2 (Python 3.11, NumPy
1.23.5, SciPy 1.15.3); tests/test_legacy_values.py compares. Only an error's type is noted.
Convolution and pooling without a compiler ended in errors there; their lines are the compiled ones.
"""
import os
import sys
import tempfile

if __name__ == "__main__":
    FLOATX, COMPILE, FAST = sys.argv[1], "compiled" in sys.argv, "fast" in sys.argv
    flags = [f"floatX={FLOATX}"]
    if not COMPILE:
        flags += ["cxx=", f"base_compiledir={tempfile.mkdtemp()}"]
    elif not FAST:
        flags.append("gcc.cxxflags=-O0")  # compiles three times faster
    os.environ["THEANO_FLAGS"] = ",".join(flags)
    if FAST:
        import legacy.fast.all
    else:
        import legacy

import warnings
from random import Random

import numpy as np
import theano
import theano.tensor as T
import theano.tensor.nnet.neighbours
import theano.tensor.signal.pool
import theano.tensor.slinalg
from theano.sandbox.rng_mrg import MRG_RandomStreams
from theano.tensor.shared_randomstreams import RandomStreams

DTYPES = ["bool", "int8", "uint8", "int16", "int32", "uint32", "int64", "uint64",
          "float16", "float32", "float64", "complex64", "complex128"]
NUMBERS = [0, 1, -1, 127, 128, 255, 256, -129, 300, 32768, 65536, 2**31, 2**32, 2**40, 2**63, -2**63, 2**64,
           1.0, 0.1, 0.5, 1.7, 1e-300, 1e300, 1e10, float("nan"), float("inf"), True]

ELEMENTWISE = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b,
    "//": lambda a, b: a // b, "%": lambda a, b: a % b, "**": lambda a, b: a ** b,
    "maximum": T.maximum, "lt": T.lt, "eq": T.eq, "switch": lambda a, b: T.switch(T.eq(a, 1), a, b),
}
UNARY = ["neg", "abs_", "sgn", "sqr", "inv", "sqrt", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p",
         "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arctanh", "deg2rad",
         "ceil", "floor", "trunc", "iround", "erf", "erfc", "gamma", "gammaln", "psi", "isnan", "isinf", "real", "imag",
         "conj", "angle", "zeros_like", "sum", "prod", "mean", "var", "std", "max", "min", "argmax", "argmin", "any",
         "all", "cumsum", "cumprod", "sort", "argsort", "shape", "diff"]


def show(name, value):
    """One line of the table."""
    value = np.asarray(value)
    print(f"{name} = {value.dtype} {' '.join(map(str, value.ravel()))}")


def show_call(name, call):
    """One line, or the type of the error that `call` raises."""
    try:
        value = call()
    except Exception as error:
        print(f"{name} = {type(error).__name__}")
    else:
        show(name, value)


def show_graphs(inputs, values, graphs, linker=None):
    """A line for each of `graphs`, {name: a function without arguments that makes it}, in one Theano function."""
    made = {}
    for name, make in graphs.items():
        try:
            made[name] = make()
        except Exception as error:
            print(f"{name} = {type(error).__name__} in the graph")
    mode = theano.Mode(linker, "fast_run") if linker else theano.compile.get_default_mode()

    def run(outputs):
        return theano.function(inputs, outputs, mode=mode, on_unused_input="ignore")(*values)

    try:
        results = run(list(made.values()))
    except Exception:  # one of them: which?
        for name, graph in made.items():
            show_call(name, lambda: run(graph))
    else:
        for name, result in zip(made, results):
            show(name, result)


def constants():
    """The types that Theano gives to Python's numbers."""
    for policy in ("custom", "numpy+floatX"):
        theano.config.cast_policy = policy
        for number in NUMBERS:
            show_call(f"{policy} constant {number}", lambda: T.constant(number).data)
            show_call(f"{policy} scalar {number}", lambda: theano.scalar.constant(number).data)
    theano.config.cast_policy = "custom"
    with theano.scalar.autocast_float_as("float16", "float32"):
        show("autocast_float_as 0.1", T.constant(0.1).data)
        show("autocast_float_as 0.5", T.constant(0.5).data)
    for dtype in DTYPES:
        for number in [*NUMBERS, [300, -1], np.float32(1.1), np.float64(1.1), np.int64(300)]:
            name = f"{type(number).__name__} {number}"
            show_call(f"_asarray {name} {dtype}", lambda: theano._asarray(number, dtype))


def elementwise(dtypes, others, numbers, linker=None):
    """Operators on arrays of each type with numbers and with arrays of other types; functions of one array."""
    for dtype in dtypes:
        x = T.vector("x", dtype=dtype)
        value = np.array([1, 2, 3]).astype(dtype)
        ys = {other: T.vector(dtype=other) for other in others}
        graphs = {f"{dtype} {sign} {number}": lambda f=function, n=number: f(x, n)
                  for number in numbers for sign, function in ELEMENTWISE.items()}
        for sign in "/", "//", "**":
            function = ELEMENTWISE[sign]
            graphs.update({f"{number} {sign} {dtype}": lambda f=function, n=number: f(n, x) for number in numbers})
            graphs.update({f"{dtype} {sign} {other}": lambda f=function, y=y: f(x, y) for other, y in ys.items()})
        show_graphs([x, *ys.values()], [value, *(np.array([3, 1, 2]).astype(other) for other in others)], graphs, linker)


def unary(dtypes, names):
    for dtype in dtypes:
        x = T.vector("x", dtype=dtype)
        functions = {name: getattr(T, name, None) or getattr(T.extra_ops, name) for name in names}
        for name in ("sigmoid", "softplus", "relu", "elu"):
            functions[name] = getattr(T.nnet, name)
        show_graphs([x], [np.array([1, 0, 3, 2]).astype(dtype)],
                    {f"{name} {dtype}": lambda f=function: f(x) for name, function in functions.items()})


# Those whose C code differs from a plain loop over the elements.
COMPILED = {"dot", "gemv", "outer", "max", "argmax", "argmax all", "cumsum", "cumsum 0", "cumprod 1", "subtensor", "advanced 1", "set",
            "inc", "inc rows", "inc row", "inc number", "inc vector", "set rows", "inc ints", "inc advanced", "join", "stack",
            "softmax", "crossentropy", "conv", "pool max", "pool average", "images2neibs", "gradient of softmax",
            "gradient of an embedding", "gradient of pool", "scan", "complex", "complex product", "mean", "arange int8", "logsumexp"}


def graphs(compiled=False):
    """Expressions that Theano's optimizer rewrites, gradients, indices, nnet."""
    x, y, i = T.matrix("x"), T.vector("y"), T.lvector("i")
    small = T.constant(100, dtype="int8")
    softmax = T.nnet.softmax(x)
    image, kernel = x.reshape((1, 1, 4, 3)), x[:2, :2].reshape((1, 1, 2, 2))
    outs = {
        "x * 2 * 3.3": x * 2 * 3.3, "x / 3 / 0.7": x / 3 / 0.7, "x ** -0.5": abs(x) ** -0.5, "x ** 3": x ** 3, "1 / x": 1 / x,
        "x - 0.1 + 0.2": x - 0.1 + 0.2, "100 + 100 in int8": small + small, "shape * 200": x.shape[0] * 200,
        "int8 / int8": small / small, "x.sum() * 0.1": x.sum() * 0.1, "mean": x.mean(axis=0), "var": x.var(axis=1),
        "arange": T.arange(5), "arange float": T.arange(0, 1, 0.3), "arange int8": T.arange(small), "eye": T.eye(3),
        "alloc": T.alloc(0.1, 2, 2), "ones_like": T.ones_like(i), "stack": T.stack([y, y * 2]), "join": T.concatenate([y, i]),
        "clip": T.clip(x, 0.1, 2), "repeat": T.repeat(y, 2), "tile": T.tile(y, 2), "one hot": T.extra_ops.to_one_hot(i, 3),
        "bincount": T.extra_ops.bincount(i), "diff": T.extra_ops.diff(y), "dot": T.dot(x, x.T), "gemv": T.dot(x, y[:3]),
        "outer": T.outer(y, y), "norm": x.norm(2), "max": T.max(x), "argmax": x.argmax(axis=1), "argmax all": x.argmax(),
        "cumsum": T.cumsum(x), "cumsum 0": T.cumsum(x, axis=0), "cumprod 1": T.cumprod(x, axis=1), "sort": T.sort(x, axis=0),
        "argsort": T.argsort(x), "subtensor": x[1:, ::-1], "advanced 1": x[i], "advanced": x[i, i], "mask": y[T.gt(y, 0).nonzero()],
        "boolean": x[T.gt(x, 0.2)], "set": T.set_subtensor(x[0], 7), "inc": T.inc_subtensor(x[:, 1], y),
        "inc rows": T.inc_subtensor(x[i], x[:3]), "inc row": T.inc_subtensor(x[i], y[:3]), "inc number": T.inc_subtensor(x[i], 0.1),
        "inc vector": T.inc_subtensor(y[i], y[:3]), "set rows": T.set_subtensor(x[i], x[:3]),
        "inc ints": T.inc_subtensor(T.arange(4)[i], 5), "inc advanced": T.inc_subtensor(x[i, i], y[:3]), "softmax": softmax, "crossentropy":
        T.nnet.categorical_crossentropy(softmax, T.arange(4) % 3), "binary": T.nnet.binary_crossentropy(T.nnet.sigmoid(x), 0.3),
        "hard sigmoid": T.nnet.hard_sigmoid(x), "ultra fast sigmoid": T.nnet.ultra_fast_sigmoid(x),
        "logsumexp": T.log(T.sum(T.exp(x), axis=1)), "batchnorm":
        T.nnet.bn.batch_normalization_test(x, x[:1], x[:1], x[:1], abs(x[:1]) + 1), "conv": T.nnet.conv2d(image, kernel),
        "conv half": T.nnet.conv2d(image, kernel, border_mode="half", subsample=(2, 1)),
        "pool max": T.signal.pool.pool_2d(image, (2, 2), ignore_border=True),
        "pool average": T.signal.pool.pool_2d(image, (2, 2), ignore_border=True, mode="average_exc_pad"),
        "images2neibs": T.nnet.neighbours.images2neibs(image, (2, 1)), "gradient of softmax": T.grad(T.log(softmax)[0, 0], x),
        "gradient of an embedding": T.grad((x[i] ** 2).sum(), x), "gradient of a number": T.grad((x[:, 0] ** 2.5).sum(), y,
                                                                                           disconnected_inputs="ignore"),
        "gradient of conv": T.grad(T.nnet.conv2d(image, kernel).sum(), x), "gradient of pool":
        T.grad(T.signal.pool.pool_2d(image, (2, 2), ignore_border=True).sum(), x), "inverse": T.nlinalg.matrix_inverse(T.dot(x.T, x)),
        "det": T.nlinalg.det(T.dot(x.T, x)), "cholesky": T.slinalg.cholesky(T.dot(x.T, x)), "trace": T.nlinalg.trace(x[:3]),
        "diagonal": T.nlinalg.extract_diag(x[:3]), "scan": theano.scan(lambda a, b: a * 0.5 + b, x, T.zeros_like(x[0]))[0],
        "complex": abs(T.complex(x, x + 1)), "complex product": (T.complex(x, x + 1) * T.complex(x, 2 * x)).imag,
        "searchsorted": T.extra_ops.searchsorted(T.sort(y), y), "unique": T.extra_ops.Unique()(i), "roll": T.roll(y, 1),
        "tril": T.tril(x), "all close": T.allclose(x, x + 1e-9), "mod": T.mod(x, 0.3), "int division": x // 0.3,
    }
    values = [[1, -2, 3], [.1, .2, .3], [4, .5, -6], [.7, 8, .9]], [0.1, -3, 2, 0.7], [1, 0, 1]
    show_graphs([x, y, i], [np.array(value).astype(variable.dtype) for value, variable in zip(values, (x, y, i))],
                {f"graph {name}": lambda out=out: out for name, out in outs.items() if name in COMPILED or not compiled})


def expression(choose, leaves, depth):
    """A random expression of `leaves` and numbers, which Theano fuses to one Op."""
    if not depth or choose(range(10)) == 0:
        number = choose([0.1, 0.5, 2, 3, -1, 200, 1.7, 70000, np.float32(0.3), np.int8(100), np.float64(0.25)])
        return choose([choose(leaves), choose(leaves), number])
    a, b = (T.as_tensor_variable(expression(choose, leaves, depth - 1)) for _ in range(2))
    return choose([
        lambda: a + b, lambda: a - b, lambda: a * b, lambda: a / b, lambda: a // b, lambda: a % b, lambda: -a, lambda: T.sqr(a),
        lambda: abs(a), lambda: T.inv(a), lambda: T.sqrt(abs(a)), lambda: T.ceil(a), lambda: T.round(a), lambda: T.lt(a, b),
        lambda: T.maximum(a, b), lambda: T.minimum(a, b), lambda: T.clip(a, 0, 2), lambda: T.switch(T.gt(a, 1), a, b),
        lambda: T.and_(a, b), lambda: T.cast(a, choose(DTYPES[1:11]))])()


def expressions(count):
    """Fused expressions, number by number: where Python's and NumPy's types meet."""
    for seed in range(count):
        choose = Random(seed).choice
        xs = [T.vector(dtype=choose(DTYPES[:12])) for _ in range(3)]
        values = [(np.array([choose([0, 1, 2, 3, 5, 100]) for _ in range(4)]) + 0.37).astype(x.dtype) for x in xs]

        def call():
            y = T.as_tensor_variable(expression(choose, xs, 4))
            return theano.function(xs, y, on_unused_input="ignore")(*values)

        show_call(f"expression {seed}", call)


def random():
    """Random streams, and a stream's state shared by copies of a function."""
    stream, mrg = RandomStreams(3), MRG_RandomStreams(7)
    draws = {
        "uniform": stream.uniform((3,)), "normal": stream.normal((3,)), "binomial": stream.binomial((5,), p=.5),
        "integers": stream.random_integers((5,), 0, 10), "permutation": stream.permutation((1,), 5),
        "choice": stream.choice((3,), 5), "multinomial": stream.multinomial((2,), 5, [.5, .5]), "poisson": stream.poisson((3,), lam=4),
        "shuffle": stream.shuffle_row_elements(T.arange(5)), "mrg uniform": mrg.uniform((4,)), "mrg normal": mrg.normal((4,)),
        "mrg binomial": mrg.binomial((6,), p=.5), "mrg multinomial": mrg.multinomial(pvals=T.constant([[.2, .3, .5]] * 3, dtype="float32")),
        "mrg float16": mrg.uniform((4,), dtype="float16"), "mrg float64": mrg.uniform((4,), dtype="float64"),
    }
    for name, draw in draws.items():
        def twice():
            function = theano.function([], draw)
            return np.concatenate([function(), function()])
        show_call(f"random {name}", twice)
    state, seen = theano.shared(np.random.RandomState(5), borrow=False), theano.shared(np.random.RandomState(5), borrow=False)
    after, sample = T.raw_random.uniform(state, (2,))
    function = theano.function([], sample, updates=[(state, after)])
    function()
    show("random state as it was", seen.get_value().uniform(size=2))
    show("random state moved on", state.get_value().uniform(size=2))
    keep = theano.function([], T.raw_random.uniform(state, (2,))[1])  # no update: the same numbers
    show("random without an update", np.concatenate([keep(), keep()]))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    if COMPILE:
        elementwise(["int8", "uint8", "int64", "float32", "float64"], ["int8", "float32"], [200, 0.1], "c")
        graphs(compiled=True)
        random()
    else:
        constants()
        elementwise(DTYPES, ["int8", "uint32", "int64", "float16", "float32", "complex64"], [-1, 200, 70000, 2**40, 0.1, 1e300])
        unary(DTYPES, UNARY)
        graphs()
        expressions(400)
        random()
