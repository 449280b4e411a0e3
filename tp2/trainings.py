"""Several trainings of Keras models at once, each kept in a file of its own as soon as it ends."""
import legacy  # before keras

import concurrent.futures
import json
import multiprocessing
import os
import signal
import sys

import h5py
from keras.callbacks import LambdaCallback
from tqdm import tqdm

from . import figures, files
from .cli import SEED, InputError
from .files import atomic_write

SAMPLES = 60000                          # training digits of MNIST
PACKAGES = ("Theano", "Keras", "numpy")  # whose versions a training depends on


def processors():
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def add_flags(parser, epochs):
    """Give a cli.Parser --epochs, --samples, --force and --seed."""
    parser.add_whole("--epochs", epochs, "epochs of each training")
    parser.add_whole("--samples", SAMPLES, "use only the first N training digits", 128, SAMPLES)
    parser.add_argument("--force", action="store_true", help="train again what is kept from an earlier run")
    parser.add_seed()


def curve(history, train_total, test_total, whole_accuracy):
    """Keras's history as counts of correct digits: {"train_correct": one per epoch, "train_total", "train_loss", ...}.

    "train" is measured on the training batches as they pass, dropout at work; the same with "test_" on the test digits.
    whole_accuracy, of the whole network on the training digits after the last epoch, gives "train_correct_whole".
    """
    counted = {"train_correct_whole": round(float(whole_accuracy) * train_total)}
    for part, prefix, total in (("train", "", train_total), ("test", "val_", test_total)):
        counted[f"{part}_correct"] = [round(float(accuracy) * total) for accuracy in history[prefix + "accuracy"]]
        counted[f"{part}_loss"] = files.rounded(history[prefix + "loss"])
        counted[f"{part}_total"] = total
    return counted


def last_accuracies(curve):
    """A curve's accuracies (train, test) after the last epoch."""
    return tuple(curve[f"{part}_correct"][-1] / curve[f"{part}_total"] for part in ("train", "test"))


def print_table(curves, report, titles):
    """Print the last accuracies of each training in `titles`, and how many of its counts are equal to the report's."""
    print(f"{'':>10}{'train':>10}{'test':>10}   equal to the report's")
    for name, title in titles.items():
        train, test = last_accuracies(curves[name])
        equal = [ours == theirs for part in ("train_correct", "test_correct") for ours, theirs in
                 zip(curves[name][part], report[name][part])] if name in report else []
        print(f"{name:>10}{train:>10.2%}{test:>10.2%}   {f'{sum(equal)} of {len(equal)}' if equal else '':<10} {title}")


def caveats(arguments, epochs):
    """What a figure must say across its top where a training is not the report's full one."""
    return [figures.shorter(arguments.epochs, epochs, "épocas"), figures.shorter(arguments.samples, SAMPLES, "dígitos"),
            f"OTRA SEMILLA: {arguments.seed}" if arguments.seed != SEED else ""]


def save_metrics(folder, name, settings, curves):
    """Write <folder>/<name>.json of some trainings: settings and curves are {variant: ...}."""
    ends = {variant: {**{key: curves[variant][key][-1] for key in ("train_correct", "test_correct")},
                      **{key: curves[variant][key] for key in ("train_total", "test_total", "train_correct_whole")}}
            for variant in settings}
    history = {variant: {key: value for key, value in curves[variant].items() if isinstance(value, list)}
               for variant in settings}
    samples = max(setting["samples"] for setting in settings.values())
    files.save_metrics(folder, name, {"origin": "real", "name": "MNIST", "train": samples, "test": 10000}, settings,
                       ends, history)


def save(model, path, settings, curve):
    """Write a trained model to `path` in Keras's own format, with its settings and curve as JSON attributes."""
    with atomic_write(path) as part, h5py.File(part, "w") as file:
        model.save(file)
        versions = files.package_versions(PACKAGES)
        for name, value in (("settings", settings), ("versions", versions), ("curve", curve)):
            file.attrs[name] = json.dumps(value)


def kept(path, settings):
    """The curve of the training in the file `path`, if it had these settings and today's versions; else None.

    InputError where the file is no saved training, or held open.
    """
    try:
        with h5py.File(path, "r") as file:
            versions = files.package_versions(PACKAGES)
            same = json.loads(file.attrs["settings"]) == settings and json.loads(file.attrs["versions"]) == versions
            return json.loads(file.attrs["curve"]) if same else None
    except FileNotFoundError:
        return None
    except BlockingIOError as error:
        raise InputError(f"{path} is held open by another program: end that, and run this again.") from error
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"{path} can't be read as a saved training ({str(error).splitlines()[0]}): delete it, or give "
                         "--force to train again.") from error


def run(train, settings, folder, jobs, force=False):
    """Train every network that `folder` does not hold yet, `jobs` at a time, behind one bar of epochs.

    train(settings, path, callbacks): the script's function, which ends by `save(...)` to `path`; it runs in
    processes of its own, so it must stand at the top level of the script. settings: {name: settings}, each with
    "epochs". Returns {name: curve}. InputError where a process dies; what ended is kept.
    """
    paths = {name: folder / f"Ej2a_{name}.h5" for name in settings}
    pending = [name for name in settings if force or kept(paths[name], settings[name]) is None]
    print(f"Trainings: {len(pending)} to do, {len(settings) - len(pending)} kept from an earlier run", flush=True)
    # Spawned: the script's imports run again there, in their order, on every system.
    context = multiprocessing.get_context("spawn")
    epochs_done = context.RawArray("i", len(settings))  # one number for each training, so that no lock is needed
    workers = max(1, min(jobs, len(pending)))
    with (concurrent.futures.ProcessPoolExecutor(workers, context, _start, [epochs_done]) as pool,
          tqdm(total=sum(settings[name]["epochs"] for name in pending), desc="Training", unit=" epochs") as bar):
        running = {pool.submit(_train, train, settings[name], paths[name], number): name
                   for number, name in enumerate(pending)}
        try:
            while running:
                ended, _ = concurrent.futures.wait(running, 0.2, concurrent.futures.FIRST_COMPLETED)
                if sum(epochs_done) > bar.n:
                    bar.update(sum(epochs_done) - bar.n)
                for future in ended:
                    future.result()
                    name = running.pop(future)
                    accuracies = last_accuracies(kept(paths[name], settings[name]))
                    bar.write("Ej2a_{}: train {:.2%}, test {:.2%}".format(name, *accuracies))
                    sys.stdout.flush()
        except concurrent.futures.process.BrokenProcessPool as error:
            raise InputError("a training process died: finished trainings are kept, run again to go on.") from error
        finally:
            if running:  # Ctrl-C, or one failed: the others are not waited for
                pool.shutdown(wait=False, cancel_futures=True)
                for child in multiprocessing.active_children():
                    child.kill()
    return {name: kept(paths[name], settings[name]) for name in settings}


_epochs_done = None  # in a child


def _start(epochs_done):
    global _epochs_done
    _epochs_done = epochs_done
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends its children


def _train(train, settings, path, number):
    def count(epoch, _logs):
        _epochs_done[number] = epoch + 1
        if not multiprocessing.parent_process().is_alive():
            os._exit(1)

    train(settings, path, [LambdaCallback(on_epoch_end=count)])
