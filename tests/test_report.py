"""The grading: right from the committed results, and true whatever becomes of the files."""
import json
import os
import shutil

import pytest

import report
from tp2 import cli

COMMITTED = cli.ROOT / "results"
FILES = {name for claim in report.CLAIMS for name in claim[1].split()}


@pytest.fixture
def results(tmp_path):
    """A copy of the committed metrics, to be tampered with."""
    for name in FILES:
        shutil.copy(COMMITTED / f"{name}.json", tmp_path)
    return tmp_path


def verdicts(folder):
    return {row[0]: row[3] for row in report.grade(folder)}


def edit(folder, name, change):
    metrics = json.loads((folder / f"{name}.json").read_text())
    change(metrics)
    (folder / f"{name}.json").write_text(json.dumps(metrics))


def test_committed_results_are_full_runs_on_real_data_and_graded_in_the_readme(results):
    rows = report.grade(results)
    assert {row[3] for row in rows} <= {report.HOLDS, report.FAILS}
    committed = (COMMITTED / "README.md").read_text()
    for row in rows:
        assert row[2].replace("|", "\\|") in committed
    for name in FILES:
        assert json.loads((COMMITTED / f"{name}.json").read_text())["data"]["origin"] in ("real", "random", "none")


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_deleted_file_is_not_run(results, name):
    before = verdicts(results)
    (results / f"{name}.json").unlink()
    after = verdicts(results)
    for exercise, files, *_ in report.CLAIMS:
        lost = files.split() == [name]
        assert after[exercise] == (report.NOT_RUN if lost else before[exercise])


TAMPERED = [
    ("1 a", "Ej1a", lambda m: m["results"]["value"].__setitem__(1, 16.5)),
    ("1 b i", "Ej1b_i", lambda m: m["results"]["minibatches"].__setitem__(0, [0, 63])),
    ("1 b ii", "Ej1b_ii", lambda m: m["results"]["confusion"][0].__setitem__(0, 200)),
    ("1 b ii", "Ej1b_ii", lambda m: m["data"].__setitem__("train", 1199)),
    ("1 b iii", "Ej1b_iii", lambda m: m["results"].__setitem__("initial_deviation", 0.06)),
    ("1 b iii", "Ej1b_iii", lambda m: m["data"].__setitem__("features", 785)),
    ("1 b iii", "Ej1b_iii", lambda m: m["results"].__setitem__("train_correct", 399)),
    ("2 a", "Ej2a_i", lambda m: m["history"]["original"]["val_accuracy"].__setitem__(-1, 0.97)),
    ("2 a i", "Ej2a_i", lambda m: m["results"]["i"].__setitem__("test_correct", 9999)),
    ("2 a ii", "Ej2a_ii", lambda m: m["history"]["ii"]["accuracy"].__setitem__(-1, 0.9)),
    ("2 a iii", "Ej2a_iii", lambda m: m["history"]["iii"]["accuracy"].__setitem__(4, 0.999)),
    ("2 a iv, train", "Ej2a_iv", lambda m: m["history"]["iv_50"]["accuracy"].__setitem__(-1, 0.999)),
    ("2 a iv, 90 %", "Ej2a_iv", lambda m: m["history"]["iv_90"]["val_accuracy"].__setitem__(-1, 0.98)),
    ("2 a v", "Ej2a_v", lambda m: m["history"]["v"]["accuracy"].__setitem__(-1, 0.99)),
    ("2 a v", "Ej2a_v", lambda m: m["history"]["v"]["accuracy"].pop()),
    ("c, h5py", "Ej2b", lambda m: m["results"].__setitem__("greatest_difference", 0.1)),
    ("c, save()", "Ej2c", lambda m: m["results"].__setitem__("test_correct_loaded", 1)),
    ("c, h5py", "Ej2b", lambda m: m["results"].__setitem__("photographs", 2685)),
    ("c, save()", "Ej2c", lambda m: m["results"].update(test_correct_saved=9800, test_correct_loaded=9800)),
    ("c, save()", "Ej2c", lambda m: m.pop("results")),
]


@pytest.mark.parametrize("number", range(len(TAMPERED)))
def test_a_changed_number_is_noticed(results, script, number):
    exercise, name, change = TAMPERED[number]
    edit(results, name, change)
    assert verdicts(results)[exercise] == report.FAILS


def test_quick_runs_and_drawings_say_nothing(results):
    edit(results, "Ej2a_i", lambda m: [s.__setitem__("epochs", 2) for s in m["settings"].values()])
    edit(results, "Ej1b_i", lambda m: m["settings"].__setitem__("epochs", 500))
    edit(results, "Ej1b_ii", lambda m: m["data"].__setitem__("origin", "drawn sample"))
    edit(results, "Ej2b", lambda m: m["data"].__setitem__("origin", "drawn sample"))
    found = verdicts(results)
    assert found["2 a i"] == found["1 b i"] == "not at full size"
    assert found["1 b ii"] == found["c, h5py"] == "drawn sample only"
    page = report.as_markdown(report.grade(results), results)
    assert "Not a full run on the real data" in page and "**drawn sample only**" in page
    (results / "sample").mkdir()
    (results / "Ej1b_ii.json").rename(results / "sample" / "Ej1b_ii.json")
    assert verdicts(results)["1 b ii"] == "drawn sample only"


def test_a_real_result_kept_beside_a_younger_drawn_one_says_so(results):
    (results / "sample").mkdir()
    shutil.copy(results / "Ej1b_ii.json", results / "sample")
    os.utime(results / "Ej1b_ii.json", (0, 0))
    row = next(row for row in report.grade(results) if row[0] == "1 b ii")
    assert "an earlier run; the last was on the drawn sample" in row[2] and row[3] == report.HOLDS
    os.utime(results / "sample" / "Ej1b_ii.json", (-1, -1))
    assert "earlier" not in report.grade(results)[2][2]


def test_1a_with_other_numbers_is_judged_within_rounding(results):
    edit(results, "Ej1a", lambda m: (m["settings"].update(a=[0.1], b=[0.2]), m["results"].update(value=[0.09000001])))
    assert verdicts(results)["1 a"] == report.HOLDS
    edit(results, "Ej1a", lambda m: m["results"].update(value=[0.0901]))
    assert verdicts(results)["1 a"] == report.FAILS


def test_other_photographs_are_not_caltech101(results):
    edit(results, "Ej1b_ii", lambda m: m["data"].update(classes={"airplanes": 700, "Motorbikes": 798}, train=1098))
    assert verdicts(results)["1 b ii"] == "other photographs than Caltech101's"


def test_the_command_writes_the_table_and_its_exit_code_tells(results, script):
    import subprocess
    import sys
    grade = [sys.executable, str(cli.ROOT / "report.py"), "--results", str(results)]
    before = report.FAILS in verdicts(results).values()
    assert subprocess.run(grade, capture_output=True).returncode == int(before)
    edit(results, "Ej1a", lambda m: m["results"]["value"].__setitem__(0, 5))
    done = subprocess.run(grade, capture_output=True, text=True)
    assert done.returncode == 1 and report.FAILS in done.stdout
    assert f"**{report.FAILS}**" in (results / "README.md").read_text()
    for path in results.glob("*.json"):
        path.unlink()
    assert subprocess.run(grade, capture_output=True).returncode == 0
    assert subprocess.run(grade[:-1] + [str(results / "nowhere")], capture_output=True).returncode == 2
