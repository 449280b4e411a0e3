"""The grading: right from the committed results, and true whatever becomes of the files."""
import importlib.util
import json
import os
import shutil
import subprocess
import sys

import pytest

import report
from tp2 import cli

COMMITTED = cli.ROOT / "results"
FILES = {name for claim in report.CLAIMS for name in claim.files.split()}


@pytest.fixture
def results(tmp_path):
    """A copy of the committed metrics, to be tampered with."""
    for name in FILES:
        shutil.copy(COMMITTED / f"{name}.json", tmp_path)
    return tmp_path


def verdicts(folder):
    return {row.exercise: row.verdict for row in report.grade(folder)}


def edit(folder, name, change):
    metrics = json.loads((folder / f"{name}.json").read_text())
    change(metrics)
    (folder / f"{name}.json").write_text(json.dumps(metrics))


def test_committed_results_are_full_runs_on_real_data_and_graded_in_the_readme(results):
    rows = report.grade(results)
    assert {row.verdict for row in rows} <= {report.HOLDS, report.FAILS}
    committed = (COMMITTED / "README.md").read_text()
    for row in rows:
        assert row.measured.replace("|", "\\|") in committed and row.mean in committed and row.run_again in committed
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


FAILS, UNREADABLE = report.FAILS, report.UNREADABLE
TAMPERED = [  # a number that contradicts the claim, or the file
    ("1 a", "Ej1a", lambda m: m["results"]["value"].__setitem__(1, 16.5), FAILS),
    ("1 b i", "Ej1b_i", lambda m: m["results"]["minibatches"].__setitem__(0, [0, 63]), FAILS),
    ("1 b ii", "Ej1b_ii", lambda m: m["results"]["confusion"][0].__setitem__(0, 200), UNREADABLE),
    ("1 b ii", "Ej1b_ii", lambda m: m["data"].__setitem__("train", 1199), UNREADABLE),
    ("1 b iii", "Ej1b_iii", lambda m: m["results"].__setitem__("initial_deviation", 0.06), FAILS),
    ("1 b iii", "Ej1b_iii", lambda m: m["data"].__setitem__("features", 785), UNREADABLE),
    ("1 b iii", "Ej1b_iii", lambda m: m["results"].__setitem__("train_correct", 399), FAILS),
    ("2 a", "Ej2a_i", lambda m: m["history"]["original"]["val_accuracy"].__setitem__(-1, 0.97), UNREADABLE),
    ("2 a i", "Ej2a_i", lambda m: m["results"]["i"].__setitem__("test_correct", 9999), UNREADABLE),
    ("2 a ii", "Ej2a_ii", lambda m: m["history"]["ii"]["accuracy"].__setitem__(-1, 0.9), FAILS),
    ("2 a iii", "Ej2a_iii", lambda m: m["history"]["iii"]["accuracy"].__setitem__(4, 0.999), FAILS),
    ("2 a iv, train", "Ej2a_iv", lambda m: m["history"]["iv_50"]["accuracy"].__setitem__(-1, 0.999), FAILS),
    ("2 a iv, 90 %", "Ej2a_iv", lambda m: m["history"]["iv_90"]["val_accuracy"].__setitem__(-1, 0.98), UNREADABLE),
    ("2 a v", "Ej2a_v", lambda m: m["history"]["v"]["accuracy"].__setitem__(-1, 0.99), FAILS),
    ("2 a v", "Ej2a_v", lambda m: m["history"]["v"]["accuracy"].pop(), UNREADABLE),
    ("c, h5py", "Ej2b", lambda m: m["results"].__setitem__("greatest_difference", 0.1), FAILS),
    ("c, save()", "Ej2c", lambda m: m["results"].__setitem__("test_correct_loaded", 1), FAILS),
    ("c, h5py", "Ej2b", lambda m: m["results"].__setitem__("photographs", 2685), UNREADABLE),
    ("c, save()", "Ej2c", lambda m: m["results"].update(test_correct_saved=9800, test_correct_loaded=9800), UNREADABLE),
    ("c, save()", "Ej2c", lambda m: m.pop("results"), UNREADABLE),
]


