"""Results: written whole or not at all, numbers only."""
import json
import os
import time

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


def test_who_reads_the_old_file_reads_on_in_it(tmp_path):
    (tmp_path / "x.txt").write_text("old")
    with open(tmp_path / "x.txt") as reader:
        with files.atomic_write(tmp_path / "x.txt") as part:
            part.write_text("new")
        assert reader.read() == "old"


def write(path, text, inner=""):
    """Write a file, or a folder with a file `inner`, in two steps; a generator that stops between them."""
    with files.atomic_write(path) as part:
        if inner:
            part.mkdir()
        (part / inner).write_text(text[:1])
        yield
        (part / inner).write_text(text)


@pytest.mark.parametrize("inner, stays", [("", "second"), ("2.jpg", "first")])
def test_two_writers_leave_one_whole_file_or_folder(tmp_path, inner, stays):
    one, other = write(tmp_path / "x", "first", inner), write(tmp_path / "x", "second", inner)
    next(one), next(other)
    for writer in (one, other):                            # each goes on to its end while the other's is half written
        assert next(writer, None) is None
        assert (tmp_path / "x" / inner).read_text() in ("first", "second")
    assert os.listdir(tmp_path) == ["x"] and (tmp_path / "x" / inner).read_text() == stays


def test_atomic_write_leaves_no_folder_where_writing_fails(tmp_path):
    with pytest.raises(RuntimeError), files.atomic_write(tmp_path / "folder") as part:
        (part / "inner").mkdir(parents=True)
        raise RuntimeError
    assert not os.listdir(tmp_path)


def test_what_a_killed_run_left_is_removed_after_a_day(tmp_path):
    for name, hours in ((".x.txt.abc.part", 25), (".x.txt.def.part", 1), (".y.txt.abc.part", 25)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - 3600 * hours,) * 2)
    with files.atomic_write(tmp_path / "x.txt") as part:
        part.write_text("new")
    assert sorted(os.listdir(tmp_path)) == [".x.txt.def.part", ".y.txt.abc.part", "x.txt"]


def test_a_full_disk_is_one_sentence_that_names_the_file(tmp_path):
    with pytest.raises(cli.InputError, match="can't write .*x.txt .No space left"), files.atomic_write(tmp_path / "x.txt") as part:
        part.symlink_to("/dev/full")
        part.write_text("text")
    assert not os.listdir(tmp_path)


def test_metrics_hold_what_every_machine_gives_and_the_runs_own_file_the_rest(tmp_path):
    files.save(tmp_path, "Ej", data={"origin": "none"}, settings={"steps": np.int64(3)}, run={"timings_ms": {"one": 0.5}},
               results={"señal": np.float32(1) / 3, "counts": (7, 1234567)}, history={"cost": np.array([1e-9 / 3, 1 - 1e-9])})
    assert json.loads((tmp_path / "Ej.json").read_text(encoding="utf-8")) == {
        "script": "Ej", "data": {"origin": "none"}, "settings": {"steps": 3}, "versions": {"Theano": "1.0.5", "Keras": "2.3.1"},
        "results": {"señal": 0.333333, "counts": [7, 1234567]}, "history": {"cost": [3.33333e-10, 1.0]}}
    run = json.loads((tmp_path / "Ej.run.json").read_text())
    assert run["timings_ms"] == {"one": 0.5} and {"python", "machine", "libc", "numpy"} < set(run["versions"])
    with pytest.raises(ValueError):
        files.save(tmp_path, "NaN", data={}, settings={}, results={"value": float("nan")})
    assert not (tmp_path / "NaN.json").exists()


def test_thinned_curves_have_both_ends():
    curves = files.thinned("step", np.arange(10000) / 2, np.arange(10000))
    assert curves["step"][[0, -1]].tolist() == [1, 10000] and curves["cost"][-1] == 4999.5
    assert (curves["step"] == curves["train_correct"] + 1).all() and len(curves["cost"]) == 1000


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


def test_the_tree_of_an_hdf5_file_is_printed(tmp_path, capsys):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("group/data", (2, 3), "float32", chunks=(1, 3), compression="gzip")
        file["group/data"].attrs["unit"], file.attrs["title"] = "metre", "A title"
        files.print_tree(file)
        assert files.names(file) == ["group/", "group/data"]
    assert capsys.readouterr().out.splitlines() == [
        "  @title = A title", "  group/", "    data  (2, 3) float32, chunks (1, 3), gzip", "      @unit = metre"]
