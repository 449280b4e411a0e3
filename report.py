"""The grading: what the report claims, checked against the metrics files that the scripts left.

`python report.py` reads them in results/, compares them with what the report says and writes the
table, with the figures, as results/README.md and as results/index.html, a page of one file that
opens in any browser without a network; then it prints the table. Its exit code is 1 where a claim
does not hold or a metrics file can't be read.
"""
import json
import math
import os
import statistics
import textwrap
from collections import Counter, namedtuple
from pathlib import Path

from tp2 import cli, page
from tp2.cli import InputError, results_folder
from tp2.files import whole_file

# --- Reading: whatever lies there, an answer and no traceback ---------------------------


class Damaged(ValueError):
    """A file that is not what its script wrote; the message says why."""


# What code that meets a file of unexpected shape can raise; none of it says anything about the report.
BROKEN = (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)


def _finite(text):
    number = float(text)
    if not math.isfinite(number) or abs(number) > 1e15:
        raise Damaged(f"{text[:20]} is no number that a script writes")
    return number


def read_json(path):
    """The content of a JSON file with finite numbers only; one of BROKEN where there is none."""
    if not path.is_file():  # a pipe would be waited for
        raise Damaged("it is no regular file")
    return json.loads(path.read_text(encoding="utf-8"), parse_constant=_finite, parse_float=_finite,
                      parse_int=lambda text: int(_finite(text)))


def one_line(text):
    """Text from a file as it may stand in a line, a table or a terminal: printable, not endless."""
    text = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}"
                   for character in " ".join(str(text).split()))
    return text if len(text) <= 400 else text[:399] + "…"


# --- Grading: what the report claims ----------------------------------------------------
# Each function takes the metrics files it names, as saved, and returns what was measured, in
# words, and whether the claim holds. They compute from raw counts and histories only. Those of
# 2a read a curve's end as the mean of its `last` epochs: 1 is what the report read off, and what
# the verdict is about; LAST_FIVE swings less, and is shown beside it.

EPOCHS, STEPS = 20, 10000          # the report's full size
POINT = 0.01                       # a point of accuracy
LAST_FIVE = 5

HOLDS, FAILS, NOT_RUN, UNREADABLE = "holds", "DOES NOT HOLD", "not run", "unreadable"
NOT_FULL, DRAWN, OTHER = "not at full size", "drawn sample only", "other photographs than Caltech101's"


class NotComparable(Exception):
    """NotComparable(verdict, measured): the metrics are no evidence for or against the claim."""


def _need(condition, verdict, measured):
    if not condition:
        raise NotComparable(verdict, measured)


def _consistent(condition, what):
    if not condition:
        raise Damaged(f"it contradicts itself: {what}")


def curve_end(history, key, last):
    """The mean of a curve's last values."""
    return statistics.mean(history[key][-last:])


def claim_1a(Ej1a):
    a, b = Ej1a["settings"]["a"], Ej1a["settings"]["b"]
    value = Ej1a["results"]["value"]

    def equal(v, x, y):
        rounding = 0 if x % 1 == y % 1 == 0 and abs(x) + abs(y) < 2 ** 12 else 1e-6 * (abs(x) + abs(y)) ** 2
        return abs(v - (x + y) ** 2) <= rounding

    return (f"{value} for a = {a}, b = {b}", len(value) == len(a) == len(b) and all(map(equal, value, a, b)))


def claim_1b_i(Ej1b_i):
    size, samples = Ej1b_i["settings"]["batch_size"], Ej1b_i["data"]["samples"]
    bounds = Ej1b_i["results"]["minibatches"]
    _need(Ej1b_i["settings"]["epochs"] == STEPS, NOT_FULL, f"{Ej1b_i['settings']['epochs']} epochs, not {STEPS}")
    expected = [[number * size, min((number + 1) * size, samples)] for number in range(len(bounds))]
    ordered = sorted(bounds)
    once = (all(stop > start for start, stop in ordered)
            and [start for start, _ in ordered] + [samples] == [0] + [stop for _, stop in ordered])
    return (f"{samples} samples in {len(bounds)} minibatches of {size}, the last of {bounds[-1][1] - bounds[-1][0]}; "
            f"each sample {'once' if once else 'NOT once'} per epoch; "
            f"{Ej1b_i['results']['train_correct']} of {samples} learned",
            bounds == expected and once)


