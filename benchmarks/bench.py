"""`make bench`: how fast the scripts are, against hand-written NumPy, the matrix products alone, and a peer.

Runs everything as a user does, alternating what is compared, and prints Markdown tables of medians: of
the clock where the machine is otherwise idle, of the processor where a busy program runs on each core.
benchmarks/README.md has the figures measured when this was written. With a Python that has Keras 3 and
JAX or PyTorch (any version of it), the peer's epochs are in the table too:

    python benchmarks/bench.py --peer /path/to/environment/bin/python --backend jax torch
"""
import contextlib
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tp2 import cli

REPEATS = 3
STEPS = {"theano/Ej1b_i.py": ("--epochs", 10000), "theano/Ej1b_ii.py": ("--steps", 10000),
         "theano/Ej1b_iii.py": ("--steps", 10000)}
HERE = cli.ROOT / "benchmarks"
CORES = os.cpu_count()


def seconds(*command, **environment):
    """What a program takes from start to end, of the clock and of the processor; its output is dropped."""
    def used():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    begun = time.perf_counter(), used()
    subprocess.run([*map(str, command)], check=True, env={**os.environ, **environment}, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun[0], used() - begun[1]


def script(folder, name, *flags, **environment):
    """`seconds` of one of the project's scripts that writes to `folder`."""
    return seconds(sys.executable, cli.ROOT / name, *flags, "--results", folder, **environment)


def epochs(python, name, copies=1, **environment):
    """Seconds per epoch that a script of this folder prints, of the clock and of the processor.

    The processor's are the mean of `copies` at once, the clock's are divided by their number.
    """
    running = [subprocess.Popen([str(python), str(HERE / name), "3"], env={**os.environ, **environment}, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in range(copies)]
    printed = [re.search(r"([\d.]+) s of the clock, ([\d.]+) s of the processor", run.communicate()[0])
               for run in running]
    if not all(printed):
        raise cli.InputError(f"{name} failed: run {python} {HERE / name} by itself to see why.")
    return tuple(statistics.mean(float(found[part]) for found in printed) / (copies if part == 1 else 1)
                 for part in (1, 2))


@contextlib.contextmanager
def busy():
    """A program of its own on each core, as long as this lasts."""
    programs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(CORES)]
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


def medians(functions, repeats=REPEATS):
    """Call the functions in turn, `repeats` times around; the median of each part of what each returned."""
    found = [[function() for function in functions] for _ in range(repeats)]
    return [tuple(statistics.median(parts) for parts in zip(*results)) for results in zip(*found)]


def table(*columns):
    print("\n| " + " | ".join(columns) + " |\n|" + "---|" * len(columns), flush=True)


def row(*cells):
    print("| " + " | ".join(cell if isinstance(cell, str) else f"{cell:.2f}" for cell in cells) + " |", flush=True)


def numpy_logistic(x, y, batch, epochs):
    """Seconds for Ej1b_i's and Ej1b_ii's steps hand-written in NumPy, float32, costs and hits too."""
    rng = np.random.default_rng(0)
    w, b = rng.standard_normal(x.shape[1], np.float32), np.float32(0)
    rate, decay = np.float32(0.1), np.float32(0.02)
    batches = [(x[i:i + batch], y[i:i + batch]) for i in range(0, len(x), batch)]
    costs, hits = [], []
    begun = time.perf_counter()
    for _ in range(epochs):
        for xs, ys in batches:
            z = xs @ w + b
            costs.append((np.logaddexp(np.float32(0), z) - ys * z).mean() + decay / 2 * (w @ w))
            hits.append(((z > 0) == ys).sum())
            d = (1 / (1 + np.exp(-z)) - ys) / np.float32(len(ys))
            w -= rate * (xs.T @ d + decay * w)
            b -= rate * d.sum()
    return time.perf_counter() - begun


def numpy_hidden(x, y, steps):
    """Seconds for Ej1b_iii's steps hand-written in NumPy, float32."""
    rng = np.random.default_rng(0)
    W, c = rng.standard_normal((784, 100), np.float32) * np.float32((2 / 784) ** 0.5), np.zeros(100, np.float32)
    w, b = rng.standard_normal(100, np.float32) * np.float32(0.02 ** 0.5), np.float32(0)
    rate, decay = np.float32(0.1), np.float32(0.02)
    costs, hits = [], []
    begun = time.perf_counter()
    for _ in range(steps):
        h = np.maximum(x @ W + c, 0)
        z = h @ w + b
        costs.append((np.logaddexp(np.float32(0), z) - y * z).mean() + decay / 2 * ((w * w).sum() + (W * W).sum()))
        hits.append(((z > 0) == y).sum())
        d = (1 / (1 + np.exp(-z)) - y) / np.float32(len(y))
        back = np.outer(d, w) * (h > 0)
        W -= rate * (x.T @ back + decay * W)
        c -= rate * back.sum(0)
        w -= rate * (h.T @ d + decay * w)
        b -= rate * d.sum()
    return time.perf_counter() - begun


def main():
    parser = cli.Parser(__doc__)
    parser.add_argument("--peer", type=Path, metavar="PYTHON", help="a Python that has Keras 3 and a backend")
    parser.add_argument("--backend", nargs="+", default=["jax"], help="the peer's backends: jax, torch (default: jax)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        exercise_1(folder)
        network(arguments.peer, arguments.backend)
        on_a_busy_machine(folder)
        start(folder)


def exercise_1(folder):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((1198, 784), np.float32), rng.integers(0, 2, 1198).astype(np.float32)
    in_numpy = {"theano/Ej1b_i.py": lambda: numpy_logistic(x[:400], y[:400], 64, 10000),
                "theano/Ej1b_ii.py": lambda: numpy_logistic(x, y, 1198, 10000),
                "theano/Ej1b_iii.py": lambda: numpy_hidden(x[:400], y[:400], 10000)}
    table("training loop", "this project, s", "NumPy, s", "ratio")
    for name, (flag, full) in STEPS.items():
        script(folder, name, flag, 10)  # compiles, preprocesses
        (ours,), (its,) = medians([lambda: [script(folder, name, flag, full)[0] - script(folder, name, flag, 10)[0]],
                                   lambda: [in_numpy[name]()]])
        row(f"`{name}`, {full} {flag[2:]}", ours, its, ours / its)


def network(peer, backends):
    ours = lambda copies=1, **environment: lambda: epochs(sys.executable, "epoch.py", copies, **environment)
    products = lambda copies=1: lambda: epochs(sys.executable, "products.py", copies)
    ours()()  # compiles
    table("an epoch of MNIST", "clock, s", "processor, s", "times the products, clock", "processor")

    def compare(what, *named):
        *found, floor = medians([function for _, function in named] + [products(what[1])])
        for (name, _), (clock, processor) in zip([*named, ("the products alone", None)], [*found, floor]):
            row(f"{name}{what[0]}", clock, processor, clock / floor[0], processor / floor[1])

    plain = ("the stack left plain", ours(TP2_PLAIN="1"))
    peers = [(f"Keras 3 on {backend}, all cores",
              lambda backend=backend: epochs(peer, "peer_epoch.py", KERAS_BACKEND=backend))
             for backend in backends if peer]
    compare(("", 1), ("this project", ours()), plain, *peers)
    compare((f", {CORES} at once, each", CORES), ("this project", ours(CORES)), *peers)
    with busy():
        compare((", with a busy program on each core", 1), ("this project", ours()))


def on_a_busy_machine(folder):
    table("whole run, s of the processor", "idle", "with a busy program on each core", "ratio")
    code = ("import legacy, TP1; from tp2 import datasets; "
            "TP1.load_photographs(datasets.caltech101().root, ['airplanes', 'Motorbikes'])")
    runs = {name: lambda name=name: script(folder, name)[1:] for name in STEPS}
    if os.environ.get("CALTECH101") or Path("Caltech101").is_dir():
        def cold():
            with tempfile.TemporaryDirectory() as cache:
                return seconds(sys.executable, "-c", code, XDG_CACHE_HOME=cache)[1:]
        runs["1,598 photographs preprocessed"] = cold
    idle = medians(runs.values(), 2)
    with busy():
        taken = medians(runs.values(), 2)
    for name, (one,), (other,) in zip(runs, idle, taken):
        row(f"`{name}`" if "/" in name else name, one, other, other / one)


def start(folder):
    table("start to end", "clock, s")
    empty = os.path.join(folder, "compiled")
    row("`theano/Ej1a.py`, nothing compiled",
        script(folder, "theano/Ej1a.py", THEANO_FLAGS=f"base_compiledir={empty}")[0])
    row("`theano/Ej1a.py`, later", medians([lambda: script(folder, "theano/Ej1a.py")])[0][0])


if __name__ == "__main__":
    cli.run(main)
