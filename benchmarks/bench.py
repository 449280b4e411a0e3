"""`make bench`: how fast the scripts are, against the same steps in NumPy and the stack left plain.

Runs the scripts as a user does and prints a Markdown table of medians. What a script does
besides training (imports, compiling, figures) is taken out of the steps' times by running it
with few steps too. TP2_PLAIN=1 is Theano and Keras without legacy's flags and speed.
benchmarks/README.md has the figures measured when this was written, and the peer's.
"""
import os
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


def wall(folder, script, *flags, **environment):
    """Seconds that a script takes, from start to end; its output is dropped."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, str(cli.ROOT / script), *map(str, flags), "--results", folder], check=True,
                   env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun


def median(function, repeats=REPEATS):
    return statistics.median(function() for _ in range(repeats))


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
    parser.parse_args()
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((1198, 784), np.float32), rng.integers(0, 2, 1198).astype(np.float32)
    in_numpy = {"theano/Ej1b_i.py": lambda: numpy_logistic(x[:400], y[:400], 64, 10000),
                "theano/Ej1b_ii.py": lambda: numpy_logistic(x, y, 1198, 10000),
                "theano/Ej1b_iii.py": lambda: numpy_hidden(x[:400], y[:400], 10000)}
    with tempfile.TemporaryDirectory() as folder:
        print("| what | this project | against | ratio |\n|---|---|---|---|", flush=True)
        for script, (flag, full) in STEPS.items():
            wall(folder, script, flag, 10)  # compiles, preprocesses
            ours = median(lambda: wall(folder, script, flag, full) - wall(folder, script, flag, 10))
            peer = median(in_numpy[script])
            print(f"| {script}: {full} {flag[2:]} | {ours:.2f} s | NumPy {peer:.2f} s | {ours / peer:.2f} |",
                  flush=True)

        def epoch(jobs, **environment):
            times = [wall(folder, "keras/Ej2a.py", "v", "--force", "--jobs", jobs, "--epochs", epochs, **environment)
                     for epochs in (1, 4)]
            return (times[1] - times[0]) / 6  # three more epochs of two trainings

        epoch(2)
        plain = median(lambda: epoch(1, TP2_PLAIN="1"))
        for jobs, words in ((1, "one after the other"), (2, "two at once")):
            ours = median(lambda: epoch(jobs))
            print(f"| an epoch of MNIST, trainings {words} | {ours:.2f} s | plain stack, one after the other "
                  f"{plain:.2f} s | {ours / plain:.2f} |", flush=True)

        if os.environ.get("CALTECH101") or Path("Caltech101").is_dir():
            code = ("import legacy, TP1; from tp2 import datasets; "
                    "TP1.load_photographs(datasets.caltech101().root, ['airplanes', 'Motorbikes'])")

            def load(cache):
                begun = time.perf_counter()
                subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "XDG_CACHE_HOME": cache},
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                return time.perf_counter() - begun
            cold, warm = [], []
            for number in range(REPEATS):
                cache = os.path.join(folder, f"cache{number}")
                cold.append(load(cache))
                warm.append(load(cache))
            print(f"| 1,598 photographs, with imports | cold {statistics.median(cold):.2f} s | from the cache "
                  f"{statistics.median(warm):.2f} s | |", flush=True)

        empty = os.path.join(folder, "compiled")
        first = wall(folder, "theano/Ej1a.py", THEANO_FLAGS=f"base_compiledir={empty}")
        again = median(lambda: wall(folder, "theano/Ej1a.py", THEANO_FLAGS=f"base_compiledir={empty}"))
        print(f"| theano/Ej1a.py | first use, nothing compiled {first:.2f} s | later {again:.2f} s | |")


if __name__ == "__main__":
    cli.run(main)
