"""Grade a run: what the report says, sentence by sentence, against the metrics files in results/.

Writes README.md and index.html there, the same as a page of one file with the figures inside, and prints the verdicts.
Exit code 1: something measured is not as the report says, or a file can't be read. (A reason that the report gives and
our numbers refute is shown as such; it does not change the exit code.)
"""
import sys
import textwrap
from collections import Counter
from dataclasses import dataclass, field

try:
    from grading import claims, metrics, render, seeds  # noqa: F401 (claims fills CLAIMS)
    from grading.verdicts import CLAIMS, Verdict, judge, report
    from tp2 import cli
except ModuleNotFoundError as error:
    print(f"report.py: {error}: run it in the project's environment, .venv/bin/python report.py", file=sys.stderr)
    raise SystemExit(2) from None


@dataclass
class Grading:
    """What the grading of a folder found."""

    findings: dict                                  # {title of a claim: Finding}, in the report's order
    shares: dict = field(default_factory=dict)      # {title: seeds.Share}
    ranks: list = field(default_factory=list)       # a row of the table of seeds for each training
    problem: str = ""                               # why stability.json can't be read

    @property
    def refuted(self):
        """How many reasons and conclusions do not hold."""
        return sum(CLAIMS[title].reason for title, finding in self.findings.items()
                   if finding.verdict is Verdict.FAILS)

    @property
    def is_as_reported(self):
        """Whether all could be read, and only reasons and conclusions are refuted."""
        counts = Counter(finding.verdict for finding in self.findings.values())
        return not self.problem and not counts[Verdict.UNREADABLE] and counts[Verdict.FAILS] == self.refuted


def grade(results):
    """The Grading of the metrics files in a folder."""
    files = {name: metrics.read_or_problem(results, name) for claim in CLAIMS.values() for name in claim.files}
    if all(isinstance(file, metrics.Missing) for file in files.values()):
        raise cli.InputError(f"{results} holds no metrics: run the scripts first, or give --results their folder.")
    grading = Grading({title: judge(CLAIMS[title], files) for _, title, _ in report() if title})
    try:
        runs = seeds.runs(metrics.read(results, "stability"))
        grading.shares, grading.ranks = seeds.shares(runs), seeds.ranks(runs)
    except metrics.Unreadable as problem:
        grading.problem = str(problem)
    except metrics.Missing:
        pass
    return grading


def main():
    parser = cli.Parser(__doc__)
    parser.add_argument("--results", type=cli.folder, default=cli.ROOT / "results", metavar="FOLDER",
                        help="the metrics files to grade (default: the project's results/)")
    results = parser.parse_args().results
    if hasattr(sys.stdout, "reconfigure"):  # √ on a terminal that has no such character
        sys.stdout.reconfigure(errors="replace")
    grading = grade(results)
    render.write(results, grading)
    for title, finding in grading.findings.items():
        text = f"{str(finding.verdict):<18}{title}: {render.tidy(finding.measured or CLAIMS[title].criterion)}"
        print(textwrap.fill(text, 120, subsequent_indent=" " * 18))
        if finding.verdict is Verdict.FAILS:
            for row in finding.table:
                print(" " * 18 + "  ".join(filter(None, row.values())))
    counts = Counter(str(finding.verdict) for finding in grading.findings.values())
    print(f"\n{len(grading.findings)} claims: {', '.join(f'{verdict} {count}' for verdict, count in counts.items())}."
          + (f" Of those that do not hold, {grading.refuted} are reasons or conclusions." if grading.refuted else ""))
    if grading.problem:
        print(grading.problem)
    print(f"Wrote {results / 'README.md'} and the page:\n{(results / 'index.html').resolve().as_uri()}")
    if not grading.is_as_reported:
        raise SystemExit(1)


if __name__ == "__main__":
    cli.run(main)