@pytest.mark.parametrize("number", range(len(TAMPERED)))
def test_a_changed_number_is_noticed(results, script, number):
    exercise, name, change, verdict = TAMPERED[number]
    edit(results, name, change)
    assert verdicts(results)[exercise] == verdict
    assert verdict == FAILS or f"run {report.script_of(name)} again: " in next(
        row.measured for row in report.grade(results) if row.exercise == exercise)


DAMAGED = {
    "empty": "", "cut": '{"settings": {', "a list": "[1]", "deep": "[" * 100_000, "deep, closed": "[" * 5000 + "]" * 5000,
    "not UTF-8": b'{"settings": "\xe9"}', "Infinity": '{"settings": Infinity}', "NaN": '{"settings": NaN}',
    "large": '{"settings": 1' + "0" * 400 + "}", "larger": '{"settings": 1' + "0" * 5000 + "}", "1e400": '{"settings": 1e400}',
    "strings": '{"settings": "", "data": "", "results": "", "history": ""}',
}


@pytest.mark.parametrize("damage", [*DAMAGED, "a folder", "a pipe", "a broken link", "no permission"])
def test_a_damaged_file_says_nothing_about_the_report(results, damage):
    path = results / "Ej2c.json"
    if damage == "no permission":
        path.chmod(0)
        if os.access(path, os.R_OK):
            pytest.skip("this user reads everything")
    else:
        path.unlink()
        make = {"a folder": path.mkdir, "a pipe": lambda: os.mkfifo(path),
                "a broken link": lambda: path.symlink_to("nowhere")}.get(damage)
        if make:
            make()
        else:
            content = DAMAGED[damage]
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    rows = report.write(results)[0]
    assert [row.exercise for row in rows if row.verdict != report.HOLDS] == ["c, save()"]
    assert rows[-1].verdict == UNREADABLE and rows[-1].measured.startswith("run keras/Ej2c.py again: Ej2c.json: ")


def test_numbers_without_end_are_not_counted_through(results):
    edit(results, "Ej1b_i", lambda m: (m["data"].update(samples=10 ** 14), m["results"].update(minibatches=[[0, 10 ** 14]])))
    assert verdicts(results)["1 b i"] == FAILS


def test_the_mean_of_the_last_five_stands_beside_the_last_epoch(results):
    def swing(metrics):
        metrics["history"]["original"]["val_accuracy"][-5:] = [0.95] * 4 + [0.9834]
        metrics["results"]["original"]["test_correct"] = 9834
    edit(results, "Ej2a_i", swing)
    row = next(row for row in report.grade(results) if row.exercise == "2 a")
    assert (row.measured, row.verdict, row.mean, row.mean_verdict) == ("98.34%", report.HOLDS, "95.67%", FAILS)
    assert all(bool(row.mean) == row.exercise.startswith("2 a") for row in report.grade(results))


def test_the_seeds_table_tells_the_odds_and_a_damaged_one_is_said(results):
    shutil.copy(COMMITTED / "stability.json", results)
    seeds, problem = report.seeds_in(results)
    ninety = next(row for row in seeds.claims if row.exercise == "2 a iv, 90 %")
    assert not problem and 0 < ninety.odds.low < ninety.odds.held / ninety.odds.runs < ninety.odds.high <= 1
    for content in ("{", '{"seeds": {}}', '{"seeds": {"1": {"final": {"Ej2a i": {"train": 2, "test": 1}}, "claims": {}}}}'):
        (results / "stability.json").write_text(content)
        report.write(results)
        assert "stability.json can't be read" in (results / "README.md").read_text()
        assert "stability.json can&#39;t be read" in (results / "index.html").read_text()


