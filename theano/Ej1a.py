"""Exercise 1a: the expression a ** 2 + b ** 2 + 2 * a * b as a Theano graph.

Theano's tutorial ("Baby steps") ends with this exercise: turn its a + a ** 10, an expression of one
vector, into one of two. What to look at: the graph is declared first, with no numbers in it;
compiling makes a function of it; the result equals (a + b) ** 2.

Changed from the student's script: the result is also saved, for the grading. A full run prints:

    a ** 2 + b ** 2 + 2 * a * b =
    [ 4. 16. 36.]
"""
import legacy  # before theano, which needs it on a Python of today

import theano
import theano.tensor

from tp2 import files
from tp2.cli import Parser, run

A = [0, 1, 2]
B = [2, 3, 4]


def main():
    arguments = Parser(__doc__).parse()

    a = theano.tensor.vector()               # declare the variables
    b = theano.tensor.vector()
    out = a ** 2 + b ** 2 + 2 * a * b        # build the symbolic expression
    f = theano.function([a, b], out)         # compile it

    print(f"a = {A}\nb = {B}\na ** 2 + b ** 2 + 2 * a * b =")
    print(f(A, B))
    files.save(arguments.results, "Ej1a", data={"origin": "none"}, results={"value": f(A, B).tolist()},
               settings={"a": A, "b": B, "floatX": theano.config.floatX})


if __name__ == "__main__":
    run(main)
