"""What each sentence of the report says that can be true or false, and when it holds.

A check takes what its claim names, the Metrics of a file or {name: Training}, and computes from raw counts and curves
only. Its docstring is the criterion that the grading prints. The sentences, in their order, stand in report.md.
"""
import math
import re
from dataclasses import dataclass

from tp2.cli import ROOT
from tp2.files import report_curves

from .metrics import COUNT, NUMBER, TOTAL, TRUTH
from .verdicts import LIMITS, Finding, Verdict, claim, finding, limits_of, untestable

BATCH_SIZE = 128
STACK_2016 = "Python 3.6, Theano 0.8.2, Keras 1.1.0, NumPy 1.11.3"
QUARTER = {"Ej2a_i": ["original", "i"]}
ONE_LAYER = {"Ej2a_ii": ["original", "ii"]}
SIGMOID = {"Ej2a_iii": ["original", "iii"]}
RATES = ["original", *(f"iv_{rate}" for rate in range(30, 100, 10))]   # the original has a dropout of 20 %
DROPOUT = {"Ej2a_iv": RATES}
NO_DROPOUT = {"Ej2a_v": ["v"]}
TWELVE = {**QUARTER, **ONE_LAYER, **SIGMOID, **DROPOUT, "Ej2a_v": ["original", "v"]}


def percent(share):
    return f"{100 * share:.2f} %"


def percents(shares):
    return f"{', '.join(f'{100 * share:.2f}' for share in shares)} %"


def points(difference):
    return f"{100 * difference:.2f} points"


def listed(numbers):
    *first, last = (f"{number:g}" for number in numbers)
    return f"{', '.join(first)} and {last}" if first else last


def label(training):
    """A training's name in the tables: "iv_30" -> "iv, 30 %"."""
    return training if "_" not in training else training.replace("_", ", ") + " %"


def source(path):
    """The text of a script of this project: some sentences of the report are about the scripts themselves."""
    return (ROOT / path).read_text(encoding="utf-8")


# --- Exercise 1 ---


@claim("The expression", file="Ej1a")
def expression(m):
    """the value is exactly `(a + b) ** 2`; small whole numbers have no rounding"""
    a, b, value = (m.values(field, NUMBER) for field in ("settings.a", "settings.b", "results.value"))
    written = "a ** 2 + b ** 2 + 2 * a * b" in source("theano/Ej1a.py")
    return finding(value == [(x + y) ** 2 for x, y in zip(a, b)] and written,
                   f"{listed(value)} for a = {listed(a)} and b = {listed(b)}; `theano/Ej1a.py` "
                   f"{'has' if written else 'does not have'} the expression")


@claim("Three files")
def three_files():
    """the three files are there, and none imports another"""
    names = ["Ej1b_i.py", "Ej1b_ii.py", "Ej1b_iii.py"]
    alone = [name for name in names if not re.search(r"^\s*(import|from) Ej", source(f"theano/{name}"), re.MULTILINE)]
    return finding(alone == names, f"{len(alone)} of the three scripts in `theano/` import no other script")


@claim("Line 10")
def line_10():
    """line 10 of the script sets it to 10, as the student's own line 10 does"""
    line = source("theano/Ej1b_i.py").splitlines()[9].strip()
    return finding(re.match(r"\w*batch\w* = 10\b", line, re.IGNORECASE), f"line 10 of `theano/Ej1b_i.py`: `{line}`")


@claim("The number of minibatches", file="Ej1b_i")
def minibatches(m):
    """every sample is in one minibatch, and all are of the given size, but for a smaller last one"""
    size, samples = m.value("settings.batch_size", TOTAL), m.value("data.samples", TOTAL)
    bounds = m.value("results.minibatches", ("a list", lambda value: isinstance(value, list) and value))
    return finding(bounds == [[start, min(start + size, samples)] for start in range(0, samples, size)],
                   f"{samples} samples in {len(bounds)} minibatches of {size}, the last from {bounds[-1][0]} to "
                   f"{bounds[-1][-1]}; {m.value('results.train_correct', COUNT)} of "
                   f"{m.value('results.train_total', TOTAL)} learned")


