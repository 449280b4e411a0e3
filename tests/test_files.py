"""Results: written whole or not at all, numbers only."""
import json
import os

import h5py
import numpy as np
import pytest

from tp2 import cli, files


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_atomic_write_leaves_the_old_file_where_writing_fails(tmp_path, error):
    (tmp_path / "x.txt").write_text("old")
    with pytest.raises(error), files.atomic_write(tmp_path / "x.txt") as part:
        part.write_text("half")
        raise error
    assert os.listdir(tmp_path) == ["x.txt"] and (tmp_path / "x.txt").read_text() == "old"


def test_atomic_write_replaces_the_file_and_what_a_killed_run_left(tmp_path):
    (tmp_path / "x.txt").write_text("old")
    (tmp_path / "x.txt.part").write_text("left by a killed run")
    with files.atomic_write(tmp_path / "x.txt") as part:
        assert not part.exists()
        part.write_text("new")
    assert os.listdir(tmp_path) == ["x.txt"] and (tmp_path / "x.txt").read_text() == "new"


def test_atomic_write_takes_a_folder_whole_or_not_at_all(tmp_path):
    def write(fails):
        with files.atomic_write(tmp_path / "folder") as part:
            (part / "inner").mkdir(parents=True)
            if fails:
                raise RuntimeError
    with pytest.raises(RuntimeError):
        write(True)
    assert not os.listdir(tmp_path)
    write(False)
    assert os.listdir(tmp_path) == ["folder"] and os.listdir(tmp_path / "folder") == ["inner"]


def test_a_full_disk_is_one_sentence_that_names_the_file(tmp_path):
    with pytest.raises(cli.InputError, match="can't write .*x.txt .No space left"), files.atomic_write(tmp_path / "x.txt") as part:
        part.symlink_to("/dev/full")
        part.write_text("text")
    assert not os.listdir(tmp_path)


def test_metrics_hold_what_they_were_given_and_the_versions(tmp_path):
    files.save_metrics(tmp_path, "Ej", {"origin": "none"}, {"steps": 3}, {"señal": 0.5}, {"cost": [1.0]})
    metrics = json.loads((tmp_path / "Ej.json").read_text(encoding="utf-8"))
    assert set(metrics.pop("versions")) >= {"python", "Theano", "Keras", "numpy"}
    assert metrics == {"script": "Ej", "data": {"origin": "none"}, "settings": {"steps": 3}, "results": {"señal": 0.5},
                       "history": {"cost": [1.0]}}


def test_metrics_refuse_nan(tmp_path):
    with pytest.raises(ValueError):
        files.save_metrics(tmp_path, "Ej", {}, {}, {"value": float("nan")})
    assert not os.listdir(tmp_path)


def test_rounded_keeps_six_significant_digits():
    assert files.rounded([np.float32(1) / 3, 1234567, 1e-9 / 3]) == [0.333333, 1234570.0, 3.33333e-10]


def test_evenly_spaced_indices_have_both_ends():
    assert files.evenly_spaced(3).tolist() == [0, 1, 2] and files.evenly_spaced(1).tolist() == [0]
    chosen = files.evenly_spaced(10000)
    assert len(chosen) == 1000 and chosen[[0, -1]].tolist() == [0, 9999] and set(np.diff(chosen)) == {10, 11}


def test_steps_are_evenly_spaced_on_a_logarithmic_axis():
    for steps in (1, 2, 50, 10000):
        chosen = files.evenly_spaced_log(steps)
        assert chosen[0] == 1 and chosen[-1] == steps and (np.diff(chosen) > 0).all() and len(chosen) <= 1000
    assert chosen[:50].tolist() == list(range(1, 51))             # as close as whole numbers can be
    gaps = np.diff(np.log(chosen[chosen > 1000]))
    assert gaps.max() < 2 * gaps.min()


def test_the_reports_curves_are_twelve_and_end_as_the_report_says():
    curves = files.report_curves()
    assert curves.pop("iv_20") == curves["original"]
    ends = {name: curve["test_correct"][-1] / curve["test_total"] for name, curve in curves.items()}
    assert ends == {"original": 0.9834, "i": 0.968, "ii": 0.9833, "iii": 0.9809, "iv_30": 0.9836, "iv_40": 0.9828,
                    "iv_50": 0.9824, "iv_60": 0.9797, "iv_70": 0.9766, "iv_80": 0.9682, "iv_90": 0.9328, "v": 0.9825}
    assert curves["i"]["train_total"] == 15000 and curves["v"]["train_total"] == 60000


@pytest.mark.parametrize("damage", [None, lambda content: content[:2000], lambda _: "[]",
                                    lambda content: content.replace("test_correct", "correct"),
                                    lambda content: content.replace('"test_total": 10000', '"test_total": 9')])
def test_missing_and_damaged_curves_of_the_report_are_one_sentence(tmp_path, damage):
    if damage:
        (tmp_path / "curves.json").write_text(damage(files.REPORT_CURVES.read_text()))
    with pytest.raises(cli.InputError, match="curves.json, the report's curves, can't be used .*git checkout"):
        files.report_curves(tmp_path / "curves.json")


def test_the_tree_of_an_hdf5_file_is_printed(tmp_path, capsys):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("group/data", (2, 3), "float32", chunks=(1, 3), compression="gzip")
        file["group/data"].attrs["unit"], file.attrs["title"] = "metre", "A title"
        files.print_tree(file)
    assert capsys.readouterr().out.splitlines() == [
        "  @title = A title", "  group/", "    data  (2, 3) float32, chunks (1, 3), gzip", "      @unit = metre"]