def claim_1b_ii(Ej1b_ii):
    confusion = Ej1b_ii["results"]["confusion"]
    correct, total = confusion[0][0] + confusion[1][1], sum(map(sum, confusion))
    measured = f"{correct} of {total} = {correct / total:.2%}"
    _consistent(correct == Ej1b_ii["results"]["test_correct"] and total == Ej1b_ii["results"]["test_total"],
                "the confusion matrix and the count of correct test images")
    _consistent(all(sum(row) == Ej1b_ii["settings"]["test_per_class"] for row in confusion)
                and total == Ej1b_ii["data"]["test"]
                and total + Ej1b_ii["data"]["train"] == sum(Ej1b_ii["data"]["classes"].values()),
                "the confusion matrix and the numbers of photographs")
    _need(Ej1b_ii["data"]["origin"] == "real", DRAWN, measured)
    _need(Ej1b_ii["settings"]["steps"] == STEPS and total == 400, NOT_FULL,
          f"{Ej1b_ii['settings']['steps']} steps, {measured}")
    _need(Ej1b_ii["data"]["classes"] == {"airplanes": 800, "Motorbikes": 798}, OTHER, measured)
    from scipy.stats import binomtest
    interval = binomtest(383, 400).proportion_ci()  # 95 %, exact (Clopper and Pearson)
    return measured, interval.low <= correct / total <= interval.high


def claim_1b_iii(Ej1b_iii):
    results = Ej1b_iii["results"]
    _need(Ej1b_iii["settings"]["steps"] == STEPS, NOT_FULL, f"{Ej1b_iii['settings']['steps']} steps, not {STEPS}")
    inputs, units = results["initial_weights"]
    _consistent([inputs, units] == [Ej1b_iii["data"]["features"], Ej1b_iii["settings"]["hidden"]],
                "the shape of the weights and the settings")
    ratio = results["initial_deviation"] / (2 / inputs) ** 0.5
    return (f"{units} units; deviation {results['initial_deviation']:.5f} = {ratio:.4f} sqrt(2/{inputs}); "
            f"training accuracy {results['train_correct'] / results['train_total']:.2%}",
            units == 100 and abs(ratio - 1) <= 0.02 and results["train_correct"] == results["train_total"])


def _curves_of(metrics, *names):
    """Histories of full-size trainings, with the counts beside them checked against them."""
    for name in names:
        settings, history = metrics["settings"][name], metrics["history"][name]
        _need(settings["epochs"] == EPOCHS and settings["samples"] == 60000, NOT_FULL,
              f"{settings['epochs']} epochs on {settings['samples']} digits, not {EPOCHS} on 60000")
        for key in ("accuracy", "val_accuracy"):
            _consistent(len(history[key]) == EPOCHS, f"{name}'s epochs")
            _consistent(all(0 <= value <= 1 for value in history[key]), f"{name}'s accuracies")
        counts = metrics["results"][name]
        _consistent(round(history["val_accuracy"][-1] * counts["test_total"]) == counts["test_correct"],
                    f"{name}'s last test accuracy and its count of correct digits")
    return [metrics["history"][name] for name in names]


def claim_2a(any_item, last=1):
    original, = _curves_of(any_item, "original")
    test = curve_end(original, "val_accuracy", last)
    return f"{test:.2%}", abs(test - 0.9834) <= 0.3 * POINT


