"""Results: whole or not at all, and numbers only."""
import pytest

from tp2 import files


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


def test_metrics_refuse_nan(tmp_path):
    with pytest.raises(ValueError):
        files.save_metrics(tmp_path, "x", {}, {}, {"value": float("nan")})
    assert not list(tmp_path.iterdir())
