"""The scripts of exercise 2, as subprocesses on few digits, and the files that they leave."""
import json
import os
import subprocess
import sys

import h5py
import numpy as np
import pytest
from PIL import Image

import report
from conftest import caltechs_archive, serving
from test_theano_scripts import is_figure, module
from tp2 import cli, datasets, network

SMALL = ["--epochs", 1, "--samples", 1280]
PARAMETERS = {"original": 669706, "i": 669706, "ii": 407050, "iii": 669706, "v": 669706,
              **{f"iv_{rate}": 669706 for rate in range(20, 100, 10)}}

@pytest.fixture(scope="module")
def variants():
    return module("keras/Ej2a.py").VARIANTS


# --- 2a --------------------------------------------------------------------------------

def test_2a_trainings_as_the_report_has_them(variants):
    assert {name: titles[1] for name, titles in variants.items()} == {
        "original": "Modelo original", "i": "25% de datos de train", "ii": "Utilizando solo una capa",
        "iii": "Utilizando unidades sigmoideas", "v": "Eliminando el dropout",
        **{f"iv_{rate}": f"Dropout = {rate}%" for rate in range(20, 100, 10)}}
    for name, (change, _) in variants.items():
        settings = network.settings_for(change, 20, 1337, 60000)
        model = network.build(settings["hidden"], settings["activation"], settings["dropout"])
        assert model.count_params() == PARAMETERS[name], name
        kinds = [type(layer).__name__ for layer in model.layers]
        hidden = ["Dense", "Activation"] + ["Dropout"] * (name != "v")
        assert kinds == hidden * (1 if name == "ii" else 2) + ["Dense", "Activation"], name
        activations = [layer.activation.__name__ for layer in model.layers if type(layer).__name__ == "Activation"]
        assert set(activations[:-1]) == {"sigmoid" if name == "iii" else "relu"} and activations[-1] == "softmax"
        rates = {layer.rate for layer in model.layers if type(layer).__name__ == "Dropout"}
        assert rates == ({int(name[3:]) / 100} if name.startswith("iv") else set() if name == "v" else {0.2})
        assert settings["train_fraction"] == (0.25 if name == "i" else 1)


@pytest.mark.slow
def test_2a_one_item_then_reuse_then_force(script):
    first = script("keras/Ej2a.py", "i", *SMALL)
    files = [first.results / f"Ej2a_{name}.h5" for name in ("original", "i")]
    times = [path.stat().st_mtime_ns for path in files]
    metrics = first.metrics("Ej2a_i")
    assert [line.split()[:2] for line in first.stdout.splitlines() if line.startswith("Ej2a_")] in (
        [["Ej2a_original", "train"], ["Ej2a_i", "train"]], [["Ej2a_i", "train"], ["Ej2a_original", "train"]])
    assert first.stdout.startswith("2 trainings\n") and "epochs" not in first.stderr          # no bar without a terminal
    assert is_figure(first.results / "Ej2a_i.png") and not list(first.results.glob("*.part"))
    for name in ("original", "i"):
        history = metrics["history"][name]
        assert [len(history[key]) for key in ("accuracy", "val_accuracy", "loss", "val_loss")] == [1] * 4
        assert metrics["results"][name]["test_correct"] == round(10000 * history["val_accuracy"][0])
    again = script("keras/Ej2a.py", "i", *SMALL)
    assert "2 trainings; 2 of them done before" in again.stdout and [path.stat().st_mtime_ns for path in files] == times
    assert again.metrics("Ej2a_i") == metrics
    forced = script("keras/Ej2a.py", "i", *SMALL, "--force", "--jobs", 1)
    assert all(path.stat().st_mtime_ns > before for path, before in zip(files, times))
    assert forced.metrics("Ej2a_i") == metrics                       # the same seed, the same numbers
    other = script("keras/Ej2a.py", "i", *SMALL, "--seed", 7)        # other settings are trained anew
    assert other.stdout.startswith("2 trainings\n") and other.metrics("Ej2a_i")["history"] != metrics["history"]