def claim_2a_i(Ej2a_i, last=1):
    original, quarter = _curves_of(Ej2a_i, "original", "i")
    whole, test = (curve_end(history, "val_accuracy", last) for history in (original, quarter))
    first = [next((epoch for epoch, value in enumerate(history["val_accuracy"], 1) if value >= 0.95), EPOCHS + 1)
             for history in (original, quarter)]
    return (f"{test:.2%}, {100 * (whole - test):.2f} points below the original; test reaches "
            f"95 % in epoch {first[1]}, the original's in epoch {first[0]}",
            abs(test - 0.968) <= 0.6 * POINT and test < whole and first[1] > first[0])


def claim_2a_ii(Ej2a_ii, last=1):
    original, one = _curves_of(Ej2a_ii, "original", "ii")
    train, test = (curve_end(one, key, last) - curve_end(original, key, last) for key in ("accuracy", "val_accuracy"))
    return (f"train {100 * train:+.2f} points, test {100 * test:+.2f} points",
            abs(train) <= 0.5 * POINT and abs(test) <= 0.5 * POINT)


def claim_2a_iii(Ej2a_iii, last=1):
    original, sigmoid = _curves_of(Ej2a_iii, "original", "iii")
    gap = curve_end(sigmoid, "val_accuracy", last) - curve_end(original, "val_accuracy", last)
    below = sum(s < o for s, o in zip(sigmoid["accuracy"][:10], original["accuracy"]))
    gains = [curve_end(history, "accuracy", last) - history["accuracy"][9] for history in (sigmoid, original)]
    return (f"test {100 * gap:+.2f} points at the end; train below the original's in {below} of the first 10 epochs; "
            f"after them it gains {100 * gains[0]:.2f} points (the original {100 * gains[1]:.2f})",
            abs(gap) <= 1 * POINT and below == 10 and gains[0] > max(0, gains[1]))


def _dropouts(Ej2a_iv, *rates):
    return _curves_of(Ej2a_iv, *(f"iv_{rate}" for rate in rates))


def claim_2a_iv_test(Ej2a_iv, last=1):
    tests = [curve_end(history, "val_accuracy", last) for history in _dropouts(Ej2a_iv, 20, 30, 40, 50, 60, 70)]
    return (f"from {min(tests):.2%} to {max(tests):.2%}", all(abs(test - 0.98) <= 0.75 * POINT for test in tests))


def claim_2a_iv_90(Ej2a_iv, last=1):
    original, most = (curve_end(history, "val_accuracy", last) for history in _curves_of(Ej2a_iv, "original", "iv_90"))
    return f"{most:.2%}, {100 * (original - most):.2f} points below the original", original - most > 5 * POINT


def claim_2a_iv_train(Ej2a_iv, last=1):
    trains = [curve_end(history, "accuracy", last) for history in _dropouts(Ej2a_iv, *range(20, 100, 10))]
    return (" > ".join(f"{100 * train:.1f}" for train in trains) + " %",
            all(later < earlier for earlier, later in zip(trains, trains[1:])))


def claim_2a_v(Ej2a_v, last=1):
    whole, = _curves_of(Ej2a_v, "v")
    train, test = curve_end(whole, "accuracy", last), curve_end(whole, "val_accuracy", last)
    return f"train {train:.2%}, test {test:.2%}", train >= 0.997 and test > 0.98


def claim_c_h5(Ej2b):
    results = Ej2b["results"]
    times = results["timings_ms"]
    measured = (f"{results['photographs']} photographs; a batch of {results['batch']} in {times['batch_slice']:.1f} ms "
                f"from H5, {times['batch_jpeg']:.1f} ms from the JPEGs; one photograph in {times['one']:.2f} ms; "
                f"greatest difference {results['greatest_difference']:g}")
    _need(Ej2b["data"]["origin"] == "real", DRAWN, measured)
    _consistent(results["photographs"] == sum(Ej2b["data"]["classes"].values()), "the numbers of photographs")
    return measured, results["greatest_difference"] == 0 and times["batch_slice"] < times["batch_jpeg"]


