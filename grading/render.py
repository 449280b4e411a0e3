"""The grading as results/README.md and as results/index.html, one file that needs no network and no script."""
from tp2.cli import InputError

import base64
import re
from pathlib import Path

import jinja2
import numpy as np
from markupsafe import Markup, escape
from PIL import Image

from tp2.files import atomic_write

# The sections, in the report's order, with their figures: (file, what it shows, where its columns and its rows of
# panels meet, as shares of its width and height).
HALF = (1 / 2,)
SECTIONS = {
    "1 a": ("An expression in Theano", []),
    "1 b": ("Logistic regression, three times", []),
    "1 b i": ("Minibatches", [
        ("Ej1b_i", "Cost and accuracy over the epochs, on logarithmic axes.", HALF, ())]),
    "1 b ii": ("Airplanes against motorbikes", [
        ("Ej1b_ii", "Cost and accuracy on train and test over the steps, and the 784 learned weights as a picture: two "
         "dark wheels. From step 10 to 60 train and test jump up and down together at almost every step: there the "
         "step of gradient descent is too long, and the test curve covers the train curve.", (1 / 3, 2 / 3), ())]),
    "1 b iii": ("A hidden layer of 100 ReLU", [
        ("Ej1b_iii", "Cost and accuracy over the steps, on logarithmic axes.", HALF, ())]),
    "2 a": ("MNIST, the original and its modifications", []),
    "2 a i": ("A quarter of the training data", [("Ej2a_i", "The original beside a quarter of the data.", HALF, ())]),
    "2 a ii": ("One hidden layer", [("Ej2a_ii", "The original beside one hidden layer.", HALF, ())]),
    "2 a iii": ("Sigmoid units", [("Ej2a_iii", "The original beside sigmoid units.", HALF, ())]),
    "2 a iv": ("Dropout increased", [
        ("Ej2a_iv", "The original (20 %), and dropout from 30 to 90 %.", HALF, (1 / 4, 1 / 2, 3 / 4)),
        ("Ej2a_dropout", "The last accuracies against the dropout rate, whole and from close by.", HALF, ())]),
    "2 a v": ("No dropout", [("Ej2a_v", "The original beside no dropout.", HALF, ())]),
    "2 c, H5": ("What the report says of H5", []),
    "2 b": ("ImageDataGenerator and h5py", []),
    "2 c, save()": ("Saving a model", [
        ("Ej2c", "The original's curve, and test digits as the loaded model classifies them.", (0.385,), ())]),
}
VERDICTS = ("\"Does not hold\": what we measure is not what the report says; for a reason or a conclusion, our numbers "
            "speak against it. \"The report's slip\": the report is wrong about its own source or its own script, and "
            "our run shows it. A run that is not the report's own (shorter, of another seed, on other photographs) is "
            "graded as far as it goes, and says what it is not.")
SEEDS = ("Made by `make stability`. The share of seeds for which a claim holds stands with the claim. Rank 1 is the "
         "best on test: the report's own curve (seed 1337) among those of all seeds. A rank in the middle is an "
         "ordinary run; one at an end was luck, good or bad. \"Whole curve\": by its mean over the 20 epochs.")
MADE = re.compile("Made by (`|<code>)python report.py")   # the mark of what this wrote


def tidy(text):
    """The report's roots as ours are written, and no break inside "96.8 %"."""
    return re.sub(r"(?<=\d) %", "\N{NO-BREAK SPACE}%", " ".join(text.split())).replace("$\\sqrt{2/n}$", "√(2/n)")


def as_html(text):
    """Text with `code` and *titles* in it, as HTML."""
    parts = [str(escape(part)) for part in tidy(text).split("`")]
    parts[::2] = [re.sub(r"\*([^*]+)\*", r"<cite>\1</cite>", part) for part in parts[::2]]
    return Markup("".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts)))


def as_markdown(text):
    """Text as it may stand in a cell of a Markdown table."""
    return tidy(text).replace("|", "\\|").replace("<", "&lt;")


def anchor(text):
    """A name for links to a heading: "2 a iv, 90 %" -> "2-a-iv-90"."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def cuts(blank, meetings):
    """Where to cut a picture, in pixels; blank: which of its rows, or columns, are white all along.

    Each cut lies in the middle of the white stripe that is nearest to where two panels are said to meet. [] where none
    is near: the picture is shown whole then.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], blank, [0]]).astype(int)))
    middles = edges.reshape(-1, 2).mean(axis=1)
    found = [int(min(middles, key=lambda middle: abs(middle - share * len(blank)), default=0)) for share in meetings]
    return found if all(abs(cut / len(blank) - share) < 0.04 for cut, share in zip(found, meetings)) else []


def figure(path, columns, rows):
    """A PNG file as (data URI, width, height, its panels as (x, y, width, height)), or None where it can't be shown."""
    try:
        with Image.open(path, formats=["PNG"]) as image:
            white = np.asarray(image.convert("L")) == 255
    except (OSError, ValueError, SyntaxError):  # what Pillow raises for a file that is not there, or is damaged
        return None
    height, width = white.shape
    xs, ys = ([0, *cuts(white.all(axis=axis), meetings), size]
              for axis, meetings, size in ((0, columns, width), (1, rows, height)))
    panels = [(x, y, right - x, below - y) for y, below in zip(ys, ys[1:]) for x, right in zip(xs, xs[1:])]
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii"), width, height, panels


def sections_of(results, rows):
    """[(number, heading, figures as (name, caption, data URI, width, height, panels), the section's rows)]."""
    sections = []
    for number, (heading, figures) in SECTIONS.items():
        shown = []
        for name, caption, columns, meetings in figures:
            paths = [results / f"{name}.png", results / "sample" / f"{name}.png"]
            path = paths[not paths[0].is_file()]
            found = figure(path, columns, meetings)
            if found:
                shown.append((path.relative_to(results).as_posix(), caption, *found))
        sections.append((number, heading, shown, [row for row in rows if row.claim.section == number]))
    return sections


def write(results, rows, **content):
    """Write README.md and index.html to a folder; content: what else the two templates name, as report.py gives it.

    InputError where a file of either name is there that was not made by this.
    """
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(Path(__file__).parent), trim_blocks=True,
                                     undefined=jinja2.StrictUndefined, lstrip_blocks=True, keep_trailing_newline=True,
                                     autoescape=lambda name: name.startswith("page.html"))
    environment.filters.update(html=as_html, markdown=as_markdown, anchor=anchor)
    content.update(rows=rows, sections=sections_of(results, rows), verdicts=VERDICTS, seeds=SEEDS)
    templates = {results / "README.md": "README.md.jinja", results / "index.html": "page.html.jinja"}
    for path in templates:
        if path.exists() and not MADE.search(path.read_text(encoding="utf-8", errors="replace")):
            raise InputError(f"{path} was not made by this program, which would overwrite it: rename it, or copy the "
                             "metrics files to a folder of their own and name that with --results.")
    for path, template in templates.items():
        with atomic_write(path) as part:
            part.write_text(environment.get_template(template).render(content), encoding="utf-8")
