"""What Theano computes on the stack at hand, where NumPy 1 and 2 differ or C and NumPy do, and an example of all else.

    python tests/legacy/theano_values.py >tests/legacy/theano_values.txt

writes the table anew, which is from the last pins before NumPy 2: Python 3.11, NumPy 1.23.5, SciPy 1.15.3. A line is
"name = type values", or the type of an error: in Theano's Python code, with float32. Then those that differ with
float64 ("float64: name = ...") and in compiled code ("c: name = ..."). test_values.py compares.
"""
import legacy

import warnings
from pathlib import Path
from random import Random

import numpy as np
import theano
import theano.tensor as T
import theano.tensor.nnet.neighbours
import theano.tensor.signal.pool
import theano.tensor.slinalg
from theano.configparser import change_flags
from theano.sandbox.rng_mrg import MRG_RandomStreams
from theano.tensor.shared_randomstreams import RandomStreams

WAYS = ["", "float64: ", "c: "]
DTYPES = ["int8", "uint8", "int64", "uint64", "float16", "float32", "float64", "complex64"]
NUMBERS = [0, 1, -1, 127, 128, 255, 256, -129, 300, 32768, 65536, 2**31, 2**32, 2**40, 2**63, -2**63, 2**64,
           1.0, 0.1, 0.5, 1.7, 1e-300, 1e300, 1e10, float("nan"), float("inf"), True]
BINARY = {
    "+": lambda a, b: a + b, "/": lambda a, b: a / b, "//": lambda a, b: a // b, "%": lambda a, b: a % b, "**": lambda a, b: a ** b,
    "maximum": T.maximum, "switch": lambda a, b: T.switch(T.eq(a, 1), a, b),
}
UNARY = ["neg", "abs_", "sgn", "sqr", "inv", "sqrt", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p",
         "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arctanh", "deg2rad",
         "ceil", "floor", "trunc", "iround", "erf", "erfc", "gamma", "gammaln", "psi", "isnan", "isinf", "real", "imag",
         "conj", "angle", "zeros_like", "sum", "prod", "mean", "var", "std", "max", "min", "argmax", "argmin", "any",
         "all", "cumsum", "cumprod", "sort", "argsort", "shape", "diff"]
COMPILED_BINARY = {"int8 ** 200", "uint8 ** 200", "int64 ** 200", "int8 // 0.1", "uint8 // 0.1", "float32 // 0.1", "int64 / float32"}
# Their C code differs from a plain loop over the elements ...
COMPILED = {"dot", "gemv", "outer", "max", "argmax", "argmax all", "cumsum", "cumsum 0", "cumprod 1", "subtensor", "advanced 1", "set",
            "inc", "inc rows", "inc row", "inc number", "inc vector", "set rows", "inc ints", "inc advanced", "join", "stack", "softmax",
            "crossentropy", "gradient of softmax", "gradient of an embedding", "scan", "complex", "complex product", "mean", "logsumexp"}
ONLY_COMPILED = {"conv", "conv half", "pool max", "pool average", "images2neibs", "gradient of conv", "gradient of pool"}
# ... and these of 400 random expressions are otherwise without legacy's corrections; 0 to 9 for the rest.
SEEDS = [*range(10), 11, 22, 24, 41, 42, 54, 55, 75, 78, 80, 93, 127, 161, 171, 179, 216, 224, 237, 262, 264, 278, 305, 306, 310, 312,
         326, 338, 350, 359, 360, 389, 396]


def shown(compute):
    """The right side of a line: the type and the numbers of what `compute` returns, or the type of the error that it raises."""
    try:
        value = np.asarray(compute())
    except Exception as error:
        return type(error).__name__
    return f"{value.dtype} {' '.join(map(str, value.ravel()))}"


def constants():
    """The types that Theano gives to Python's numbers."""
    for number in NUMBERS:
        yield f"constant {number}", shown(lambda: T.constant(number).data)
    for dtype in [*DTYPES[:4], "uint32"]:
        for number in [-1, 128, 300, 2**31, 2**40, 2**63, -2**63, 2**64, 1e10, 1e300, [300, -1]]:
            yield f"_asarray {number} {dtype}", shown(lambda: theano._asarray(number, dtype))


