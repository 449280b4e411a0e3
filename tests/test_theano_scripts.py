"""The scripts of exercise 1, as subprocesses with few steps, and their mathematics."""
import importlib.util
import json

import h5py
import numpy as np
import pytest
from PIL import Image

import TP1
from conftest import NO_NETWORK
from tp2 import cli


def module(path):
    spec = importlib.util.spec_from_file_location(path.replace("/", "_")[:-3], cli.ROOT / path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def is_figure(path):
    with Image.open(path) as image:
        return image.size[0] > 300 and len(np.unique(np.asarray(image.convert("L")))) > 10


# --- 1a --------------------------------------------------------------------------------

def test_1a_prints_the_tutorials_answer(script):
    done = script("theano/Ej1a.py")
    assert "[ 4. 16. 36.]" in done.stdout
    assert done.metrics("Ej1a")["results"]["value"] == [4, 16, 36]


@pytest.mark.parametrize("flags, value", [
    (["--a", "1", "2", "--b", "3", "4"], [16, 36]), (["--a", "1,2", "--b", "[3, 4]"], [16, 36]),
    (["--a", "-1,2", "--b", "-3", "0.5"], [16, 6.25]), (["--a=7", "--b=1e1"], [289])])
def test_1a_takes_other_vectors(script, flags, value):
    assert script("theano/Ej1a.py", *flags).metrics("Ej1a")["results"]["value"] == value


@pytest.mark.parametrize("flags, words", [
    (["--a", "1", "2", "3", "4"], "the same number"), (["--a", "1,2", "--b", "3"], "the same number"), (["--a", "x"], "'x'"),
    (["--a", "nan", "--b", "1"], "'nan'"), (["--a", "", "--b", ""], "at least one"), (["--c", "1"], "--c"),
    (["--a", "1e30", "--b", "1"], "too large")])
def test_1a_refuses_what_does_not_fit(script, flags, words):
    done = script("theano/Ej1a.py", *flags, fails=True)
    assert words in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert not (done.results / "Ej1a.json").exists()


# --- 1b i ------------------------------------------------------------------------------

def test_1b_i_line_10_is_the_minibatch_size():
    assert (cli.ROOT / "theano/Ej1b_i.py").read_text().splitlines()[9].startswith("BATCH_SIZE = ")


@pytest.mark.slow
def test_1b_i_changing_line_10_changes_the_run(script, tmp_path):
    lines = (cli.ROOT / "theano/Ej1b_i.py").read_text().splitlines()
    lines[9] = "BATCH_SIZE = 150"
    (tmp_path / "Ej1b_i.py").write_text("\n".join(lines))
    metrics = script(tmp_path / "Ej1b_i.py", "--epochs", 2).metrics("Ej1b_i")
    assert metrics["results"]["minibatches"] == [[0, 150], [150, 300], [300, 400]]
    for bad in ("0", "-1", "'many'", "2.5"):
        lines[9] = f"BATCH_SIZE = {bad}"
        (tmp_path / "Ej1b_i.py").write_text("\n".join(lines))
        assert "is not a whole number" in script(tmp_path / "Ej1b_i.py", "--epochs", 2, fails=True).stderr


@pytest.mark.parametrize("n, size", [(400, 1), (400, 64), (400, 100), (400, 400), (400, 1000), (7, 3)])
def test_1b_i_every_sample_in_one_minibatch(n, size):
    starts, stops = module("theano/Ej1b_i.py").minibatches(n, size)
    assert [i for a, b in zip(starts, stops) for i in range(a, b)] == list(range(n))
    assert len(starts) == -(-n // size) and (stops - starts)[:-1].tolist() == [size] * (len(starts) - 1)


def by_hand(size, epochs, seed):
    """Ej1b_i in NumPy, float64: the mean cost of each epoch, and the training hits at the end."""
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


@pytest.mark.parametrize("size", [1, 64, 400, 5000])
def test_1b_i_equals_the_same_steps_in_numpy(script, size):
    metrics = script("theano/Ej1b_i.py", "--batch-size", size, "--epochs", 12, "--seed", 5).metrics("Ej1b_i")
    costs, correct = by_hand(size, 12, 5)
    # One sample at a time the steps overshoot, and rounding grows with each: two epochs then.
    compared = 2 if size == 1 else 12
    assert np.allclose(metrics["history"]["cost"][:compared], costs[:compared], rtol=2e-4)
    assert size == 1 or metrics["results"]["train_correct"] == correct


@pytest.mark.parametrize("size", ["0", "-3", "x", "1.5", "", "1" + 30 * "0"])
def test_1b_i_refuses_other_sizes(script, size):
    done = script("theano/Ej1b_i.py", "--batch-size", size, fails=True)
    assert "whole number from 1" in done.stderr and "--batch-size" in done.stderr


@pytest.mark.slow
def test_1b_i_full_run_learns_and_repeats(script, tmp_path):
    """The default run: finite from the first step, 100 % at the end; the same seed, the same file."""
    one = script("theano/Ej1b_i.py", results=tmp_path / "one")
    two = script("theano/Ej1b_i.py", results=tmp_path / "two")
    other = script("theano/Ej1b_i.py", "--seed", 2, "--epochs", 50, results=tmp_path / "three")
    text = (one.results / "Ej1b_i.json").read_text()
    assert text == (two.results / "Ej1b_i.json").read_text()
    assert text != (other.results / "Ej1b_i.json").read_text()
    metrics = json.loads(text)
    assert metrics["settings"]["epochs"] == 10000 and metrics["results"]["train_correct"] == 400
    cost = np.array(metrics["history"]["cost"])
    assert np.isfinite(cost).all() and cost[-1] < 0.2 < 10 < cost[0]
    assert is_figure(one.results / "Ej1b_i.png")


# --- 1b ii -----------------------------------------------------------------------------

def test_1b_ii_on_small_data_writes_what_it_says(script, drawings):
    done = script("theano/Ej1b_ii.py", "--data", drawings, "--test", 20, "--steps", 300)
    metrics = done.metrics("Ej1b_ii")
    confusion = np.array(metrics["results"]["confusion"])
    assert confusion.sum(axis=1).tolist() == [20, 20]
    assert metrics["results"]["test_correct"] == confusion.trace()
    assert metrics["data"] == {**metrics["data"], "origin": "real", "train": 80, "test": 40,
                               "classes": {"airplanes": 60, "Motorbikes": 60}}
    assert np.isfinite(metrics["history"]["train_cost"] + metrics["history"]["test_cost"]).all()
    assert f"{confusion.trace()} of 40" in done.stdout
    with h5py.File(done.results / "Ej1b_ii.h5") as file:
        assert file["w"].shape == (784,) and file["b"].shape == ()
    assert is_figure(done.results / "Ej1b_ii.png") and is_figure(done.results / "Ej1b_ii_errors.png")
    again = script("theano/Ej1b_ii.py", "--test", 20, "--steps", 300, CALTECH101=str(drawings),
                   results=done.results.parent / "again")
    assert again.metrics("Ej1b_ii") == metrics


@pytest.mark.slow
def test_1b_ii_the_saved_weights_give_the_counted_hits(script, drawings):
    done = script("theano/Ej1b_ii.py", "--data", drawings, "--test", 20, "--steps", 200)
    vectors, labels, _, _ = TP1.load_photographs(drawings, ["airplanes", "Motorbikes"])
    train, test = module("theano/Ej1b_ii.py").split(labels, 20, np.random.RandomState(1337))
    assert not set(train) & set(test) and len(train) + len(test) == 120
    with h5py.File(done.results / "Ej1b_ii.h5") as file:
        predicted = vectors[test] @ file["w"][:] + file["b"][()] > 0
    assert (predicted == labels[test]).sum() == done.metrics("Ej1b_ii")["results"]["test_correct"]


@pytest.mark.slow
def test_1b_ii_refuses_bad_data(script, drawings, tmp_path):
    assert "give --test a smaller number" in script("theano/Ej1b_ii.py", "--data", drawings, fails=True).stderr
    assert "nowhere" in script("theano/Ej1b_ii.py", "--data", tmp_path / "nowhere", fails=True).stderr
    assert "CALTECH101" in script("theano/Ej1b_ii.py", CALTECH101="/nowhere", fails=True).stderr
    for category in ("airplanes", "Motorbikes"):
        (tmp_path / "bad" / category).mkdir(parents=True)
        for name in "abc":
            Image.new("RGB", (30, 20), name == "a" and "red" or "blue").save(tmp_path / "bad" / category / f"{name}.jpg")
    (tmp_path / "bad" / "Motorbikes" / "notes.txt").write_text("not an image")
    done = script("theano/Ej1b_ii.py", "--data", tmp_path / "bad", "--test", 1, fails=True)
    assert "notes.txt can't be read as an image" in done.stderr
    (tmp_path / "file").touch()
    done = script("theano/Ej1b_ii.py", "--data", drawings, results=tmp_path / "file" / "x", fails=True)
    assert "--results" in done.stderr


@pytest.mark.slow
def test_1b_ii_without_network_or_data_draws_says_so_and_spares_real_results(script, tmp_path, monkeypatch):
    if (cli.ROOT / "Caltech101").exists():
        pytest.skip("the checkout holds a Caltech101 folder")
    results = tmp_path / "results"
    results.mkdir()
    real = json.dumps({"data": {"origin": "real"}})
    (results / "Ej1b_ii.json").write_text(real)
    done = script("theano/Ej1b_ii.py", "--steps", 50, **NO_NETWORK)
    assert "can't be downloaded" in done.stdout and "NOT Caltech101" in done.stdout
    assert (results / "Ej1b_ii.json").read_text() == real
    metrics = json.loads((results / "sample" / "Ej1b_ii.json").read_text())
    assert metrics["data"]["origin"] == "drawn sample"
    fresh = script("theano/Ej1b_ii.py", "--steps", 50, results=tmp_path / "fresh", **NO_NETWORK)
    assert fresh.metrics("Ej1b_ii")["data"]["origin"] == "drawn sample"


@pytest.mark.slow
def test_1b_ii_reaches_the_reports_accuracy_on_the_photographs(script, caltech101):
    """The main job: for most seeds inside the 95 % interval of the report's 383 of 400."""
    correct = [script("theano/Ej1b_ii.py", "--data", caltech101, "--seed", seed).metrics("Ej1b_ii")["results"]["test_correct"]
               for seed in (1337, 11, 12)]
    assert sum(0.933 * 400 <= count <= 0.975 * 400 for count in correct) >= 2, correct


# --- 1b iii ----------------------------------------------------------------------------

def test_1b_iii_he_initialisation_and_learning(script):
    done = script("theano/Ej1b_iii.py", "--steps", 400)
    results = done.metrics("Ej1b_iii")["results"]
    assert results["initial_weights"] == [784, 100]
    assert abs(results["initial_deviation"] / (2 / 784) ** 0.5 - 1) < 0.02
    assert results["train_correct"] == results["train_total"] == 400
    assert is_figure(done.results / "Ej1b_iii.png")


def test_1b_iii_equals_the_same_steps_in_numpy(script):
    history = script("theano/Ej1b_iii.py", "--steps", 20, "--seed", 3).metrics("Ej1b_iii")["history"]
    rng = np.random.RandomState(3)
    x, y = rng.randn(400, 784), rng.randint(size=400, low=0, high=2)
    W, c = rng.randn(784, 100) * (2 / 784) ** 0.5, np.zeros(100)
    w, b = rng.randn(100, 1)[:, 0] * (2 / 100) ** 0.5, 0.0
    costs = []
    for _ in range(20):
        h = np.maximum(x @ W + c, 0)
        z = h @ w + b
        costs.append(np.mean(np.logaddexp(0, z) - y * z) + 0.01 * ((w ** 2).sum() + (W ** 2).sum()))
        d = (1 / (1 + np.exp(-z)) - y) / 400
        back = np.outer(d, w) * (h > 0)
        W, c, w, b = (W - 0.1 * (x.T @ back + 0.02 * W), c - 0.1 * back.sum(0), w - 0.1 * (h.T @ d + 0.02 * w),
                      b - 0.1 * d.sum())
    assert np.allclose(history["cost"], costs, rtol=1e-3)


# --- all -------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["theano/Ej1a", "theano/Ej1b_i", "theano/Ej1b_ii", "theano/Ej1b_iii", "keras/Ej2a",
                                  "keras/Ej2b", "keras/Ej2c"])
def test_help_documents_every_flag(script, name):
    done = script(name + ".py", "--help")
    assert "--results" in done.stdout and "default" in done.stdout and "Exercise" in done.stdout
