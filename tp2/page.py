"""The grading as a page: one HTML file that needs no network and no script, with its figures inside."""
import base64
import re
from pathlib import Path

import jinja2

TEMPLATE = Path(__file__).with_name("page.html")


def figure(path):
    """(data URI, width, height) of a PNG file that a browser can show, or None."""
    from PIL import Image
    try:
        if not path.is_file():  # a pipe would be waited for
            return None
        with Image.open(path, formats=["PNG"]) as image:
            image.load()
            width, height = image.size
        return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii"), width, height
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):  # what Pillow raises for a damaged file
        return None


def anchor(text):
    """A name for links to a heading: "2 a iv, 90 %" -> "2-a-iv-90"."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def render(rows, results, **content):
    """The page as text. rows, and the rest that tp2/page.html names, as report.as_page gives them.

    A figure of several claims is shown at the first, and the others point there; one that is
    missing or damaged is left out.
    """
    shown, figures = {}, {}
    for row in rows:
        figures[row.exercise] = []
        for name, caption in row.figures.items():
            found = None if name in shown else figure(results / name)
            if found:
                shown[name] = row.exercise
                figures[row.exercise].append({"name": name, "caption": caption, "source": found[0], "width": found[1],
                                              "height": found[2], "id": anchor(name)})
            elif name in shown:
                figures[row.exercise].append({"name": name, "caption": caption, "shown_at": shown[name],
                                              "id": anchor(name)})
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
                                     lstrip_blocks=True)
    environment.filters["anchor"] = anchor
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(rows=rows, figures=figures, **content) + "\n"
