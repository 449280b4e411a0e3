"""The scripts of exercise 2, as subprocesses on few images."""
import json
import os

import h5py
import numpy as np
import pytest
from PIL import Image

from conftest import child, is_figure
from tp2 import cli, datasets

SMALL = ["--epochs", 1, "--samples", 1280]


def odd(folder):
    """A user's environment: no progress bars, a backend that draws no PNG, a matplotlibrc in the current folder that needs LaTeX."""
    (folder / "matplotlibrc").write_text("text.usetex: True\n")
    return {"TQDM_DISABLE": "1", "TQDM_DESC": "hi", "MPLBACKEND": "svg"}


# --- 2a --------------------------------------------------------------------------------

# In a process of its own, since machine2016 changes the whole process.
NETWORKS = """
from conftest import module
script = module("keras/Ej2a.py")
goes = [["original", "iv_30", "iv_40"], ["iv_50", "iv_60", "iv_70"], ["iv_80", "iv_90"]]     # each on one stream of numbers
for name, variant in script.VARIANTS.items():
    settings = {**script.ORIGINAL, **variant.changes}
    model = script.build(settings["hidden"], settings["activation"], settings["dropout"])
    one_layer, dropout = name in ("ii", "ii_quarter"), name != "v"
    assert model.count_params() == (407050 if one_layer else 669706), name
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == (["Dense", "Activation"] + ["Dropout"] * dropout) * (1 if one_layer else 2) + ["Dense", "Activation"], name
    *hidden, last = [layer.activation.__name__ for layer in model.layers if type(layer).__name__ == "Activation"]
    assert set(hidden) == {"sigmoid" if name == "iii" else "relu"} and last == "softmax", name
    rates = {layer.rate for layer in model.layers if type(layer).__name__ == "Dropout"}
    assert rates == ({int(name[3:]) / 100} if "iv" in name else {0.2} if dropout else set()), name
    assert settings["train_fraction"] == (0.25 if name in ("i", "ii_quarter") else 1), name
    assert settings["trainings_before"] == sum(go.index(name) for go in goes if name in go), name
    rmsprop = model.optimizer.get_config()     # Keras 1's
    assert [round(float(rmsprop[key]), 6) for key in ("learning_rate", "rho", "decay")] == [0.001, 0.9, 0]
    assert rmsprop["epsilon"] == 1e-8
print(*script.VARIANTS)
"""


@pytest.mark.slow
def test_2a_networks_are_the_reports():
    done = child(NETWORKS, PYTHONPATH=f"{cli.ROOT}:{cli.ROOT / 'tests'}", THEANO_FLAGS="")
    assert set(done.stdout.split()) == {"original", "i", "ii", "ii_quarter", "iii", "v", *(f"iv_{rate}" for rate in range(30, 100, 10))}


@pytest.mark.slow
def test_2a_trains_counts_and_keeps(script):
    first = script("keras/Ej2a.py", "i", *SMALL)
    files = [first.results / f"Ej2a_{name}.h5" for name in ("original", "i")]
    times = [path.stat().st_mtime_ns for path in files]
    metrics = first.metrics("Ej2a_i")
    (x, y), test = datasets.mnist()
    for path, name, count in zip(files, ("original", "i"), (1280, 320)):
        history, results = metrics["history"][name], metrics["results"][name]
        assert [len(history[key]) for key in ("train_correct", "test_correct", "train_loss", "test_loss")] == [1] * 4
        assert (results["train_total"], results["test_total"]) == (count, 10000)
        assert (results["train_correct"], results["test_correct"]) == (history["train_correct"][0], history["test_correct"][0])
        assert metrics["settings"][name]["batch_size"] == 128 and metrics["settings"][name]["epochs"] == 1
        with h5py.File(path) as file:      # NumPy counts with the weights in the file: the whole network
            layers = [[file[f"model_weights/dense_{k}/dense_{k}/{kind}"][:] for kind in ("bias", "kernel")] for k in (1, 2, 3)]
        for images, labels, counted in (x[:count], y[:count], results["train_correct_whole"]), (*test, results["test_correct"]):
            for (bias, kernel), activation in zip(layers, (np.maximum, np.maximum, lambda z, _: z)):
                images = activation(images @ kernel + bias, 0)
            assert abs((images.argmax(axis=1) == labels.argmax(axis=1)).sum() - counted) <= 1
    assert is_figure(first.results / "Ej2a_i.png")
    again = script("keras/Ej2a.py", "i", *SMALL)
    assert [path.stat().st_mtime_ns for path in files] == times and again.metrics("Ej2a_i") == metrics
    forced = script("keras/Ej2a.py", "i", *SMALL, "--force", "--jobs", 1)
    assert all(path.stat().st_mtime_ns > before for path, before in zip(files, times))
    assert forced.metrics("Ej2a_i") == metrics                       # the same seed, the same numbers


