"""Grade a run: what the report says, sentence by sentence, against the metrics files in results/.

Writes README.md and index.html there, a page of one file with the figures inside that opens in any browser, and prints
the verdicts. Exit code 1: something measured is not as the report says, or a file can't be read. (A reason that the
report gives and our numbers refute is shown as such; it does not change the exit code.)
"""
import sys
import textwrap
from collections import Counter

try:
    from grading import metrics, render, seeds
    from grading.claims import CLAIMS, FAILS, UNREADABLE, UNTESTABLE, judge
    from tp2 import cli
except ModuleNotFoundError as error:
    print(f"report.py: {error}: run it in the project's environment, .venv/bin/python report.py", file=sys.stderr)
    raise SystemExit(2) from None


def grade(results):
    """Judge every claim: (rows, {title: share of the seeds, in words}, ranks, what is wrong with the seeds or "")."""
    contents = {}
    for name in metrics.FORMATS:
        try:
            contents[name] = metrics.read(results, name)
        except (metrics.Missing, metrics.Unreadable) as problem:
            contents[name] = problem
    rows = [judge(claim, contents) for claim in CLAIMS]
    stability = contents.pop("stability")
    if all(isinstance(content, metrics.Missing) for content in contents.values()):
        raise cli.InputError(f"{results} holds no metrics: run the scripts first, or give --results their folder.")
    if isinstance(stability, Exception):
        return rows, {}, [], str(stability) if isinstance(stability, metrics.Unreadable) else ""
    shares = {title: seeds.share_in_words(share) for title, share in seeds.shares(stability).items()}
    return rows, shares, seeds.ranks(stability), ""


def main():
    parser = cli.Parser(__doc__)
    parser.add_argument("--results", type=cli.folder, default=cli.ROOT / "results", metavar="FOLDER",
                        help="the metrics files to grade (default: the project's results/)")
    parser.add_argument("--brief", action="store_true", help="print a line per claim")
    arguments = parser.parse_args()
    if hasattr(sys.stdout, "reconfigure"):  # « and √ on a terminal that has no such characters
        sys.stdout.reconfigure(errors="replace")
    rows, shares, ranks, problem = grade(arguments.results)
    counts = Counter(row.verdict for row in rows)
    render.write(arguments.results, rows, counts=counts, shares=shares, ranks=ranks, problem=problem)
    for row in rows:
        claim = row.claim
        if arguments.brief:
            print(f"{claim.section:<12}{row.verdict:<18}{claim.title}: {row.measured or claim.criterion}"[:120])
            continue
        print(f"\n{claim.section}, {claim.title}: {row.verdict.upper()}")
        for label, text in (("the report", f"«{claim.quote}»"), ("measured", row.measured),
                            ("reason" if row.verdict == UNTESTABLE else "holds if", claim.criterion),
                            ("seeds", shares.get(claim.title)), ("besides", claim.besides)):
            if text:
                print(textwrap.fill(f"{label + ':':<12}{render.tidy(text)}", 120, initial_indent="  ",
                                    subsequent_indent=" " * 14))
        for line in row.table:
            print("".join(f"{cell:<{width}}" for cell, width in zip(line, (16, 30, 22, 0))).rstrip())
    refuted = sum(row.verdict == FAILS and row.claim.reason for row in rows)
    print(f"\n{len(rows)} claims: {', '.join(f'{verdict} {count}' for verdict, count in counts.items())}."
          + (f" Of those that do not hold, {refuted} are reasons or conclusions." if refuted else ""))
    if problem:
        print(problem)
    page = arguments.results / "index.html"
    print(f"Wrote {page.with_name('README.md')} and the page:\n{page.resolve().as_uri()}")
    if problem or counts[UNREADABLE] or counts[FAILS] > refuted:
        raise SystemExit(1)


if __name__ == "__main__":
    cli.run(main)
