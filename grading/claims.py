"""Every sentence of the report that can be true or false, quoted whole, and when it holds.

A check takes what its claim needs, {name: the content of <name>.json, or a metrics.Training}, and returns whether the
claim holds (True, False, SLIP, or None where that can't be told) and, in words, what was measured. It computes from raw
counts and curves only. Whether the run is the report's own at all is asked of every claim in the same way, by `judge`.
"""
from tp2.cli import ROOT, SEED

import math
import re
from collections import namedtuple

from tp2.files import report_curves

from .metrics import VARIANTS, Missing, Unreadable, trainings

HOLDS, FAILS, SLIP, NOT_RUN = "holds", "does not hold", "the report's slip", "not run"
NOT_FULL, OTHER_SEED, OTHER_PHOTOS = "not at full size", "another seed", "other photographs"
DRAWN, UNTESTABLE, UNREADABLE = "drawn sample only", "cannot be tested", "unreadable"
LIMITS = (DRAWN, OTHER_PHOTOS, NOT_FULL, OTHER_SEED)   # the gravest first
EPOCHS, SAMPLES, STEPS = 20, 60000, 10000   # the report's
BATCH = 128
RATES = ["original", *(f"iv_{rate}" for rate in range(30, 100, 10))]   # the original has a dropout of 20 %
CALTECH101 = {"airplanes": 800, "Motorbikes": 798}
STACK_2016 = "Python 3.6, Theano 0.8.2, Keras 1.1.0, NumPy 1.11.3"


def percent(share):
    return f"{100 * share:.2f} %"


def percents(shares):
    return f"{', '.join(f'{100 * share:.2f}' for share in shares)} %"


def points(difference):
    return f"{100 * difference:.2f} points"


def listed(words):
    return ", ".join(words[:-1]) + " and " + words[-1] if len(words) > 1 else words[0]


def label(training):
    """A training's name in the tables: "iv_30" -> "iv, 30 %"."""
    return training if "_" not in training else training.replace("_", ", ") + " %"


def source(path):
    """The text of a script of this project: some sentences of the report are about the scripts themselves."""
    return (ROOT / path).read_text(encoding="utf-8")


# --- Exercise 1 ---


def expression(found):
    a, b = (found["Ej1a"]["settings"][name] for name in "ab")
    value = found["Ej1a"]["results"]["value"]
    written = "a ** 2 + b ** 2 + 2 * a * b" in source("theano/Ej1a.py")
    value_text, a_text, b_text = (listed([f"{number:g}" for number in numbers]) for numbers in (value, a, b))
    return (value == [(x + y) ** 2 for x, y in zip(a, b)] and written,
            f"{value_text} for a = {a_text} and b = {b_text}; `theano/Ej1a.py` "
            f"{'has' if written else 'does not have'} the expression")


def three_files(_):
    names = ["Ej1b_i.py", "Ej1b_ii.py", "Ej1b_iii.py"]
    alone = [name for name in names if not re.search(r"^\s*(import|from) Ej", source(f"theano/{name}"), re.MULTILINE)]
    return alone == names, f"{len(alone)} of the three scripts in `theano/` import no other script"


def line_10(_):
    line = source("theano/Ej1b_i.py").splitlines()[9].strip()
    return bool(re.match(r"\w*batch\w* = 10\b", line, re.IGNORECASE)), f"line 10 of `theano/Ej1b_i.py`: `{line}`"


def minibatches(found):
    size, samples = found["Ej1b_i"]["settings"]["batch_size"], found["Ej1b_i"]["data"]["samples"]
    results = found["Ej1b_i"]["results"]
    bounds = results["minibatches"]
    return (bounds == [[start, min(start + size, samples)] for start in range(0, samples, size)],
            f"{samples} samples in {len(bounds)} minibatches of {size}, the last from {bounds[-1][0]} to "
            f"{bounds[-1][-1]}; {results['train_correct']} of {results['train_total']} learned")


def uses_TP1(_):
    used = re.search(r"^(import TP1|from TP1 import)\b", source("theano/Ej1b_ii.py"), re.MULTILINE)
    return bool(used), f"`theano/Ej1b_ii.py` {'imports' if used else 'does not import'} `TP1.py`"