def claim_c_save(Ej2c):
    results, settings = Ej2c["results"], Ej2c["settings"]
    _need(settings["epochs"] == EPOCHS and settings["samples"] == 60000, NOT_FULL,
          f"{settings['epochs']} epochs on {settings['samples']} digits, not {EPOCHS} on 60000")
    same = results["test_correct_saved"] == results["test_correct_loaded"]
    last = Ej2c["history"]["val_accuracy"][-1] * results["test_total"]
    _consistent(abs(last - results["test_correct_saved"]) < 1.5,  # other batches may round one digit otherwise
                "the last test accuracy and the count of correct digits")
    return (f"{results['parameters']:,} parameters; greatest difference of a prediction "
            f"{results['greatest_difference']:g}; {results['test_correct_saved']} and {results['test_correct_loaded']} "
            f"of {results['test_total']} correct; optimizer state "
            f"{'equal' if results['optimizer_equal'] else 'different'}",
            results["greatest_difference"] == 0 and same and results["optimizer_equal"])


# files: the metrics file, the first there of several; quote: the report's words; why: this tolerance
Claim = namedtuple("Claim", "exercise files quote check why figures")

CLAIMS = [
    Claim("1 a", "Ej1a", "a ** 2 + b ** 2 + 2 * a * b", claim_1a,
          "exactly (a + b) ** 2: small whole numbers have no rounding", []),
    Claim("1 b i", "Ej1b_i", "el script calculará cuántos generar", claim_1b_i,
          "a count: every sample once per epoch, the last minibatch smaller", ["Ej1b_i"]),
    Claim("1 b ii", "Ej1b_ii", "una precisión de 95.75 %", claim_1b_ii,
          "the 95 % binomial interval of the report's 383 of 400: 93.28 to 97.51 %", ["Ej1b_ii"]),
    Claim("1 b iii", "Ej1b_iii", "100 ReLU [...] √(2/n)", claim_1b_iii,
          "2 % is eight standard errors of the deviation of 78,400 weights", ["Ej1b_iii"]),
    Claim("2 a", "Ej2a_i Ej2a_ii Ej2a_iii Ej2a_iv Ej2a_v", "98.34 %", claim_2a,
          "0.3 points: the 95 % interval on 10,000 digits is 0.25", ["Ej2c"]),
    Claim("2 a i", "Ej2a_i", "empeora levemente la velocidad de convergencia, y la precisión en el conjunto de test "
          "[...] (de 98.34 % a 96.8 %)", claim_2a_i,
          "0.6 points: the interval is 0.35, and the last epochs swing", ["Ej2a_i"]),
    Claim("2 a ii", "Ej2a_ii", "Se esperaba un cambio mucho más grande", claim_2a_ii,
          "0.5 points: two intervals of 0.25", ["Ej2a_ii"]),
    Claim("2 a iii", "Ej2a_iii",
          "gran deterioro en la velocidad de convergencia, llegando a la época 10 aún sin converger", claim_2a_iii,
          "1 point for \"no significativa\"; rising means gaining more than the original", ["Ej2a_iii"]),
    Claim("2 a iv, test", "Ej2a_iv", "entre 20 % y 70 %, encontrándose en torno al 98 %", claim_2a_iv_test,
          "0.75 points: the rounding to whole points and the interval", ["Ej2a_iv", "Ej2a_dropout"]),
    Claim("2 a iv, 90 %", "Ej2a_iv", "una diferencia de más del 5 % con el modelo original", claim_2a_iv_90,
          "more than 5 points, as said", ["Ej2a_dropout", "Ej2a_iv"]),
    Claim("2 a iv, train", "Ej2a_iv", "se ve afectada cada vez que aumenta el dropout", claim_2a_iv_train,
          "each of the seven steps down, as said", ["Ej2a_dropout", "Ej2a_iv"]),
    Claim("2 a v", "Ej2a_v", "ajusta casi perfectamente al modelo [...] (Por encima del 98 %)", claim_2a_v,
          "99.7 % for \"casi perfectamente\"; above 98 %, as said", ["Ej2a_v"]),
    Claim("c, h5py", "Ej2b", "acceso aleatorio [...] \"lazy\" [...] aumentando la velocidad de lectura", claim_c_h5,
          "equal pixels, and sooner than from the JPEGs", []),
    Claim("c, save()", "Ej2c", "guardar en disco la configuración y los pesos entrenados", claim_c_save,
          "equal to the last bit", ["Ej2c"]),
]


