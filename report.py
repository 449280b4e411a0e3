"""The grading: what the report claims, checked against the metrics files that the scripts left.

`python report.py` reads them in results/, compares them with what the report says, prints the
table and writes it, with the figures, as results/README.md.
"""
from pathlib import Path

from tp2 import cli
from tp2.cli import InputError, results_folder
from tp2.files import load_metrics, whole_file

# --- Grading: what the report claims ----------------------------------------------------
# Each function takes the metrics files it names, as saved, and returns what was measured, in
# words, and whether the claim holds. They compute from raw counts and histories only.

EPOCHS, STEPS = 20, 10000          # the report's full size
POINT = 0.01                       # a point of accuracy


class NotComparable(Exception):
    """The metrics are no evidence for or against the claim; the message says why."""


def _need(condition, reason):
    if not condition:
        raise NotComparable(reason)


def _consistent(condition, what):
    if not condition:
        raise ValueError(f"the metrics file contradicts itself: {what}")


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
    _need(Ej1b_i["settings"]["epochs"] == STEPS, f"{Ej1b_i['settings']['epochs']} epochs, not {STEPS}")
    expected = [[start, min(start + size, samples)] for start in range(0, samples, size)]
    visits = [index for start, stop in bounds for index in range(start, stop)]
    return (f"{samples} samples in {len(bounds)} minibatches of {size}, the last of {bounds[-1][1] - bounds[-1][0]}; "
            f"each sample {'once' if sorted(visits) == list(range(samples)) else 'NOT once'} per epoch; "
            f"{Ej1b_i['results']['train_correct']} of {samples} learned",
            bounds == expected and sorted(visits) == list(range(samples)))


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
    _need(Ej1b_ii["data"]["origin"] == "real", f"drawn sample only: {measured}")
    _need(Ej1b_ii["settings"]["steps"] == STEPS and total == 400,
          f"not at full size: {Ej1b_ii['settings']['steps']} steps, {measured}")
    _need(Ej1b_ii["data"]["classes"] == {"airplanes": 800, "Motorbikes": 798},
          f"other photographs than Caltech101's: {measured}")
    from scipy.stats import binomtest
    interval = binomtest(383, 400).proportion_ci()  # 95 %, exact (Clopper and Pearson)
    return measured, interval.low <= correct / total <= interval.high


def claim_1b_iii(Ej1b_iii):
    results = Ej1b_iii["results"]
    _need(Ej1b_iii["settings"]["steps"] == STEPS, f"{Ej1b_iii['settings']['steps']} steps, not {STEPS}")
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
        _need(settings["epochs"] == EPOCHS and settings["samples"] == 60000,
              f"{settings['epochs']} epochs on {settings['samples']} digits, not {EPOCHS} on 60000")
        _consistent(all(len(history[key]) == EPOCHS for key in ("accuracy", "val_accuracy")), f"{name}'s epochs")
        counts = metrics["results"][name]
        _consistent(round(history["val_accuracy"][-1] * counts["test_total"]) == counts["test_correct"],
                    f"{name}'s last test accuracy and its count of correct digits")
    return [metrics["history"][name] for name in names]


def claim_2a(any_item):
    original, = _curves_of(any_item, "original")
    test = original["val_accuracy"][-1]
    return f"{test:.2%}", abs(test - 0.9834) <= 0.3 * POINT


def claim_2a_i(Ej2a_i):
    original, quarter = _curves_of(Ej2a_i, "original", "i")
    test = quarter["val_accuracy"][-1]
    first = [next((epoch for epoch, value in enumerate(history["val_accuracy"], 1) if value >= 0.95), EPOCHS + 1)
             for history in (original, quarter)]
    return (f"{test:.2%}, {100 * (original['val_accuracy'][-1] - test):.2f} points below the original; test reaches "
            f"95 % in epoch {first[1]}, the original's in epoch {first[0]}",
            abs(test - 0.968) <= 0.6 * POINT and test < original["val_accuracy"][-1] and first[1] > first[0])


