"""The scripts of exercise 1, as subprocesses with few steps, and their mathematics in NumPy."""
import json

import h5py
import numpy as np
import pytest

import TP1
from conftest import NO_NETWORK, is_figure
from tp2 import cli, datasets, drawings


def test_1a_prints_the_tutorials_answer(script):
    done = script("theano/Ej1a.py")
    assert "[ 4. 16. 36.]" in done.stdout
    metrics = done.metrics("Ej1a")
    assert metrics["settings"] == {"a": [0, 1, 2], "b": [2, 3, 4], "floatX": metrics["settings"]["floatX"]}
    assert metrics["results"]["value"] == [4, 16, 36]


# --- 1b i ------------------------------------------------------------------------------

def test_1b_i_line_10_is_the_minibatch_size():
    assert (cli.ROOT / "theano/Ej1b_i.py").read_text().splitlines()[9].startswith("BATCH_SIZE = 10 ")


@pytest.mark.slow
def test_1b_i_changing_line_10_changes_the_run(script, tmp_path):
    lines = (cli.ROOT / "theano/Ej1b_i.py").read_text().splitlines()
    lines[9] = "BATCH_SIZE = 150"
    (tmp_path / "Ej1b_i.py").write_text("\n".join(lines))
    metrics = script(tmp_path / "Ej1b_i.py", "--epochs", 2).metrics("Ej1b_i")
    assert metrics["results"]["minibatches"] == [[0, 150], [150, 300], [300, 400]]
    lines[9] = "BATCH_SIZE = 'many'"
    (tmp_path / "Ej1b_i.py").write_text("\n".join(lines))
    assert "'many' is not a whole number" in script(tmp_path / "Ej1b_i.py", "--epochs", 2, fails=True).stderr


def minibatch_descent(size, epochs, seed):
    """Ej1b_i in NumPy, float64: the mean cost of each epoch, and the correct training samples at the end."""
    rng = np.random.RandomState(seed)
    inputs, labels = rng.randn(400, 784), rng.randint(size=400, low=0, high=2)
    order = rng.permutation(400)
    inputs, labels = inputs[order], labels[order]
    w, b, costs = rng.randn(784), 0.0, []
    for _ in range(epochs):
        costs.append(0)
        for start in range(0, 400, size):
            x, y = inputs[start:start + size], labels[start:start + size]
            z = x @ w + b
            costs[-1] += len(x) / 400 * (np.mean(np.logaddexp(0, z) - y * z) + 0.01 * (w ** 2).sum())
            d = (1 / (1 + np.exp(-z)) - y) / len(x)
            w, b = w - 0.1 * (x.T @ d + 0.02 * w), b - 0.1 * d.sum()
    return costs, int((((inputs @ w + b) > 0) == labels).sum())


