"""The grading: every sentence of the report, and what becomes of it if the numbers are others."""
import copy
import dataclasses
import json
import re
from xml.etree import ElementTree

import pytest
import yaml
from PIL import Image

import report as command
from grading import claims, metrics, seeds, sources
from grading.verdicts import CLAIMS, report
from tp2 import cli
from tp2.exercise2a import ITEMS, report_curves

CURVES = report_curves()
FLAT = {"train_loss": [0.1] * 20, "test_loss": [0.1] * 20}


def training(name):
    """A training with the report's curves, as a metrics file holds it: (settings, results, history)."""
    curve = CURVES.get(name) or dataclasses.replace(CURVES["i"], test_correct=[9650] * 19 + [9690])       # ii_quarter
    last, total = curve.train_correct[-1], curve.train_total
    return ({"epochs": 20, "samples": 60000, "batch_size": 128, "seed": 1337},
            {"train_total": total, "test_total": 10000, "train_correct_whole": min(total, last + (total - last) // 3)},
            {**FLAT, "train_correct": curve.train_correct, "test_correct": curve.test_correct})


def of_2a(item):
    parts = zip(*(training(variant) for variant in ITEMS[item]))
    return {key: dict(zip(ITEMS[item], part)) for key, part in zip(("settings", "results", "history"), parts)}


COMPLETE = {
    "Ej1a": {"settings": {"a": [0, 1], "b": [2, 3]}, "results": {"value": [4, 16]}},
    "Ej1b_i": {"data": {"samples": 25}, "settings": {"batch_size": 10, "epochs": 10000, "seed": 1337},
               "results": {"minibatches": [[0, 10], [10, 20], [20, 25]], "train_correct": 25, "train_total": 25}},
    "Ej1b_ii": {"data": {"origin": "real", "classes": {"airplanes": 800, "Motorbikes": 798}, "train": 1198, "test": 400},
                "settings": {"side": 28, "steps": 10000, "test_per_class": 200, "seed": 1337},
                "results": {"test_correct": 383, "test_total": 400}},
    "Ej1b_iii": {"settings": {"hidden": 100, "steps": 10000, "seed": 1337},
                 "results": {"initial_weights": [784, 100], "initial_deviation": 0.0505, "train_correct": 400,
                             "train_total": 400}},
    **{f"Ej2a_{item}": of_2a(item) for item in ITEMS},
    "Ej2b": {"data": {"origin": "real", "classes": {"pizza": 53, "a|b<c>": 47}, "files": {"pizza": 53, "a|b<c>": 47},
                      "categories": 2}, "settings": {"seed": 1337},
             "results": {"photographs": 100, "batch": 64, "greatest_difference": 0.0,
                         "bytes_read": {"open": 2048, "one": 6000, "batch": 400000, "file": 600000}}},
    "Ej2b.run": {"processor": "8086", "timings_ms": {"batch_contiguous": 0.2, "batch_files": 3.0}},
    "Ej2c": {"settings": {"epochs": 20, "samples": 60000, "batch_size": 128, "seed": 1337},
             "results": {"groups": ["model_weights/", "model_weights/dense_1/", "model_weights/dense_1/dense_1/",
                                    "model_weights/dense_1/dense_1/kernel:0", "optimizer_weights/",
                                    "optimizer_weights/iterations:0"],
                         "layers": ["dense_1", "dropout_1"], "parameters": 669706, "configuration_equal": True,
                         "weights_equal": True, "optimizer_equal": True, "optimizer_steps": 9380,
                         "greatest_difference": 0.0, "test_correct_saved": 9834, "test_correct_loaded": 9834,
                         "test_total": 10000}},
}
COMPLETE["Ej2a_v"]["history"]["v"].update(test_loss=[0.08, 0.07] + [0.16] * 18, train_loss=[0.2, 0.08] + [0.005] * 18)


@pytest.fixture
def folder(tmp_path):
    """A folder with metrics of a run that has the report's numbers: folder(changed, ...) -> path.

    Each change is (file, path of a field with dots, value); the value ... removes the field.
    """
    def write(*changes, names=COMPLETE):
        contents = copy.deepcopy({name: COMPLETE[name] for name in names})
        for name, field, value in changes:
            *path, last = [int(key) if key.isdigit() else key for key in field.split(".")]
            inner = contents[name]
            for key in path:
                inner = inner[key]
            if value is ...:
                del inner[last]
            else:
                inner[last] = value
        for name, content in contents.items():
            (tmp_path / f"{name}.json").write_text(json.dumps(content))
        return tmp_path
    return write


def verdicts(path):
    return {title: str(finding.verdict) for title, finding in command.grade(path).findings.items()}


def test_each_sentence_of_the_report_has_one_claim():
    titles = [title for line, title, _ in report() if line and not line.startswith(("## ", "![", "<!--"))]
    assert titles == list(CLAIMS)


def test_with_the_reports_own_numbers_only_reasons_are_refuted(folder):
    found = command.grade(folder()).findings
    assert {title for title, finding in found.items() if str(finding.verdict) == "does not hold"} == {
        "Because it can't learn enough", "Because of 60,000 samples", "No overfitting"}
    assert all(CLAIMS[title].reason for title, finding in found.items() if str(finding.verdict) == "does not hold")
    assert {str(found[title].verdict) for title, claim in CLAIMS.items() if claim.check} == {"holds", "does not hold"}
    curves = found["The twelve trainings"]
    assert curves.measured.startswith("479 of the 479 numbers that were read exactly are equal, and 1 of 1 that")
    assert curves.table[10]["remarks"] == "27,780 where 27,784 ± 4 was read"
    assert [row["equal to the report's"] for row in curves.table] == ["40 of 40"] * 10 + ["39 of 39", "40 of 40"]


# For each claim, what its sentence denies, written into the metrics (file, field, value) or a script (file, old, new);
# and the verdict then.
LAST = "history.{0}.{1}_correct.19"
NO = "does not hold"
BREAKS = {
    "The expression": [("Ej1a", "results.value.1", 15, NO),
                       ("theano/Ej1a.py", "out = a ** 2 + b ** 2 + 2 * a * b", "out = (a + b) ** 2", NO),
                       ("theano/Ej1a.py", "b], out)", "b], (a + b) ** 2)", NO),
                       ("theano/Ej1a.py", "b = theano.tensor.vector()", "b = a", NO)],
    "Three files": [("theano/Ej1b_ii.py", "import h5py", "import h5py, Ej1b_i", NO),
                    ("theano/Ej1b_iii.py", "theano.function(", "print(", NO), ("theano/Ej1b_i.py", "def ", "def: ", NO)],
    "Line 10": [("theano/Ej1b_i.py", "BATCH_SIZE = 10", "BATCH_SIZE = 64", NO),
                ("theano/Ej1b_i.py", "BATCH_SIZE = 10", "\nBATCH_SIZE = 10", NO),
                ("theano/Ej1b_i.py", '"--batch-size", BATCH_SIZE', '"--batch-size", 20', NO)],
    "The number of minibatches": [("Ej1b_i", "results.minibatches.2", [20, 24], NO),
                                  ("Ej1b_i", "results.minibatches.1", [0, 10], NO),
                                  ("Ej1b_i", "results.minibatches", [[0, 5], [5, 15], [15, 25]], NO),
                                  ("Ej1b_i", "settings.epochs", 500, "not at full size"),
                                  ("Ej1b_i", "settings.batch_size", 64, "other settings")],
    "TP1's functions": [("theano/Ej1b_ii.py", "TP1.load_photographs(", "load_others(", NO),
                        ("TP1.py", "preprocess(read_image(path))", "read_image(path)", NO)],
    "28x28": [("Ej1b_ii", "settings.side", 32, NO)],
    "95.75 %": [("Ej1b_ii", "results.test_correct", 373, NO),     # 93.25 %, and the interval begins at 93.28
                ("Ej1b_ii", "results.test_correct", 391, NO),     # 97.75 %, and it ends at 97.51
                ("Ej1b_ii", "data.classes.Motorbikes", 799, "other photographs"),
                ("Ej1b_ii", "settings.steps", 100, "not at full size"),
                ("Ej1b_ii", "settings.test_per_class", 100, "other settings"),
                ("Ej1b_ii", "settings.seed", 7, "another seed")],
    "400 held out": [("Ej1b_ii", "data.train", 1598, NO), ("Ej1b_ii", "data.test", 300, NO)],
    "100 ReLU": [("Ej1b_iii", "results.initial_weights.1", 50, NO),
                 ("theano/Ej1b_iii.py", "T.nnet.relu(", "T.tanh(", NO)],
    "He's initialisation": [("Ej1b_iii", "results.initial_deviation", 0.0516, NO),
                            ("Ej1b_iii", "results.initial_deviation", 19.8, NO)],
    "The twelve trainings": [("Ej2a_iv", "history.iv_70.train_correct.4", 1, NO),
                             ("Ej2a_iv", "history.iv_90.train_correct.0", 27789, NO),     # read as 27,784 to within 4
                             ("Ej2a_v", "settings.v.seed", 7, "another seed"),
                             ("Ej2a_v", "settings.v.batch_size", 64, "other settings")],
    "Slower, and worse on test": [("Ej2a_i", "history.i.test_correct.0", 9501, NO),
                                  ("Ej2a_i", LAST.format("i", "test"), 9834, NO)],
    "From 98.34 % to 96.8 %": [("Ej2a_i", LAST.format("i", "test"), 9610, NO),
                               ("Ej2a_i", LAST.format("original", "test"), 9800, NO)],
    "Because it can't learn enough": [("Ej2a_i", "results.i.train_correct_whole", 14800, "holds")],
    "No great change": [("Ej2a_ii", LAST.format("ii", "train"), 59300, NO), ("Ej2a_ii", LAST.format("ii", "test"), 9780, NO)],
    "Still very satisfactory": [("Ej2a_ii", LAST.format("ii", "test"), 9800, NO)],
    "Because of 60,000 samples": [("Ej2a_ii", LAST.format("ii_quarter", "test"), 9620, "holds")],
    "No significant loss": [("Ej2a_iii", LAST.format("iii", "test"), 9730, NO)],
    "Much slower": [("Ej2a_iii", "history.iii.test_correct.6", 9800, NO),     # epoch 7, the original's is 4
                    ("Ej2a_iii", "history.iii.train_correct.9", 59999, NO)],
    "Epoch 10": [("Ej2a_iii", LAST.format("iii", "train"), 59035, NO),
                 ("Ej2a_iii", "settings.iii.samples", 12800, "not at full size")],
    "About 98 %": [("Ej2a_iv", LAST.format("iv_70", "test"), 9720, NO)],
    "90 % dropout": [("Ej2a_iv", LAST.format("iv_90", "test"), 9334, NO)],     # 5.00 points
    "Train, with every increase": [("Ej2a_iv", LAST.format("iv_50", "train"), 59300, NO)],
    "Because neurons are off": [("Ej2a_iv", "results.iv_90.train_correct_whole", 57000, NO)],
    "Because test uses the whole network": [("Ej2a_iv", "results.iv_90.train_correct_whole", 51199, NO)],
    "Almost perfect": [("Ej2a_v", LAST.format("v", "train"), 59800, NO)],
    "No overfitting": [("Ej2a_v", "history.v.test_loss", [0.07] * 20, "holds")],
    "Above 98 %": [("Ej2a_v", LAST.format("v", "test"), 9800, NO)],
    "Hierarchical": [("Ej2c", "results.groups", ["configuration", "weights", "state"], NO),
                     ("Ej2c", "results.groups.1", "model_weights/dense_9/", NO)],
    "Random access": [("Ej2b", "results.bytes_read.one", 400000, NO), ("Ej2b", "results.bytes_read.batch", 6000, NO)],
    "Lazy": [("Ej2b", "results.bytes_read.open", 500000, NO)],
    "One file, read faster": [("Ej2b.run", "timings_ms.batch_files", 0.1, NO)],
    "The export": [("Ej2b", "results.greatest_difference", 1e-6, NO), ("Ej2b", "data.files.pizza", 58, NO),
                   ("Ej2b", "results.photographs", 32, NO),
                   ("keras/Ej2b.py", "ImageDataGenerator(**", "print(**", NO)],
    "Saving a model": [("Ej2c", "results.test_correct_loaded", 9833, NO), ("Ej2c", "results.weights_equal", False, NO),
                       ("Ej2c", "results.optimizer_equal", False, NO), ("Ej2c", "results.greatest_difference", 1e-9, NO),
                       ("keras/Ej2c.py", "model.save(", "model.save_weights(", NO),
                       ("keras/Ej2c.py", "load_model(", "print(", NO),
                       ("Ej2c", "settings.epochs", 2, "not at full size")],
}


@pytest.mark.parametrize("title, file, old, new, verdict", [(title, *case) for title in BREAKS for case in BREAKS[title]])
def test_what_a_sentence_denies_changes_its_verdict(folder, monkeypatch, title, file, old, new, verdict):
    before = verdicts(folder())[title]
    if file.endswith(".py"):
        text = sources.text
        assert old in text(file)
        monkeypatch.setattr(sources, "text", lambda path: text(path).replace(old, new) if path == file else text(path))
        assert verdicts(folder())[title] == verdict != before
    else:
        assert verdicts(folder((file, old, new)))[title] == verdict != before


def test_every_check_is_broken_above_and_what_is_no_check_says_so():
    assert set(BREAKS) == {title for title, claim in CLAIMS.items() if claim.check}
    assert {str(claim.unmeasured) for claim in CLAIMS.values() if not claim.check} == {"by source", "cannot be tested"}


def test_a_number_of_the_curves_that_is_off_is_named(folder):
    path = folder(("Ej2a_i", "history.i.test_correct.2", 9585), ("Ej2a_i", "history.i.train_correct.5", 14762))
    row = command.grade(path).findings["The twelve trainings"].table[1]
    assert (row["equal to the report's"], row["remarks"]) == ("38 of 40", "first off in epoch 3, test, by -2")


def test_a_part_of_the_scripts_is_graded_as_far_as_it_goes(folder):
    found = command.grade(folder(names=["Ej2a_iii"])).findings
    assert str(found["Much slower"].verdict) == "holds" and str(found["95.75 %"].verdict) == "not run"
    assert str(found["The twelve trainings"].verdict) == "not at full size"
    assert found["The twelve trainings"].measured.startswith("80 of the 479")


def test_a_run_that_is_not_the_reports_says_what_it_is_not_and_what_it_gives_by_itself(folder):
    short = {key: value[:2] for key, value in COMPLETE["Ej2a_v"]["history"]["v"].items()}
    path = folder(("Ej2a_v", "settings.v.epochs", 2), ("Ej2a_v", "history.v", short), ("Ej2a_v", "settings.v.seed", 7),
                  ("Ej2a_iii", "settings.iii.samples", 12800), ("Ej2a_iii", "results.iii.train_total", 12800))
    found = command.grade(path).findings
    assert str(found["Almost perfect"].verdict) == "not at full size"
    assert "(2 epochs, not 20; seed 7, not 1337); by itself: does not hold" in found["Almost perfect"].measured
    assert found["The twelve trainings"].table[3]["equal to the report's"] == "not comparable"
    assert found["The twelve trainings"].table[-1] == claims.row(
        "v", "4 of 4", "97.48, 97.63 %", ["2 epochs, not 20", "seed 7, not 1337"])


@pytest.mark.parametrize("file, field, value, said", [
    ("Ej1a", "results", ..., "the field results.value is missing; run theano/Ej1a.py again."),
    ("Ej1a", "settings.a", [], "settings.a is [], not a list with something in it"),
    ("Ej1b_ii", "script", "Ej1b_i", "the field script is 'Ej1b_i', not 'Ej1b_ii'"),
    ("Ej1b_iii", "results.initial_deviation", float("nan"), "results.initial_deviation is NaN, not a number"),
    ("Ej2a_i", "history.i.test_correct.3", 0.9665, "history.i.test_correct[3] is 0.9665, not a whole number of 0 or more"),
    ("Ej2a_iv", "history.iv_40.train_loss", [0.1] * 19, "history.iv_40.train_loss has 19 values, not 20; run keras/Ej2a.py iv"),
    ("Ej2c", "results.optimizer_equal", "yes", 'results.optimizer_equal is "yes", not true or false'),
])
def test_bad_metrics_are_refused_in_a_sentence_with_file_and_field(folder, file, field, value, said):
    found = command.grade(folder((file, field, value))).findings.values()
    assert {finding.measured.startswith(f"{file}.json: {said}") for finding in found
            if str(finding.verdict) == "unreadable"} == {True}


@pytest.mark.parametrize("content, said", [(b"", "it is no JSON file"), (b"[1]", "the field x is missing"),
                                           (b"\xff\xfe", "it is no JSON file"), (None, "it can't be read")])
def test_a_file_that_is_no_metrics_file_is_refused_in_a_sentence(tmp_path, content, said):
    path = tmp_path / "Ej2c.json"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(metrics.Unreadable, match=said):
        metrics.read(tmp_path, "Ej2c").value("x", metrics.COUNT)


def seed_file(**test_ends):
    """A stability.json's content: for each seed a training "v" whose test curve is the report's, but for its end."""
    _, results, history = training("v")
    curve = history["test_correct"][:-1]
    return {"seeds": {seed.strip("s"): {name: {**results, **history, "test_correct": [*curve, end]} for name in ITEMS["v"]}
                      for seed, end in test_ends.items()}}


def runs(**test_ends):
    return seeds.runs(metrics.Metrics("stability.json", seed_file(**test_ends)))


def test_shares_of_seeds():
    shares = seeds.shares(runs(s1337=9825, s10=9700, s2=9800, s3=9830))
    assert set(shares) == {"Almost perfect", "No overfitting", "Above 98 %"}    # what "v" alone can tell
    assert shares["Above 98 %"].not_held == [2, 10]
    share = seeds.shares(runs(s1337=9825, s1=9801, s2=9800, s3=9830))["Above 98 %"]
    # Clopper and Pearson's interval: P(at least 3 of 4 | low) = P(at most 3 of 4 | high) = 0.025
    assert 4 * share.low ** 3 * (1 - share.low) + share.low ** 4 == pytest.approx(0.025)
    assert 1 - share.high ** 4 == pytest.approx(0.025)
    assert str(share) == "holds for 3 of 4 seeds = 75 % (95 % interval 19 to 99 %); not for seed 2"


def test_ranks_of_the_reports_curve():
    *_, rank = seeds.ranks(runs(s1337=9825, s1=9801, s2=9825 + 1, s3=9830))     # the report's own is not counted twice
    assert list(rank.values()) == ["v", "98.25 %", "3 of 4", "3 of 4", "98.20 %", "0.13", "98.01 %", "98.30 %"]
    assert seeds.rank(5, [5, 7, 3]) == "2 to 3"


def main_in(path, *flags):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["report.py", "--results", str(path), *flags])
        try:
            cli.run(command.main)
        except SystemExit as end:
            return end.code
        return 0


def test_the_page_is_well_formed_and_has_each_claim_once(folder):
    path = folder()
    Image.new("RGB", (400, 100), "white").save(path / "Ej2a_v.png")
    (path / "stability.json").write_text(json.dumps(seed_file(s1337=9825, s1=9801)))
    assert main_in(path) == 0
    page, readme = ((path / name).read_text(encoding="utf-8") for name in ("index.html", "README.md"))
    elements = list(ElementTree.fromstring(page).iter())
    ids = [element.get("id") for element in elements if element.get("id")]
    assert {element.get("href") for element in elements if element.tag == "a"} <= {f"#{name}" for name in ids}
    assert len(set(ids)) == len(ids) and readme.count("\n### ") == len(CLAIMS) == page.count("<blockquote")
    assert page.count("data:image/png") == 1 == readme.count("](Ej2a_v.png)") and "<script" not in page
    for text in (page, readme):
        assert not re.search(r"\d %", text.split("</style>")[-1]) and "sqrt" not in text
        assert "96.8\N{NO-BREAK SPACE}%" in text and "a|b<c>" not in text
    assert "batch files" in page and "batch files" not in readme and "8086" not in readme


def test_what_the_command_prints_and_its_exit_codes(folder, capsys):
    assert main_in(folder()) == 0    # refuted reasons alone are no failure of the run
    assert "41 claims: holds 31, by source 3, does not hold 3, cannot be tested 4." in capsys.readouterr().out
    assert main_in(folder(("Ej2a_v", "history.v.test_correct.0", 9600))) == 1
    out = capsys.readouterr().out
    assert re.search("does not hold +The twelve trainings: 478 of the 479", out) and "first off in epoch 1" in out
    assert main_in(folder(("Ej1a", "results", ...))) == 1


def test_a_folder_that_is_not_a_runs_is_left_as_it_is(folder, tmp_path, capsys):
    assert main_in(tmp_path) == 2 and "holds no metrics" in capsys.readouterr().err
    path = folder()
    (path / "README.md").write_text("My own notes")
    assert main_in(path) == 2 and "rename it" in capsys.readouterr().err
    assert (path / "README.md").read_text() == "My own notes" and not (path / "index.html").exists()
    (path / "README.md").unlink()
    assert main_in(path) == main_in(path) == 0     # what it made itself is made again


def test_codecheck_lists_what_make_gives():
    listed = [item["file"] for item in yaml.safe_load((cli.ROOT / "codecheck.yml").read_text(encoding="utf-8"))["manifest"]]
    scripts = {path.stem for folder in ("theano", "keras") for path in (cli.ROOT / folder).glob("*.py")}
    assert all((cli.ROOT / file).is_file() for file in listed)
    assert {name for name in scripts if any(file.startswith(f"results/{name}") for file in listed)} == scripts


def test_the_drawn_sample_is_graded_where_there_are_no_photographs(folder):
    path = folder()
    (path / "sample").mkdir()
    for name in ("Ej1b_ii.json", "Ej2b.json", "Ej2b.run.json"):
        (path / name).rename(path / "sample" / name)
    assert {title for title, verdict in verdicts(path).items() if verdict == "drawn sample only"} == {
        "28x28", "95.75 %", "400 held out", "Random access", "Lazy", "One file, read faster", "The export"}
