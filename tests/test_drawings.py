"""The drawn stand-in: deterministic, varied, and not too easy."""
import os

import numpy as np

import TP1
from tp2 import datasets, drawings


def test_the_same_seed_draws_the_same_files(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    roots = [drawings.sample(tmp_path / folder, count=4, seed=seed) for folder, seed in (("a", 1), ("b", 1), ("b", 2))]
    contents = [[path.read_bytes() for category in ("airplanes", "Motorbikes")
                 for path in datasets.photographs(root, category)] for root in roots]
    assert len(contents[0]) == 8 == len(set(contents[0])) and contents[0] == contents[1] and contents[0] != contents[2]
    assert all((root / drawings.MARKER).exists() for root in roots)


def test_a_sample_is_drawn_once(tmp_path, monkeypatch):
    root = drawings.sample(tmp_path, count=2)
    monkeypatch.setattr(drawings, "draw_image", None)
    assert drawings.sample(tmp_path, count=2) == root and os.listdir(tmp_path) == [root.name]


def test_half_a_sample_is_drawn_again(tmp_path):
    root = drawings.sample(tmp_path, count=2)
    (root / drawings.MARKER).unlink()
    (root / "airplanes" / "image_0001.jpg").unlink()
    assert len(datasets.photographs(drawings.sample(tmp_path, count=2), "airplanes")) == 2


def test_a_linear_model_learns_much_but_not_all(drawn_photographs):
    """Least squares on 30 drawings of each class, tried on 30 more."""
    x, labels, _, _ = TP1.load_photographs(drawn_photographs, ["airplanes", "Motorbikes"])
    y, train = 2 * labels - 1, np.arange(120) % 2 == 0
    gram = x[train] @ x[train].T + 10 * np.eye(60)
    predicted = x[~train] @ x[train].T @ np.linalg.solve(gram, y[train])
    accuracy = ((predicted > 0) == (y[~train] > 0)).mean()
    assert 0.8 < accuracy < 1, accuracy
