"""The drawn stand-in: deterministic, varied, and not too easy."""
import numpy as np

import sample
import TP1


def test_the_same_seed_draws_the_same_files(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    roots = [sample.drawn(tmp_path / folder, count=4, seed=seed) for folder, seed in (("a", 1), ("b", 1), ("b", 2))]
    contents = [[path.read_bytes() for category in ("airplanes", "Motorbikes")
                 for path in TP1.photographs(root, category)] for root in roots]
    assert len(contents[0]) == 8 and contents[0] == contents[1] and contents[0] != contents[2]
    assert all((root / sample.MARKER).exists() for root in roots)


def test_a_linear_model_learns_something_but_not_all(drawings):
    """Least squares on half of the drawings, tried on the other half."""
    vectors = [np.stack([TP1.preprocess_fast(TP1.read_image(path)) for path in TP1.photographs(drawings, category)])
               for category in ("airplanes", "Motorbikes")]
    x = np.concatenate(vectors)
    y = np.repeat([-1.0, 1.0], 60)
    train = np.arange(120) % 2 == 0
    gram = x[train] @ x[train].T + 10 * np.eye(60)
    predicted = x[~train] @ x[train].T @ np.linalg.solve(gram, y[train])
    accuracy = ((predicted > 0) == (y[~train] > 0)).mean()
    assert 0.6 < accuracy < 1
