"""Exercise 2a: the MNIST network, and what five modifications do to it.

The original is 784-512-512-10 with ReLU and dropout 0.2, from Keras's examples; thirteen
trainings of 20 epochs in all, several at once, one core each. Item by item, look at:
  i    a quarter of the training data: a slower curve, and test accuracy about 97 %
  ii   one hidden layer: hardly a difference, contrary to what the report's author expected
  iii  sigmoid units: far slower, and still rising after epoch 10
  iv   dropout from 20 to 90 %: train falls with each step, test only at the very end
  v    no dropout: train almost perfect, test still above 98 %
"Train" is the accuracy on the training batches as they pass, with dropout at work.
A training that ended is kept in results/Ej2a_<variant>.h5 and not done again.
"""
import legacy  # before keras

import ctypes
import multiprocessing
import os
import signal
import sys
import tempfile
import time

import cli
import network
import report
import TP1

# What each training changes of network.ORIGINAL, and what the report titles it.
VARIANTS = {
    "original": ({}, "Modelo original"),
    "i": ({"train_fraction": 0.25}, "25% de datos de train"),
    "ii": ({"hidden": [512]}, "Utilizando solo una capa"),
    "iii": ({"activation": "sigmoid"}, "Utilizando unidades sigmoideas"),
    "iv_20": ({"dropout": 0.2}, "Dropout = 20%"),
    "iv_30": ({"dropout": 0.3}, "Dropout = 30%"),
    "iv_40": ({"dropout": 0.4}, "Dropout = 40%"),
    "iv_50": ({"dropout": 0.5}, "Dropout = 50%"),
    "iv_60": ({"dropout": 0.6}, "Dropout = 60%"),
    "iv_70": ({"dropout": 0.7}, "Dropout = 70%"),
    "iv_80": ({"dropout": 0.8}, "Dropout = 80%"),
    "iv_90": ({"dropout": 0.9}, "Dropout = 90%"),
    "v": ({"dropout": 0.0}, "Eliminando el dropout"),
}
ITEMS = {item: [name for name in VARIANTS if name.split("_")[0] == item] for item in ("i", "ii", "iii", "iv", "v")}


def start(path, settings, digits, log):
    """Start a training in a process of its own that writes what Keras prints to the file `log`."""
    def work():
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG: end with the parent
        os.dup2(log.fileno(), sys.stdout.fileno())
        cli.run(lambda: network.train(path, settings, digits, on_screen))

    on_screen = sys.stdout.isatty()
    sys.stdout.flush()
    process = multiprocessing.get_context("fork").Process(target=work, daemon=True)
    process.start()
    return process


def train_all(pending, results, digits, jobs):
    """Train every (name, settings) of `pending`, `jobs` at a time; each leaves its .h5 file.

    What the oldest training under way prints is shown as it comes; what the others print is
    shown when their turn comes, so the screen reads as if they ran one after the other.
    """
    running, waiting = [], list(pending)

    def start_more():
        while waiting and sum(process.is_alive() for _, process, _ in running) < jobs:
            name, settings = waiting.pop(0)
            log = tempfile.TemporaryFile("w+", buffering=1)
            running.append((name, start(results / f"Ej2a_{name}.h5", settings, digits, log), log))

    start_more()
    for number in range(1, len(pending) + 1):
        name, process, log = running[0]
        print(f"\nTraining {number} of {len(pending)}: {name}, {VARIANTS[name][1]!r}", flush=True)
        position, alive = 0, True
        while alive:
            alive = process.is_alive()  # asked before the last read, so that nothing is missed
            log.seek(position)
            print(log.read(), end="", flush=True)
            position = log.tell()
            for other, its_process, _ in running:  # one that failed stops them all
                if its_process.exitcode == 2:
                    sys.exit(2)                # it has said why
                if its_process.exitcode:
                    raise cli.InputError(f"the training {other!r} failed (exit code {its_process.exitcode}); the "
                                         "ones that ended are kept, run again to go on.")
            start_more()
            time.sleep(0.1)
        running.pop(0)
        start_more()
    print()