@claim("TP1's functions")
def uses_TP1():
    """the script imports them"""
    used = re.search(r"^(import TP1|from TP1 import)\b", source("theano/Ej1b_ii.py"), re.MULTILINE)
    return finding(used, f"`theano/Ej1b_ii.py` {'imports' if used else 'does not import'} `TP1.py`")


@claim("28x28", file="Ej1b_ii")
def sides(m):
    """the side is 28 pixels"""
    side = m.value("settings.side", TOTAL)
    return finding(side == 28, f"{side}x{side}: logistic regression with {side * side} weights and a bias")


@claim("95.75 %", file="Ej1b_ii", by_seed=True,
       besides="In 2016 this was not seeded: another run gave another number. The student's own script, run again on "
               f"the stack of 2016 ({STACK_2016}), gave 96.25, 95.75, 97.00, 94.75 and 96.00 % over five splits")
def airplanes(m):
    """inside the 95 % binomial interval of the report's 383 of 400, from 93.28 to 97.51 %"""
    from scipy.stats import binomtest
    correct, total = m.value("results.test_correct", COUNT), m.value("results.test_total", TOTAL)
    interval = binomtest(383, 400).proportion_ci()  # exact (Clopper and Pearson), 95 %
    share = correct / total
    return finding(interval.low <= share <= interval.high, f"{correct} of {total} = {percent(share)}")


@claim("400 held out", file="Ej1b_ii")
def held_out(m):
    """400 test photographs, none of which trains"""
    photographs = sum(m.named("data.classes", TOTAL).values())
    train, test = m.value("data.train", TOTAL), m.value("data.test", TOTAL)
    return finding(test == 400 and train + 400 == photographs,
                   f"{test} of {photographs:,} photographs, {m.value('settings.test_per_class', TOTAL)} of each class; "
                   f"{train:,} train")


@claim("100 ReLU", file="Ej1b_iii")
def hidden_layer(m):
    """the layer has 100 units"""
    inputs, units = m.values("results.initial_weights", TOTAL, 2)
    return finding(units == m.value("settings.hidden", TOTAL) == 100, f"{inputs} x {units} weights, for {units} ReLU")


@claim("Where the ReLU stands", file="Ej1b_iii",
       besides="In 2016 this was not seeded. The student's script, run again twice on the stack of 2016 "
               f"({STACK_2016}), learned 97.25 and 95.75 % of its samples")
def relu_position(m):
    """it can't: the report's slip where the function that it describes learns all of the random samples"""
    correct, total = m.value("results.train_correct", COUNT), m.value("results.train_total", TOTAL)
    return Finding(Verdict.SLIP if correct == total else Verdict.FAILS,
                   f"with the ReLU on the hidden layer, as the sentence says, {correct} of {total} samples are "
                   "learned; the student's own script has it on the output, and learned fewer")


def is_deviation(m, expected):
    """Whether the initial weights have this standard deviation, within 2 %."""
    return abs(m.value("results.initial_deviation", NUMBER) / expected - 1) <= 0.02


def deviation(m, expected, name):
    return f"standard deviation {m.value('results.initial_deviation', NUMBER):.4f}; {name} = {expected:.4f}"


@claim("He's initialisation", file="Ej1b_iii")
def he(m):
    """within 2 % of √(2/n): eight standard errors of the standard deviation of 78,400 weights"""
    inputs, _ = m.values("results.initial_weights", TOTAL, 2)
    expected = math.sqrt(2 / inputs)
    return finding(is_deviation(m, expected), deviation(m, expected, f"√(2/{inputs:,})"))


@claim("Dividing", file="Ej1b_iii")
def dividing(m):
    """their standard deviation is 1 / √(2/n); the report's slip where it is the paper's (equation 10)"""
    inputs, _ = m.values("results.initial_weights", TOTAL, 2)
    expected = 1 / math.sqrt(2 / inputs)
    slip = Verdict.SLIP if is_deviation(m, math.sqrt(2 / inputs)) else Verdict.FAILS
    return Finding(Verdict.HOLDS if is_deviation(m, expected) else slip,
                   f"{deviation(m, expected, f'1 / √(2/{inputs:,})')}: the paper multiplies by √(2/n), and so does the "
                   "script")