# What each figure shows, for those who can't see it and below it for those who can.
FIGURES = {
    "Ej1b_i": "Cost and accuracy over the epochs of minibatches, on logarithmic axes",
    "Ej1b_ii": "Cost and accuracy on train and test, and the 784 learned weights as a picture: two dark wheels",
    "Ej1b_iii": "Cost and accuracy of the hidden layer of 100 ReLU over the steps, on logarithmic axes",
    "Ej2a_i": "The original beside a quarter of the training data: train in red, test in blue",
    "Ej2a_ii": "The original beside one hidden layer: train in red, test in blue",
    "Ej2a_iii": "The original beside sigmoid units: train in red, test in blue",
    "Ej2a_iv": "Eight panels, dropout from 20 to 90 %: train in red, test in blue",
    "Ej2a_dropout": "Final accuracy against the dropout rate, and the same from close by",
    "Ej2a_v": "The original beside no dropout: train in red, test in blue",
    "Ej2c": "The original's curve, and test digits as the loaded model predicts them",
}

# The student's own scripts on the student's own versions. Run once, on another machine: facts, not made by `make`.
STACK_2016 = "Python 3.6.15, Theano 0.8.2, Keras 1.1.0, NumPy 1.11.3"
RUN_AGAIN = {
    "1 b ii": "96.25, 95.75, 97.00, 94.75 and 96.00% over five splits, 95.95% on average",
    "1 b iii": "97.25 and 95.75% on the training data: there the ReLU stood on the output",
    "2 a": "98.26%",
    "2 a i": "96.74%, 1.52 points below its original",
}

# One claim, graded. mean, mean_verdict: the same from the mean of the last five epochs, or "".
# figures: {file below the results folder: what it shows}.
Row = namedtuple("Row", "exercise quote measured verdict why figures mean mean_verdict run_again")


def script_of(name):
    """The script that writes <name>.json, as its command."""
    exercise, _, item = name.partition("_") if name.startswith("Ej2a") else (name, "", "")
    return f"{'theano' if name.startswith('Ej1') else 'keras'}/{exercise}.py {item}".rstrip()


def judge(claim, results):
    """(verdict, measured, by the mean (verdict, measured) or None, the folder of its metrics) of one claim.

    From the first metrics file there, or one in sample/.
    """
    names = claim.files.split()
    paths = [folder / f"{name}.json" for folder in (results, results / "sample") for name in names]
    path = next((path for path in paths if os.path.lexists(path)), None)
    if path is None:
        return NOT_RUN, f"no {names[0]}.json", None, results
    mean = None
    try:
        metrics = read_json(path)
        measured, holds = claim.check(metrics)
        verdict = HOLDS if holds else FAILS
        if claim.exercise.startswith("2 a"):
            by_mean, holds = claim.check(metrics, LAST_FIVE)
            mean = (HOLDS if holds else FAILS), one_line(by_mean)
        drawn = results / "sample" / path.name
        if drawn.exists() and drawn.stat().st_mtime > path.stat().st_mtime:
            measured += " (an earlier run; the last was on the drawn sample, see sample/)"
    except NotComparable as found:
        verdict, measured = found.args
    except BROKEN as error:
        problem = error if isinstance(error, (Damaged, OSError)) else f"{type(error).__name__}: {error}"
        verdict, measured = UNREADABLE, f"run {script_of(path.stem)} again: {path.name}: {problem}"
    return verdict, one_line(measured), mean, path.parent


