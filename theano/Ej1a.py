"""Exercise 1a: the expression a ** 2 + b ** 2 + 2 * a * b as a Theano graph.

The Theano tutorial ("Baby steps") ends with this exercise: change its a + a ** 10, of one
vector, into an expression of two. The report declares a second vector b and replaces `out`.
What to look at: the graph is declared first, with no numbers in it; compiling makes a
function of it; the result equals (a + b) ** 2. A full run prints last:

    a ** 2 + b ** 2 + 2 * a * b =
    [ 4. 16. 36.]
"""
import legacy  # before theano

import argparse
import re

import numpy as np
import theano
import theano.tensor

from tp2 import cli, files

A = [0.0, 1.0, 2.0]
B = [2.0, 3.0, 4.0]


def main():
    a_values, b_values, results = arguments()

    a = theano.tensor.vector()                 # declare the variables
    b = theano.tensor.vector()
    out = a ** 2 + b ** 2 + 2 * a * b          # build the symbolic expression
    f = theano.function([a, b], out)           # compile it

    value = f(a_values, b_values)
    if not np.isfinite(value).all():
        raise cli.InputError("the numbers of --a and --b are too large to be squared: give smaller ones.")
    print(f"a = {a_values}\nb = {b_values}\na ** 2 + b ** 2 + 2 * a * b =")
    print(value)
    files.save_metrics(results, "Ej1a", {"origin": "none"},
                       {"a": a_values.tolist(), "b": b_values.tolist(), "floatX": theano.config.floatX},
                       {"value": value.tolist()})


def arguments():
    """The vectors --a and --b as arrays (n,) of floatX, and the results folder."""
    parser = cli.Parser(__doc__)
    for name, default in (("--a", A), ("--b", B)):
        parser.add_argument(name, type=vector, nargs="+", default=[default], metavar="X",
                            help=f"the vector's numbers, as in 1,2,3 or 1 2 3 (default: {default})")
    # "-1,2" is a value, not a flag
    parser._negative_number_matcher = re.compile(r"^-[\d.][\d.,eE+-]*$")
    given = parser.parse()
    a, b = (np.array(sum(parts, []), theano.config.floatX) for parts in (given.a, given.b))
    if a.size != b.size or not a.size:
        raise cli.InputError(f"--a has {a.size} numbers and --b has {b.size}: give both the same number, at least one.")
    return a, b, given.results


def vector(text):
    """An argparse type: numbers separated by commas or spaces, with or without brackets."""
    try:
        numbers = [float(number) for number in re.split(r"[\s,\[\]()]+", text) if number]
    except ValueError:
        numbers = [np.nan]
    if not np.isfinite(numbers).all():
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers such as 1,2,3")
    return numbers


if __name__ == "__main__":
    cli.run(main)
