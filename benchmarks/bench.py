"""`make bench`: how long the scripts take, idle and on a busy machine, and an epoch of MNIST against a peer.

Runs everything as a user does and prints Markdown tables of medians: seconds of the clock, and of the processor.
What is compared is run in turn, since a machine's speed changes with the hour; the ratios are to this project's time.
benchmarks/README.md has what was measured when this was written, and how to get the two others of the table:

    python benchmarks/bench.py --before ../before --peer /path/to/environment/bin/python --backend jax
"""
import contextlib
import os
import platform
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


def epoch(python, script, copies=1, **environment):
    """Seconds per epoch that a script prints, of the clock and of the processor: means, of several copies at once."""
    running = [subprocess.Popen([str(python), str(script), "3"], env={**os.environ, **environment}, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in range(copies)]
    printed = [re.search(r"([\d.]+) s of the clock, ([\d.]+) s of the processor", run.communicate()[0])
               for run in running]
    if not all(printed):
        raise cli.InputError(f"{script} failed: run {python} {script} by itself to see why.")
    return tuple(statistics.mean(float(found[part]) for found in printed) for part in (1, 2))


def processor():
    """The processor's name, and the widest vectors that it has."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text() if path.exists() else ""
    name = re.search(r"model name\s*: (.*)", lines)
    vectors = next((width for width in ("avx512f", "avx2") if width in lines), "no AVX2")
    return f"{name[1] if name else platform.processor()}, {vectors}, {os.cpu_count()} processors"


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


def scripts():
    """Whole runs of the scripts, idle and on a busy machine."""
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


def main():
    parser = cli.Parser(__doc__)
    parser.add_argument("--before", type=Path, metavar="FOLDER", help="a worktree of commit 5876e1a")
    parser.add_argument("--epochs-only", action="store_true", help="leave out the whole runs of the scripts")
    parser.add_argument("--peer", type=Path, metavar="PYTHON", help="a Python that has Keras 3 and a backend")
    parser.add_argument("--backend", default="jax", help="the peer's backend: jax or torch (default: jax)")
    arguments = parser.parse_args()

    print(processor())
    if not arguments.epochs_only:
        scripts()
    epochs = {"this project": lambda copies: epoch(sys.executable, HERE / "epoch.py", copies)}
    if arguments.before:
        before = arguments.before.resolve()
        epochs["commit 5876e1a (OpenBLAS)"] = lambda copies: epoch(
            sys.executable, before / "benchmarks" / "epoch.py", copies, PYTHONPATH=str(before))
    if arguments.peer:
        epochs[f"Keras 3 on {arguments.backend}"] = lambda copies: epoch(
            arguments.peer, HERE / "peer_epoch.py", copies, KERAS_BACKEND=arguments.backend)
    table("an epoch of MNIST", "clock, s", "processor, s", "clock, ratio")
    for copies, title in (1, "alone"), (2, "two at once, each"):
        for measure in epochs.values():
            measure(copies)  # compiles
        measured = medians([lambda measure=measure: measure(copies) for measure in epochs.values()])
        for name, (clock, used) in zip(epochs, measured):
            row(f"{name}, {title}", clock, used, clock / measured[0][0])


if __name__ == "__main__":
    cli.run(main)
