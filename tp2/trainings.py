"""Several trainings of the MNIST network at once, in processes of their own, behind one progress bar."""
import concurrent.futures
import mmap
import multiprocessing
import os
import signal
import sys
import threading

import numpy as np
from keras.callbacks import LambdaCallback
from tqdm import tqdm

from . import network
from .cli import InputError


def cores():
    """How many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def histories(wanted, folder, load_digits, jobs=1, force=False):
    """The histories of some trainings; those that `folder` does not hold yet are trained, `jobs` at a time.

    wanted: {name: settings}, see network.settings_for; load_digits: TP1.load_mnist. A training is kept
    as <folder>/Ej2a_<name>.h5 as soon as it ends, and with equal settings and versions not done again
    unless `force`. Returns {name: Keras's history}. InputError where a file there is no saved model,
    or a training fails; the ones that ended are kept.
    """
    paths = {name: folder / f"Ej2a_{name}.h5" for name in wanted}
    found = {} if force else {name: network.finished(paths[name], wanted[name]) for name in wanted}
    pending = [name for name in wanted if not found.get(name)]
    done = len(wanted) - len(pending)
    print(f"{len(wanted)} training{'s' * (len(wanted) > 1)}" + f"; {done} of them done before" * bool(done), flush=True)
    if pending:
        _train({paths[name]: wanted[name] for name in pending}, load_digits(), jobs)
    for name in pending:
        found[name] = network.finished(paths[name], wanted[name])
        if not found[name]:
            raise InputError(f"another run has written {paths[name]} meanwhile: run again, or give --results a folder "
                             "of its own.")
    return found


def _train(pending, digits, jobs):
    """Train every {path: settings}; a bar counts the epochs of all, and a line tells the end of each."""
    # Forked, so that the digits and the stack are there at once. A slot each: no lock that a killed child could hold.
    context = multiprocessing.get_context("fork")
    epochs_done = np.frombuffer(mmap.mmap(-1, 4 * len(pending)), np.int32)  # shared, and in no file on a full disk
    pool = concurrent.futures.ProcessPoolExecutor(min(jobs, len(pending)), context, _follow_parent,
                                                  (digits, epochs_done))
    running = {}
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # Ctrl-C is the parent's affair, not its children's
        for number, (path, settings) in enumerate(pending.items()):
            running[pool.submit(_work, number, path, settings)] = path.stem
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        total = sum(settings["epochs"] for settings in pending.values())
        with tqdm(total=total, desc="Training", unit=" epochs", disable=None, mininterval=0.5) as bar:
            while running:
                ended, _ = concurrent.futures.wait(running, 0.2, concurrent.futures.FIRST_COMPLETED)
                bar.update(int(epochs_done.sum()) - bar.n)
                for future in ended:
                    train, test = future.result()
                    tqdm.write(f"{running.pop(future):<15} train {train:.2%}, test {test:.2%}", sys.stdout)
                    sys.stdout.flush()
    except concurrent.futures.process.BrokenProcessPool as error:
        raise InputError(f"a training process ended unasked (one of {', '.join(running.values())}): the trainings "
                         "that ended are kept, run again to go on.") from error
    finally:
        if running:  # Ctrl-C, or one failed: the others are not waited for
            for child in multiprocessing.active_children():
                child.kill()
        pool.shutdown(cancel_futures=True)


_inherited = None  # in a child: the digits, and the epochs done of every training


def _follow_parent(digits, epochs_done):
    """A child's start: keep what it needs, and end when its parent does, however that ended."""
    global _inherited
    _inherited = digits, epochs_done

    def wait_for_its_end():
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=wait_for_its_end, daemon=True).start()


def _work(number, path, settings):
    """A child's work: one training, saved; returns its last accuracies on train and test."""
    digits, epochs_done = _inherited

    def count(epoch, _logs):
        epochs_done[number] = epoch + 1

    history = network.train(path, settings, digits, [LambdaCallback(on_epoch_end=count)])
    return history["accuracy"][-1], history["val_accuracy"][-1]