def grade(results):
    """Judge every claim from the metrics in a folder: a list of Rows."""
    results = Path(results)
    rows = []
    for claim in CLAIMS:
        verdict, measured, mean, folder = judge(claim, results)
        figures = {(folder / f"{name}.png").relative_to(results).as_posix(): FIGURES[name] for name in claim.figures}
        rows.append(Row(claim.exercise, claim.quote, measured, verdict, claim.why, figures,
                        mean[1] if mean else "", mean[0] if mean else "", RUN_AGAIN.get(claim.exercise, "")))
    return rows


# --- The seeds' table -------------------------------------------------------------------

Odds = namedtuple("Odds", "held runs low high")
SeedRow = namedtuple("SeedRow", "exercise quote odds mean_odds failures")
Seeds = namedtuple("Seeds", "seeds claims trainings versions")


def load_seeds(path):
    """{seed: {"final", "last_five", "claims", "versions"}} of a stability.json; one of BROKEN where it isn't one.

    final, last_five: {training: {"train", "test"}}; claims: {exercise: {"verdict", "measured", ...}}.
    """
    content = read_json(Path(path))
    seeds = {}
    for seed, found in content["seeds"].items():
        found = {"last_five": {}, "versions": content.get("versions", {}), **found}
        for ends in (found["final"], found["last_five"]):
            for training, parts in ends.items():
                if not all(0 <= parts[part] <= 1 for part in ("train", "test")):
                    raise Damaged(f"seed {seed}'s {training} has an accuracy that is none")
        for claim in found["claims"].values():
            claim["verdict"], claim["measured"] = str(claim["verdict"]), one_line(claim["measured"])
            claim["mean_verdict"] = str(claim.get("mean_verdict", ""))
        seeds[str(int(seed))] = found
    if not seeds:
        raise Damaged("it has no seeds")
    return seeds


def odds(verdicts):
    """How often a claim held, and the 95 % interval (Clopper and Pearson) of the probability that it does."""
    from scipy.stats import binomtest
    held, runs = verdicts.count(HOLDS), verdicts.count(HOLDS) + verdicts.count(FAILS)
    if not runs:
        return None
    interval = binomtest(held, runs).proportion_ci()
    return Odds(held, runs, float(interval.low), float(interval.high))


def spread(values):
    """Mean, standard deviation and range of accuracies, in percent."""
    percent = [100 * value for value in values]
    if len(percent) == 1:
        return f"{percent[0]:.2f}"
    return (f"{statistics.mean(percent):.2f} ± {statistics.stdev(percent):.2f} "
            f"({min(percent):.2f} to {max(percent):.2f})")


def summary_of_seeds(seeds):
    """What `load_seeds` gave as tables: a Seeds of SeedRows and of (training, train, test, test by the mean)."""
    claims = []
    for claim in CLAIMS:
        found = {seed: run["claims"][claim.exercise] for seed, run in seeds.items()
                 if run["claims"].get(claim.exercise, {}).get("verdict") in (HOLDS, FAILS)}
        if found:
            claims.append(SeedRow(
                claim.exercise, claim.quote, odds([run["verdict"] for run in found.values()]),
                odds([run["mean_verdict"] for run in found.values()]),
                "; ".join(f"{seed}: {run['measured']}" for seed, run in found.items() if run["verdict"] == FAILS)))
    trainings = []
    for name in dict.fromkeys(name for run in seeds.values() for name in run["final"]):
        ends = [run["final"][name] for run in seeds.values() if name in run["final"]]
        means = [run["last_five"][name]["test"] for run in seeds.values() if name in run["last_five"]]
        train, test = (spread([end[part] for end in ends]) for part in ("train", "test"))
        trainings.append((one_line(name), len(ends), train, test,
                          f"{spread(means)}, {len(means)} seed{'s' * (len(means) > 1)}" if means else ""))
    versions = Counter(", ".join(f"{one_line(name)} {one_line(run['versions'][name])}"
                                 for name in ("python", "Theano", "Keras", "numpy") if name in run["versions"])
                       for run in seeds.values())
    return Seeds(list(seeds), claims, trainings,
                 [f"{text} ({count} of the seeds)" if len(versions) > 1 else text for text, count in versions.items()])