@pytest.mark.parametrize("size", [64, 5000])     # 64 does not divide 400, 5000 is more than all
def test_1b_i_equals_the_same_steps_in_numpy(script, size):
    metrics = script("theano/Ej1b_i.py", "--batch-size", size, "--epochs", 12, "--seed", 5).metrics("Ej1b_i")
    bounds = metrics["results"]["minibatches"]
    assert [i for start, stop in bounds for i in range(start, stop)] == list(range(400)) and len(bounds) == -(-400 // size)
    costs, correct = minibatch_descent(size, 12, 5)
    assert np.allclose(metrics["history"]["cost"], costs, rtol=1e-5)
    assert metrics["results"]["train_correct"] == correct


# --- 1b ii -----------------------------------------------------------------------------

def test_1b_ii_equals_the_same_steps_in_numpy(script, drawn_photographs):
    done = script("theano/Ej1b_ii.py", "--data", drawn_photographs, "--test", 20, "--steps", 40)
    metrics = done.metrics("Ej1b_ii")
    x, y, _, digest = TP1.load_photographs(drawn_photographs, ["airplanes", "Motorbikes"])
    rng = np.random.RandomState(1337)
    train, test = TP1.split(y, 20, rng)
    w, b, costs, correct = rng.randn(784), 0.0, {"train": [], "test": []}, {"train": [], "test": []}
    for _ in range(40):
        for part, indices in (("train", train), ("test", test)):
            z = x[indices] @ w + b
            costs[part].append(np.mean(np.logaddexp(0, z) - y[indices] * z) + 0.01 * (w ** 2).sum())
            correct[part].append(int(((z > 0) == y[indices]).sum()))
        z = x[train] @ w + b
        d = (1 / (1 + np.exp(-z)) - y[train]) / len(train)
        w, b = w - 0.1 * (x[train].T @ d + 0.02 * w), b - 0.1 * d.sum()
    history = metrics["history"]
    assert history["step"] == list(range(1, 41))
    for part in ("train", "test"):
        assert np.allclose(history[f"{part}_cost"], costs[part], rtol=1e-5) and history[f"{part}_correct"] == correct[part]
    with h5py.File(done.results / "Ej1b_ii.h5") as file:
        assert np.allclose(file["w"], w, atol=1e-9) and np.allclose(file["b"], b, atol=1e-9)
    predicted = x[test] @ w + b > 0
    confusion = [[int((predicted[y[test] == actual] == guess).sum()) for guess in (0, 1)] for actual in (0, 1)]
    assert metrics["results"]["confusion"] == confusion
    assert metrics["results"]["test_correct"] == confusion[0][0] + confusion[1][1] and metrics["results"]["test_total"] == 40
    assert metrics["data"] == {"origin": "real", "classes": {"airplanes": 60, "Motorbikes": 60}, "fingerprint": digest,
                               "train": 80, "test": 40}
    assert is_figure(done.results / "Ej1b_ii.png") and is_figure(done.results / "Ej1b_ii_errors.png")


def test_1b_ii_without_network_or_data_draws_says_so_and_spares_real_results(script, tmp_path):
    if (cli.ROOT / "Caltech101").exists():
        pytest.skip("the checkout holds a Caltech101 folder")
    few = drawings.sample(datasets.cache_folder(), count=20)  # which the script takes for its own
    few.rename(few.parent / few.name.replace("-20-", f"-{drawings.COUNT}-"))
    (tmp_path / "results").mkdir()
    (tmp_path / "results/Ej1b_ii.json").write_text("of real photographs")
    done = script("theano/Ej1b_ii.py", "--steps", 50, "--test", 5, **NO_NETWORK)
    assert "can't be downloaded" in done.stdout and "NOT Caltech101" in done.stdout
    assert (done.results / "Ej1b_ii.json").read_text() == "of real photographs"
    assert json.loads((done.results / "sample/Ej1b_ii.json").read_text())["data"]["origin"] == "drawn sample"


@pytest.mark.slow
def test_1b_ii_reaches_the_reports_accuracy_on_the_photographs(script, caltech101):
    """For most seeds inside the 95 % interval of the report's 383 of 400."""
    correct = [script("theano/Ej1b_ii.py", "--data", caltech101, "--seed", seed).metrics("Ej1b_ii")["results"]["test_correct"]
               for seed in (1337, 11, 12)]
    assert sum(0.933 * 400 <= count <= 0.975 * 400 for count in correct) >= 2, correct


# --- 1b iii ----------------------------------------------------------------------------

def test_1b_iii_starts_as_he_and_others_propose_and_equals_the_same_steps_in_numpy(script):
    done = script("theano/Ej1b_iii.py", "--steps", 20, "--seed", 3)
    metrics = done.metrics("Ej1b_iii")
    rng = np.random.RandomState(3)
    x, y = rng.randn(400, 784), rng.randint(size=400, low=0, high=2)
    W, c = rng.randn(784, 100) * (2 / 784) ** 0.5, np.zeros(100)
    w, b = rng.randn(100, 1)[:, 0] * (2 / 100) ** 0.5, 0.0
    costs, correct = [], []
    for _ in range(21):
        h = np.maximum(x @ W + c, 0)
        z = h @ w + b
        correct.append(int(((z > 0) == y).sum()))
        costs.append(np.mean(np.logaddexp(0, z) - y * z) + 0.01 * ((w ** 2).sum() + (W ** 2).sum()))
        d = (1 / (1 + np.exp(-z)) - y) / 400
        back = np.outer(d, w) * (h > 0)
        W, c, w, b = (W - 0.1 * (x.T @ back + 0.02 * W), c - 0.1 * back.sum(0), w - 0.1 * (h.T @ d + 0.02 * w),
                      b - 0.1 * d.sum())
    assert np.allclose(metrics["history"]["cost"], costs[:20], rtol=1e-5)
    assert metrics["history"]["train_correct"] == correct[:20]
    assert metrics["results"] == {"initial_weights": [784, 100], "initial_deviation": pytest.approx((2 / 784) ** 0.5, rel=0.01),
                                  "train_correct": correct[20], "train_total": 400, "final_cost": pytest.approx(costs[20], rel=1e-5)}
    assert is_figure(done.results / "Ej1b_iii.png")