KEEP = """
import sys
from pathlib import Path
from conftest import module
from test_trainings import CURVE, Model
from tp2 import trainings
script = module("keras/Ej2a.py")
for name in script.ITEMS["iv"]:
    settings = {**script.ORIGINAL, **script.VARIANTS[name].changes, "epochs": 2, "samples": 1000}
    trainings.save(Model(), Path(sys.argv[1]) / f"Ej2a_{name}.h5", settings, trainings.made_by(script.train), CURVE)
"""


@pytest.mark.slow
def test_2a_iv_shows_kept_trainings_the_original_as_its_20_percent_in_odd_settings_of_matplotlib(script, tmp_path):
    (tmp_path / "results").mkdir()
    child(KEEP.replace("sys.argv[1]", repr(str(tmp_path / "results"))), PYTHONPATH=f"{cli.ROOT}:{cli.ROOT / 'tests'}")
    done = script("keras/Ej2a.py", "iv", "--epochs", 2, "--samples", 1000, **odd(tmp_path))
    assert "0 to do, 8 kept" in done.stdout and "%|" not in done.stderr
    assert is_figure(done.results / "Ej2a_iv.png") and is_figure(done.results / "Ej2a_dropout.png")
    metrics = done.metrics("Ej2a_iv")
    rates = {name: settings["dropout"] for name, settings in metrics["settings"].items()}
    assert rates == {"original": 0.2, **{f"iv_{rate}": rate / 100 for rate in range(30, 100, 10)}}
    assert list(metrics["results"]) == list(metrics["history"]) == list(rates)


# --- 2b --------------------------------------------------------------------------------

def test_2b_equals_the_photographs_scaled_by_hand(script, drawn_photographs):
    done = script("keras/Ej2b.py", "--data", drawn_photographs)
    with h5py.File(done.results / "Ej2b.h5", "r") as file:
        assert list(file["classes"].asstr()) == ["Motorbikes", "airplanes"]
        images, labels, files = file["images"], file["labels"][:], list(file["files"].asstr())
        assert images.shape == (120, 28, 28, 3) and images.chunks == (1, 28, 28, 3) and images.compression == "gzip"
        assert np.bincount(labels).tolist() == [60, 60]
        for index in (0, 59, 60, 119):
            with Image.open(drawn_photographs / files[index]) as image:     # what ImageDataGenerator does, by hand
                pixels = np.asarray(image.resize((28, 28), Image.NEAREST), np.float32) / 255
            pixels -= pixels.mean()
            assert np.allclose(images[index], pixels / (pixels.std() + 1e-6), atol=1e-5)
            assert file["classes"].asstr()[labels[index]] == files[index].split("/")[0]
    metrics = done.metrics("Ej2b")
    assert metrics["data"] == {"origin": "real", "classes": {"Motorbikes": 60, "airplanes": 60}, "categories": 2,
                               "files": {"Motorbikes": 60, "airplanes": 60}}
    assert metrics["results"]["greatest_difference"] == 0 and metrics["results"]["photographs"] == 120
    assert "images  (120, 28, 28, 3) float32" in done.stdout and is_figure(done.results / "Ej2b.png")


