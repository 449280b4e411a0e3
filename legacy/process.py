"""What several modules need: a sentence on stderr, an environment variable for a while."""
import contextlib
import os
import sys


def say(sentence):
    """Print a sentence on stderr, with the package's name before it."""
    print(f"legacy: {sentence}", file=sys.stderr)


def refuse(sentence):
    """End the program with a sentence and exit code 2."""
    say(sentence)
    sys.exit(2)


@contextlib.contextmanager
def environment(**values):
    """Set environment variables, which child processes then don't inherit."""
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
