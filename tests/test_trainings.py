"""Several trainings at once: what ended is kept, however a run ends, and no process stays behind."""
import dataclasses
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from tp2 import cli, trainings
from tp2.exercise2a import Curve

SETTINGS = {name: {"name": name, "epochs": 2} for name in ("a", "b", "c")}
CURVE = Curve([500, 900], 1000, [50, 80], 100, [1.0, 0.5], [1.0, 0.6], 950)
MAKER = {"code": "1", "Theano": "1.0.5"}


class Model:
    """As much of a model as `trainings.save` needs."""
    def save(self, file):
        file["weights"] = np.arange(3)


def train(settings, callbacks):
    """A training of no time; settings with "fails" end in that sentence, with "dies" in a killed process."""
    for epoch in range(settings["epochs"]):
        callbacks[0].on_epoch_end(epoch, {})
    if "fails" in settings:
        raise cli.InputError(settings["fails"])
    if "dies" in settings:
        os.kill(os.getpid(), signal.SIGKILL)
    return Model(), CURVE


def test_a_history_becomes_counts_of_images():
    history = {"accuracy": [np.float32(0.1), np.float32(14998 / 15000)], "val_accuracy": [0.5, 0.9683],
               "loss": [np.float32(1) / 3, 0.25], "val_loss": [2, 1]}
    assert trainings.curve(history, 15000, 10000, np.float32(14999 / 15000)) == Curve(
        [1500, 14998], 15000, [5000, 9683], 10000, [float(np.float32(1) / 3), 0.25], [2, 1], 14999)


def test_counts_equal_to_the_reports_are_counted_if_there_is_something_to_compare(capsys):
    report = {"i": Curve([500, 901, 950], 1000, [50, 80, 81], 100), "v": Curve([500], 60000, [50], 10000)}
    trainings.print_table(dict.fromkeys(("i", "v", "ours"), CURVE), report, {"i": "A title", "v": "A trial", "ours": "Ours"})
    assert [line.split() for line in capsys.readouterr().out.splitlines()[1:]] == [
        ["i", "90.00%", "80.00%", "3", "of", "4", "A", "title"], ["v", "90.00%", "80.00%", "A", "trial"],
        ["ours", "90.00%", "80.00%", "Ours"]]


def test_a_training_is_kept_for_the_settings_and_the_code_that_made_it(tmp_path):
    path, settings = tmp_path / "x.h5", {"seed": 1}
    assert trainings.kept(path, settings, MAKER) == (None, "")
    trainings.save(Model(), path, settings, MAKER, CURVE)
    assert trainings.kept(path, settings, MAKER) == (CURVE, "")
    assert trainings.kept(path, {"seed": 2}, MAKER) == (None, "")
    assert trainings.kept(path, settings, {**MAKER, "code": "2"}) == (None, "code")
    with h5py.File(path, "r+") as file:
        del file.attrs["made_by"]                               # as earlier versions of this project wrote it
    assert trainings.kept(path, settings, MAKER) == (None, "code, Theano")


NETWORK = '''"""A script."""
from keras.optimizers import RMSprop

def train(settings, callbacks):
    """Train it."""
    return build("relu", RMSprop(lr=0.001))
'''


def test_the_code_is_known_by_what_it_computes(tmp_path, monkeypatch):
    shutil.copytree(cli.ROOT / "machine2016", tmp_path / "machine2016", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(cli.ROOT / "legacy", tmp_path / "legacy", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(trainings, "ROOT", tmp_path)
    script, kernel, draws = (tmp_path / name for name in ("script.py", "machine2016/sgemm.c", "machine2016/draws.py"))
    monkeypatch.setattr(trainings.inspect, "getsourcefile", lambda _: script)

    def digest(text=NETWORK):
        script.write_text(text)
        return trainings.code(train)
    first = digest()
    assert digest(NETWORK.replace("A script", "Exercise 2a").replace("    return", "    # as in 2016\n\n    return")) == first
    assert digest(NETWORK.replace('"relu"', '"tanh"').replace("lr=0.001", "lr=0.5")) != first
    draws.write_text(draws.read_text() + "\n# a comment\n")
    assert digest() == first
    for path, text in ((kernel, "+ 1;"), (draws, "x = 1")):
        before = digest()
        path.write_text(path.read_text() + text)
        assert digest() != before, path


def no_curve(path):
    with h5py.File(path, "r+") as file:
        del file.attrs["curve"]


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(path.read_bytes()[:500]), lambda path: path.write_text("text"),
                                    no_curve], ids=["truncated", "text", "no curve"])
