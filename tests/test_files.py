"""Results: whole or not at all, and numbers only."""
import os
import resource
import subprocess
import sys

import h5py
import numpy as np
import pytest

from tp2 import cli, files


def test_whole_file_leaves_all_or_nothing(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), files.whole_file(path) as part:
        part.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old" and [file.name for file in tmp_path.iterdir()] == ["x.txt"]
    with files.whole_file(path) as part:
        part.write_text("new")
    assert path.read_text() == "new"
    (tmp_path / "plain").touch()
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode      # no stricter than open() makes them


HOLDS_PARTS = """
import sys; from pathlib import Path; from tp2 import files
with files.part(Path(sys.argv[1]) / "a.h5") as file, files.part(Path(sys.argv[1]) / "b", folder=True) as folder:
    (folder / "c").touch(); print(flush=True); sys.stdin.read()
"""


def test_what_a_killed_run_left_is_removed_and_a_live_ones_stays(tmp_path):
    (tmp_path / "someone's.part").touch()
    run = subprocess.Popen([sys.executable, "-c", HOLDS_PARTS, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=cli.ROOT)
    run.stdout.readline()
    with files.whole_file(tmp_path / "x"):
        assert len(list(tmp_path.iterdir())) == 4
    run.kill()
    run.communicate()
    assert len(list(tmp_path.iterdir())) == 4
    with files.whole_file(tmp_path / "x"):
        pass
    assert sorted(os.listdir(tmp_path)) == ["someone's.part", "x"]


def test_a_large_hdf5_file_is_begun_only_where_there_is_room(tmp_path):
    with files.whole_hdf5(tmp_path / "x.h5", most=10**6) as file:
        file["a"] = np.arange(1000)
    with h5py.File(tmp_path / "x.h5", "r") as file:
        assert file["a"][999] == 999
    assert (tmp_path / "x.h5").stat().st_size < 20000
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, before[1]))
        with pytest.raises(cli.InputError, match="x.h5 .*large"), files.whole_hdf5(tmp_path / "x.h5", most=3 * 10**6):
            raise AssertionError("begun")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert os.listdir(tmp_path) == ["x.h5"] and h5py.is_hdf5(tmp_path / "x.h5")


def test_the_digest_of_an_hdf5_file_changes_with_all_that_is_in_it(tmp_path):
    def digest(change=lambda file: None):
        with h5py.File(tmp_path / "x.h5", "w") as file:
            file["g/a"], file.attrs["t"] = np.arange(9.0), "text"
            file["g"].attrs["names"] = [b"a", b"bc"]
            change(file)
            value = files.hdf5_digest(file)
        with h5py.File(tmp_path / "x.h5", "r") as file:
            assert files.hdf5_digest(file) == value
        return value

    changes = [lambda f: f["g/a"].write_direct(np.full(9, np.nan)), lambda f: f["g"].attrs.create("names", [b"a"]),
               lambda f: f.attrs.create("t", 3), lambda f: f.move("g/a", "g/b"), lambda f: f.create_group("h")]
    assert len({digest(), *map(digest, changes)}) == 6 and digest() == digest(lambda f: f.attrs.create("digest", "x"))


def test_metrics_refuse_nan(tmp_path):
    with pytest.raises(ValueError):
        files.save_metrics(tmp_path, "x", {}, {}, {"value": float("nan")})
    assert not list(tmp_path.iterdir())
