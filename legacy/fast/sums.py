"""Theano's sums add several numbers at once; with -O3 alone each addition waits for the one before."""
from ..compiler import is_clang


def _vectorise(elemwise):
    """Vectorise the sums over everything or over the first axis; those over the others often have ten numbers only.

    They add in float64, so the sum of float32 hardly ever shows another order. NaN and infinity stay what they are.
    """
    if is_clang():  # clang++ 21 leaves these loops as they are, with the options too
        return
    options = ["-fassociative-math", "-fno-signed-zeros", "-fno-trapping-math",
               "-fvect-cost-model=unlimited"]  # g++ 13 and 16 take these loops to cost more vectorised
    elemwise.Sum.c_compile_args = lambda self: options if self.axis is None or 0 in self.axis else []


AROUND_IMPORT = {}
AFTER_IMPORT = {"theano.tensor.elemwise": _vectorise}