def claim_2a_ii(Ej2a_ii):
    original, one = _curves_of(Ej2a_ii, "original", "ii")
    train, test = (one[key][-1] - original[key][-1] for key in ("accuracy", "val_accuracy"))
    return (f"train {100 * train:+.2f} points, test {100 * test:+.2f} points",
            abs(train) <= 0.5 * POINT and abs(test) <= 0.5 * POINT)


def claim_2a_iii(Ej2a_iii):
    original, sigmoid = _curves_of(Ej2a_iii, "original", "iii")
    gap = sigmoid["val_accuracy"][-1] - original["val_accuracy"][-1]
    below = sum(s < o for s, o in zip(sigmoid["accuracy"][:10], original["accuracy"]))
    gains = [history["accuracy"][-1] - history["accuracy"][9] for history in (sigmoid, original)]
    return (f"test {100 * gap:+.2f} points at the end; train below the original's in {below} of the first 10 epochs; "
            f"after them it gains {100 * gains[0]:.2f} points (the original {100 * gains[1]:.2f})",
            abs(gap) <= 1 * POINT and below == 10 and gains[0] > max(0, gains[1]))


def _dropouts(Ej2a_iv, *rates):
    return _curves_of(Ej2a_iv, *(f"iv_{rate}" for rate in rates))


def claim_2a_iv_test(Ej2a_iv):
    tests = [history["val_accuracy"][-1] for history in _dropouts(Ej2a_iv, 20, 30, 40, 50, 60, 70)]
    return (f"from {min(tests):.2%} to {max(tests):.2%}", all(abs(test - 0.98) <= 0.75 * POINT for test in tests))


def claim_2a_iv_90(Ej2a_iv):
    original, most = _curves_of(Ej2a_iv, "original", "iv_90")
    gap = original["val_accuracy"][-1] - most["val_accuracy"][-1]
    return f"{most['val_accuracy'][-1]:.2%}, {100 * gap:.2f} points below the original", gap > 5 * POINT


def claim_2a_iv_train(Ej2a_iv):
    trains = [history["accuracy"][-1] for history in _dropouts(Ej2a_iv, *range(20, 100, 10))]
    return (" > ".join(f"{100 * train:.1f}" for train in trains) + " %",
            all(later < earlier for earlier, later in zip(trains, trains[1:])))


def claim_2a_v(Ej2a_v):
    whole, = _curves_of(Ej2a_v, "v")
    train, test = whole["accuracy"][-1], whole["val_accuracy"][-1]
    return f"train {train:.2%}, test {test:.2%}", train >= 0.997 and test > 0.98


def claim_c_h5(Ej2b):
    results = Ej2b["results"]
    times = results["timings_ms"]
    measured = (f"{results['photographs']} photographs; a batch of {results['batch']} in {times['batch_slice']:.1f} ms "
                f"from H5, {times['batch_jpeg']:.1f} ms from the JPEGs; one photograph in {times['one']:.2f} ms; "
                f"greatest difference {results['greatest_difference']:g}")
    _need(Ej2b["data"]["origin"] == "real", f"drawn sample only: {measured}")
    _consistent(results["photographs"] == sum(Ej2b["data"]["classes"].values()), "the numbers of photographs")
    return measured, results["greatest_difference"] == 0 and times["batch_slice"] < times["batch_jpeg"]