def test_a_damaged_training_is_refused_by_name_and_stays(tmp_path, damage):
    path = tmp_path / "x.h5"
    trainings.save(Model(), path, {"seed": 1}, MAKER, CURVE)
    damage(path)
    with pytest.raises(cli.InputError, match="x.h5 can't be read as a saved training .*--force"):
        trainings.kept(path, {"seed": 1}, MAKER)
    assert path.exists()


def test_a_training_that_another_program_holds_open_is_not_called_broken(tmp_path):
    hold = "import h5py, sys\nwith h5py.File(sys.argv[1], 'w'):\n    print(flush=True)\n    sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", hold, tmp_path / "x.h5"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        with pytest.raises(cli.InputError, match="x.h5 is held open by another program"):
            trainings.kept(tmp_path / "x.h5", SETTINGS["a"], MAKER)
        holder.stdin.close()


@pytest.mark.slow
def test_only_what_is_not_kept_is_trained_and_what_has_changed_is_said(tmp_path, capsys):
    maker = trainings.made_by(train)
    kept = dataclasses.replace(CURVE, train_correct_whole=1)
    trainings.save(Model(), tmp_path / "test_trainings_a.h5", SETTINGS["a"], maker, kept)
    trainings.save(Model(), tmp_path / "test_trainings_b.h5", SETTINGS["b"], {**maker, "code": "before the edit"}, kept)
    assert trainings.run(train, SETTINGS, tmp_path, jobs=2) == {"a": kept, "b": CURVE, "c": CURVE}
    said = capsys.readouterr().out
    assert "2 to do, 1 kept" in said and "Trained anew, since this changed: code: b\n" in said
    assert "test_trainings_b: train 90.00%, test 80.00%" in said and "test_trainings_a" not in said
    assert trainings.run(train, SETTINGS, tmp_path, jobs=2, force=True)["a"] == CURVE


@pytest.mark.parametrize("fault, words", [({"fails": "the disk is full"}, "the disk is full"), ({"dies": True}, "run again to go on")])
def test_a_training_that_fails_leaves_those_that_ended_and_other_processes(tmp_path, fault, words):
    other = multiprocessing.get_context("spawn").Process(target=time.sleep, args=[600])
    other.start()
    with pytest.raises(cli.InputError, match=words):
        trainings.run(train, {"a": SETTINGS["a"], "b": {**SETTINGS["b"], **fault}, "c": SETTINGS["c"]}, tmp_path, jobs=1)
    assert trainings.kept(tmp_path / "test_trainings_a.h5", SETTINGS["a"], trainings.made_by(train)) == (CURVE, "")
    assert not (tmp_path / "test_trainings_b.h5").exists()
    assert other.is_alive()
    other.kill()


# --- The script itself, ended from outside ---------------------------------------------

def alive(pid):
    """Whether a process runs; a zombie, which only waits to be noticed, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at /proc")
@pytest.mark.parametrize("end, code", [("Ctrl-C", 130), ("kill the parent", -9)])
def test_an_interrupted_run_keeps_what_ended_and_leaves_no_process(tmp_path, end, code):
    command = [sys.executable, str(cli.ROOT / "keras/Ej2a.py"), "v", "--epochs", "6", "--samples", "6400", "--jobs", "1",
               "--results", str(tmp_path)]
    first, second = tmp_path / "Ej2a_original.h5", tmp_path / "Ej2a_v.h5"
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # a background job ignores it
    while not first.exists() and process.poll() is None:
        time.sleep(0.1)
    assert process.poll() is None, process.communicate()[0]
    trained = first.stat().st_mtime_ns                                 # the first has ended, the second goes on
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    if end == "Ctrl-C":
        os.killpg(process.pid, signal.SIGINT)                          # to all, as a terminal does
    else:
        process.kill()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == code and "Traceback" not in output, output
    assert code < 0 or "kept" in output.splitlines()[-1]
    deadline = time.monotonic() + 60
    while any(map(alive, children)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(alive, children)) and not second.exists()
    if end == "kill the parent":
        again = subprocess.run(command, capture_output=True, text=True)
        assert again.returncode == 0 and "1 kept" in again.stdout, again.stderr
        assert first.stat().st_mtime_ns == trained and second.exists()
        assert json.loads((tmp_path / "Ej2a_v.json").read_text())["settings"]["v"]["epochs"] == 6
