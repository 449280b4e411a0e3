"""The stochastic claims over several seeds: which of the report's statements are solid.

Runs Ej1b_ii and Ej2a at full size for each seed into results/seeds/<seed>/ (trainings that are
there already are reused) and writes results/stability.json, with every seed's numbers, and its
tables as results/stability.md; the grading shows them. Seeds that stability.json has from earlier
are kept, so `--seeds 5 6` adds two; five take about half an hour on two cores, and an interruption
keeps those that ended.
With --before, a stability.json of other code, it also prints whether anything changed between
them but the seeds' luck; benchmarks/README.md has that for the stack left plain.
"""
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import report
from tp2 import cli, files

SEEDS = [1337, 1, 2, 3, 4]
SCRIPTS = {"Ej1b_ii": "theano/Ej1b_ii.py", "Ej2a": "keras/Ej2a.py"}
ITEMS = ["i", "ii", "iii", "iv", "v"]


def run(seed, folder, data, scripts):
    """The scripts with a seed, into a folder; InputError where one fails."""
    for name in scripts:
        command = [sys.executable, str(cli.ROOT / SCRIPTS[name]), "--seed", str(seed), "--results", str(folder)]
        if data and name == "Ej1b_ii":
            command += ["--data", str(data)]
        print("\n$", " ".join(command), flush=True)
        if subprocess.run(command).returncode:
            raise cli.InputError(f"{SCRIPTS[name]} failed for seed {seed}: what was finished is kept, run again.")


def outcome(folder, scripts):
    """One seed's entry in stability.json, of what `scripts` left in its folder; see report.load_seeds."""
    final, last_five = {}, {}
    if "Ej1b_ii" in scripts:
        photographs = report.read_json(folder / "Ej1b_ii.json")["results"]
        final["Ej1b_ii"] = {part: photographs[f"{part}_correct"] / photographs[f"{part}_total"]
                            for part in ("train", "test")}
    for item in ITEMS if "Ej2a" in scripts else []:
        for name, history in report.read_json(folder / f"Ej2a_{item}.json")["history"].items():
            for ends, last in ((final, 1), (last_five, report.LAST_FIVE)):
                ends[f"Ej2a {name}"] = {part: report.curve_end(history, key, last)
                                        for part, key in (("train", "accuracy"), ("test", "val_accuracy"))}
    claims = {row.exercise: {"verdict": row.verdict, "measured": row.measured, "mean": row.mean,
                             "mean_verdict": row.mean_verdict}
              for row in report.grade(folder) if row.verdict != report.NOT_RUN}
    return {"final": final, "last_five": last_five, "claims": claims, "versions": files.versions()}


def merge(earlier, found):
    """A seed's earlier entry, or None, with what was found now in its place."""
    earlier = earlier or {"final": {}, "last_five": {}, "claims": {}}
    return {**found, **{part: {**earlier[part], **found[part]} for part in ("final", "last_five", "claims")}}


def save(results, seeds):
    """Write stability.json, and its tables as stability.md; returns those lines."""
    with files.whole_file(results / "stability.json") as part:
        part.write_text(json.dumps({"seeds": seeds}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    lines = report.seeds_as_markdown(report.summary_of_seeds(seeds))
    with files.whole_file(results / "stability.md") as part:
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return lines


def read_seeds(path, flag):
    """report.load_seeds, as an InputError where the file is no stability.json."""
    try:
        return report.load_seeds(path)
    except report.BROKEN as error:
        problem = report.one_line(f"{type(error).__name__}: {error}")
        raise cli.InputError(f"{flag}{path} can't be read as a stability.json ({problem}): give one that this command "
                             "made, or move it away.") from error


def by_training(seeds):
    """{training: {"train", "test": the final accuracies of the seeds that have it}}."""
    names = dict.fromkeys(name for seed in seeds.values() for name in seed["final"])
    return {name: {part: [seed["final"][name][part] for seed in seeds.values() if name in seed["final"]]
                   for part in ("train", "test")} for name in names}


def before_from(path):
    """What --before compares with, checked as far as `comparison` needs it."""
    before = by_training(read_seeds(path, "--before names a file that is of no use: "))
    if not any(len(parts["test"]) > 1 for parts in before.values()):
        raise cli.InputError(f"--before names {path}, which has one seed only: give one of at least two.")
    return before


def comparison(before, after):
    """A Markdown table of two runs: means, and their difference in standard errors (Welch's t)."""
    lines = ["| training | train before | train after | t | test before | test after | t |",
             "|---|---|---|---|---|---|---|"]
    for name in after:
        if min(len(run.get(name, {"test": []})["test"]) for run in (before, after)) < 2:
            continue
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
                        help=f"the seeds to run (default: {SEEDS})")
    parser.add_argument("--only", choices=SCRIPTS, help="run one of the two scripts; Ej1b_ii takes seconds")
    parser.add_argument("--before", type=Path, metavar="FILE", help="a stability.json to compare with")
    parser.add_data()
    parser.add_results()
    arguments = parser.parse_args()
    # Whatever can be wrong with the files is found before the first training
    before = before_from(arguments.before) if arguments.before else None
    results = cli.results_folder(arguments.results)
    path = results / "stability.json"
    seeds = read_seeds(path, "") if os.path.lexists(path) else {}

    scripts = [arguments.only] if arguments.only else list(SCRIPTS)
    for seed in dict.fromkeys(arguments.seeds):
        folder = cli.results_folder(results / "seeds" / str(seed))
        run(seed, folder, arguments.data, scripts)
        seeds[str(seed)] = merge(seeds.get(str(seed)), outcome(folder, scripts))
        lines = save(results, seeds)
    print("\n".join(["", *lines]))
    if before:
        print("\n".join(["", *comparison(before, by_training(seeds))]))


if __name__ == "__main__":
    cli.run(main)
