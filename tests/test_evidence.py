"""evidence/: the readers of the PDF and of a BLAS's order, each on data made here."""
import hashlib
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from conftest import module
from tp2 import cli, exercise2a, figures

curves, atlas = module("evidence/curves.py"), module("evidence/atlas.py")

# Of the plot area of each figure as the report has it, drawn from tp2/report_curves.json.
DIGESTS = {
    "original": "d07545f0927c", "i": "5e8ffe2a2789", "ii": "ab3556868cd6", "iii": "df671208990d",
    "iv_30": "49cbc4363bf8", "iv_40": "40e3a339291f", "iv_50": "e0138205bdba", "iv_60": "dc5d7e7c901c",
    "iv_70": "c74c5cd943b3", "iv_80": "a327b4dddee7", "iv_90": "3042a7b2f192", "v": "6584e5496a09",
}


def report(name):
    """The report's counts, as evidence/curves.py has them."""
    curve = exercise2a.report_curves()[name]
    return {"train": np.array(curve.train_correct), "train_total": curve.train_total,
            "test": np.array(curve.test_correct), "test_total": curve.test_total}


def digest(name, curve):
    return hashlib.sha256(curves.draw(name, curve).astype(np.uint8).tobytes()).hexdigest()[:12]


@pytest.mark.parametrize("name", DIGESTS)
def test_the_reports_numbers_draw_the_reports_plot_areas(name):
    assert digest(name, report(name)) == DIGESTS[name]


@pytest.mark.parametrize("part, step", [("train", -1), ("train", 1), ("test", -1), ("test", 1)])
def test_one_image_more_or_less_draws_another_plot_area(part, step):
    curve = report("ii")
    curve[part][7] += step
    assert digest("ii", curve) != DIGESTS["ii"]


def some_curve(seed):
    """Rising curves that cross and come near each other."""
    random = np.random.default_rng(seed)
    rising = 1 - 0.1 * np.exp(-np.arange(20) / 4) - 0.01 * random.random((2, 20))
    return {"train": (60000 * rising[0]).astype(int), "train_total": 60000,
            "test": (10000 * rising[1]).astype(int), "test_total": 10000}


@pytest.mark.parametrize("seed", range(3))
def test_numbers_are_read_from_pixels_alone(seed):
    curve = some_curve(seed)
    found = curves.read("i", curves.draw("i", curve), {"train_total": 60000, "test_total": 10000})
    assert {part: found[part].tolist() for part in curves.PARTS} == {part: curve[part].tolist() for part in curves.PARTS}


def test_a_number_below_the_panel_is_known_within_a_range_only():
    curve = some_curve(0)
    curve["train"][:2] = 27000, 44000
    (number, (low, high)), = curves.undetermined("i", curve).items()
    assert number == ("train", 1) and low <= 27000 <= high and 2 < high - low < 30
    ends = [{**curve, "train": np.array([end, *curve["train"][1:]])} for end in (low - 1, low, high, high + 1)]
    assert [(curves.draw("i", end) == curves.draw("i", curve)).all() for end in ends] == [False, True, True, False]


@pytest.fixture(scope="module")
def pdf(tmp_path_factory):
    """A PDF with thirteen figures in the report's style, the first of them twice, and another picture."""
    path = tmp_path_factory.mktemp("pdf") / "informe.pdf"
    drawn = [figures.report_style("", curve["train"] / 60000, curve["test"] / 10000) for curve in map(some_curve, range(13))]
    with PdfPages(path) as pages:
        for pixels in (drawn[0], np.zeros((20, 30, 3), np.uint8), *drawn):
            height, width, _ = pixels.shape
            page = Figure(figsize=(width / 72, height / 72), dpi=72)
            page.figimage(pixels)
            pages.savefig(page)
    return path


def test_figures_are_taken_from_a_pdf_without_loss_and_each_once(pdf):
    pytest.importorskip("pypdf")
    found = curves.pictures(pdf)
    assert list(found) == curves.NAMES
    for number, picture in enumerate(found.values()):
        assert (picture == curves.draw("i", some_curve(number))).all()


def test_a_figure_that_differs_is_told_with_its_epochs(capsys):
    curve = some_curve(0)
    assert curves.compare("i", curves.draw("i", curve), curve) == 0
    other = {**curve, "test": curve["test"] + 5 * (np.arange(20) == 9)}
    assert curves.compare("i", curves.draw("i", curve), other) > 0
    assert capsys.readouterr().out.splitlines()[1].endswith("near epochs 9, 10, 11, 12")