def claim_c_save(Ej2c):
    results, settings = Ej2c["results"], Ej2c["settings"]
    _need(settings["epochs"] == EPOCHS and settings["samples"] == 60000, f"{settings['epochs']} epochs, not {EPOCHS}")
    same = results["test_correct_saved"] == results["test_correct_loaded"]
    last = Ej2c["history"]["val_accuracy"][-1] * results["test_total"]
    _consistent(abs(last - results["test_correct_saved"]) < 1.5,  # other batches may round one digit otherwise
                "the last test accuracy and the count of correct digits")
    return (f"{results['parameters']:,} parameters; greatest difference of a prediction "
            f"{results['greatest_difference']:g}; {results['test_correct_saved']} and {results['test_correct_loaded']} "
            f"of {results['test_total']} correct; optimizer state "
            f"{'equal' if results['optimizer_equal'] else 'different'}",
            results["greatest_difference"] == 0 and same and results["optimizer_equal"])


# exercise, metrics file (the first there of several), the report's words, the check, why it is checked so, its figures
CLAIMS = [
    ("1 a", "Ej1a", "a ** 2 + b ** 2 + 2 * a * b", claim_1a,
     "exactly (a + b) ** 2: small whole numbers have no rounding", []),
    ("1 b i", "Ej1b_i", "el script calculará cuántos generar", claim_1b_i,
     "a count: every sample once per epoch, the last minibatch smaller", ["Ej1b_i"]),
    ("1 b ii", "Ej1b_ii", "una precisión de 95.75 %", claim_1b_ii,
     "the 95 % binomial interval of the report's 383 of 400: 93.28 to 97.51 %", ["Ej1b_ii"]),
    ("1 b iii", "Ej1b_iii", "100 ReLU [...] √(2/n)", claim_1b_iii,
     "2 % is eight standard errors of the deviation of 78,400 weights", ["Ej1b_iii"]),
    ("2 a", "Ej2a_i Ej2a_ii Ej2a_iii Ej2a_iv Ej2a_v", "98.34 %", claim_2a,
     "0.3 points: the 95 % interval on 10,000 digits is 0.25", []),
    ("2 a i", "Ej2a_i", "empeora levemente la velocidad de convergencia, y la precisión en el conjunto de test [...] "
     "(de 98.34 % a 96.8 %)", claim_2a_i,
     "0.6 points: the interval is 0.35, and the last epochs swing", ["Ej2a_i"]),
    ("2 a ii", "Ej2a_ii", "Se esperaba un cambio mucho más grande", claim_2a_ii,
     "0.5 points: two intervals of 0.25", ["Ej2a_ii"]),
    ("2 a iii", "Ej2a_iii", "gran deterioro en la velocidad de convergencia, llegando a la época 10 aún sin converger",
     claim_2a_iii, "1 point for \"no significativa\"; rising means gaining more than the original", ["Ej2a_iii"]),
    ("2 a iv, test", "Ej2a_iv", "entre 20 % y 70 %, encontrándose en torno al 98 %", claim_2a_iv_test,
     "0.75 points: the rounding to whole points and the interval", ["Ej2a_iv", "Ej2a_dropout"]),
    ("2 a iv, 90 %", "Ej2a_iv", "una diferencia de más del 5 % con el modelo original", claim_2a_iv_90,
     "more than 5 points, as said", []),
    ("2 a iv, train", "Ej2a_iv", "se ve afectada cada vez que aumenta el dropout", claim_2a_iv_train,
     "each of the seven steps down, as said", []),
    ("2 a v", "Ej2a_v", "ajusta casi perfectamente al modelo [...] (Por encima del 98 %)", claim_2a_v,
     "99.7 % for \"casi perfectamente\"; above 98 %, as said", ["Ej2a_v"]),
    ("c, h5py", "Ej2b", "acceso aleatorio [...] \"lazy\" [...] aumentando la velocidad de lectura", claim_c_h5,
     "equal pixels, and sooner than from the JPEGs", []),
    ("c, save()", "Ej2c", "guardar en disco la configuración y los pesos entrenados", claim_c_save,
     "equal to the last bit", ["Ej2c"]),
]

HOLDS, FAILS, NOT_RUN = "holds", "DOES NOT HOLD", "not run"