def evaluated(mode, inputs, values, graphs):
    """Each of `graphs`, {name: a function without arguments that makes it}; in one Theano function if none raises an error."""
    def run(*outputs):
        return theano.function(inputs, outputs, mode=mode, on_unused_input="ignore")(*values)

    try:
        results = run(*(make() for make in graphs.values()))
    except Exception:
        return [(name, shown(lambda: run(make())[0])) for name, make in graphs.items()]
    return [(name, shown(lambda: result)) for name, result in zip(graphs, results)]


def elementwise(mode, compiled):
    """Operators on arrays of each type with numbers and with an array, functions of one array."""
    for dtype in DTYPES:
        x, y = T.vector("x", dtype=dtype), T.vector(dtype="float32")
        graphs = {f"{dtype} {sign} {number}": lambda f=function, n=number: f(x, n)
                  for number in [-1, 200, 2**40, 0.1] for sign, function in BINARY.items()}
        graphs.update({f"{number} {sign} {dtype}": lambda f=BINARY[sign], n=number: f(n, x)
                       for number in [200, 2**40, 0.1] for sign in ("//", "**")})
        graphs[f"{dtype} / float32"] = lambda: x / y
        if compiled:
            graphs = {name: graphs[name] for name in graphs if name in COMPILED_BINARY}
        values = np.array([1, 2, 3]).astype(dtype), np.float32([3, 1, 2])
        yield from evaluated(mode, [x, y], values, graphs) if graphs else ()
        if not compiled:
            names = UNARY if dtype in ("int8", "float32") else ["neg", "inv", "sqrt", "ceil", "sum", "mean", "argmax", "cumsum"]
            functions = {name: getattr(T, name, None) or getattr(T.extra_ops, name) for name in names}
            yield from evaluated(mode, [x], [np.array([1, 0, 3, 2]).astype(dtype)], {
                f"{name} {dtype}": lambda f=function: f(x) for name, function in functions.items()})


def graphs(mode, compiled):
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
        "relu": T.nnet.relu(x), "softplus": T.nnet.softplus(x), "elu": T.nnet.elu(x), "hard sigmoid": T.nnet.hard_sigmoid(x),
        "ultra fast sigmoid": T.nnet.ultra_fast_sigmoid(x), "logsumexp": T.log(T.sum(T.exp(x), axis=1)), "batchnorm":
        T.nnet.bn.batch_normalization_test(x, x[:1], x[:1], x[:1], abs(x[:1]) + 1), "conv": T.nnet.conv2d(image, kernel),
        "conv half": T.nnet.conv2d(image, kernel, border_mode="half", subsample=(2, 1)),
        "pool max": T.signal.pool.pool_2d(image, (2, 2), ignore_border=True),
        "pool average": T.signal.pool.pool_2d(image, (2, 2), ignore_border=True, mode="average_exc_pad"),
        "images2neibs": T.nnet.neighbours.images2neibs(image, (2, 1)), "gradient of softmax": T.grad(T.log(softmax)[0, 0], x),
        "gradient of an embedding": T.grad((x[i] ** 2).sum(), x), "gradient of conv": T.grad(T.nnet.conv2d(image, kernel).sum(), x),
        "gradient of pool": T.grad(T.signal.pool.pool_2d(image, (2, 2), ignore_border=True).sum(), x),
        "inverse": T.nlinalg.matrix_inverse(T.dot(x.T, x)), "det": T.nlinalg.det(T.dot(x.T, x)),
        "cholesky": T.slinalg.cholesky(T.dot(x.T, x)), "trace": T.nlinalg.trace(x[:3]), "diagonal": T.nlinalg.extract_diag(x[:3]),
        "scan": theano.scan(lambda a, b: a * 0.5 + b, x, T.zeros_like(x[0]))[0],
        "complex": abs(T.complex(x, x + 1)), "complex product": (T.complex(x, x + 1) * T.complex(x, 2 * x)).imag,
        "searchsorted": T.extra_ops.searchsorted(T.sort(y), y), "unique": T.extra_ops.Unique()(i), "roll": T.roll(y, 1),
        "tril": T.tril(x), "all close": T.allclose(x, x + 1e-9), "mod": T.mod(x, 0.3), "int division": x // 0.3,
    }
    names = COMPILED | ONLY_COMPILED if compiled else outs.keys() - ONLY_COMPILED - {"scan"}
    values = [[1, -2, 3], [.1, .2, .3], [4, .5, -6], [.7, 8, .9]], [0.1, -3, 2, 0.7], [1, 0, 1]
    return evaluated(mode, [x, y, i], [np.array(value).astype(variable.dtype) for value, variable in zip(values, (x, y, i))],
                     {f"graph {name}": lambda out=out: out for name, out in outs.items() if name in names})


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
        lambda: T.and_(a, b), lambda: T.cast(a, choose(["int8", "uint8", "int16", "int32", "uint32", "int64", "uint64", "float16",
                                                        "float32", "float64"]))])()