SEEDS_PROSE = ("\"Probability\" is that of a claim holding for a seed not tried, with its 95 % interval. Where some "
               "seeds fail and 50 % lies in the interval, the claim may well be even odds; one that holds for every "
               "seed is surer with every seed more.")


def odds_in_words(found):
    return f"{found.held / found.runs:.0%} ({found.low:.0%} to {found.high:.0%})"


def seeds_as_markdown(summary):
    """The seeds' section of results/README.md, which is also results/stability.md."""
    lines = [f"## Over {len(summary.seeds)} seeds", "",
             f"Made by `make stability`, seeds {', '.join(summary.seeds)}; {'; '.join(summary.versions)}. "
             + SEEDS_PROSE, "",
             "| exercise | the report | held | probability | held by the mean of the last five epochs | "
             "measured, seed by seed where it did not |", "|---|---|---|---|---|---|"]
    for row in summary.claims:
        held, by_mean = (f"{found.held} of {found.runs}" if found else "" for found in (row.odds, row.mean_odds))
        lines.append(_cells(row.exercise, f"«{row.quote}»", held if row.odds.held == row.odds.runs else f"**{held}**",
                            odds_in_words(row.odds), by_mean, row.failures))
    lines += ["", "| training | seeds | train accuracy, % | test accuracy, % | test, mean of the last five epochs, % |",
              "|---|---|---|---|---|"]
    return lines + [_cells(name, str(count), *rest) for name, count, *rest in summary.trainings]


# --- The table as text ------------------------------------------------------------------


def _cells(*cells):
    return "| " + " | ".join(_escaped(cell) for cell in cells) + " |"


def _escaped(text):
    return text.replace("|", "\\|").replace("<", "&lt;")


def counts_of(rows):
    """{verdict: how many}, in the rows' order."""
    return Counter(row.verdict for row in rows)


NOT_FULL_NOTE = ("Not a full run on the real data: what is not marked as holding or not says nothing about the "
                 "report.")
READING = ("The verdict is about the last epoch, as that is what the report read off its curves. The last epoch swings "
           "by some 0.3 points, so for 2 a the mean of the last five epochs stands beside it, with what it alone would "
           "give.")
RUN_AGAIN_NOTE = ("\"The 2016 stack, run again\" was measured once, on another machine: the student's own scripts with "
                  f"{STACK_2016}.")


def as_markdown(rows, results, seeds=()):
    """The grading as results/README.md: the table, the figures in the report's order, the seeds' tables (lines)."""
    lines = ["# What the report says, what we measure", "",
             "Made by `python report.py` from the metrics files in this folder; the report is \"Trabajo Práctico 2, "
             "Deep Learning\", 14 October 2016. [index.html](index.html) is the same as a page for the browser.", "",
             "**" + ", ".join(f"{verdict}: {count}" for verdict, count in counts_of(rows).items()) + "**", ""]
    if {NOT_FULL, DRAWN, OTHER} & set(counts_of(rows)):
        lines += [f"**{NOT_FULL_NOTE}**", ""]
    lines += [READING + " " + RUN_AGAIN_NOTE, "",
              "| exercise | the report | measured | mean of the last five epochs | the 2016 stack, run again | "
              "verdict | why this tolerance |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        lines.append(_cells(row.exercise, f"«{row.quote}»", row.measured,
                            f"{row.mean}: {row.mean_verdict}" if row.mean else "", row.run_again,
                            row.verdict if row.verdict == HOLDS else f"**{row.verdict}**", row.why))
    shown = set()
    for row in rows:
        figures = [name for name in row.figures if name not in shown and (Path(results) / name).is_file()]
        shown.update(figures)
        if figures:
            lines += ["", f"## {row.exercise}", "",
                      f"«{row.quote}» Measured: {_escaped(row.measured)}: **{row.verdict}**.", ""]
            lines += [f"![{row.figures[name]}]({name})" for name in figures]
    if seeds:
        lines += ["", *seeds]
    return "\n".join(lines) + "\n"


