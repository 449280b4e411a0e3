"""The stochastic claims over several seeds: which of the report's statements are solid.

Runs Ej1b_ii and Ej2a at full size for each seed into results/seeds/<seed>/ (trainings that are
there already are reused) and writes results/stability.md, which the grading shows, and
results/stability.json with every seed's numbers. Takes about half an hour on two cores.
With --before, a stability.json of other code, it also prints whether anything changed between
them but the seeds' luck; benchmarks/README.md has that for the stack left plain.
"""
import json
import statistics
import subprocess
import sys
from pathlib import Path

import report
from tp2 import cli, files

SEEDS = [1337, 1, 2, 3, 4]


def run(seed, folder, data):
    """The two scripts with a seed, into a folder; SystemExit where one fails."""
    for script, extra in (("theano/Ej1b_ii.py", ["--data", str(data)] if data else []), ("keras/Ej2a.py", [])):
        command = [sys.executable, str(cli.ROOT / script), "--seed", str(seed), "--results", str(folder), *extra]
        print("\n$", " ".join(command), flush=True)
        if subprocess.run(command).returncode:
            raise cli.InputError(f"{script} failed for seed {seed}: what was finished is kept, run again.")


def accuracies(folder):
    """{training: {"train", "test"}} of one seed, final accuracies."""
    photographs = files.load_metrics(folder / "Ej1b_ii.json")["results"]
    found = {"Ej1b_ii": {"train": photographs["train_correct"] / photographs["train_total"],
                         "test": photographs["test_correct"] / photographs["test_total"]}}
    for item in ("i", "ii", "iii", "iv", "v"):
        for name, history in files.load_metrics(folder / f"Ej2a_{item}.json")["history"].items():
            found[f"Ej2a {name}"] = {"train": history["accuracy"][-1], "test": history["val_accuracy"][-1]}
    return found


def spread(values):
    """Mean, standard deviation and range of accuracies, in percent."""
    percent = [100 * value for value in values]
    return (f"{statistics.mean(percent):.2f} ± {statistics.stdev(percent):.2f} "
            f"({min(percent):.2f} to {max(percent):.2f})")


def by_training(finals):
    """What `accuracies` gave for each seed -> {training: {"train", "test": a list over the seeds}}."""
    return {name: {part: [final[name][part] for final in finals] for part in ("train", "test")} for name in finals[0]}


def before_from(path):
    """The same from a stability.json; InputError where it isn't one."""
    try:
        return by_training([seed["final"] for seed in files.load_metrics(path)["seeds"].values()])
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise cli.InputError(f"--before names {path}, which can't be read as a stability.json ({error}): give one that "
                             "this command made.") from error


def comparison(before, after):
    """A Markdown table of two runs: means, and their difference in standard errors (Welch's t)."""
    lines = ["| training | train before | train after | t | test before | test after | t |",
             "|---|---|---|---|---|---|---|"]
    for name in after:
        cells = []
        for part in ("train", "test"):
            one, other = before[name][part], after[name][part]
            error = sum(statistics.variance(values) / len(values) for values in (one, other)) ** 0.5
            gap = statistics.mean(other) - statistics.mean(one)
            cells += [f"{100 * statistics.mean(one):.2f}", f"{100 * statistics.mean(other):.2f}",
                      f"{gap / error:+.1f}" if error else f"{gap:+g}"]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def main():
    parser = cli.Parser(__doc__)
    parser.add_argument("--seeds", type=cli.whole(0, 2**32 - 1), nargs="+", default=SEEDS, metavar="N",
                        help=f"at least two seeds (default: {SEEDS})")
    parser.add_argument("--before", type=Path, metavar="FILE", help="a stability.json to compare with")
    parser.add_data()
    parser.add_results()
    arguments = parser.parse_args()
    before = before_from(arguments.before) if arguments.before else None
    if len(set(arguments.seeds)) < 2:
        raise cli.InputError("--seeds has one seed only: give at least two different ones.")
    results = cli.results_folder(arguments.results)
    folders = {seed: cli.results_folder(results / "seeds" / str(seed)) for seed in arguments.seeds}
    for seed, folder in folders.items():
        run(seed, folder, arguments.data)

    graded = {seed: [row for row in report.grade(folder) if row[3] != report.NOT_RUN]
              for seed, folder in folders.items()}
    found = {seed: accuracies(folder) for seed, folder in folders.items()}
    seeds = list(folders)
    lines = [f"## Over {len(seeds)} seeds", "",
             f"Made by `make stability`, seeds {', '.join(map(str, seeds))}. A claim that holds for every seed is "
             "solid; one that holds for some is luck.", "",
             "| exercise | the report | held | measured, seed by seed where it did not |", "|---|---|---|---|"]
    for number, (exercise, quote, *_) in enumerate(graded[seeds[0]]):
        rows = {seed: graded[seed][number] for seed in seeds}
        held = sum(row[3] == report.HOLDS for row in rows.values())
        failures = "; ".join(f"{seed}: {row[2]}" for seed, row in rows.items() if row[3] != report.HOLDS)
        count = f"{held} of {len(seeds)}"
        lines.append(f"| {exercise} | «{quote}» | {count if held == len(seeds) else f'**{count}**'} | {failures} |")
    lines += ["", "| training | train accuracy, % | test accuracy, % |", "|---|---|---|"]
    after = by_training(list(found.values()))
    lines += [f"| {name} | {spread(parts['train'])} | {spread(parts['test'])} |" for name, parts in after.items()]
    with files.whole_file(results / "stability.md") as part:
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with files.whole_file(results / "stability.json") as part:
        part.write_text(json.dumps({"versions": files.versions(), "seeds": {
            str(seed): {"final": found[seed], "claims": {row[0]: {"verdict": row[3], "measured": row[2]}
                                                         for row in graded[seed]}} for seed in seeds}},
            indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print("\n".join(lines))
    if before:
        print("\n".join(["", *comparison(before, after)]))


if __name__ == "__main__":
    cli.run(main)
