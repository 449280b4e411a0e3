"""The grading as results/README.md and as results/index.html, one file that needs no network and no script."""
import base64
import contextlib
import json
import re
from collections import Counter
from pathlib import Path
from string import Template

import markdown

from tp2.cli import InputError
from tp2.files import atomic_write

from .verdicts import CLAIMS, Verdict, report

HEAD = """# What the report says, what we measure

**{headline}**

The one is the first train of 90 % dropout, which lies below its panel and was read as 27,784 ± 4; ours is 27,780. The
axes of that figure are moved by one pixel of the window, and for the comparison so are ours.

Made by `python report.py` from the metrics files and figures in this folder. The report is "Trabajo Práctico 2, Deep
Learning", 14 October 2016. Each of its sentences that can be true or false stands beside what its seven scripts give
today: {counts}.

"Does not hold": what we measure is not what the report says; for a reason or a conclusion, our numbers speak against
it. "By source": nothing is measured; the report is wrong about its source or its script, as reading those shows. A run
that is not the report's own (shorter, of another seed, on other photographs) is graded as far as it goes, and says what
it is not. In the figures, red is train and blue is test; the report's own curves are dashed.
"""
HEADLINE = """Of the 480 numbers in the report's twelve figures, 479 were read exactly, and ours are equal to each; one
was read to ± 4 images, and ours is consistent with it. Drawn from our numbers, the twelve figures are equal pixel by
pixel, which `evidence/curves.py` checks with the student's PDF."""
SEEDS = """## Seeds

Made by `make stability`. The share of seeds for which a claim holds stands with the claim. Rank 1 is the best on test:
the report's own curve (seed 1337) among those of all seeds. A rank in the middle is an ordinary run; one at an end was
luck, good or bad. "Whole curve": by its mean over the 20 epochs.
"""
MADE = re.compile("Made by (`|<code>)python report.py")   # the mark of what this wrote
FIGURE = re.compile(r"!\[(.*)\]\((.*)\)")
COLOURS = {Verdict.HOLDS: "good", Verdict.FAILS: "bad", Verdict.UNREADABLE: "bad"}


def tidy(text):
    """A text on one line, the report's roots as ours are written."""
    return " ".join(text.split()).replace("$\\sqrt{2/n}$", "√(2/n)")


def escaped(text):
    return tidy(text).replace("<", "&lt;")


def anchor(heading, _separator="-"):
    """The name that GitHub gives to a heading: "1 b i: Minibatches" -> "1-b-i-minibatches"."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def table(rows):
    """The lines of a table; rows: [{column: cell}]."""
    cells = [rows[0], ["---"] * len(rows[0]), *(row.values() for row in rows)]
    return ["", *(f"| {' | '.join(escaped(cell).replace('|', '&#124;') for cell in row)} |" for row in cells), ""]


def claim_lines(claim, quote, finding, share):
    """A claim's part of the Markdown."""
    why = "Holds if" if claim.check else "Why" if claim.unmeasured is Verdict.BY_SOURCE else "Why not"
    texts = {"Measured": finding.measured, why: claim.criterion, "Seeds": share, "Besides": claim.besides}
    lines = [f"### {escaped(claim.title)}: *{finding.verdict}*", "", f"> «{escaped(quote)}»", "",
             *(f"- **{name}**: {escaped(text)}" for name, text in texts.items() if text)]
    if finding.table:
        lines += table(finding.table)
    return lines


def overview(findings):
    """A line for each section, with a link to it and the verdicts in it."""
    sections = {}
    for line, title, _ in report():
        if line.startswith("## "):
            sections[line.removeprefix("## ")] = claims = []
        elif title:
            claims.append(f"{tidy(title)} (*{findings[title].verdict}*)")
    return [f"- [{heading}](#{anchor(heading)}): {', '.join(claims)}" for heading, claims in sections.items()]


def as_markdown(results, grading):
    """The text of README.md; grading: a report.Grading."""
    counts = Counter(finding.verdict for finding in grading.findings.values())
    trainings = grading.findings["The twelve trainings"]
    lines = [HEAD.format(headline=HEADLINE if trainings.verdict is Verdict.HOLDS else
                         f"{trainings.measured.split('. ')[0]}: {trainings.verdict}.",
                         counts=", ".join(f"{count} *{verdict}*" for verdict, count in counts.items())),
             *overview(grading.findings), ""]
    for line, title, quote in report():
        figure = FIGURE.fullmatch(line)
        if title:
            lines += claim_lines(CLAIMS[title], quote, grading.findings[title], str(grading.shares.get(title, "")))
        elif figure:
            paths = [path for path in (figure[2], f"sample/{figure[2]}") if (results / path).is_file()]
            lines += [f"![{figure[1]}]({paths[0]})", "", figure[1]] if paths else []
        elif not line.startswith("<!--"):
            lines.append(line)
    if grading.ranks:
        lines += ["", SEEDS, *table(grading.ranks)]
    if grading.problem:
        lines += ["", "## Seeds", "", f"**{escaped(grading.problem)}**"]
    text = re.sub("\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"
    return re.sub(r"(?<=\d) %", "\N{NO-BREAK SPACE}%", text)      # no break inside "96.8 %"


def times(results):
    """The Markdown of the times that the scripts took on this machine, which no committed file holds."""
    rows = []
    for path in [*results.glob("*.run.json"), *results.glob("sample/*.run.json")]:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):     # no time is graded here
            run = json.loads(path.read_text(encoding="utf-8"))
            rows += [{"script": path.name.split(".")[0], "time": name.replace("_", " "), "ms": f"{time:g}",
                      "processor": run["processor"]} for name, time in run["timings_ms"].items()]
    return "\n".join(["", "## Times on this machine", *table(rows)]) if rows else ""


def as_page(results, text):
    """The HTML page of a Markdown text, with the figures in it."""
    def inlined(match):
        data = base64.b64encode((results / match[2]).read_bytes()).decode("ascii")
        return f'<span class="figure"><img alt="{match[1]}" src="data:image/png;base64,{data}" /></span>'

    body = markdown.markdown(text, extensions=["tables", "toc"], output_format="xhtml",
                             extension_configs={"toc": {"slugify": anchor}})
    body = re.sub(r'<img alt="(.*?)" src="(.*?)" />', inlined, body)
    body = body.replace("<blockquote>", '<blockquote lang="es">')
    for verdict in Verdict:
        body = body.replace(f"<em>{verdict}</em>", f'<em class="{COLOURS.get(verdict, "open")}">{verdict}</em>')
    return Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8")).substitute(body=body)


def write(results, grading):
    """Write README.md and index.html to a folder; InputError if one of them is there and was not made by this."""
    text = as_markdown(results, grading)
    contents = {results / "README.md": text, results / "index.html": as_page(results, text + times(results))}
    for path in contents:
        if path.exists() and not MADE.search(path.read_text(encoding="utf-8", errors="replace")):
            raise InputError(f"{path} was not made by this program, which would overwrite it: rename it, or copy the "
                             "metrics files to a folder of their own and name that with --results.")
    for path, content in contents.items():
        with atomic_write(path) as part:
            part.write_text(content, encoding="utf-8")