def as_page(rows, results, seeds, problem):
    """The grading as results/index.html; seeds: a Seeds or None, and the `problem` with them or ""."""
    return page.render(rows=rows, results=Path(results), counts=counts_of(rows), seeds=seeds, problem=problem,
                       incomplete=bool({NOT_FULL, DRAWN, OTHER} & set(counts_of(rows))), not_full=NOT_FULL_NOTE,
                       reading=READING, run_again=RUN_AGAIN_NOTE, seeds_prose=SEEDS_PROSE, odds_in_words=odds_in_words)


def seeds_in(results):
    """(Seeds or None, what is wrong with stability.json or "") of a folder."""
    path = Path(results) / "stability.json"
    if not os.path.lexists(path):
        return None, ""
    try:
        return summary_of_seeds(load_seeds(path)), ""
    except BROKEN as error:
        return None, one_line(f"stability.json can't be read ({type(error).__name__}: {error}): run make stability.")


def write(results):
    """Grade a folder and write its README.md and index.html: (rows, the page's path)."""
    rows = grade(results)
    seeds, problem = seeds_in(results)
    lines = seeds_as_markdown(seeds) if seeds else [f"**{_escaped(problem)}**"] if problem else []
    for name, content in (("README.md", as_markdown(rows, results, lines)),
                          ("index.html", as_page(rows, results, seeds, problem))):
        with whole_file(results / name) as part:
            part.write_text(content, encoding="utf-8")
    return rows, results / "index.html"


def main():
    parser = cli.Parser(__doc__)
    parser.add_argument("--brief", action="store_true", help="print a line per claim")
    parser.add_results()
    arguments = parser.parse_args()
    if not os.path.isdir(arguments.results):
        raise InputError(f"{arguments.results} is not a folder: run the scripts first, or give --results theirs.")
    rows, path = write(results_folder(arguments.results))
    for row in rows:
        if arguments.brief:
            print(f"{row.exercise:<14} {row.verdict:<14} {textwrap.shorten(row.measured, 90, placeholder=' ...')}")
            continue
        print(f"{row.exercise:<14} {row.verdict}\n{'':<15}the report: «{row.quote}»\n"
              f"{'':<15}measured:   {row.measured}")
        if row.mean:
            print(f"{'':<15}mean of 5:  {row.mean}: {row.mean_verdict}")
        if row.run_again:
            print(f"{'':<15}2016 stack: {row.run_again}")
        print(f"{'':<15}tolerance:  {row.why}")
    counts = counts_of(rows)
    unreadable = f"{counts[UNREADABLE]} unreadable, " if counts[UNREADABLE] else ""
    rest = len(rows) - counts[HOLDS] - counts[FAILS] - counts[UNREADABLE]
    print(f"\n{len(rows)} claims: {counts[HOLDS]} hold, {counts[FAILS]} do not, {unreadable}{rest} not run or not "
          f"comparable. Wrote {path.with_name('README.md')} and the page:\n{path.resolve().as_uri()}")
    raise SystemExit(1 if counts[FAILS] or counts[UNREADABLE] else 0)


if __name__ == "__main__":
    cli.run(main)