def expressions(mode):
    """Fused expressions, number by number: where Python's and NumPy's types meet."""
    types = ["bool", "int8", "uint8", "int16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64", "complex64"]
    for seed in SEEDS:
        choose = Random(seed).choice
        xs = [T.vector(dtype=choose(types)) for _ in range(3)]
        values = [(np.array([choose([0, 1, 2, 3, 5, 100]) for _ in range(4)]) + 0.37).astype(x.dtype) for x in xs]
        yield f"expression {seed}", shown(lambda: theano.function(
            xs, T.as_tensor_variable(expression(choose, xs, 4)), mode=mode, on_unused_input="ignore")(*values))


def random(mode, compiled):
    """Random streams, each drawn from twice."""
    stream, mrg = RandomStreams(3), MRG_RandomStreams(7)
    draws = {} if compiled else {
        "uniform": stream.uniform((3,)), "normal": stream.normal((3,)), "binomial": stream.binomial((5,), p=.5),
        "integers": stream.random_integers((5,), 0, 10), "permutation": stream.permutation((1,), 5),
        "choice": stream.choice((3,), 5), "multinomial": stream.multinomial((2,), 5, [.5, .5]), "poisson": stream.poisson((3,), lam=4),
        "shuffle": stream.shuffle_row_elements(T.arange(5)), "mrg float64": mrg.uniform((4,), dtype="float64"),
        # a stream's state is not shared by the copies of a function: without an update the same numbers
        "without an update": T.raw_random.uniform(theano.shared(np.random.RandomState(5)), (2,))[1],
    }
    draws.update({"mrg uniform": mrg.uniform((4,)), "mrg normal": mrg.normal((4,)), "mrg binomial": mrg.binomial((6,), p=.5),
                  "mrg multinomial": mrg.multinomial(pvals=T.constant([[.2, .3, .5]] * 3, dtype="float32"))})
    for name, draw in draws.items():
        def twice():
            function = theano.function([], draw, mode=mode)
            return np.concatenate([function(), function()])
        yield f"random {name}", shown(twice)


def table(way):
    """{name: right side} of "" (Python's code, float32), "float64: " or "c: "."""
    compiled = way == "c: "
    mode = theano.Mode("cvm" if compiled else "py", "fast_run")
    with change_flags(floatX="float64" if way == "float64: " else "float32"), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return dict([*([] if compiled else constants()), *elementwise(mode, compiled), *graphs(mode, compiled),
                     *([] if compiled else expressions(mode)), *random(mode, compiled)])


def stored(way):
    """The file's table: its lines for Python and float32, those of `way` in place of them."""
    lines = dict(line.split(" = ", 1) for line in (Path(__file__).parent / "theano_values.txt").read_text().splitlines())
    plain = {name: value for name, value in lines.items() if not name.startswith(tuple(WAYS[1:]))}
    return {**plain, **{name.removeprefix(way): value for name, value in lines.items() if way and name.startswith(way)}}


if __name__ == "__main__":
    first = table("")
    for way in WAYS:
        for name, value in table(way).items() if way else first.items():
            if not way or first.get(name) != value:
                print(f"{way}{name} = {value}")
