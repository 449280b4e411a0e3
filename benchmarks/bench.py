"""`make bench`: how long the scripts take, idle and on a busy machine, and an epoch of MNIST against a peer.

Runs everything as a user does and prints Markdown tables of medians: seconds of the clock, and of the processor.
What is compared is run in turn, since a machine's speed changes with the hour. benchmarks/README.md has what was
measured when this was written. With a Python that has Keras 3 and JAX or PyTorch the peer is in the table:

    python benchmarks/bench.py --peer /path/to/environment/bin/python --backend jax
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

from tp2 import cli

REPEATS = 3
SCRIPTS = ["theano/Ej1a.py", "theano/Ej1b_i.py", "theano/Ej1b_ii.py", "theano/Ej1b_iii.py", "keras/Ej2b.py"]
HERE = cli.ROOT / "benchmarks"


def seconds(*command):
    """What a program takes from start to end, of the clock and of the processor; its output is dropped."""
    def used():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    begun = time.perf_counter(), used()
    subprocess.run([*map(str, command)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun[0], used() - begun[1]


def epoch(python, name, copies=1, **environment):
    """Seconds per epoch that a script of this folder prints, of the clock and of the processor.

    With several copies at once: the clock's divided by their number, the processor's mean.
    """
    running = [subprocess.Popen([str(python), str(HERE / name), "3"], env={**os.environ, **environment}, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in range(copies)]
    printed = [re.search(r"([\d.]+) s of the clock, ([\d.]+) s of the processor", run.communicate()[0])
               for run in running]
    if not all(printed):
        raise cli.InputError(f"{name} failed: run {python} {HERE / name} by itself to see why.")
    clock, processor = (statistics.mean(float(found[part]) for found in printed) for part in (1, 2))
    return clock / copies, processor


@contextlib.contextmanager
def busy():
    """A program of its own on each processor, as long as this lasts."""
    programs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count())]
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


def main():
    parser = cli.Parser(__doc__)
    parser.add_argument("--peer", type=Path, metavar="PYTHON", help="a Python that has Keras 3 and a backend")
    parser.add_argument("--backend", default="jax", help="the peer's backend: jax or torch (default: jax)")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        runs = [lambda name=name: seconds(sys.executable, cli.ROOT / name, "--results", folder) for name in SCRIPTS]
        for run in runs:
            run()  # compiles, preprocesses
        idle = medians(runs)
        with busy():
            taken = medians(runs, 1)
    table("full run", "clock, s", "processor, s", "processor on a busy machine, s", "ratio")
    for name, (clock, processor), (_, other) in zip(SCRIPTS, idle, taken):
        row(f"`{name}`", clock, processor, other, other / processor)

    two = os.cpu_count()
    epochs = {"this project, alone": lambda: epoch(sys.executable, "epoch.py"),
              f"this project, {two} at once, each": lambda: epoch(sys.executable, "epoch.py", two)}
    if arguments.peer:
        epochs[f"Keras 3 on {arguments.backend}, all processors"] = lambda: epoch(
            arguments.peer, "peer_epoch.py", KERAS_BACKEND=arguments.backend)
    epoch(sys.executable, "epoch.py")  # compiles
    table("an epoch of MNIST", "clock, s", "processor, s")
    for name, measured in zip(epochs, medians(epochs.values())):
        row(name, *measured)
    with busy():
        row("this project, alone on a busy machine", *epoch(sys.executable, "epoch.py"))


if __name__ == "__main__":
    cli.run(main)
