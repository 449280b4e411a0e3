"""The grading's page: whatever lies in the folder, a browser shows it whole, without a network."""
import html
import json
import re
import shutil
import subprocess

import pytest

import report
from tp2 import cli, page

COMMITTED = cli.ROOT / "results"
FIGURES = sorted({name for claim in report.CLAIMS for name in claim.figures})


@pytest.fixture
def results(tmp_path):
    """A copy of the committed metrics, figures and seeds."""
    folder = tmp_path / "results"
    shutil.copytree(COMMITTED, folder, ignore=lambda _, names: [name for name in names if not name.endswith(
        (".json", ".png"))])
    return folder


def written(folder):
    return report.write(folder)[1].read_text(encoding="utf-8")


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# In an iframe, since a window can't be as narrow as a telephone; its page tells what it measured.
FRAME = """<iframe src="measured.html" style="border: 0; width: {width}px; height: 3000px"></iframe>
<pre id="found">nothing</pre>
<script>addEventListener("message", event => document.getElementById("found").textContent = event.data)</script>"""
MEASURE = """<script>addEventListener("load", () => parent.postMessage(JSON.stringify({
  images: [...document.images].map(image => [image.naturalWidth, image.clientWidth]),
  inner: document.documentElement.clientWidth, scroll: document.documentElement.scrollWidth,
  loaded: performance.getEntriesByType("resource").map(entry => entry.name).filter(name => !name.startsWith("data:")),
  verdicts: document.querySelectorAll("article .verdict").length}), "*"))</script></body>"""


def browse(path, tmp_path):
    """The DOM after loading a file, and the console's lines."""
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}",
         "--window-size=1700,3200", "--hide-scrollbars", "--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom", path.as_uri()],
        capture_output=True, text=True, timeout=120)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium here (Debian's package: chromium)")
def test_a_browser_shows_every_figure_and_nothing_is_wider_than_the_screen(results, tmp_path):
    text = written(results)
    dom, console = browse(results / "index.html", tmp_path)
    assert "Claim by claim" in dom and not console
    # The page as it is forbids every script; a copy is measured by one.
    measured = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text).replace("</body>", MEASURE)
    (tmp_path / "measured.html").write_text(measured, encoding="utf-8")
    for width in (400, 1600):
        (tmp_path / "frame.html").write_text(FRAME.format(width=width))
        dom, console = browse(tmp_path / "frame.html", tmp_path)
        found = json.loads(html.unescape(re.search(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL)[1]))
        assert len(found["images"]) == len(FIGURES) and all(min(sizes) > 0 for sizes in found["images"])
        assert found["inner"] == width and found["scroll"] <= width
        assert found["verdicts"] == len(report.CLAIMS) and not found["loaded"] and not console


def test_every_claim_with_its_quotation_measurement_tolerance_and_figures(results):
    text = written(results)
    plain = html.unescape(text)
    for row in report.grade(results):
        article = plain.split(f'<article id="{page.anchor(row.exercise)}">')[1].split("</article>")[0]
        for said in (row.quote, row.measured, row.why, row.mean, row.run_again, row.verdict):
            assert said in article
        for name in row.figures:
            assert f'id="{page.anchor(name)}"' in article or f'href="#{page.anchor(name)}"' in article
    assert text.count("<img") == len(FIGURES) == text.count("data:image/png;base64,")
    assert not re.search(r"https?://|<script", text)
    assert "80% (28% to 99%)" in report.odds_in_words(report.odds([report.HOLDS] * 4 + [report.FAILS]))


def test_missing_and_damaged_figures_are_left_out_and_photographs_never_enter(results):
    for name in FIGURES[1:]:
        (results / f"{name}.png").unlink()
    (results / f"{FIGURES[1]}.png").write_bytes(b"no picture")
    (results / f"{FIGURES[2]}.png").mkdir()
    whole = (results / f"{FIGURES[0]}.png").read_bytes()
    for name in ("Ej1b_ii_errors", "Ej2b"):  # Caltech101's pixels
        (results / f"{name}.png").write_bytes(whole)
    assert written(results).count("<img") == 1
    (results / f"{FIGURES[0]}.png").write_bytes(whole[:len(whole) // 2])
    assert written(results).count("<img") == 0


def test_what_files_say_is_text_on_the_page(results):
    metrics = json.loads((results / "Ej1b_i.json").read_text())
    metrics["settings"]["epochs"] = '<img src="//example.org/x">|\n\x1b[31m'
    (results / "Ej1b_i.json").write_text(json.dumps(metrics))
    seeds = json.loads((results / "stability.json").read_text())
    seeds["seeds"]["3"]["claims"]["1 b ii"]["measured"] = "<script>alert(1)</script>"
    (results / "stability.json").write_text(json.dumps(seeds))
    text = written(results)
    assert "&lt;script&gt;" in text and "<script" not in text and "example.org" in text and '<img src="//' not in text
    table = (results / "README.md").read_text(encoding="utf-8")
    assert "<script" not in table and "<img" not in table and "\x1b" not in table + text


def test_the_committed_page_is_of_the_committed_results():
    text = html.unescape((COMMITTED / "index.html").read_text(encoding="utf-8"))
    assert all(row.measured.partition(" (an earlier run")[0] in text for row in report.grade(COMMITTED))