@pytest.mark.slow
def test_2a_dropout_figures_and_summary(script):
    done = script("keras/Ej2a.py", "iv", *SMALL)
    assert is_figure(done.results / "Ej2a_iv.png") and is_figure(done.results / "Ej2a_dropout.png")
    history = done.metrics("Ej2a_iv")["history"]
    # The original is the one with 20 %: trained once, shown twice
    assert len(history) == 9 and history["iv_20"] == history["original"] and "8 trainings\n" in done.stdout
    assert not (done.results / "Ej2a_iv_20.h5").exists()
    assert history["iv_90"]["accuracy"][0] < history["iv_20"]["accuracy"][0]


@pytest.mark.slow
@pytest.mark.parametrize("flags, words", [
    (["vi"], "invalid choice: 'vi'"), (["i", "--epochs", "0"], "number from 1"), (["--seed", "-1"], "--seed"),
    (["--samples", "5"], "--samples"), (["--jobs", "none"], "--jobs")])
def test_2a_refuses_bad_flags(script, flags, words):
    assert words in script("keras/Ej2a.py", *flags, fails=True).stderr


@pytest.mark.slow
def test_2a_refuses_what_it_cannot_write_or_read(script, tmp_path):
    (tmp_path / "file").touch()
    assert "can't write results" in script("keras/Ej2a.py", "i", *SMALL, results=tmp_path / "file", fails=True).stderr
    done = script("keras/Ej2a.py", "v", *SMALL)
    damaged = done.results / "Ej2a_v.h5"
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:len(whole) // 2])
    for name in ("keras/Ej2a.py",):
        refused = script(name, "v", *SMALL, fails=True)
        assert "Ej2a_v.h5 can't be read" in refused.stderr and "--force" in refused.stderr
    assert damaged.read_bytes() == whole[:len(whole) // 2]
    script("keras/Ej2a.py", "v", *SMALL, "--force")
    assert h5py.is_hdf5(damaged)


@pytest.mark.slow
def test_2a_a_file_that_cannot_be_written_whole_is_not_there_and_the_old_one_stays(script):
    done = script("keras/Ej2a.py", "v", *SMALL)
    before = (done.results / "Ej2a_v.h5").read_bytes()
    command = [sys.executable, str(cli.ROOT / "keras/Ej2a.py"), "v", *map(str, SMALL), "--force", "--results", str(done.results)]
    # 2,000 blocks of 1,024 bytes: a model has 5 MB
    failed = subprocess.run(["bash", "-c", 'ulimit -f 2000; exec "$@"', "bash", *command], capture_output=True, text=True)
    assert failed.returncode == 2 and "can't write" in failed.stderr and "Traceback" not in failed.stderr, failed.stderr
    assert (done.results / "Ej2a_v.h5").read_bytes() == before and not list(done.results.glob("*.part"))


# --- 2b --------------------------------------------------------------------------------

def test_2b_equals_the_images_decoded_directly(script, drawings):
    done = script("keras/Ej2b.py", "--data", drawings)
    with h5py.File(done.results / "Ej2b.h5", "r") as file:
        assert list(file["classes"].asstr()) == ["Motorbikes", "airplanes"]
        images, labels, files = file["images"], file["labels"][:], list(file["files"].asstr())
        assert images.shape == (120, 28, 28, 3) and images.chunks == (1, 28, 28, 3) and images.compression == "gzip"
        assert np.bincount(labels).tolist() == [60, 60]
        for index in (0, 59, 60, 119):
            with Image.open(drawings / files[index]) as image:     # what ImageDataGenerator does, by hand
                pixels = np.asarray(image.resize((28, 28), Image.NEAREST), np.float32) / 255
            pixels -= pixels.mean()
            assert np.allclose(images[index], pixels / (pixels.std() + 1e-6), atol=1e-5)
            assert file["classes"].asstr()[labels[index]] == files[index].split("/")[0]
        assert "ImageDataGenerator" in file.attrs["generator"]
    assert done.metrics("Ej2b")["results"]["greatest_difference"] == 0
    assert "images  (120, 28, 28, 3) float32" in done.stdout and is_figure(done.results / "Ej2b.png")


@pytest.mark.slow
def test_2b_classes_and_refusals(script, drawings, tmp_path):
    done = script("keras/Ej2b.py", "--data", drawings, "--classes", "airplanes")
    assert done.metrics("Ej2b")["data"]["classes"] == {"airplanes": 60}
    for name in ("a", "b"):
        (tmp_path / "odd" / name).mkdir(parents=True)
        for number in range(3):
            Image.new("RGB", (40, 30), (50 * number, 9, 9)).save(tmp_path / "odd" / name / f"{number}.jpg")
    before = (done.results / "Ej2b.h5").read_bytes()
    whole = (tmp_path / "odd" / "b" / "1.jpg").read_bytes()
    (tmp_path / "odd" / "b" / "1.jpg").write_bytes(whole[:200])
    refused = script("keras/Ej2b.py", "--data", tmp_path / "odd", fails=True)
    assert "1.jpg can't be read as an image" in refused.stderr
    assert (done.results / "Ej2b.h5").read_bytes() == before and not list(done.results.glob("*.part"))


@pytest.mark.slow
def test_2b_on_the_archives_own_tree_and_odd_names(tmp_path, monkeypatch, capsys):
    """102 folders, the background with a file that is no image; from the download to the grading."""
    names = [f"{category}/image_{number:04}.jpg" for number in (1, 2)
             for category in ("airplanes", "Motorbikes", "$x_{$", "caf\udce9", *(f"category_{n}" for n in range(97)), datasets.BACKGROUND)]
    content, zip_md5, tar_md5 = caltechs_archive([*names, f"{datasets.BACKGROUND}/tmp"])
    for name, value in (("XDG_CACHE_HOME", tmp_path / "cache"), ("CALTECH101", "")):
        monkeypatch.setenv(name, str(value))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(datasets, "ROOT", tmp_path)
    monkeypatch.setattr(datasets, "ZIP_MD5", zip_md5)
    monkeypatch.setattr(datasets, "TAR_MD5", tar_md5)
    monkeypatch.setattr(sys, "argv", ["Ej2b.py", "--results", str(tmp_path / "results")])
    with serving(content) as url:
        monkeypatch.setattr(datasets, "URL", url)
        module("keras/Ej2b.py").main()
    said = capsys.readouterr().out
    assert "BACKGROUND_Google is left out" in said and "202 photographs of 101 classes" in said
    with h5py.File(tmp_path / "results/Ej2b.h5", "r") as file:
        assert file["images"].shape == (202, 28, 28, 3) and np.isfinite(file["images"][:]).all()
        assert "caf\\xe9" in list(file["classes"].asstr()) and "caf\\xe9/image_0001.jpg" in list(file["files"].asstr())
    assert is_figure(tmp_path / "results/Ej2b.png")
    graded = {row[0]: row for row in report.grade(tmp_path / "results")}["c, h5py"]
    assert "202 photographs" in graded[2] and graded[3] in (report.HOLDS, report.FAILS), graded


# --- 2c --------------------------------------------------------------------------------

def test_2c_saves_loads_and_goes_on(script):
    done = script("keras/Ej2c.py", *SMALL)
    results = done.metrics("Ej2c")["results"]
    assert results["parameters"] == 669706 and results["greatest_difference"] == 0 and results["optimizer_equal"]
    assert results["test_correct_saved"] == results["test_correct_loaded"] > 5000
    assert results["optimizer_steps"] == 10                                   # 1280 / 128
    assert len(results["further_epoch"]["accuracy"]) == 1
    assert results["further_epoch"]["loss"][0] < done.metrics("Ej2c")["history"]["loss"][0]
    assert "model_weights/" in done.stdout and "optimizer_weights/" in done.stdout and "(784, 512)" in done.stdout
    assert is_figure(done.results / "Ej2c.png")
    # By h5py alone: configuration as JSON, weights in Keras's standard places
    with h5py.File(done.results / "Ej2c.h5", "r") as file:
        config = json.loads(file.attrs["model_config"])
        assert [layer["class_name"] for layer in config["config"]["layers"]] == [
            "InputLayer", "Dense", "Activation", "Dropout", "Dense", "Activation", "Dropout", "Dense", "Activation"]
        # What Keras 3 needs, see legacy._save_the_input_layer
        assert config["config"]["layers"][0]["config"]["batch_input_shape"] == [None, 784]
        assert all("batch_input_shape" not in layer["config"] for layer in config["config"]["layers"][1:])
        assert file["model_weights/dense_1/dense_1/kernel:0" if "kernel:0" in file["model_weights/dense_1/dense_1"]
                    else "model_weights/dense_1/dense_1/kernel"].shape == (784, 512)
    metrics = done.metrics("Ej2c")
    again = script("keras/Ej2c.py", *SMALL)
    assert "1 training; 1 of them done before" in again.stdout and again.metrics("Ej2c") == metrics


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A training's file, its settings and history."""
    path = tmp_path_factory.mktemp("trained") / "Ej2a_original.h5"
    settings = network.settings_for({"hidden": [4]}, 1, 1337, 1280)
    x, y = np.random.default_rng(0).random((256, 784), "float32"), np.eye(10, dtype="float32")[np.arange(256) % 10]
    return path, settings, network.train(path, settings, ((x, y), (x, y)))


def spoil(change):
    """A change to an open HDF5 file as a change to a file."""
    def apply(path):
        with h5py.File(path, "r+") as file:
            change(file)
    return apply


DAMAGE = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:9000]), "text": lambda path: path.write_text("x"),
    "a weight": spoil(lambda file: file["model_weights/dense_1/dense_1/kernel"].__setitem__((0, 0), np.nan)),
    "no model": spoil(lambda file: file.__delitem__("model_weights")),
    "no layer": spoil(lambda file: file["model_weights"].__delitem__("dense_1")),
    "no optimizer state": spoil(lambda file: file.__delitem__("optimizer_weights")),
    "history": spoil(lambda file: file.attrs.__setitem__("history", "{}")),
    "a number": spoil(lambda file: file.attrs.__setitem__("settings", 7)),
    "configuration": spoil(lambda file: file.attrs.__setitem__("model_config", np.arange(3))),
}


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_training_is_refused_and_stays(trained, tmp_path, damage):
    path, settings, history = trained
    assert network.finished(path, settings) == history and network.finished(path, {**settings, "seed": 2}) is None
    spoiled = tmp_path / "Ej2a_original.h5"
    spoiled.write_bytes(path.read_bytes())
    DAMAGE[damage](spoiled)
    before = spoiled.read_bytes()
    with pytest.raises(cli.InputError, match="Ej2a_original.h5 can't be read as a saved model"):
        network.finished(spoiled, settings)
    assert spoiled.read_bytes() == before


@pytest.mark.slow
def test_a_model_file_with_another_networks_code_in_it_is_not_loaded(trained, tmp_path):
    path, settings, _ = trained
    assert network.load(path, settings).optimizer.get_weights()[0] == 2          # steps, of 128
    foreign = tmp_path / "Ej2a_original.h5"
    foreign.write_bytes(path.read_bytes())
    with h5py.File(foreign, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        config["config"]["layers"].append({"class_name": "Lambda", "config": {"function": ["not even code", None, None]}})
        file.attrs["model_config"] = json.dumps(config)
    with pytest.raises(cli.InputError, match="another network"):
        network.load(foreign, settings)
    os.mkfifo(tmp_path / "pipe.h5")
    with pytest.raises(cli.InputError, match="no file"):
        network.finished(tmp_path / "pipe.h5", settings)


@pytest.mark.parametrize("name", ["theano/Ej1a.py", "theano/Ej1b_i.py", "keras/Ej2c.py"])
def test_no_package_shadows_the_installed_ones(name):
    assert not (cli.ROOT / os.path.dirname(name) / "__init__.py").exists()