def figure(item, histories, results, caveats):
    """Ej2a_<item>.png: the original beside the modification, or the grid of eight dropouts."""
    names = ITEMS[item] if item == "iv" else ["original"] + ITEMS[item]
    columns = 4 if item == "iv" else 2
    rows = -(-len(names) // columns)
    drawing, axes = report.figure(rows, columns, 5 * columns if rows == 1 else 4 * columns, 4.2 * rows)
    for place, name in zip(axes.flat, names):
        report.accuracy_panel(place, VARIANTS[name][1], histories[name])
    report.save_figure(drawing, results, f"Ej2a_{item}", *caveats)


def dropout_summary(histories, results, caveats):
    """Ej2a_dropout.png: final accuracy against the dropout rate, which the report tells in words."""
    names = [name for name in ["v"] + ITEMS["iv"] if name in histories]
    rates = [VARIANTS[name][0]["dropout"] for name in names]
    drawing, axes = report.figure(1, 1, 7, 4.4)
    report.curves(axes[0, 0], "Accuracy final según el dropout", rates,
                  [histories[name]["accuracy"][-1] for name in names],
                  [histories[name]["val_accuracy"][-1] for name in names], "Dropout", "Accuracy")
    for line in axes[0, 0].lines:
        line.set_marker("o")
    axes[0, 0].legend(loc="lower left")
    axes[0, 0].set(xticks=rates, xticklabels=[f"{rate:.0%}" for rate in rates])
    report.save_figure(drawing, results, "Ej2a_dropout", *caveats)


def main():
    parser = cli.Parser(__doc__)
    parser.add_argument("item", nargs="?", choices=["all", *ITEMS], default="all",
                        help="which item to run (default: all)")
    parser.add_argument("--epochs", type=cli.whole(1), default=network.EPOCHS, metavar="N",
                        help=f"epochs of each training (default: {network.EPOCHS})")
    network.add_samples(parser)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parser.add_argument("--jobs", type=cli.whole(1), default=cores, metavar="N",
                        help="trainings at once; changes no number (default: one per core)")
    parser.add_argument("--force", action="store_true", help="train again what is already there")
    parser.add_seed(network.SEED)
    parser.add_results()
    arguments = parser.parse_args()
    results = report.results_folder(arguments.results)

    items = list(ITEMS) if arguments.item == "all" else [arguments.item]
    names = ["original"] + [name for item in items for name in ITEMS[item]]
    all_settings = {name: network.settings_for(VARIANTS[name][0], arguments.epochs, arguments.seed, arguments.samples)
                    for name in names}
    done = {} if arguments.force else {
        name: network.finished(results / f"Ej2a_{name}.h5", all_settings[name]) for name in names}
    pending = [(name, all_settings[name]) for name in names if not done.get(name)]
    kept = len(names) - len(pending)
    print(f"{len(names)} trainings of {arguments.epochs} epochs" + (f"; {kept} of them were done before" * bool(kept)))
    if pending:
        train_all(pending, results, TP1.load_mnist(), arguments.jobs)
    histories = {name: network.finished(results / f"Ej2a_{name}.h5", all_settings[name]) for name in names}

    print(f"{'':>10}{'train':>10}{'test':>10}   after {arguments.epochs} epochs")
    for name in names:
        print(f"{name:>10}{histories[name]['accuracy'][-1]:>10.2%}{histories[name]['val_accuracy'][-1]:>10.2%}"
              f"   {VARIANTS[name][1]}")
    caveats = network.caveats(arguments.epochs, arguments.samples)
    for item in items:
        figure(item, histories, results, caveats)
        members = ["original"] + ITEMS[item]
        report.save_metrics(
            results, f"Ej2a_{item}", {"origin": "real", "name": "MNIST", "train": arguments.samples, "test": 10000},
            {name: all_settings[name] for name in members},
            {name: {"test_correct": round(10000 * histories[name]["val_accuracy"][-1]), "test_total": 10000}
             for name in members},
            {name: {key: report.rounded(values) for key, values in histories[name].items()} for name in members})
    if "iv" in items:
        dropout_summary(histories, results, caveats)


if __name__ == "__main__":
    cli.run(main)