def test_seeds_are_added_to_those_of_before(results, tmp_path, monkeypatch, capsys):
    """benchmarks/stability.py, with finished runs in the place of half an hour."""
    spec = importlib.util.spec_from_file_location("stability", cli.ROOT / "benchmarks" / "stability.py")
    stability = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stability)
    ran = []

    def run(seed, folder, data, scripts):
        ran.append((seed, list(scripts)))
        for name in FILES:
            shutil.copy(results / f"{name}.json", folder)

    monkeypatch.setattr(stability, "run", run)

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["stability.py", "--results", str(tmp_path / "out"), *map(str, arguments)])
        stability.main()
        return json.loads((tmp_path / "out" / "stability.json").read_text())["seeds"]

    assert list(command("--seeds", 1, 2)) == ["1", "2"]
    seeds = command("--seeds", 3, "--only", "Ej1b_ii")
    assert list(seeds) == ["1", "2", "3"] and list(seeds["3"]["final"]) == ["Ej1b_ii"]
    assert seeds["1"]["final"]["Ej2a i"]["test"] == 0.9659 and seeds["1"]["last_five"]["Ej2a i"]["test"] != 0.9659
    assert ran == [(1, ["Ej1b_ii", "Ej2a"]), (2, ["Ej1b_ii", "Ej2a"]), (3, ["Ej1b_ii"])]
    command("--seeds", 3, "--before", cli.ROOT / "benchmarks" / "plain" / "stability.json")
    assert "| Ej2a iv_90 | 85.29 |" in capsys.readouterr().out
    # what can't be used is said before the first training
    del ran[:]
    (tmp_path / "bad.json").write_text('{"seeds": {"1": {"final": {"Ej1b_ii": {"train": "x", "test": 1}}}}}')
    (tmp_path / "one.json").write_text(json.dumps({"seeds": {"1": seeds["1"]}}))
    for bad in ("bad.json", "one.json", "none.json"):
        with pytest.raises(cli.InputError, match="--before names"):
            command("--before", tmp_path / bad)
    (tmp_path / "out" / "stability.json").write_text("[]")
    with pytest.raises(cli.InputError, match="stability.json"):
        command("--seeds", 4)
    assert not ran


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
    row = next(row for row in report.grade(results) if row.exercise == "1 b ii")
    assert "an earlier run; the last was on the drawn sample" in row.measured and row.verdict == report.HOLDS
    os.utime(results / "sample" / "Ej1b_ii.json", (-1, -1))
    assert "earlier" not in report.grade(results)[2].measured


def test_1a_with_other_numbers_is_judged_within_rounding(results):
    edit(results, "Ej1a", lambda m: (m["settings"].update(a=[0.1], b=[0.2]), m["results"].update(value=[0.09000001])))
    assert verdicts(results)["1 a"] == report.HOLDS
    edit(results, "Ej1a", lambda m: m["results"].update(value=[0.0901]))
    assert verdicts(results)["1 a"] == report.FAILS


def test_other_photographs_are_not_caltech101(results):
    edit(results, "Ej1b_ii", lambda m: m["data"].update(classes={"airplanes": 700, "Motorbikes": 798}, train=1098))
    assert verdicts(results)["1 b ii"] == "other photographs than Caltech101's"


def test_the_command_writes_the_table_and_its_exit_code_tells(results):
    grade = [sys.executable, str(cli.ROOT / "report.py"), "--results", str(results)]

    def run(**environment):
        return subprocess.run(grade, capture_output=True, env={**os.environ, **environment}).returncode

    before = FAILS in verdicts(results).values()
    assert run() == int(before)
    edit(results, "Ej1a", lambda m: m["results"]["value"].__setitem__(0, 5))
    done = subprocess.run([*grade, "--brief"], capture_output=True, text=True)
    assert done.returncode == 1 and FAILS in done.stdout
    assert (results / "index.html").as_uri() in done.stdout
    assert f"**{FAILS}**" in (results / "README.md").read_text()
    for path in results.glob("*.json"):
        path.unlink()
    run(PYTHONIOENCODING="ascii")  # written before it is printed
    assert "not run: 14" in (results / "README.md").read_text() and "not run" in (results / "index.html").read_text()
    assert run(PYTHONIOENCODING="utf-8") == 0
    grade[-1] += "/nowhere"
    assert run() == 2
