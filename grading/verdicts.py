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
from tp2.exercise2a import ORIGINAL

from . import metrics
from .metrics import COUNT, OBJECT, TOTAL

CALTECH101 = {"airplanes": 800, "Motorbikes": 798}
# The report's settings of each exercise.
MNIST = {key: ORIGINAL[key] for key in ("epochs", "samples", "batch_size")}
FULL = {"Ej1b_i": {"epochs": 10000, "batch_size": 10}, "Ej1b_ii": {"steps": 10000, "test_per_class": 200},
        "Ej1b_iii": {"steps": 10000}, "Ej2a": MNIST, "Ej2c": MNIST}
SIZES = ["epochs", "steps", "samples"]


class Verdict(enum.Enum):
    HOLDS = "holds"
    FAILS = "does not hold"
    BY_SOURCE = "by source"             # nothing here measures it: the report is compared with what it is about
    UNKNOWN = "can't be told"
    UNTESTABLE = "cannot be tested"
    NOT_RUN = "not run"
    UNREADABLE = "unreadable"
    # What keeps a run from being the report's own, the gravest first:
    DRAWN = "drawn sample only"
    OTHER_PHOTOS = "other photographs"
    NOT_FULL = "not at full size"
    OTHER_SETTINGS = "other settings"
    OTHER_SEED = "another seed"

    def __str__(self):
        return self.value


LIMITS = [Verdict.DRAWN, Verdict.OTHER_PHOTOS, Verdict.NOT_FULL, Verdict.OTHER_SETTINGS, Verdict.OTHER_SEED]


@dataclass
class Finding:
    """What a check found: the verdict, what was measured in words, and for the curves a row for each training."""

    verdict: Verdict
    measured: str = ""
    table: list = field(default_factory=list)   # of {column: cell}


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
    criterion: str                      # when it holds, or why nothing is measured
    check: Callable | None = None       # -> Finding; None: nothing is measured
    unmeasured: Verdict | None = None   # the verdict then
    file: str = ""                      # the metrics file that the check takes, or
    trainings: dict = field(default_factory=dict)   # the trainings that it takes, {metrics file: their names}
    partial: bool = False               # the check takes what trainings there are, and {name: their Limits}
    by_seed: bool = False               # it is also graded for each seed of stability.json
    reason: bool = False                # it is a reason or a conclusion of the report's
    besides: str = ""                   # what is known from elsewhere

    @property
    def files(self):
        """The names of the metrics files that it needs."""
        return [self.file] if self.file else list(self.trainings)


CLAIMS = {}     # {title: Claim}, filled by claims.py


def claim(title, file="", trainings=None, partial=False, by_seed=False, reason=False, besides=""):
    """Make a function the check of a claim; its docstring says when the claim holds, and the grading prints it."""
    def decorate(check):
        CLAIMS[title] = Claim(title, check.__doc__, check, None, file, trainings or {}, partial,
                              by_seed or bool(trainings) and not partial, reason, besides)
        return check
    return decorate


def untestable(title, why, besides=""):
    """A claim that no measurement here can refute."""
    CLAIMS[title] = Claim(title, why, unmeasured=Verdict.UNTESTABLE, besides=besides)


def by_source(title, why, besides=""):
    """A claim about a source or the student's script, which is wrong about it; no run of ours can show that."""
    CLAIMS[title] = Claim(title, why, unmeasured=Verdict.BY_SOURCE, besides=besides)


SENTENCE = re.compile(r"\*\*(.+?)\*\* «(.+)»")


def report():
    """The lines of report.md, as (line, title of the claim or "", its sentence or "")."""
    for line in Path(__file__).with_name("report.md").read_text(encoding="utf-8").splitlines():
        match = SENTENCE.fullmatch(line)
        yield line, *(match.groups() if match else ("", ""))


def limits_of(exercise, settings):
    """The Limits of a run by its settings, {name: value}."""
    limits = [Limit(Verdict.NOT_FULL if key in SIZES else Verdict.OTHER_SETTINGS,
                    f"{settings[key]:,} {key.replace('_', ' ')}, not {full:,}")
              for key, full in FULL.get(exercise, {}).items() if settings.get(key, full) != full]
    if settings.get("seed", SEED) != SEED:
        limits.append(Limit(Verdict.OTHER_SEED, f"seed {settings['seed']}, not {SEED}"))
    return limits


def limits_of_file(name, found):
    """The Limits of a script's run; found: its Metrics."""
    limits = []
    if found.file.startswith("sample/"):
        limits.append(Limit(Verdict.DRAWN, "drawings, not photographs"))
    elif name == "Ej1b_ii" and found.named("data.classes", TOTAL) != CALTECH101:
        photographs = " and ".join(f"{count} {kind}" for kind, count in found.value("data.classes", OBJECT).items())
        limits.append(Limit(Verdict.OTHER_PHOTOS, f"{photographs}, not Caltech101's 800 airplanes and 798 Motorbikes"))
    keys = [*FULL.get(name, ()), *(["seed"] if "settings.seed" in found else [])]
    return limits + limits_of(name, {key: found.value(f"settings.{key}", COUNT) for key in keys})


def trainings_in(claim, files):
    """The trainings that a claim needs and there are: ({name: Curve}, {name: their Limits})."""
    curves, limits = {}, {}
    for file, names in claim.trainings.items():
        for name in names if isinstance(files[file], metrics.Metrics) else []:
            settings = {key: files[file].value(f"settings.{name}.{key}", COUNT) for key in (*MNIST, "seed")}
            curves[name] = metrics.curve(files[file], f"results.{name}", f"history.{name}", settings["epochs"])
            limits[name] = limits_of("Ej2a", settings)
    return curves, limits


def judge(claim, files):
    """The Finding for a claim; files: {name: Metrics, or the Missing or Unreadable in its place}."""
    if not claim.check:
        return Finding(claim.unmeasured)
    needed = {name: files[name] for name in claim.files}
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
            curves, by_training = trainings_in(claim, files)
            if claim.partial:
                return claim.check(curves, by_training)
            limits, found = sum(by_training.values(), []), claim.check(curves)
        else:
            limits, found = [], claim.check()
    except metrics.Unreadable as problem:
        return Finding(Verdict.UNREADABLE, str(problem))
    if limits:
        limits = sorted(set(limits), key=lambda limit: (LIMITS.index(limit.verdict), limit.words))
        words = "; ".join(limit.words for limit in limits)
        found.measured += f". Not the report's run ({words}); by itself: {found.verdict}"
        found.verdict = limits[0].verdict
    return found
