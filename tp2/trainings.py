"""Several trainings of Keras models at once, each kept in a file of its own as soon as it ends."""
import legacy  # before keras

import ast
import concurrent.futures
import dataclasses
import hashlib
import inspect
import json
import multiprocessing
import os
import platform
import signal
import sys
from pathlib import Path

import h5py
import theano
from keras.callbacks import LambdaCallback
from tqdm import tqdm

from . import datasets, figures, files
from .cli import ROOT, InputError
from .exercise2a import ORIGINAL, Curve
from .files import atomic_write


def processors():
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def add_flags(parser):
    """Give a cli.Parser --epochs, --samples and --seed."""
    parser.add_whole("--epochs", ORIGINAL["epochs"], "epochs of each training")
    parser.add_whole("--samples", ORIGINAL["samples"], "use only the first N training images", 128, ORIGINAL["samples"])
    parser.add_seed()


def curve(history, train_total, test_total, whole_accuracy):
    """Keras's history as a Curve.

    whole_accuracy: the accuracy of the whole network (no dropout) on the training images after the last epoch.
    """
    def counts(accuracies, total):
        return [round(float(accuracy) * total) for accuracy in accuracies]

    return Curve(counts(history["accuracy"], train_total), train_total, counts(history["val_accuracy"], test_total),
                 test_total, *([float(loss) for loss in history[name]] for name in ("loss", "val_loss")),
                 round(float(whole_accuracy) * train_total))


def print_table(curves, report, titles):
    """Print the last accuracies of each training in `titles`, and how many of its counts are equal to the report's."""
    print(f"{'':>10}{'train':>10}{'test':>10}   equal to the report's")
    for name, title in titles.items():
        differences = curves[name].compared(report[name]) if name in report else []
        equal = f"{sum(not difference for *_, difference in differences)} of {len(differences)}" if differences else ""
        print(f"{name:>10}{curves[name].train[-1]:>10.2%}{curves[name].test[-1]:>10.2%}   {equal:<10} {title}")


def caveats(arguments):
    """What a figure must say across its top if a training is not the report's full one."""
    return [figures.shorter(arguments.epochs, ORIGINAL["epochs"], "épocas"),
            figures.shorter(arguments.samples, ORIGINAL["samples"], "imágenes"),
            f"OTRA SEMILLA: {arguments.seed}" if arguments.seed != ORIGINAL["seed"] else ""]


def metrics(settings, curves):
    """What files.save takes of some trainings, as keywords; settings and curves are {name: ...}."""
    curves = {name: dataclasses.asdict(curves[name]) for name in settings}
    history = {name: {key: value for key, value in curve.items() if isinstance(value, list)}
               for name, curve in curves.items()}
    results = {name: {key: value[-1] if isinstance(value, list) else value for key, value in curve.items()
                      if not key.endswith("loss")} for name, curve in curves.items()}
    samples = max(setting["samples"] for setting in settings.values())
    return {"data": {"origin": "real", "name": "MNIST", "train": samples, "test": 10000}, "settings": settings,
            "results": results, "history": history}


# --- Kept trainings -----------------------------------------------------------------------


def code(train):
    """A digest of the code that decides a training's numbers: the file of the function `train`, machine2016, legacy
    (which adapts Theano and Keras), MNIST's reader and this file. Comments, docstrings and layout of Python code are
    left out.
    """
    digest = hashlib.blake2b(digest_size=16)
    for path in (inspect.getsourcefile(train), __file__, datasets.__file__, *sorted((ROOT / "legacy").glob("*.py")),
                 *sorted((ROOT / "machine2016").glob("*.py")), *sorted((ROOT / "machine2016").glob("*.[ch]"))):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if str(path).endswith(".py"):
            tree = ast.parse(text)
            for node in ast.walk(tree):
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
                    del node.body[0]
            text = ast.dump(tree)
        digest.update(text.encode())
    return digest.hexdigest()


def made_by(train):
    """What decides a training's numbers beside its settings, {name: text}."""
    flags = [str(getattr(theano.config, name)) for name in ("floatX", "mode", "optimizer", "optimizer_excluding")]
    return {"code": code(train), "Python": platform.python_version(), "Theano's flags": " ".join(flags),
            **files.package_versions(("Theano", "Keras", "numpy"))}