@pytest.mark.parametrize("content", [b"", b"no PDF", b"%PDF-1.4\n%%EOF\n", "cut off", "without figures"])
def test_a_wrong_or_damaged_pdf_ends_in_a_sentence(pdf, tmp_path, content):
    pytest.importorskip("pypdf")
    path = tmp_path / "informe.pdf"
    if content == "without figures":
        Figure().savefig(path)
    else:
        path.write_bytes(pdf.read_bytes()[:30000] if content == "cut off" else content)
    with pytest.raises(cli.InputError, match="informe.pdf .*: give"):
        curves.pictures(path)


def test_without_pypdf_or_results_there_is_a_sentence(pdf, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pypdf", None)
    with pytest.raises(cli.InputError, match="pip install"):
        curves.pictures(pdf)
    with pytest.raises(cli.InputError, match="Ej2a_i.json can't be used .* run `python keras/Ej2a.py` first"):
        curves.counts(tmp_path)


@pytest.fixture(scope="module")
def one_after_the_other(tmp_path_factory):
    """A BLAS that adds the terms one after the other."""
    folder = tmp_path_factory.mktemp("blas")
    (folder / "blas.c").write_text("""
        void sgemm_(char *ta, char *tb, int *m, int *n, int *k, float *alpha, float *a, int *lda, float *b, int *ldb,
                    float *beta, float *c, int *ldc) {
            for (int i = 0; i < *m; ++i) for (int j = 0; j < *n; ++j) {
                float sum = 0;
                for (int q = 0; q < *k; ++q)
                    sum += *alpha * a[*ta == 'T' ? i * *lda + q : q * *lda + i] * b[*tb == 'T' ? q * *ldb + j : j * *ldb + q];
                c[j * *ldc + i] = sum;
            } }""")
    subprocess.run(["gcc", "-O1", "-ffp-contract=off", "-shared", "-fPIC", "blas.c", "-o", "libblas.so"], cwd=folder, check=True)
    return folder / "libblas.so"


def test_the_probe_tells_the_order_of_a_sum(one_after_the_other):
    sizes = atlas.partial_sums(atlas.product_of(one_after_the_other), 9, 0, 0, rows=50, columns=50)
    assert sizes.tolist() == [[max(i, j) + 1 if i != j else 1 for j in range(9)] for i in range(9)]


def test_the_kernel_has_the_order_that_its_first_lines_say():
    kernel = atlas.kernel()
    full, tail, both = (atlas.partial_sums(kernel, 100, *place, rows=80, columns=80) for place in ((0, 0), (-1, 0), (-1, -1)))
    assert full[0, [4, 8, 2, 1, 48, 96]].tolist() == [2, 3, 24, 48, 49, 100]     # lanes; lane 0 starts from C; lanes of the last four
    assert tail[0, [4, 8, 2, 1, 48, 96]].tolist() == [2, 3, 24, 48, 96, 97]      # the block's sum is added to C; the last four one by one
    assert both[0, 1:].tolist() == list(range(2, 101))                           # one after the other


@pytest.mark.parametrize("equal", [False, True])
def test_a_blas_of_another_order_parts(one_after_the_other, monkeypatch, capsys, equal):
    random = np.random.default_rng(0)
    a, b = random.random((60, 50), "float32").T, random.random((60, 50), "float32")
    monkeypatch.setattr(atlas, "products", lambda: [("forward", a, b, 1), ("forward", a[:10], b, 1)])
    monkeypatch.setattr(atlas, "ZONES", {"row and column in whole blocks of 48": (0, 0)})
    monkeypatch.setattr(sys, "argv", ["atlas.py", str(one_after_the_other)])
    if equal:
        monkeypatch.setattr(atlas, "kernel", lambda: atlas.product_of(one_after_the_other))
    with pytest.raises(SystemExit) as ended:
        atlas.main()
    out = capsys.readouterr().out
    assert ended.value.code == (0 if equal else 1) and f"{1 + equal} of 2 products" in out
    assert ("DIFFERENT" in out) is ("not forward, 50 x 50, k 60" in out) is not equal


def test_products_are_right_in_all_orders(one_after_the_other):
    product, random = atlas.product_of(one_after_the_other), np.random.default_rng(0)
    for a in (random.random((5, 7), "float32"), random.random((7, 5), "float32").T):
        for b in (random.random((7, 3), "float32"), random.random((3, 7), "float32").T):
            assert np.allclose(product(a, b, 2), 2 * a @ b)


def test_what_is_no_blas_ends_in_a_sentence(tmp_path):
    (tmp_path / "no.so").write_text("text")
    with pytest.raises(cli.InputError, match="can't be loaded as a library"):
        atlas.product_of(tmp_path / "no.so")
    with pytest.raises(cli.InputError, match="has none of the functions sgemm_"):
        atlas.product_of("libm.so.6")