def sides(found):
    side = found["Ej1b_ii"]["settings"]["side"]
    return side == 28, f"{side}x{side}: logistic regression with {side * side} weights and a bias"


def airplanes(found):
    from scipy.stats import binomtest
    correct, total = (found["Ej1b_ii"]["results"][key] for key in ("test_correct", "test_total"))
    interval = binomtest(383, 400).proportion_ci()  # exact (Clopper and Pearson), 95 %
    return interval.low <= correct / total <= interval.high, f"{correct} of {total} = {percent(correct / total)}"


def held_out(found):
    data, per_class = found["Ej1b_ii"]["data"], found["Ej1b_ii"]["settings"]["test_per_class"]
    photographs = sum(data["classes"].values())
    return (data["test"] == 400 and data["train"] + 400 == photographs,
            f"{data['test']} of {photographs:,} photographs, {per_class} of each class; {data['train']:,} train")


def hidden_layer(found):
    inputs, units = found["Ej1b_iii"]["results"]["initial_weights"]
    return units == found["Ej1b_iii"]["settings"]["hidden"] == 100, f"{inputs} x {units} weights, for {units} ReLU"


def relu_position(found):
    correct, total = (found["Ej1b_iii"]["results"][key] for key in ("train_correct", "train_total"))
    return (correct == total and SLIP, f"with the ReLU on the hidden layer, as the sentence says, {correct} of {total} "
            "samples are learned; the student's own script has it on the output, and learned fewer")


def _deviation(found, expected, name):
    """Whether the initial weights have an expected standard deviation, and both in words."""
    deviation = found["Ej1b_iii"]["results"]["initial_deviation"]
    return abs(deviation / expected - 1) <= 0.02, f"standard deviation {deviation:.4f}; {name} = {expected:.4f}"


def he(found):
    inputs, _ = found["Ej1b_iii"]["results"]["initial_weights"]
    return _deviation(found, math.sqrt(2 / inputs), f"√(2/{inputs:,})")


def dividing(found):
    inputs, _ = found["Ej1b_iii"]["results"]["initial_weights"]
    divided, words = _deviation(found, 1 / math.sqrt(2 / inputs), f"1 / √(2/{inputs:,})")
    return divided or he(found)[0] and SLIP, f"{words}: the paper multiplies by √(2/n), and so does the script"


def n_parameters(found):
    inputs, units = found["Ej1b_iii"]["results"]["initial_weights"]
    parameters, words = _deviation(found, math.sqrt(2 / (inputs * units)), f"√(2/{inputs * units:,})")
    return parameters or he(found)[0] and SLIP, f"{words}: in the paper n is the number of inputs of a unit, {inputs}"


# --- Exercise 2 a; t: {name: Training}. As the report did, they read a training's accuracy off its last epoch ---


def curves(t):
    """Number by number, per training. It judges for itself: a part of the trainings says something, too."""
    rows, verdicts, all_equal = [], [], 0
    for name, report in report_curves().items():
        if name == "iv_20":     # the original
            continue
        if name not in t:
            rows.append((label(name), NOT_RUN, "", ""))
            verdicts.append(NOT_FULL)
            continue
        off = [(epoch, part, ours - theirs) for part in ("train", "test") for epoch, (ours, theirs) in enumerate(
            zip(getattr(t[name], f"{part}_correct"), report[f"{part}_correct"]), 1) if ours != theirs]
        limits, numbers = limits_of(name, t[name].settings), 2 * min(len(t[name].test), EPOCHS)
        verdicts.append(limits[0][0] if limits else FAILS if off else HOLDS)
        words = [words for _, words in limits]
        if off:
            epoch, part, difference = min(off)
            words.append(f"first off in epoch {epoch}, {part}, by {difference:+,}")
        rows.append((label(name), f"{numbers - len(off)} of {numbers} numbers equal",
                     f"{percent(t[name].train[-1])}, {percent(t[name].test[-1])}", "; ".join(words)))
        all_equal += numbers - len(off)
    return (next((verdict for verdict in (FAILS, NOT_FULL, OTHER_SEED) if verdict in verdicts), HOLDS),
            f"{all_equal} of 480 numbers equal: per training, the digits classified correctly after each of 20 epochs, "
            "of its training digits (as the batches pass, dropout at work) and of 10,000 test digits", rows)