@claim("What n is", file="Ej1b_iii")
def n_parameters(m):
    """n in √(2/n) is the number of weights; the report's slip where it is the paper's (equation 10)"""
    inputs, units = m.values("results.initial_weights", TOTAL, 2)
    expected = math.sqrt(2 / (inputs * units))
    slip = Verdict.SLIP if is_deviation(m, math.sqrt(2 / inputs)) else Verdict.FAILS
    return Finding(Verdict.HOLDS if is_deviation(m, expected) else slip,
                   f"{deviation(m, expected, f'√(2/{inputs * units:,})')}: in the paper n is the number of inputs of a "
                   f"unit, {inputs}")


# --- Exercise 2 a; t: {name: Training}. As the report did, they read a training's accuracy off its last epoch ---


@dataclass
class CurveLine:
    """One training compared with the report's figure, for the table."""

    training: str
    equal: str
    last: str = ""      # train, test
    remarks: str = ""


def differences(training, report):
    """[(epoch, part, ours - the report's)] of the numbers that differ; epochs count from 1."""
    return sorted((epoch, part, ours - theirs) for part in ("train", "test") for epoch, (ours, theirs) in enumerate(
        zip(getattr(training, f"{part}_correct"), report[f"{part}_correct"]), 1) if ours != theirs)


def curve_line(name, training, off, limits):
    """The CurveLine of a training whose numbers `off` differ."""
    compared, remarks = 2 * min(len(training.test), 20), [limit.words for limit in limits]
    if off:
        epoch, part, difference = off[0]
        remarks.append(f"first off in epoch {epoch}, {part}, by {difference:+,}")
    return CurveLine(label(name), f"{compared - len(off)} of {compared} numbers equal",
                     percents([training.train[-1], training.test[-1]]), "; ".join(remarks))


@claim("The twelve trainings", trainings=TWELVE, partial=True,
       besides=f"The stack of 2016 ({STACK_2016}) with ATLAS as its BLAS gives the same 480 numbers. With OpenBLAS "
               "instead, the original ends at 98.26 %, a quarter at 96.74 %, one layer at 98.29 %")
def twelve_trainings(t):
    """all 480 numbers of the report's figures are equal; the first train of 90 % lies below its panel, and was read to
    within 4 digits (27,784) and computed (27,780)"""
    table, verdicts, equal = [], {Verdict.HOLDS}, 0
    for name, report in report_curves().items():
        if name not in t:
            if name != "iv_20":     # the original
                table.append(CurveLine(label(name), str(Verdict.NOT_RUN)))
                verdicts.add(Verdict.NOT_FULL)
            continue
        off, limits = differences(t[name], report), limits_of("Ej2a", t[name].settings)
        verdicts.add(limits[0].verdict if limits else Verdict.FAILS if off else Verdict.HOLDS)
        equal += 2 * min(len(t[name].test), 20) - len(off)
        table.append(curve_line(name, t[name], off, limits))
    gravest = next(verdict for verdict in (Verdict.FAILS, *LIMITS, Verdict.HOLDS) if verdict in verdicts)
    return Finding(gravest, f"{equal} of 480 numbers equal: per training, the digits classified correctly after each "
                   "of 20 epochs, of its training digits (as the batches pass, dropout at work) and of 10,000 test "
                   "digits", table)


def gap(higher, lower):
    """A difference of two shares, rounded so that 0.9834 - 0.9334 is not more than 0.05."""
    return round(higher - lower, 9)


def lost(t, name, part="test", by="original"):
    """How far a training ends below another: a difference of two accuracies."""
    return gap(getattr(t[by], part)[-1], getattr(t[name], part)[-1])


def first_epoch(accuracies, level):
    """The first epoch, from 1, that reaches a level; infinity if none does."""
    return next((epoch for epoch, accuracy in enumerate(accuracies, 1) if accuracy >= level), math.inf)


