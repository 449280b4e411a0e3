"""Helpers: print a message to stderr, set environment variables temporarily, replace lines of a function."""
import contextlib
import functools
import inspect
import os
import sys
import textwrap


def say(sentence):
    """Print a sentence on stderr, with the package's name before it."""
    print(f"legacy: {sentence}", file=sys.stderr)


def refuse(sentence):
    """End the program with a sentence and exit code 2."""
    say(sentence)
    sys.exit(2)


@contextlib.contextmanager
def environment(**values):
    """Set environment variables in a `with` block only, so that later child processes don't inherit them."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def replace_lines(module, lines):
    """Change a module's functions by replacing text in their source.

    `lines` is {"function" or "Class.method": [(old text, new text), ...]}. A function is compiled anew at its first
    call; RuntimeError then if its source lacks an old text.
    """
    for name, pairs in lines.items():
        *classes, name = name.split(".")
        owner = functools.reduce(getattr, classes, module)
        setattr(owner, name, _replaced(getattr(owner, name), pairs))


def _replaced(function, pairs):
    @functools.cache
    def compiled():
        source = textwrap.dedent(inspect.getsource(function))
        for old, new in pairs:
            if old not in source:
                raise RuntimeError(f"{function.__qualname__} is another than Theano 1.0.5's or Keras 2.3.1's")
            source = source.replace(old, new)
        namespace = {}
        exec(compile(source, inspect.getfile(function), "exec"), function.__globals__, namespace)
        return namespace[function.__name__]

    @functools.wraps(function)
    def call(*arguments, **keywords):
        return compiled()(*arguments, **keywords)

    return call