def gap(higher, lower):
    """A difference of two shares, rounded so that 0.9834 - 0.9334 is not more than 0.05."""
    return round(higher - lower, 9)


def lost(t, name, part="test", by="original"):
    """How far a training ends below another: a difference of two accuracies."""
    return gap(getattr(t[by], part)[-1], getattr(t[name], part)[-1])


def first_epoch(accuracies, level):
    """The first epoch, from 1, that reaches a level; infinity where none does."""
    return next((epoch for epoch, accuracy in enumerate(accuracies, 1) if accuracy >= level), math.inf)


def quarter_slower(t):
    ours, original = (first_epoch(t[name].test, 0.95) for name in ("i", "original"))
    batches = [epoch * -(-t[name].train_total // BATCH) for epoch, name in ((ours, "i"), (original, "original"))]
    return (ours > original and lost(t, "i") > 0,
            f"test reaches 95 % in epoch {ours}, the original's in {original} (but a quarter's epochs are shorter: "
            f"after {batches[0]:,} and {batches[1]:,} batches); it ends {points(lost(t, 'i'))} lower")


def quarter_numbers(t):
    ends = [t[name].test[-1] for name in ("original", "i")]
    variance = sum(end * (1 - end) / t[name].test_total for end, name in zip(ends, ("original", "i")))
    errors = (ends[0] - ends[1]) / (math.sqrt(variance) or 1)
    return (abs(gap(ends[0], 0.9834)) <= 0.003 and abs(gap(ends[1], 0.968)) <= 0.006 and errors > 2,
            f"from {percent(ends[0])} to {percent(ends[1])}, {errors:.1f} standard errors of such a difference")


def quarter_reason(t):
    less = gap(t["original"].train_whole, t["i"].train_whole) > lost(t, "i") / 2
    return less, (f"without dropout the quarter's network has {percent(t['i'].train_whole)} on the digits that it was "
                  f"trained with, the original {percent(t['original'].train_whole)} (as the batches pass, "
                  f"{percent(t['i'].train[-1])} and {percent(t['original'].train[-1])}): it "
                  + ("learns less" if less else "learns what it is shown, and generalises less"))


def one_layer(t):
    train, test = lost(t, "ii", "train"), lost(t, "ii")
    return (abs(train) <= 0.005 and abs(test) <= 0.005,
            f"train {-100 * train:+.2f} points, test {-100 * test:+.2f} points")


def one_layer_good(t):
    return t["ii"].test[-1] > 0.98, f"{percent(t['ii'].test[-1])} on test"


def one_layer_reason(t):
    worse = lost(t, "ii_quarter", by="i") > 0.005
    return worse, (f"on a quarter, 15,000 digits, one layer has {percent(t['ii_quarter'].test[-1])}, two "
                   f"layers {percent(t['i'].test[-1])}: one {'needs many samples' if worse else 'suffices there, too'}")


def sigmoid_power(t):
    return lost(t, "iii") <= 0.01, f"{percent(t['iii'].test[-1])}, {points(lost(t, 'iii'))} below the original"


def sigmoid_slower(t):
    ours, original = (first_epoch(t[name].test, 0.98) for name in ("iii", "original"))
    below = sum(x < y for x, y in zip(t["iii"].train[:10], t["original"].train[:10]))
    return (below == 10 and original < math.inf and ours >= 2 * original,
            f"test reaches 98 % in epoch {ours}, the original's in {original}; train is below the original's in "
            f"{below} of the first 10 epochs")


def sigmoid_at_10(t):
    if len(t["iii"].train) < EPOCHS:
        return None, "too few epochs to see what comes after epoch 10"
    ours, original = (gap(t[name].train[-1], t[name].train[10]) for name in ("iii", "original"))
    return ours > max(0, original), f"after it, train still gains {points(ours)}, the original's {points(original)}"


def dropout_test(t):
    tests = [t[name].test[-1] for name in RATES[:6]]
    return (all(abs(gap(test, 0.98)) <= 0.0075 for test in tests),
            f"{percents(tests)} for 20 to 70 %: {points(lost(t, 'iv_70'))} from first to last")


def dropout_90(t):
    difference = lost(t, "iv_90")
    return difference > 0.05, f"{percent(t['iv_90'].test[-1])}, {points(difference)} below the original"


def dropout_train(t):
    trains = [t[name].train[-1] for name in RATES]
    return all(y < x for x, y in zip(trains, trains[1:])), f"{percents(trains)} for 20 to 90 %"


def _falls(t):
    """How far 90 % ends below 20 %: train as it passes, train on the whole network, test."""
    return lost(t, "iv_90", "train"), gap(t["original"].train_whole, t["iv_90"].train_whole), lost(t, "iv_90")


def dropout_reason(t):
    passing, whole, _ = _falls(t)
    return whole > passing / 2, (
        f"evaluated with no neuron off, the same networks have {percents([t[name].train_whole for name in RATES])} on "
        f"their training digits for 20 to 90 %: of the fall of {points(passing)}, {points(whole)} remain")


def whole_network_reason(t):
    passing, whole, test = _falls(t)
    return (abs(whole - test) < abs(passing - test),
            f"from 20 to 90 % test falls by {points(test)}; train by {points(passing)} with dropout at work, by "
            f"{points(whole)} on the whole network")


def no_dropout_fit(t):
    return t["v"].train[-1] >= 0.997, f"{percent(t['v'].train[-1])} on train"


def no_overfitting(t):
    train, test = t["v"].train_loss, t["v"].test_loss
    least = test.index(min(test))
    return test[-1] <= 1.1 * test[least], (
        f"the loss on test rises from {test[least]:.3f}, its least, in epoch {least + 1} to {test[-1]:.3f}, while that "
        f"on train falls from {train[least]:.3f} to {train[-1]:.3f}")


def no_dropout_test(t):
    return t["v"].test[-1] > 0.98, f"{percent(t['v'].test[-1])} on test"


# --- Section c, with exercises 2 b and 2 c ---


def hierarchy(found):
    results = found["Ej2c"]["results"]
    return (results["parameters"] == 669706 and results["optimizer_equal"] and results["optimizer_steps"] > 0,
            f"from one file, each out of its own group: the configuration, {results['parameters']:,} weights, and the "
            f"optimizer's state after {results['optimizer_steps']:,} steps")


def random_access(found):
    results = found["Ej2b"]["results"]
    read, times = results["bytes_read"], results["timings_ms"]
    return (read["one"] < 0.05 * read["file"] and times["one"] < times["batch_slice"],
            f"one photograph: {read['one']:,} bytes of {read['file']:,} read, in {times['one']:.2f} ms; a batch of "
            f"{results['batch']}: {read['batch']:,} bytes, in {times['batch_slice']:.2f} ms")


def lazy(found):
    read = found["Ej2b"]["results"]["bytes_read"]
    return read["open"] < 0.05 * read["file"], f"opening the file reads {read['open']:,} of its {read['file']:,} bytes"


def contiguous(found):
    results = found["Ej2b"]["results"]
    times = {name: f"{time:.2f} ms" for name, time in results["timings_ms"].items() if name.startswith("batch")}
    return (results["timings_ms"]["batch_contiguous"] < results["timings_ms"]["batch_files"],
            f"{results['batch']} photographs, undecoded: {times['batch_contiguous']} from one block of one file, "
            f"{times['batch_files']} from one small file each. With decoding: {times['batch_slice']} from compressed "
            f"H5, {times['batch_jpeg']} from the JPEGs")


def exported(found):
    results, classes = found["Ej2b"]["results"], found["Ej2b"]["data"]["classes"]
    return (results["greatest_difference"] == 0 and results["photographs"] == sum(classes.values()),
            f"{results['photographs']:,} photographs exported; greatest difference from the JPEGs' pixels "
            f"{results['greatest_difference']:g}; {len(classes)} categories: "
            + ", ".join(f"{name} {count}" for name, count in classes.items()))


def saved(found):
    results = found["Ej2c"]["results"]
    scripted = all(call in source("keras/Ej2c.py") for call in (".save(", "load_model("))
    before, after = results["test_correct_saved"], results["test_correct_loaded"]
    return (results["greatest_difference"] == 0 and results["optimizer_equal"] and scripted and before == after,
            f"{before:,} of {results['test_total']:,} digits are right before, {after:,} after loading; greatest "
            f"difference of a prediction {results['greatest_difference']:g}; optimizer's state "
            f"{'equal' if results['optimizer_equal'] else 'different'}; `keras/Ej2c.py` "
            f"{'shows' if scripted else 'does not show'} `save()` and `load_model()`")


# needs: {metrics file: "" or names of trainings in it}; check: None where nothing can be measured; criterion: when it
# holds, or why it can't be tested; besides: what is known from elsewhere; reason: an explanation or a conclusion of the
# report's; by_seed: graded for each seed of stability.json, too.
Claim = namedtuple("Claim", "section title needs check quote criterion besides reason by_seed",
                   defaults=("", False, False))


def _of_2a(section, title, trained, check, quote, criterion, reason=False):
    """A Claim about some trainings, each in the file of its item; the original is in that of the section."""
    needs = {}
    for name in trained.split():
        file = "Ej2a_" + (section.split()[-1] if name == "original" else name.split("_")[0])
        needs[file] = f"{needs.get(file, '')} {name}".strip()
    return Claim(section, title, needs, check, quote, criterion, reason=reason, by_seed=True)


CLAIMS = [
    Claim("1 a", "The expression", {"Ej1a": ""}, expression,
          "Para resolver el ejercicio propuesto en el tutorial de Theano, se declaró un nuevo tensor `b = "
          "theano.tensor.vector()` y se reemplazó en `out` por la expresión a calcular, en este caso `a ** 2 + b ** "
          "2 + 2 * a * b`, resultando así el código presente en el archivo `theano/Ej1a.py`",
          "the value is exactly `(a + b) ** 2`; small whole numbers have no rounding"),
    Claim("1 b", "Three files", {}, three_files,
          "Los ejercicios fueron resueltos de manera independiente, en tres archivos distintos (`Ej1b_i.py`, "
          "`Ej1b_ii.py`, `Ej1b_iii.py`, dentro del directorio `theano`).",
          "the three files are there, and none imports another"),
    Claim("1 b i", "Line 10", {}, line_10,
          "Para el primer ítem se indica el tamaño del minibatch en la línea 10",
          "line 10 of the script sets it to 10, as the student's own line 10 does"),
    Claim("1 b i", "The number of minibatches", {"Ej1b_i": ""}, minibatches,
          "luego el script calculará cuántos generar, dividiendo luego el conjunto de entrenamiento en los distintos "
          "minibatches",
          "every sample is in one minibatch, and all are of the given size, but for a smaller last one"),
    Claim("1 b ii", "TP1's functions", {}, uses_TP1,
          "Para el segundo ítem se utilizaron las funciones del TP1 para el preprocesamiento de los datos, presentes "
          "en el archivo `TP1.py`.",
          "the script imports them"),
    Claim("1 b ii", "28x28", {"Ej1b_ii": ""}, sides,
          "A pesar de la simplicidad de la red (si puede llamarse red, siendo una simple regresión logística) y el "
          "tamaño de las muestras de entrada (28x28)",
          "the side is 28 pixels"),
    Claim("1 b ii", "95.75 %", {"Ej1b_ii": ""}, airplanes,
          "el comportamiento es bastante satisfactorio, obteniendo una precisión de 95.75 %",
          "inside the 95 % binomial interval of the report's 383 of 400, from 93.28 to 97.51 %",
          "In 2016 this was not seeded: another run gave another number. The student's own script, run again on the "
          f"stack of 2016 ({STACK_2016}), gave 96.25, 95.75, 97.00, 94.75 and 96.00 % over five splits", by_seed=True),
    Claim("1 b ii", "400 held out", {"Ej1b_ii": ""}, held_out,
          "habiendo antes separado 400 imágenes para el conjunto de test",
          "400 test photographs, none of which trains"),
    Claim("1 b iii", "100 ReLU", {"Ej1b_iii": ""}, hidden_layer,
          "Para el tercer ítem se declararon los parámetros necesarios para la nueva capa con 100 ReLU",
          "the layer has 100 units"),
    Claim("1 b iii", "Where the ReLU stands", {"Ej1b_iii": ""}, relu_position,
          "se modificó la función para implementar este cambio",
          "it can't: the report's slip where the function that it describes learns all of the random samples",
          f"In 2016 this was not seeded. The student's script, run again twice on the stack of 2016 ({STACK_2016}), "
          "learned 97.25 and 95.75 % of its samples"),
    Claim("1 b iii", "He's initialisation", {"Ej1b_iii": ""}, he,
          "Los nuevos pesos de las ReLU se inicializaron siguiendo el criterio indicado por Kaiming He, Xiangyu "
          "Zhang, Shaoqing Ren, Jian Sun en *Delving Deep into Rectifiers: Surpassing Human-Level Performance on "
          "ImageNet Classification*",
          "within 2 % of √(2/n): eight standard errors of the standard deviation of 78,400 weights"),
    Claim("1 b iii", "Dividing", {"Ej1b_iii": ""}, dividing,
          "es decir, dividiendo los valores generados aleatoriamente por $\\sqrt{2/n}$",
          "their standard deviation is 1 / √(2/n); the report's slip where it is the paper's (equation 10)"),
    Claim("1 b iii", "What n is", {"Ej1b_iii": ""}, n_parameters,
          "siendo n la cantidad de parámetros.",
          "n in √(2/n) is the number of weights; the report's slip where it is the paper's (equation 10)"),
    Claim("2 a", "The twelve trainings", {name: " ".join(variants) for name, variants in VARIANTS.items()}, curves,
          "Para comparar resultados, se muestra el desempeño del modelo original junto con la modificación "
          "propuesta.",
          "all 480 numbers of the report's figures are equal; the first train of 90 % lies below its panel, and was "
          "read to within 4 digits (27,784) and computed (27,780)",
          f"The stack of 2016 ({STACK_2016}) with ATLAS as its BLAS gives the same 480 numbers. With OpenBLAS "
          "instead, the original ends at 98.26 %, a quarter at 96.74 %, one layer at 98.29 %"),
    _of_2a("2 a i", "Slower, and worse on test", "original i", quarter_slower,
           "Aquí podemos ver como empeora levemente la velocidad de convergencia, y la precisión en el conjunto de "
           "test.",
           "test reaches 95 % in a later epoch, and ends lower"),
    _of_2a("2 a i", "From 98.34 % to 96.8 %", "original i", quarter_numbers,
           "Si bien el cambio es muy bajo (de 98.34 % a 96.8 %), es relevante.",
           "within 0.3 and 0.6 points of these, which is how far seeds swing; \"relevante\": by more than two "
           "standard errors"),
    _of_2a("2 a i", "Because it can't learn enough", "original i", quarter_reason,
           "El motivo es obvio: al reducir el conjunto de entrenamiento, la red no puede aprender lo suficiente para "
           "identificar correctamente los dígitos, ajustando así un modelo no tan preciso.",
           "without dropout, its accuracy on its own training digits falls, too, by more than half of what test loses",
           reason=True),
    _of_2a("2 a ii", "No great change", "original ii", one_layer,
           "Se esperaba un cambio mucho más grande en la precisión en test y train, pero esto no fue así.",
           "train and test within 0.5 points of the original's"),
    _of_2a("2 a ii", "Still very satisfactory", "ii", one_layer_good,
           "La red se comporta, aún, de una manera muy satisfactoria.",
           "above 98 % on test, which the report calls \"muy buena\""),
    _of_2a("2 a ii", "Because of 60,000 samples", "i ii_quarter", one_layer_reason,
           "Esto puede atribuirse a que la cantidad de muestras es bastante alta (60000 para train).",
           "with a quarter of the samples, one layer is worse than two by more than 0.5 points (a training of "
           "ours)", reason=True),
    _of_2a("2 a iii", "No significant loss", "original iii", sigmoid_power,
           "Al utilizar unidades sigmoideas en todas las capas (salvo en la softmax), no se puede notar una pérdida "
           "significativa del poder de clasificación de la red",
           "at most 1 point below the original on test"),
    _of_2a("2 a iii", "Much slower", "original iii", sigmoid_slower,
           "pero si se observa un gran deterioro en la velocidad de convergencia",
           "at least twice as many epochs to 98 % on test, and train below the original's in each of the first 10 "
           "epochs"),
    _of_2a("2 a iii", "Epoch 10", "original iii", sigmoid_at_10,
           "llegando a la época 10 aún sin converger completamente",
           "after 10 on the figure's axis, which begins at 0, train still gains more than the original's"),
    _of_2a("2 a iv", "About 98 %", " ".join(RATES), dropout_test,
           "Cuando se incrementa el dropout, podemos ver que la precisión en test no cambia significativamente entre "
           "20 % y 70 %, encontrándose en torno al 98 %.",
           "each within 0.75 points of 98 %: half a point for \"en torno\", and the interval of 0.25 of 10,000 "
           "digits"),
    _of_2a("2 a iv", "90 % dropout", " ".join(RATES), dropout_90,
           "Cuando el dropout es del 90 %, aumenta considerablemente el error en test, con una diferencia de más del "
           "5 % con el modelo original.",
           "more than 5 points, as said"),
    _of_2a("2 a iv", "Train, with every increase", " ".join(RATES), dropout_train,
           "Con respecto a la precisión sobre el conjunto de entrenamiento, esta se ve afectada cada vez que aumenta "
           "el dropout.",
           "each of the seven steps goes down, as said"),
    _of_2a("2 a iv", "Because neurons are off", " ".join(RATES), dropout_reason,
           "Esto es coherente con la función que realiza: al “apagar” neuronas, la red no es capaz de aprender lo "
           "suficiente para ajustar de manera adecuada el conjunto de entrenamiento.",
           "more than half of the fall on train, from 20 to 90 %, remains where the same networks are evaluated on "
           "their training digits with no neuron off", reason=True),
    _of_2a("2 a iv", "Because test uses the whole network", " ".join(RATES), whole_network_reason,
           "La precisión en el conjunto de test no se ve tan afectada ya que en esa instancia se utiliza la red en "
           "su totalidad.",
           "on the whole network train falls as test does: the two differ less than test and train with dropout at "
           "work", reason=True),
    _of_2a("2 a v", "Almost perfect", "v", no_dropout_fit,
           "En este último caso, al eliminar completamente el dropout en toda la red, se puede observar como la red "
           "ajusta casi perfectamente al modelo",
           "at least 99.7 % on train"),
    _of_2a("2 a v", "No overfitting", "v", no_overfitting,
           "aunque no sería del todo justo considerar esto como sobreajuste",
           "the loss on test ends at most a tenth above its least value", reason=True),
    _of_2a("2 a v", "Above 98 %", "v", no_dropout_test,
           "ya que la precisión sobre el conjunto de test se mantiene muy buena (Por encima del 98 %)",
           "above 98 % on test, as said"),
    Claim("2 c, H5", "For large volumes", {}, None,
          "El formato H5 (o HDF5) presenta varias ventajas cuando deben manejarse grandes volúmenes de datos (como "
          "datasets o configuración de redes y sus pesos).",
          "our files of some megabytes are no large volumes; the advantages themselves are graded below"),
    Claim("2 c, H5", "Hierarchical", {"Ej2c": ""}, hierarchy,
          "Tiene una estructura jerárquica",
          "one file gives back the model's configuration, weights and optimizer state, each from its own group"),
    Claim("2 c, H5", "Random access", {"Ej2b": ""}, random_access,
          "acceso aleatorio, por lo que es útil para acceder rápidamente a distintas partes del archivo.",
          "one photograph takes less than a twentieth of the file's bytes, and less time than a batch"),
    Claim("2 c, H5", "Lazy", {"Ej2b": ""}, lazy,
          "En el caso particular de Python, la biblioteca `h5py` provee una forma de acceso “lazy”, transparente al "
          "usuario.",
          "to open the file, less than a twentieth of it is read"),
    Claim("2 c, H5", "One file, read faster", {"Ej2b": ""}, contiguous,
          "Además, al estar contenido en un único fichero, es más probable que la información en disco se almacene "
          "de manera contigua, aumentando la velocidad de lectura",
          "the same pixels, undecoded, are read faster from one block of one file than from many files; where the "
          "system puts a file's blocks on the disk can't be seen from here"),
    Claim("2 c, H5", "The cache", {}, None,
          "mejorando el uso de la caché.",
          "which cache is meant is not said, and no counter of misses can be read on every machine"),
    Claim("2 c, H5", "A standard soon", {}, None,
          "Otro punto a resaltar es, al ser un formato que se está imponiendo, pronto podría llegar a ser un "
          "estándar",
          "a forecast of 2016, about people and not about files"),
    Claim("2 c, H5", "Portable", {}, None,
          "aumentando la posibilidad de portar datos y configuraciones entre distintas plataformas",
          "it takes other programs than these scripts need",
          "Tried once by hand, with a model of this network saved by Keras 2.3.1: h5dump 1.10.8 lists its groups and "
          "data sets; Keras 3.15.1 on JAX loads it and gives the same predictions, to within 0.0000001"),
    Claim("2 b", "The export", {"Ej2b": ""}, exported,
          "En `keras/Ej2b.py`, además de mostrar el uso de `ImageDataGenerator` se ve como se puede utilizar el "
          "módulo `h5py` para exportar datos en este formato.",
          "every photograph is in the file, and its pixels are equal to those decoded from the JPEGs"),
    Claim("2 c, save()", "Saving a model", {"Ej2c": ""}, saved,
          "Keras utiliza, en particular, este formato para guardar en disco la configuración y los pesos entrenados "
          "de un modelo, utilizando el método `save()`, en la clase de los modelos. En el archivo `keras/Ej2c.py` se "
          "muestra su uso.",
          "loaded back, predictions and the optimizer's state are equal to the last bit"),
]


# --- From checks to verdicts ---

Row = namedtuple("Row", "claim verdict measured table", defaults=((),))


def limits_of(name, settings, data=None):
    """What keeps a run from being the report's own: [(one of LIMITS, in words)]."""
    limits = []
    if data and data.get("origin") == "drawn sample":
        limits.append((DRAWN, "drawings, not photographs"))
    elif name == "Ej1b_ii" and data["classes"] != CALTECH101:
        photographs = listed([f"{count} {kind}" for kind, count in data["classes"].items()])
        limits.append((OTHER_PHOTOS, f"{photographs}, not Caltech101's 800 airplanes and 798 Motorbikes"))
    steps = STEPS if name.startswith("Ej1b") else EPOCHS
    for key, full in (("epochs", steps), ("steps", STEPS), ("samples", SAMPLES)):
        if settings.get(key, full) != full:
            limits.append((NOT_FULL, f"{settings[key]:,} {key}, not {full:,}"))
    if settings.get("seed", SEED) != SEED:
        limits.append((OTHER_SEED, f"seed {settings['seed']}, not {SEED}"))
    return limits


def judge(claim, contents):
    """The Row of a claim; contents: {name: what metrics.read returned, or the Missing or Unreadable that it raised}."""
    if not claim.check:
        return Row(claim, UNTESTABLE, "")
    found, limits, missing = {}, [], []
    for name, trained in claim.needs.items():
        content = contents[name]
        if isinstance(content, Unreadable):
            return Row(claim, UNREADABLE, str(content))
        if isinstance(content, Missing):
            missing.append(str(content))
        elif trained:
            pool = trainings(name, content)
            for key in set(trained.split()) & set(pool):
                found.setdefault(key, pool[key])
                limits += limits_of(key, pool[key].settings)
        else:
            found[name] = content
            limits += limits_of(name, content.get("settings", {}), content.get("data"))
    if missing and (claim.check is not curves or not found):
        return Row(claim, NOT_RUN, missing[0])
    holds, measured, *table = claim.check(found)
    verdict = {True: HOLDS, False: FAILS, None: "can't be told"}.get(holds, holds)
    if limits and claim.check is not curves:
        limits = sorted(set(limits), key=lambda limit: (LIMITS.index(limit[0]), limit))
        measured += f". Not the report's run ({'; '.join(words for _, words in limits)}); by itself: {verdict}"
        verdict = limits[0][0]
    return Row(claim, verdict, measured, *table)
