"""The one door by which metrics files come in: each is read and checked here, and nowhere else.

A file that is not what its script writes ends in one sentence that names the file, the field and the script to run.
"""
import json
import math
from dataclasses import dataclass
from pathlib import Path


class Missing(Exception):
    """There is no such metrics file."""


class Unreadable(Exception):
    """A metrics file that is not what its script writes; the message is a sentence that says what to do."""


# What a field can be: how to tell, and how to say it.
whole = (lambda value: type(value) is int and value >= 0), "a whole number of 0 or more"
positive = (lambda value: type(value) is int and value >= 1), "a whole number of 1 or more"
number = (lambda value: type(value) in (int, float) and math.isfinite(value)), "a number"
text = (lambda value: isinstance(value, str)), "a text"
truth = (lambda value: isinstance(value, bool)), "true or false"

# --- The formats, as far as the grading reads them: [x] is a list of at least one x, {"*": x} an x under any names ---

VARIANTS = {"Ej2a_i": ["original", "i"], "Ej2a_ii": ["original", "ii", "ii_quarter"], "Ej2a_iii": ["original", "iii"],
            "Ej2a_iv": ["original", *(f"iv_{rate}" for rate in range(30, 100, 10))], "Ej2a_v": ["original", "v"]}
_SETTINGS = {"epochs": positive, "samples": positive, "seed": whole}
_COUNTS = {"train_total": positive, "test_total": positive, "train_correct_whole": whole}
_CURVES = {"train_correct": [whole], "test_correct": [whole], "train_loss": [number], "test_loss": [number]}
FORMATS = {
    "Ej1a": {"settings": {"a": [number], "b": [number]}, "results": {"value": [number]}},
    "Ej1b_i": {"data": {"samples": positive}, "settings": {"batch_size": positive, "epochs": positive, "seed": whole},
               "results": {"minibatches": [[whole]], "train_correct": whole, "train_total": positive}},
    "Ej1b_ii": {"data": {"origin": text, "classes": {"*": positive}, "train": positive, "test": positive},
                "settings": {"side": positive, "steps": positive, "test_per_class": positive, "seed": whole},
                "results": {"test_correct": whole, "test_total": positive}},
    "Ej1b_iii": {"settings": {"hidden": positive, "steps": positive, "seed": whole},
                 "results": {"initial_weights": [positive], "initial_deviation": number, "train_correct": whole,
                             "train_total": positive}},
    **{name: {"settings": dict.fromkeys(variants, _SETTINGS), "results": dict.fromkeys(variants, _COUNTS),
              "history": dict.fromkeys(variants, _CURVES)} for name, variants in VARIANTS.items()},
    "Ej2b": {"data": {"origin": text, "classes": {"*": positive}}, "settings": {"seed": whole},
             "results": {"photographs": positive, "batch": positive, "greatest_difference": number,
                         "bytes_read": dict.fromkeys(("open", "one", "batch", "file"), positive),
                         "timings_ms": dict.fromkeys(("one", "batch_slice", "batch_jpeg", "batch_contiguous",
                                                      "batch_files"), number)}},
    "Ej2c": {"settings": _SETTINGS,
             "results": {"parameters": positive, "greatest_difference": number, "optimizer_equal": truth,
                         "optimizer_steps": whole, "test_correct_saved": whole, "test_correct_loaded": whole,
                         "test_total": positive}},
    "stability": {"versions": {"*": text}, "seeds": {"*": {"*": {}}}},
}


def script_of(name):
    """The command that writes <name>.json."""
    if name == "stability":
        return "make stability"
    exercise, _, item = name.partition("_") if name.startswith("Ej2a") else (name, "", "")
    return f"{'theano' if name.startswith('Ej1') else 'keras'}/{exercise}.py {item}".rstrip()


def _check(value, form, field):
    """ValueError, whose message names the field, where `value` does not have a form."""
    if isinstance(form, tuple):
        is_so, words = form
        if not is_so(value):
            raise ValueError(f"{field} is {json.dumps(value)[:40]}, not {words}")
        return
    if type(value) is not type(form):
        raise ValueError(f"{field or 'its content'} is not {'an object' if isinstance(form, dict) else 'a list'}")
    if not value:
        raise ValueError(f"{field or 'its content'} is empty")
    if isinstance(form, list):
        for index, item in enumerate(value):
            _check(item, form[0], f"{field}[{index}]")
        return
    for key in value if "*" in form else form:
        name = f"{field}.{key}" if field else key
        if key not in value:
            raise ValueError(f"the field {name} is missing")
        _check(value[key], form.get(key) or form["*"], name)


def _same_length(curves, epochs, field):
    for key in _CURVES:
        if len(curves[key]) != epochs:
            raise ValueError(f"{field}.{key} has {len(curves[key])} epochs, not {epochs}")


def read(results, name):
    """The content of <results>/<name>.json, or else of <results>/sample/<name>.json; Missing, Unreadable."""
    paths = [path for path in (Path(results) / f"{name}.json", Path(results) / "sample" / f"{name}.json")
             if path.exists()]
    if not paths:
        raise Missing(f"there is no {name}.json: run {script_of(name)}")
    try:
        content = json.loads(paths[0].read_text(encoding="utf-8"))
        if isinstance(content, dict) and content.get("script", name) != name:
            raise ValueError(f"the field script is {content['script']!r}, not {name!r}")
        _check(content, FORMATS[name], "")
        for variant in VARIANTS.get(name, ()):
            _same_length(content["history"][variant], content["settings"][variant]["epochs"], f"history.{variant}")
        if name == "stability":
            for seed, runs in content["seeds"].items():
                for key, run in runs.items():
                    field, curves = f"seeds.{seed}.{key}", key != "Ej1b_ii"
                    _check(run, {**_COUNTS, **_CURVES} if curves else FORMATS["Ej1b_ii"]["results"], field)
                    if curves:
                        _same_length(run, 20, field)
        return content
    except (OSError, ValueError, RecursionError) as error:
        problem = f"it is no JSON file ({error})" if isinstance(error, (json.JSONDecodeError, UnicodeError)) else error
        if isinstance(error, OSError):
            problem = f"it can't be read ({error.strerror or error})"
        raise Unreadable(f"{paths[0].relative_to(results)}: {problem}; run {script_of(name)} again.") from error


@dataclass
class Training:
    """One training of exercise 2a: counts of digits after each epoch, losses, and what it was trained with."""

    settings: dict
    train_total: int
    test_total: int
    train_correct_whole: int    # of its training digits, by the whole network (no dropout) after the last epoch
    train_correct: list         # per epoch, on the batches as they pass, dropout at work
    test_correct: list
    train_loss: list
    test_loss: list

    @property
    def train(self):
        """Accuracies on the training batches, one per epoch."""
        return [count / self.train_total for count in self.train_correct]

    @property
    def test(self):
        """Accuracies on the test digits, one per epoch."""
        return [count / self.test_total for count in self.test_correct]

    @property
    def train_whole(self):
        """The accuracy of the whole network on its training digits."""
        return self.train_correct_whole / self.train_total


def training(settings, *parts):
    """A Training from its settings and the objects of a metrics file that hold the rest."""
    merged = {key: value for part in parts for key, value in part.items()}
    return Training(settings, **{key: merged[key] for key in (*_COUNTS, *_CURVES)})


def trainings(name, content):
    """{variant: Training} of an Ej2a file's name and content."""
    return {variant: training(*(content[part][variant] for part in ("settings", "results", "history")))
            for variant in VARIANTS[name]}