def save(model, path, settings, maker, curve):
    """Write a trained model to `path` in Keras's own format, with its settings, what made it and its Curve."""
    with atomic_write(path) as part, h5py.File(part, "w") as file:
        model.save(file)
        for name, value in (("settings", settings), ("made_by", maker), ("curve", dataclasses.asdict(curve))):
            file.attrs[name] = json.dumps(value)


def kept(path, settings, maker):
    """What the file `path` has of a training with these settings: (its Curve or None, why it must be trained anew).

    The Curve is None if it was not made by `maker`; the reason is "" if it was, or if there was no such training.
    InputError if the file is no saved training, or held open.
    """
    try:
        with h5py.File(path, "r") as file:
            found, curve = (json.loads(file.attrs[name]) for name in ("settings", "curve"))
            before = json.loads(file.attrs.get("made_by", "{}"))
    except FileNotFoundError:
        return None, ""
    except BlockingIOError as error:
        raise InputError(f"{path} is held open by another program: end that, and run this again.") from error
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"{path} can't be read as a saved training ({str(error).splitlines()[0]}): delete it, or give "
                         "--force to train again.") from error
    changed = [name for name in maker if before.get(name) != maker[name]]
    if found != settings or changed:
        return None, ", ".join(changed) if found == settings else ""
    return Curve(**curve), ""


# --- Several at once ----------------------------------------------------------------------


def run(train, settings, folder, jobs, force=False):
    """Train every network that `folder` does not hold yet, `jobs` at a time, behind one bar of epochs.

    train(settings, callbacks): the script's function, which returns the model and its Curve; it runs in processes of
    their own, so it must stand at the top level of the script. settings: {name: settings}, each with "epochs".
    A training is kept in <folder>/<script>_<name>.h5 when it ends. Returns {name: Curve}. InputError if a process dies.
    """
    maker = made_by(train)
    script = Path(inspect.getsourcefile(train)).stem
    paths = {name: folder / f"{script}_{name}.h5" for name in settings}
    curves, anew = {}, {}
    for name in settings:
        curve, why = (None, "") if force else kept(paths[name], settings[name], maker)
        if curve:
            curves[name] = curve
        elif why:
            anew.setdefault(why, []).append(name)
    pending = [name for name in settings if name not in curves]
    print(f"Trainings: {len(pending)} to do, {len(curves)} kept from an earlier run", flush=True)
    for why, names in anew.items():
        print(f"Trained anew, since this changed: {why}: {', '.join(names)}", flush=True)
    # Spawned: the script's imports run again there, in their order, on every system.
    context = multiprocessing.get_context("spawn")
    epochs_done = context.RawArray("i", len(settings))  # one number for each training, so that no lock is needed
    others = multiprocessing.active_children()
    workers = max(1, min(jobs, len(pending)))
    # Cores without a training of their own take part in the matrix products of the others.
    os.environ["MACHINE2016_THREADS"] = str(jobs // workers)
    with (concurrent.futures.ProcessPoolExecutor(workers, context, _start, [epochs_done]) as pool,
          tqdm(total=sum(settings[name]["epochs"] for name in pending), desc="Training", unit=" epochs") as bar):
        running = {pool.submit(_train, train, settings[name], paths[name], maker, number): name
                   for number, name in enumerate(pending)}
        try:
            while running:
                ended, _ = concurrent.futures.wait(running, 0.2, concurrent.futures.FIRST_COMPLETED)
                if sum(epochs_done) > bar.n:
                    bar.update(sum(epochs_done) - bar.n)
                for future in ended:
                    curve, name = future.result(), running.pop(future)
                    curves[name] = curve
                    bar.write(f"{script}_{name}: train {curve.train[-1]:.2%}, test {curve.test[-1]:.2%}")
                    sys.stdout.flush()
        except concurrent.futures.process.BrokenProcessPool as error:
            raise InputError("a training process died: finished trainings are kept, run again to go on.") from error
        finally:
            if running:  # Ctrl-C, or one failed: the others are not waited for
                pool.shutdown(wait=False, cancel_futures=True)
                for child in set(multiprocessing.active_children()).difference(others):
                    child.kill()
    return {name: curves[name] for name in settings}


_epochs_done = None  # in a child


def _start(epochs_done):
    global _epochs_done
    _epochs_done = epochs_done
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends its children


def _train(train, settings, path, maker, number):
    def count(epoch, _logs):
        _epochs_done[number] = epoch + 1
        if not multiprocessing.parent_process().is_alive():
            os._exit(1)

    model, curve = train(settings, [LambdaCallback(on_epoch_end=count)])
    save(model, path, settings, maker, curve)
    return curve
