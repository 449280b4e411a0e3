"""Reads the metrics files, which no other module of the grading opens. A field is checked when it is read.

A file that is not what its script writes ends in one sentence that names the file, the field and the script to run.
"""
import json
import math
from pathlib import Path

from tp2.exercise2a import Curve


class Missing(Exception):
    """There is no such metrics file."""


class Unreadable(Exception):
    """A metrics file that is not what its script writes; the message is a sentence that says what to do."""


# What a field can be: in words, and how to tell.
COUNT = "a whole number of 0 or more", lambda value: type(value) is int and value >= 0
TOTAL = "a whole number of 1 or more", lambda value: type(value) is int and value >= 1
NUMBER = "a number", lambda value: type(value) in (int, float) and math.isfinite(value)
TEXT = "a text", lambda value: isinstance(value, str)
TRUTH = "true or false", lambda value: isinstance(value, bool)
OBJECT = "an object with something in it", lambda value: isinstance(value, dict) and bool(value)
PAIR = "two whole numbers", lambda value: isinstance(value, list) and [type(item) for item in value] == [int, int]
LIST = "a list with something in it", lambda value: isinstance(value, list) and bool(value)


class Metrics:
    """The content of a metrics file. Fields are named by their path, as "results.test_total"."""

    def __init__(self, file, content):
        self.file, self.content = file, content

    def __contains__(self, field):
        inner = self.content
        for key in field.split("."):
            if not isinstance(inner, dict) or key not in inner:
                return False
            inner = inner[key]
        return True

    def value(self, field, kind):
        """The value of a field; Unreadable if it is missing or of another kind (COUNT, TOTAL, ...)."""
        if field not in self:
            raise self.unreadable(f"the field {field} is missing")
        inner = self.content
        for key in field.split("."):
            inner = inner[key]
        return self._checked(inner, field, kind)

    def values(self, field, kind, length=None):
        """The list in a field, of values of one kind, and of this length."""
        values = self.value(field, LIST)
        if length not in (None, len(values)):
            raise self.unreadable(f"{field} has {len(values)} values, not {length}")
        return [self._checked(value, f"{field}[{index}]", kind) for index, value in enumerate(values)]

    def named(self, field, kind):
        """The object in a field, {name: value of one kind}."""
        values = self.value(field, OBJECT)
        return {name: self._checked(value, f"{field}.{name}", kind) for name, value in values.items()}

    def _checked(self, value, field, kind):
        words, is_so = kind
        if not is_so(value):
            raise self.unreadable(f"{field} is {json.dumps(value)[:40]}, not {words}")
        return value

    def unreadable(self, problem):
        return Unreadable(f"{self.file}: {problem}; run {script_of(Path(self.file).stem)} again.")


def script_of(name):
    """The command that writes <name>.json."""
    if name == "stability":
        return "make stability"
    exercise, _, item = name.partition("_") if name.startswith("Ej2a") else (name.removesuffix(".run"), "", "")
    return f"{'theano' if name.startswith('Ej1') else 'keras'}/{exercise}.py {item}".rstrip()


def read(results, name):
    """The Metrics of <results>/<name>.json, or else of <results>/sample/<name>.json; Missing, Unreadable."""
    file = next((file for file in (f"{name}.json", f"sample/{name}.json") if (Path(results) / file).exists()), None)
    if not file:
        raise Missing(f"there is no {name}.json: run {script_of(name)}")
    metrics = Metrics(file, None)
    try:
        metrics.content = json.loads((Path(results) / file).read_text(encoding="utf-8"))
    except OSError as error:
        raise metrics.unreadable(f"it can't be read ({error.strerror or error})") from error
    except (ValueError, RecursionError) as error:
        raise metrics.unreadable(f"it is no JSON file ({error})") from error
    if "script" in metrics and metrics.content["script"] != name:
        raise metrics.unreadable(f"the field script is {metrics.content['script']!r}, not {name!r}")
    return metrics


def read_or_problem(results, name):
    """What `read` returns, or the Missing or Unreadable that it raises."""
    try:
        return read(results, name)
    except (Missing, Unreadable) as problem:
        return problem


def curve(metrics, results, history, epochs):
    """The Curve of a training of exercise 2a over `epochs` epochs, from the two objects of a file that hold it."""
    train, test = ((metrics.values(f"{history}.{part}_correct", COUNT, epochs),
                    metrics.value(f"{results}.{part}_total", TOTAL)) for part in ("train", "test"))
    losses = (metrics.values(f"{history}.{part}_loss", NUMBER, epochs) for part in ("train", "test"))
    return Curve(*train, *test, *losses, metrics.value(f"{results}.train_correct_whole", COUNT))