def judge(check, results, names):
    """(verdict, measured) of one claim, from the first metrics file there, or one in sample/."""
    paths = [folder / f"{name}.json" for folder in (results, results / "sample") for name in names]
    path = next((path for path in paths if path.exists()), None)
    if path is None:
        return NOT_RUN, f"no {names[0]}.json"
    try:
        measured, holds = check(load_metrics(path))
        drawn = results / "sample" / path.name
        if drawn.exists() and drawn.stat().st_mtime > path.stat().st_mtime:
            measured += " (an earlier run; the last was on the drawn sample, see sample/)"
    except NotComparable as reason:
        label, _, rest = str(reason).partition(": ")
        return (label, rest) if rest else ("not at full size", label)
    except (OSError, ValueError) as error:
        return FAILS, f"{path.name}: {error}"
    except (KeyError, TypeError, IndexError, AttributeError, ZeroDivisionError) as error:
        return FAILS, f"{path.name} is not what the script writes ({type(error).__name__}: {error})"
    return (HOLDS if holds else FAILS), measured


def grade(results):
    """Judge every claim from the metrics in a folder: [(exercise, quote, measured, verdict, why, figures)]."""
    rows = []
    for exercise, names, quote, check, why, figures in CLAIMS:
        verdict, measured = judge(check, Path(results), names.split())
        rows.append((exercise, quote, measured, verdict, why, figures))
    return rows


def as_markdown(rows, results):
    """The grading as results/README.md: the table, the figures in the report's order, the seeds' table."""
    counts = {}
    for row in rows:
        counts[row[3]] = counts.get(row[3], 0) + 1
    lines = ["# What the report says, what we measure", "",
             "Made by `python report.py` from the metrics files in this folder; the report is \"Trabajo Práctico 2, "
             "Deep Learning\", 14 October 2016.", "",
             "**" + ", ".join(f"{verdict}: {count}" for verdict, count in counts.items()) + "**", ""]
    if set(counts) - {HOLDS, FAILS, NOT_RUN}:
        lines += ["**Not a full run on the real data: what is not marked as holding or not says nothing about the "
                  "report.**", ""]
    lines += ["| exercise | the report | measured | verdict | why this tolerance |", "|---|---|---|---|---|"]
    for exercise, quote, measured, verdict, why, _ in rows:
        cells = (exercise, f"«{quote}»", measured, verdict if verdict == HOLDS else f"**{verdict}**", why)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    for exercise, quote, measured, verdict, _, figures in rows:
        shown = [name for name in figures if (Path(results) / f"{name}.png").exists()]
        if shown:
            lines += ["", f"## {exercise}", "", f"«{quote}» Measured: {measured}: **{verdict}**.", ""]
            lines += [f"![{exercise}]({name}.png)" for name in shown]
    stability = Path(results) / "stability.md"
    if stability.exists():
        lines += ["", stability.read_text(encoding="utf-8").rstrip()]
    return "\n".join(lines) + "\n"


def main():
    parser = cli.Parser(__doc__)
    parser.add_results()
    arguments = parser.parse_args()
    if not arguments.results.is_dir():
        raise InputError(f"{arguments.results} is not a folder: run the scripts first, or give --results theirs.")
    results = results_folder(arguments.results)
    rows = grade(results)
    for exercise, quote, measured, verdict, why, _ in rows:
        print(f"{exercise:<14} {verdict}\n{'':<15}the report: «{quote}»\n{'':<15}measured:   {measured}\n"
              f"{'':<15}tolerance:  {why}")
    path = results / "README.md"
    with whole_file(path) as part:
        part.write_text(as_markdown(rows, results), encoding="utf-8")
    failed = sum(verdict == FAILS for _, _, _, verdict, _, _ in rows)
    held = sum(verdict == HOLDS for _, _, _, verdict, _, _ in rows)
    print(f"\n{len(rows)} claims: {held} hold, {failed} do not, {len(rows) - held - failed} not run or not comparable. "
          f"Wrote {path}")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    cli.run(main)