@claim("Slower, and worse on test", trainings=QUARTER)
def quarter_slower(t):
    """test reaches 95 % in a later epoch, and ends lower"""
    ours, original = (first_epoch(t[name].test, 0.95) for name in ("i", "original"))
    batches = [epoch * -(-t[name].train_total // BATCH_SIZE) for epoch, name in ((ours, "i"), (original, "original"))]
    return finding(ours > original and lost(t, "i") > 0,
                   f"test reaches 95 % in epoch {ours}, the original's in {original} (but a quarter's epochs are "
                   f"shorter: after {batches[0]:,} and {batches[1]:,} batches); it ends {points(lost(t, 'i'))} lower")


@claim("From 98.34 % to 96.8 %", trainings=QUARTER)
def quarter_numbers(t):
    """within 0.3 and 0.6 points of these, which is how far seeds swing; "relevante": by more than two standard
    errors"""
    ends = [t[name].test[-1] for name in ("original", "i")]
    variance = sum(end * (1 - end) / t[name].test_total for end, name in zip(ends, ("original", "i")))
    errors = (ends[0] - ends[1]) / (math.sqrt(variance) or 1)
    return finding(abs(gap(ends[0], 0.9834)) <= 0.003 and abs(gap(ends[1], 0.968)) <= 0.006 and errors > 2,
                   f"from {percent(ends[0])} to {percent(ends[1])}, {errors:.1f} standard errors of such a difference")


@claim("Because it can't learn enough", trainings=QUARTER, reason=True)
def quarter_reason(t):
    """without dropout, its accuracy on its own training digits falls, too, by more than half of what test loses"""
    less = gap(t["original"].train_whole, t["i"].train_whole) > lost(t, "i") / 2
    return finding(less, f"without dropout the quarter's network has {percent(t['i'].train_whole)} on the digits that "
                   f"it was trained with, the original {percent(t['original'].train_whole)} (as the batches pass, "
                   f"{percent(t['i'].train[-1])} and {percent(t['original'].train[-1])}): it "
                   + ("learns less" if less else "learns what it is shown, and generalises less"))


@claim("No great change", trainings=ONE_LAYER)
def one_layer(t):
    """train and test within 0.5 points of the original's"""
    train, test = lost(t, "ii", "train"), lost(t, "ii")
    return finding(abs(train) <= 0.005 and abs(test) <= 0.005,
                   f"train {-100 * train:+.2f} points, test {-100 * test:+.2f} points")


@claim("Still very satisfactory", trainings={"Ej2a_ii": ["ii"]})
def one_layer_good(t):
    """above 98 % on test, which the report calls "muy buena\""""
    return finding(t["ii"].test[-1] > 0.98, f"{percent(t['ii'].test[-1])} on test")


@claim("Because of 60,000 samples", trainings={"Ej2a_i": ["i"], "Ej2a_ii": ["ii_quarter"]}, reason=True)
def one_layer_reason(t):
    """with a quarter of the samples, one layer is worse than two by more than 0.5 points (a training of ours)"""
    worse = lost(t, "ii_quarter", by="i") > 0.005
    return finding(worse, f"on a quarter, 15,000 digits, one layer has {percent(t['ii_quarter'].test[-1])}, two layers "
                   f"{percent(t['i'].test[-1])}: one {'needs many samples' if worse else 'suffices there, too'}")


@claim("No significant loss", trainings=SIGMOID)
def sigmoid_power(t):
    """at most 1 point below the original on test"""
    return finding(lost(t, "iii") <= 0.01,
                   f"{percent(t['iii'].test[-1])}, {points(lost(t, 'iii'))} below the original")


@claim("Much slower", trainings=SIGMOID)
def sigmoid_slower(t):
    """at least twice as many epochs to 98 % on test, and train below the original's in each of the first 10 epochs"""
    ours, original = (first_epoch(t[name].test, 0.98) for name in ("iii", "original"))
    below = sum(x < y for x, y in zip(t["iii"].train[:10], t["original"].train[:10]))
    return finding(below == 10 and original < math.inf and ours >= 2 * original,
                   f"test reaches 98 % in epoch {ours}, the original's in {original}; train is below the original's in "
                   f"{below} of the first 10 epochs")


@claim("Epoch 10", trainings=SIGMOID)
def sigmoid_at_10(t):
    """after 10 on the figure's axis, which begins at 0, train still gains more than the original's"""
    if len(t["iii"].train) < 20:
        return Finding(Verdict.UNKNOWN, "too few epochs to see what comes after epoch 10")
    ours, original = (gap(t[name].train[-1], t[name].train[10]) for name in ("iii", "original"))
    return finding(ours > max(0, original),
                   f"after it, train still gains {points(ours)}, the original's {points(original)}")


@claim("About 98 %", trainings=DROPOUT)
def dropout_test(t):
    """each within 0.75 points of 98 %: half a point for "en torno", and the interval of 0.25 of 10,000 digits"""
    tests = [t[name].test[-1] for name in RATES[:6]]
    return finding(all(abs(gap(test, 0.98)) <= 0.0075 for test in tests),
                   f"{percents(tests)} for 20 to 70 %: {points(lost(t, 'iv_70'))} from first to last")


@claim("90 % dropout", trainings=DROPOUT)
def dropout_90(t):
    """more than 5 points, as said"""
    difference = lost(t, "iv_90")
    return finding(difference > 0.05, f"{percent(t['iv_90'].test[-1])}, {points(difference)} below the original")


@claim("Train, with every increase", trainings=DROPOUT)
def dropout_train(t):
    """each of the seven steps goes down, as said"""
    trains = [t[name].train[-1] for name in RATES]
    return finding(all(y < x for x, y in zip(trains, trains[1:])), f"{percents(trains)} for 20 to 90 %")


def falls(t):
    """How far 90 % ends below 20 %: train as it passes, train on the whole network, test."""
    return lost(t, "iv_90", "train"), gap(t["original"].train_whole, t["iv_90"].train_whole), lost(t, "iv_90")


@claim("Because neurons are off", trainings=DROPOUT, reason=True)
def dropout_reason(t):
    """more than half of the fall on train, from 20 to 90 %, remains where the same networks are evaluated on their
    training digits with no neuron off"""
    passing, whole, _ = falls(t)
    return finding(whole > passing / 2, "evaluated with no neuron off, the same networks have "
                   f"{percents([t[name].train_whole for name in RATES])} on their training digits for 20 to 90 %: of "
                   f"the fall of {points(passing)}, {points(whole)} remain")


@claim("Because test uses the whole network", trainings=DROPOUT, reason=True)
def whole_network_reason(t):
    """on the whole network train falls as test does: the two differ less than test and train with dropout at work"""
    passing, whole, test = falls(t)
    return finding(abs(whole - test) < abs(passing - test),
                   f"from 20 to 90 % test falls by {points(test)}; train by {points(passing)} with dropout at work, by "
                   f"{points(whole)} on the whole network")


@claim("Almost perfect", trainings=NO_DROPOUT)
def no_dropout_fit(t):
    """at least 99.7 % on train"""
    return finding(t["v"].train[-1] >= 0.997, f"{percent(t['v'].train[-1])} on train")


@claim("No overfitting", trainings=NO_DROPOUT, reason=True)
def no_overfitting(t):
    """the loss on test ends at most a tenth above its least value"""
    train, test = t["v"].train_loss, t["v"].test_loss
    least = test.index(min(test))
    return finding(test[-1] <= 1.1 * test[least],
                   f"the loss on test rises from {test[least]:.3f}, its least, in epoch {least + 1} to {test[-1]:.3f}, "
                   f"while that on train falls from {train[least]:.3f} to {train[-1]:.3f}")


@claim("Above 98 %", trainings=NO_DROPOUT)
def no_dropout_test(t):
    """above 98 % on test, as said"""
    return finding(t["v"].test[-1] > 0.98, f"{percent(t['v'].test[-1])} on test")


# --- Section c, with exercises 2 b and 2 c ---


untestable("For large volumes",
           "our files of some megabytes are no large volumes; the advantages themselves are graded below")


@claim("Hierarchical", file="Ej2c")
def hierarchy(m):
    """one file gives back the model's configuration, weights and optimizer state, each from its own group"""
    parameters, steps = m.value("results.parameters", TOTAL), m.value("results.optimizer_steps", COUNT)
    return finding(parameters == 669706 and m.value("results.optimizer_equal", TRUTH) and steps > 0,
                   f"from one file, each out of its own group: the configuration, {parameters:,} weights, and the "
                   f"optimizer's state after {steps:,} steps")


@claim("Random access", file="Ej2b")
def random_access(m):
    """one photograph takes less than a twentieth of the file's bytes, and less time than a batch"""
    read, times = m.named("results.bytes_read", TOTAL), m.named("results.timings_ms", NUMBER)
    return finding(read["one"] < 0.05 * read["file"] and times["one"] < times["batch_slice"],
                   f"one photograph: {read['one']:,} bytes of {read['file']:,} read, in {times['one']:.2f} ms; a batch "
                   f"of {m.value('results.batch', TOTAL)}: {read['batch']:,} bytes, in {times['batch_slice']:.2f} ms")


@claim("Lazy", file="Ej2b")
def lazy(m):
    """to open the file, less than a twentieth of it is read"""
    opened, whole = (m.value(f"results.bytes_read.{what}", TOTAL) for what in ("open", "file"))
    return finding(opened < 0.05 * whole, f"opening the file reads {opened:,} of its {whole:,} bytes")


@claim("One file, read faster", file="Ej2b")
def contiguous(m):
    """the same pixels, undecoded, are read faster from one block of one file than from many files; where the system
    puts a file's blocks on the disk can't be seen from here"""
    times = m.named("results.timings_ms", NUMBER)
    words = {name: f"{time:.2f} ms" for name, time in times.items()}
    return finding(times["batch_contiguous"] < times["batch_files"],
                   f"{m.value('results.batch', TOTAL)} photographs, undecoded: {words['batch_contiguous']} from one "
                   f"block of one file, {words['batch_files']} from one small file each. With decoding: "
                   f"{words['batch_slice']} from compressed H5, {words['batch_jpeg']} from the JPEGs")


untestable("The cache", "which cache is meant is not said, and no counter of misses can be read on every machine")
untestable("A standard soon", "a forecast of 2016, about people and not about files")
untestable("Portable", "it takes other programs than these scripts need",
           besides="Tried once by hand, with a model of this network saved by Keras 2.3.1: h5dump 1.10.8 lists its "
                   "groups and data sets; Keras 3.15.1 on JAX loads it and gives the same predictions, to within "
                   "0.0000001")


@claim("The export", file="Ej2b")
def exported(m):
    """every photograph is in the file, and its pixels are equal to those decoded from the JPEGs"""
    photographs, classes = m.value("results.photographs", TOTAL), m.named("data.classes", TOTAL)
    difference = m.value("results.greatest_difference", NUMBER)
    return finding(difference == 0 and photographs == sum(classes.values()),
                   f"{photographs:,} photographs exported; greatest difference from the JPEGs' pixels {difference:g}; "
                   f"{len(classes)} categories: " + ", ".join(f"{name} {count}" for name, count in classes.items()))


@claim("Saving a model", file="Ej2c")
def saved(m):
    """loaded back, predictions and the optimizer's state are equal to the last bit"""
    scripted = all(call in source("keras/Ej2c.py") for call in (".save(", "load_model("))
    before, after, total = (m.value(f"results.test_{what}", COUNT) for what in
                            ("correct_saved", "correct_loaded", "total"))
    difference = m.value("results.greatest_difference", NUMBER)
    state_equal = m.value("results.optimizer_equal", TRUTH)
    return finding(difference == 0 and state_equal and scripted and before == after,
                   f"{before:,} of {total:,} digits are right before, {after:,} after loading; greatest difference of "
                   f"a prediction {difference:g}; optimizer's state {'equal' if state_equal else 'different'}; "
                   f"`keras/Ej2c.py` {'shows' if scripted else 'does not show'} `save()` and `load_model()`")
