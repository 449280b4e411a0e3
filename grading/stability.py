"""What seeds alone do: exercise 2a with twenty seeds, every epoch kept, in the arithmetic of the report.

Runs Ej2a and Ej1b_ii at full size for each seed and writes their curves to results/stability.json, from
which the grading computes, for each of the report's claims, the share of seeds for which it holds, and for
each training the rank of the report's curve. A seed takes some six minutes of one processor. What has ended
is kept, in results/seeds/ and in stability.json: run it again to go on, or with other --seeds to add them.

Runs go through joblib, on all processors of this machine or, with --scheduler, on a Dask cluster whose
workers run in this project's environment (with dask: `.venv/bin/python -m pip install -e '.[cluster]'`):

    dask scheduler & dask worker tcp://HOST:8786 & make stability SCHEDULER=tcp://HOST:8786

Where a run is computed changes no number: seed 1337 must give the report's own, which is checked.
"""
import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import joblib

from grading import claims, metrics, seeds
from tp2 import cli, files
from tp2.exercise2a import report_curves

SEEDS = [cli.SEED, *range(1, 20)]
ITEMS = ["i", "ii", "iii", "iv", "v"]


def run(seed, folder, data):
    """Run both scripts with one seed, into <folder>/<seed>; returns {training: curve}, see grading.seeds."""
    folder = Path(folder) / str(seed)
    flags = ["--seed", str(seed), "--results", str(folder)]
    for script in (["keras/Ej2a.py", "--jobs", "1"], ["theano/Ej1b_ii.py", *(["--data", str(data)] if data else [])]):
        done = subprocess.run([sys.executable, str(cli.ROOT / script[0]), *script[1:], *flags], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, env={**os.environ, "TQDM_DISABLE": "1"})
        if done.returncode:
            raise cli.InputError(f"{script[0]} failed for seed {seed} ({done.stdout.strip().splitlines()[-1]}): what "
                                 "was finished is kept, run again.")
    curves = {}
    for item in ITEMS:
        metrics = json.loads((folder / f"Ej2a_{item}.json").read_text())
        for name, history in metrics["history"].items():
            counts = ("train_total", "test_total", "train_correct_whole")
            curves[name] = {**history, **{key: metrics["results"][name][key] for key in counts}}
    metrics = json.loads((folder / "Ej1b_ii.json").read_text())
    if metrics["data"]["origin"] == "real":
        curves["Ej1b_ii"] = {key: metrics["results"][key] for key in ("test_correct", "test_total")}
    for model in folder.glob("*.h5"):  # 70 MB a seed; the curves are what is wanted
        model.unlink()
    return seed, curves


def differing(curves):
    """Which of a seed's trainings are not the report's."""
    (run,) = seeds.runs(metrics.Metrics("stability.json", {"seeds": {"0": curves}})).values()
    report = report_curves()
    return [name for name in report if claims.compare(name, run[name], report[name]).off]


def main():
    parser = cli.Parser(__doc__)
    parser.add_argument("--seeds", type=cli.whole(0, 2**32 - 1), nargs="+", default=SEEDS, metavar="N",
                        help="the seeds to run (default: 1337 and 1 to 19)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="a Dask cluster's scheduler, as tcp://HOST:8786")
    parser.add_data()
    parser.add_results()
    arguments = parser.parse_args()
    results = cli.writable_folder(arguments.results or cli.ROOT / "results")
    path = results / "stability.json"
    found = json.loads(path.read_text())["seeds"] if path.exists() else {}
    pending = [seed for seed in dict.fromkeys(arguments.seeds) if str(seed) not in found]
    print(f"{len(arguments.seeds)} seeds, {len(arguments.seeds) - len(pending)} of them in {path}", flush=True)
    backend = contextlib.nullcontext()
    if arguments.scheduler:
        try:
            from dask.distributed import Client
            client = Client(arguments.scheduler, timeout=10)
        except (ImportError, OSError, ValueError) as error:
            raise cli.InputError(f"--scheduler {arguments.scheduler} can't be used ({error}): start one with `dask "
                                 "scheduler`, and install dask and distributed.") from error
        print(f"On {len(client.scheduler_info()['workers'])} workers of {arguments.scheduler}", flush=True)
        backend = joblib.parallel_config("dask")
    with backend:
        tasks = (joblib.delayed(run)(seed, (results / "seeds").resolve(), arguments.data) for seed in pending)
        for seed, curves in joblib.Parallel(n_jobs=-1, return_as="generator_unordered")(tasks):
            found[str(seed)] = curves
            with files.atomic_write(path) as part:
                versions = files.package_versions(("Theano", "Keras"))
                part.write_text(json.dumps({"versions": versions, "seeds": found}) + "\n")
            print(f"Seed {seed} ended, {len(found)} seeds in {path}", flush=True)
            others = differing(curves) if seed == cli.SEED else []
            if others:
                raise cli.InputError(f"of seed {seed} {', '.join(others)} are not the report's: this machine computes "
                                     "otherwise; please report it, with its processor and compiler.")


if __name__ == "__main__":
    cli.run(main)
