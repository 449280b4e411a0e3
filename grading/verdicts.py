"""From a check to a verdict, for every claim in the same way.

A claim is a sentence of report.md, and a check what `claims.py` says of it. Whether the run is the report's own at all
(its size, its seed, its photographs) is asked here.
"""
import enum
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tp2.cli import SEED

from . import metrics
from .metrics import COUNT, TEXT, TOTAL

CALTECH101 = {"airplanes": 800, "Motorbikes": 798}
# The report's size of each exercise: {setting: (value, what it counts)}.
MNIST_FULL = {"epochs": (20, "epochs"), "samples": (60000, "samples")}
FULL = {"Ej1b_i": {"epochs": (10000, "epochs")}, "Ej1b_ii": {"steps": (10000, "steps")},
        "Ej1b_iii": {"steps": (10000, "steps")}, "Ej2a": MNIST_FULL, "Ej2c": MNIST_FULL}


class Verdict(enum.Enum):
    HOLDS = "holds"
    FAILS = "does not hold"
    SLIP = "the report's slip"
    UNKNOWN = "can't be told"
    UNTESTABLE = "cannot be tested"
    NOT_RUN = "not run"
    UNREADABLE = "unreadable"
    # What keeps a run from being the report's own, the gravest first:
    DRAWN = "drawn sample only"
    OTHER_PHOTOS = "other photographs"
    NOT_FULL = "not at full size"
    OTHER_SEED = "another seed"

    def __str__(self):
        return self.value


LIMITS = [Verdict.DRAWN, Verdict.OTHER_PHOTOS, Verdict.NOT_FULL, Verdict.OTHER_SEED]


@dataclass
class Finding:
    """What a check found: the verdict, what was measured in words, and for the curves a line for each training."""

    verdict: Verdict
    measured: str = ""
    table: list = field(default_factory=list)


def finding(holds, measured):
    """The Finding of a check that says yes or no."""
    return Finding(Verdict.HOLDS if holds else Verdict.FAILS, measured)


@dataclass(frozen=True)
class Limit:
    """Something that keeps a run from being the report's own."""

    verdict: Verdict
    words: str


@dataclass
class Claim:
    """A sentence of the report, and how it is checked."""

    title: str
    criterion: str                      # when it holds, or why it can't be tested
    check: Callable | None = None       # -> Finding; None: it can't be tested
    file: str = ""                      # the metrics file that the check takes, or
    trainings: dict = field(default_factory=dict)   # the trainings that it takes, {metrics file: their names}
    partial: bool = False               # the check takes what trainings there are, and names their limits
    by_seed: bool = False               # it is also graded for each seed of stability.json
    reason: bool = False                # it is a reason or a conclusion of the report's
    besides: str = ""                   # what is known from elsewhere


CLAIMS = {}     # {title: Claim}, filled by claims.py


def claim(title, file="", trainings=None, partial=False, by_seed=None, reason=False, besides=""):
    """Make a function the check of a claim; its docstring says when the claim holds, and the grading prints it."""
    def decorate(check):
        CLAIMS[title] = Claim(title, check.__doc__, check, file, trainings or {}, partial,
                              bool(trainings) and not partial if by_seed is None else by_seed, reason, besides)
        return check
    return decorate


def untestable(title, why, besides=""):
    """A claim that no measurement here can refute."""
    CLAIMS[title] = Claim(title, why, besides=besides)


SENTENCE = re.compile(r"\*\*(.+?)\*\* «(.+)»")


def report():
    """The lines of report.md, as (line, title of the claim or "", its sentence or "")."""
    for line in Path(__file__).with_name("report.md").read_text(encoding="utf-8").splitlines():
        match = SENTENCE.fullmatch(line)
        yield line, *(match.groups() if match else ("", ""))


def limits_of(exercise, settings):
    """The Limits of a run by its settings, a dict."""
    limits = [Limit(Verdict.NOT_FULL, f"{settings[key]:,} {words}, not {full:,}")
              for key, (full, words) in FULL.get(exercise, {}).items() if settings.get(key, full) != full]
    if settings.get("seed", SEED) != SEED:
        limits.append(Limit(Verdict.OTHER_SEED, f"seed {settings['seed']}, not {SEED}"))
    return limits


def limits_of_file(name, found):
    """The Limits of a script's run; found: its Metrics."""
    limits = []
    if "data.classes" in found:
        classes = found.named("data.classes", TOTAL)
        if found.value("data.origin", TEXT) == "drawn sample":
            limits.append(Limit(Verdict.DRAWN, "drawings, not photographs"))
        elif name == "Ej1b_ii" and classes != CALTECH101:
            photographs = " and ".join(f"{count} {kind}" for kind, count in classes.items())
            limits.append(Limit(Verdict.OTHER_PHOTOS,
                                f"{photographs}, not Caltech101's 800 airplanes and 798 Motorbikes"))
    keys = [*FULL.get(name, ()), *(["seed"] if "settings.seed" in found else [])]
    return limits + limits_of(name, {key: found.value(f"settings.{key}", COUNT) for key in keys})


def training_in(found, name):
    """The Training of this name in the Metrics of an Ej2a file."""
    settings = {key: found.value(f"settings.{name}.{key}", COUNT) for key in (*MNIST_FULL, "seed")}
    return metrics.training(found, settings, f"results.{name}", f"history.{name}", settings["epochs"])


def judge(claim, files):
    """The Finding for a claim; files: {name: Metrics, or the Missing or Unreadable in its place}."""
    if not claim.check:
        return Finding(Verdict.UNTESTABLE)
    needed = {name: files[name] for name in ([claim.file] if claim.file else claim.trainings)}
    missing = [str(file) for file in needed.values() if isinstance(file, metrics.Missing)]
    try:
        for problem in needed.values():
            if isinstance(problem, metrics.Unreadable):
                raise problem
        if missing and not (claim.partial and len(missing) < len(needed)):
            return Finding(Verdict.NOT_RUN, missing[0])
        if claim.file:
            limits, found = limits_of_file(claim.file, needed[claim.file]), claim.check(needed[claim.file])
        elif claim.trainings:
            trainings = {name: training_in(file, name) for file_name, file in needed.items()
                         for name in claim.trainings[file_name] if not isinstance(file, metrics.Missing)}
            limits = [limit for training in trainings.values() for limit in limits_of("Ej2a", training.settings)]
            found = claim.check(trainings)
        else:
            limits, found = [], claim.check()
    except metrics.Unreadable as problem:
        return Finding(Verdict.UNREADABLE, str(problem))
    if limits and not claim.partial:
        limits = sorted(set(limits), key=lambda limit: (LIMITS.index(limit.verdict), limit.words))
        words = "; ".join(limit.words for limit in limits)
        found.measured += f". Not the report's run ({words}); by itself: {found.verdict}"
        found.verdict = limits[0].verdict
    return found
