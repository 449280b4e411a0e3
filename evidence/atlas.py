"""A BLAS library against the report's kernel, machine2016/sgemm.c, bit by bit.

python evidence/atlas.py LIBRARY

LIBRARY is a BLAS with Fortran's sgemm. ATLAS, which the report's machine had: on Debian and Ubuntu `apt-get install
libatlas3-base`, then /usr/lib/x86_64-linux-gnu/atlas/libblas.so.3. Others part from it: SciPy's own OpenBLAS in
.venv/lib/python3*/site-packages/scipy.libs/, or Debian's libopenblas0.

First the order of summation. A sum of ones, but for 2^100 and -2^100 at two positions, loses each one that is added
to either of the two before they meet. So the ones that are left tell how many terms are in the smallest partial sum
that has both positions; done for each pair, this tells the whole order. Then all products of the report's networks,
and random ones. Exit code 1 if anything differs.
"""
import ctypes
import itertools
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from tp2 import cli

NAMES = {"sgemm_": ctypes.c_int, "scipy_sgemm_": ctypes.c_int,  # SciPy's and NumPy's wheels have names of their own
         "sgemm_64_": ctypes.c_int64, "scipy_sgemm_64_": ctypes.c_int64}
FLAGS = ["-O3", "-march=native", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC"]
ENTRY = """
extern "C" void sgemm_(const char *ta, const char *tb, const int *m, const int *n, const int *k, const float *alpha,
    const float *a, const int *lda, const float *b, const int *ldb, const float *beta, float *c, const int *ldc)
{ sgemm_2016(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc); }
"""
BATCHES = (128, 60000 % 128, 15000 % 128, 10000 % 128)  # the whole ones, the last of train, of a quarter, and of test
LAYERS = ((784, 512), (512, 512), (512, 10))
DROPOUTS = np.arange(0, 10) / 10
TAILS = (0, 4, 8, 16, 20, 32, 40, 44)  # rows after the last whole block of 48, as sgemm.c knows them
ZONES = {"row and column in whole blocks of 48": (0, 0), "row in a tail": (-1, 0), "column in a tail": (0, -1),
         "both in a tail": (-1, -1)}


def kernel():
    """machine2016/sgemm.c, compiled by g++: a `product`."""
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder, "sgemm.cpp"), Path(folder, "sgemm.so")
        source.write_text((cli.ROOT / "machine2016" / "sgemm.c").read_text() + ENTRY)
        try:
            subprocess.run(["g++", *FLAGS, source, "-o", library], check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise cli.InputError(f"g++ can't compile machine2016/sgemm.c: {getattr(error, 'stderr', error)}") from error
        return product_of(library)


def product_of(path):
    """A library's product(a, b, alpha) = alpha a b, (m, k) by (k, n), float32 in Fortran's order or transposed.

    InputError if the file is no library, or has no sgemm.
    """
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise cli.InputError(f"{path} can't be loaded as a library ({error}): give a BLAS.") from error
    name = next((name for name in NAMES if hasattr(library, name)), None)
    if name is None:
        raise cli.InputError(f"{path} has none of the functions {', '.join(NAMES)}: give a BLAS.")
    sgemm, whole = library[name], NAMES[name]

    def product(a, b, alpha=1):
        (m, k), n = a.shape, b.shape[1]
        c = np.full((m, n), np.nan, "float32", order="F")
        order = [b"N" if x.flags.f_contiguous else b"T" for x in (a, b)]
        strides = [x.shape[x_order == b"T"] for x, x_order in zip((a, b), order)] + [m]
        (lda, ldb, ldc), (m, n, k) = ([ctypes.byref(whole(number)) for number in some] for some in (strides, (m, n, k)))
        alpha, beta = (ctypes.byref(ctypes.c_float(number)) for number in (alpha, 0))
        data = [x.ctypes.data_as(ctypes.c_void_p) for x in (a, b, c)]
        sgemm(*order, m, n, k, alpha, data[0], lda, data[1], ldb, beta, data[2], ldc)
        return c
    return product


def products():
    """What a network multiplies, as Fortran sees it: yields (what, a, b, alpha).

    The report's networks first, with their factors alpha: 0.001, the learning rate, and 1 / (1 - dropout). Then random
    layers, of sizes for which sgemm.c says to be equal.
    """
    random = np.random.default_rng(2016)

    def numbers(rows, columns):  # some of them zeros, as behind ReLU and dropout
        return (random.standard_normal((rows, columns)) * (random.random((rows, columns)) < 0.6)).astype("float32")

    def step(inputs, units, batch, rates, dropouts):  # Fortran sees Theano's matrices transposed
        x, weights, gradient = numbers(batch, inputs), numbers(inputs, units), numbers(batch, units)
        yield "forward", weights.T, x.T, 1
        for alpha in rates:
            yield "gradient of the weights", gradient.T, x, alpha
        for alpha in dropouts:
            yield "gradient of the inputs", weights, gradient.T, alpha

    for batch, (inputs, units) in itertools.product(BATCHES, LAYERS):
        yield from step(inputs, units, batch, (1, 0.001), np.unique(1 / (1 - DROPOUTS)))
    for _ in range(100):
        inputs, units = (int(number) for number in 48 * random.integers(2, 16, 2) + random.choice(TAILS, 2))
        yield from step(inputs, units, int(random.integers(24, 300)), (1, 0.001), (1, 1.25))


def partial_sums(product, terms, row, column, rows=512, columns=128):
    """The order of a library's sum for one element of C: int (terms, terms), how many terms are in the smallest
    partial sum that has both of two. Element (row, column) of C (rows, columns); see above.
    """
    sizes = np.ones((terms, terms), int)
    b = np.ones((terms, columns), "float32", order="F")
    block = range(rows // 48 * 48, rows) if row < 0 else range(rows // 48 * 48)  # a pair in each of these rows of A
    pairs = list(itertools.combinations(range(terms), 2))
    for start in range(0, len(pairs), len(block)):
        a = np.ones((rows, terms), "float32", order="F")
        some = pairs[start:start + len(block)]
        for at, (first, second) in zip(block, some):
            a[at, first], a[at, second] = 2.0**100, -2.0**100
        left = product(a, b)[:, column]
        for at, (first, second) in zip(block, some):
            sizes[first, second] = sizes[second, first] = terms - int(left[at])
    return sizes


def main():
    parser = cli.Parser(__doc__)
    parser.add_argument("library", metavar="LIBRARY", help="a BLAS, a shared library")
    theirs, ours = product_of(parser.parse_args().library), kernel()
    different = 0

    shown = [1, 2, 3, 4, 5, 8, 47, 48, 49, 52]
    print("How many terms the smallest partial sum has that holds term 0 and another:")
    print(f"{'term':>50}", *(f"{term:3}" for term in shown))
    for terms, (zone, place) in itertools.product((100, 109), ZONES.items()):
        sizes = partial_sums(theirs, terms, *place)
        equal = np.array_equal(sizes, partial_sums(ours, terms, *place))
        print(f"{f'{terms} terms, {zone}':>50}", *(f"{sizes[0, term]:3}" for term in shown),
              " equal to ours" if equal else " DIFFERENT from ours", flush=True)
        different += not equal

    count, elements, parted = 0, 0, {}
    for what, a, b, alpha in products():
        x, y = (product(a, b, alpha).view(np.uint32) for product in (theirs, ours))
        count, elements = count + 1, elements + x.size
        if (x != y).any():
            parted[f"{what}, {a.shape[0]} x {b.shape[1]}, k {a.shape[1]}, alpha {alpha:.4g}"] = (x != y).mean()
    print(f"{count - len(parted)} of {count} products ({elements:,} elements) have equal bits.")
    for words, share in list(parted.items())[:10]:
        print(f"  not {words}: {share:.1%} of its elements differ")
    if len(parted) > 10:
        print(f"  ... and {len(parted) - 10} more")
    sys.exit(1 if different or parted else 0)


if __name__ == "__main__":
    cli.run(main)