@pytest.fixture
def two_classes(tmp_path):
    """A folder of two categories, three photographs each."""
    for name in ("a", "b"):
        (tmp_path / "two" / name).mkdir(parents=True)
        for number in range(3):
            Image.new("RGB", (40, 30), (50 * number, 9, 9)).save(tmp_path / "two" / name / f"{number}.jpg")
    return tmp_path / "two"


@pytest.mark.parametrize("name, dtype, words", [
    ("deep.png", np.uint16, "has more than 8 bits"), ("float.tif", np.float32, "has more than 8 bits"), ("1.jpg", None, "can't be read")])
def test_2b_refuses_what_keras_would_spoil_before_the_export_begins(script, two_classes, name, dtype, words):
    path = two_classes / "b" / name
    if dtype:
        Image.fromarray(np.zeros((30, 40), dtype)).save(path)
    else:
        path.write_bytes(path.read_bytes()[:-100])                # a truncated JPEG
    (two_classes / "results").mkdir()
    (two_classes / "results/Ej2b.h5").write_text("an earlier export")
    refused = script("keras/Ej2b.py", "--data", two_classes, "--classes", "a", "b", results=two_classes / "results", fails=True)
    assert f"{path} {words}" in refused.stderr and "Exporting" not in refused.stderr
    assert os.listdir(two_classes / "results") == ["Ej2b.h5"]
    assert (two_classes / "results/Ej2b.h5").read_text() == "an earlier export"


def test_2b_refuses_a_file_that_keras_would_pass_over(script, two_classes):
    (two_classes / "b/2.jpg").rename(two_classes / "b/2.webp")
    refused = script("keras/Ej2b.py", "--data", two_classes, "--classes", "a", "b", fails=True)
    assert f"{two_classes / 'b/2.webp'} is no file that Keras reads" in refused.stderr


# --- 2c --------------------------------------------------------------------------------

@pytest.mark.slow
def test_2c_trains_saves_loads_and_goes_on(script):
    done = script("keras/Ej2c.py", *SMALL)
    metrics = done.metrics("Ej2c")
    results = metrics["results"]
    assert results["parameters"] == 669706 and results["greatest_difference"] == 0
    assert results["configuration_equal"] and results["weights_equal"] and results["optimizer_equal"]
    assert {"model_weights/", "model_weights/dense_1/dense_1/kernel", "optimizer_weights/"} < set(results["groups"])
    assert results["test_correct_saved"] == results["test_correct_loaded"] == metrics["history"]["test_correct"][-1] > 5000
    assert results["optimizer_steps"] == 10                                   # 1280 / 128
    assert len(results["further_epoch"]["loss"]) == 1 and results["further_epoch"]["loss"][0] < metrics["history"]["train_loss"][0]
    assert "model_weights/" in done.stdout and "optimizer_weights/" in done.stdout and "(784, 512)" in done.stdout
    assert is_figure(done.results / "Ej2c.png")
    # By h5py alone: configuration as JSON, weights in Keras's standard places
    with h5py.File(done.results / "Ej2c.h5", "r") as file:
        layers = json.loads(file.attrs["model_config"])["config"]["layers"]
        assert [layer["class_name"] for layer in layers if layer["class_name"] != "InputLayer"] == [
            "Dense", "Activation", "Dropout", "Dense", "Activation", "Dropout", "Dense", "Activation"]
        assert file["model_weights/dense_1/dense_1/kernel"].shape == (784, 512)


# --- All scripts -----------------------------------------------------------------------

@pytest.mark.parametrize("folder", ["theano", "keras"])
def test_no_package_shadows_the_installed_one(folder):
    assert not (cli.ROOT / folder / "__init__.py").exists()
