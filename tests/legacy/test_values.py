"""What Theano computes equals what it computed on the last pins before NumPy 2, line by line of a table."""
import numpy as np
import pytest
import theano
import theano_values

# What may differ in its last digits, and only there: NumPy's vectorised functions and SciPy's, which choose their
# instructions by processor and version ...
FUNCTIONS = {
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh",
    "tanh", "arcsinh", "arccosh", "arctanh", "erf", "erfc", "gamma", "gammaln", "psi", "angle", "sigmoid", "softplus", "elu",
}
# ... powers; products of matrices, whose BLAS sums in an order of its own; and what is made of these.
GRAPHS = {
    "x ** -0.5", "x ** 3", "dot", "gemv", "norm", "softmax", "crossentropy", "binary", "logsumexp", "conv", "gradient of softmax",
    "gradient of a number", "gradient of conv", "inverse", "det", "cholesky", "var", "complex", "complex product",
}
RANDOM = {"mrg normal"}


def may_differ(name):
    """Whether the line `name` may differ in last digits."""
    words = name.split()
    return (words[0] in FUNCTIONS or "**" in words[:2] and words[0] != "graph" or words[0] == "graph" and name[6:] in GRAPHS
            or words[0] == "random" and name[7:] in RANDOM)


def in_one_spelling(right_side):
    """Its words, floats as Python's complex: NumPy 2.3 writes 1e+10 where there was 10000000000.0."""
    def spelled(word):
        try:
            return word if word.lstrip("-").isdigit() else repr(complex(word))
        except ValueError:
            return word
    return [spelled(word) for word in right_side.split()]


def equal(name, got, want):
    """Whether two right sides are the same, up to a last digit where `name` may differ."""
    if in_one_spelling(got) == in_one_spelling(want):
        return True
    if not may_differ(name):
        return False
    (got_type, *got), (want_type, *want) = got.split(), want.split()
    if got_type != want_type or len(got) != len(want):
        return False
    number = complex if "complex" in got_type else float
    got, want = np.array(got, number), np.array(want, number)
    digit = 10 * np.finfo(got_type).eps  # of the largest number: 0.1 - 0.1 may be 1e-17
    return np.allclose(got, want, rtol=digit, atol=digit * np.abs(want[np.isfinite(want)]).max(initial=0), equal_nan=True)


@pytest.mark.slow
@pytest.mark.parametrize("way", theano_values.WAYS)
def test_theano_computes_what_it_did(way):
    if way == "c: " and not theano.config.cxx:
        pytest.skip("no compiler")
    here, then = theano_values.table(way), theano_values.stored(way)
    assert here.keys() <= then.keys() and (way or here.keys() == then.keys())
    assert [f"{name} = {value}, was {then[name]}" for name, value in here.items() if not equal(name, value, then[name])] == []


def test_the_table_is_compared_strictly():
    assert equal("exp float32", "float32 2.7182817", "float32 2.7182820")
    assert not equal("exp float32", "float32 2.7182817", "float64 2.7182817")
    assert not equal("exp float64", "float64 2.7182817", "float64 2.7182820")
    assert equal("sqrt float32", "float32 1e+10 nan -0.0 (1e+10+0j)", "float32 10000000000.0 nan -0.0 (10000000000+0j)")
    assert not equal("sqrt float32", "float32 -0.0", "float32 0.0")
    assert not equal("sqrt float32", "float32 1.0000001", "float32 1.0")
    assert not equal("graph mean", "float32 1.0000001", "float32 1.0")
    assert not equal("softmax", "float32 1.0", "ValueError")
