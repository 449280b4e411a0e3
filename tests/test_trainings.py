"""Several trainings at once: what ended is kept, however a run ends, and no process stays behind."""
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from tp2 import cli, trainings

SETTINGS = {name: {"name": name, "epochs": 2} for name in ("a", "b", "c")}
CURVE = {"train_correct": [500, 900], "train_total": 1000, "test_correct": [50, 80], "test_total": 100,
         "train_loss": [1.0, 0.5], "test_loss": [1.0, 0.6], "train_correct_whole": 950}


class Model:
    """As much of a model as `trainings.save` needs."""
    def save(self, file):
        file["weights"] = np.arange(3)


def train(settings, path, callbacks):
    """A training of no time; settings with "fails" end in that sentence, with "dies" in a killed process."""
    for epoch in range(settings["epochs"]):
        callbacks[0].on_epoch_end(epoch, {})
    if "fails" in settings:
        raise cli.InputError(settings["fails"])
    if "dies" in settings:
        os.kill(os.getpid(), signal.SIGKILL)
    trainings.save(Model(), path, settings, CURVE)


def test_a_history_becomes_counts_of_digits():
    history = {"accuracy": [np.float32(0.1), np.float32(14998 / 15000)], "val_accuracy": [0.5, 0.9683],
               "loss": [np.float32(1) / 3, 0.25], "val_loss": [2, 1]}
    assert trainings.curve(history, 15000, 10000, np.float32(14999 / 15000)) == {
        "train_correct": [1500, 14998], "train_total": 15000, "train_loss": [0.333333, 0.25], "train_correct_whole": 14999,
        "test_correct": [5000, 9683], "test_total": 10000, "test_loss": [2, 1]}


def test_counts_equal_to_the_reports_are_counted(capsys):
    report = {"train_correct": [500, 901, 950], "test_correct": [50, 80, 81]}
    trainings.print_table({"i": CURVE, "ours": CURVE}, {"i": report}, {"i": "A title", "ours": "Another"})
    assert [line.split() for line in capsys.readouterr().out.splitlines()[1:]] == [
        ["i", "90.00%", "80.00%", "3", "of", "4", "A", "title"], ["ours", "90.00%", "80.00%", "Another"]]


def test_a_training_is_kept_for_its_own_settings_and_versions_only(tmp_path, monkeypatch):
    path, settings = tmp_path / "x.h5", {"seed": 1}
    assert trainings.kept(path, settings) is None
    trainings.save(Model(), path, settings, CURVE)
    assert trainings.kept(path, settings) == CURVE and trainings.kept(path, {"seed": 2}) is None
    monkeypatch.setattr("importlib.metadata.version", lambda package: "another")
    assert trainings.kept(path, settings) is None


def no_curve(path):
    with h5py.File(path, "r+") as file:
        del file.attrs["curve"]


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(path.read_bytes()[:500]), lambda path: path.write_text("text"),
                                    no_curve], ids=["truncated", "text", "no curve"])
def test_a_damaged_training_is_refused_by_name_and_stays(tmp_path, damage):
    path = tmp_path / "x.h5"
    trainings.save(Model(), path, {"seed": 1}, CURVE)
    damage(path)
    with pytest.raises(cli.InputError, match="x.h5 can't be read as a saved training .*--force"):
        trainings.kept(path, {"seed": 1})
    assert path.exists()


def test_a_training_that_another_program_holds_open_is_not_called_broken(tmp_path):
    hold = "import h5py, sys\nwith h5py.File(sys.argv[1], 'w'):\n    print(flush=True)\n    sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", hold, tmp_path / "x.h5"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        with pytest.raises(cli.InputError, match="x.h5 is held open by another program"):
            trainings.kept(tmp_path / "x.h5", SETTINGS["a"])
        holder.stdin.close()


@pytest.mark.slow
def test_only_what_is_not_kept_is_trained(tmp_path, capsys):
    trainings.save(Model(), tmp_path / "Ej2a_a.h5", SETTINGS["a"], {**CURVE, "train_correct_whole": 1})
    found = trainings.run(train, SETTINGS, tmp_path, jobs=2)
    assert found == {"a": {**CURVE, "train_correct_whole": 1}, "b": CURVE, "c": CURVE}
    said = capsys.readouterr().out
    assert "Ej2a_b: train 90.00%, test 80.00%" in said and "Ej2a_a" not in said
    assert trainings.run(train, SETTINGS, tmp_path, jobs=2, force=True)["a"] == CURVE


@pytest.mark.parametrize("fault, words", [({"fails": "the disk is full"}, "the disk is full"), ({"dies": True}, "run again to go on")])
def test_a_training_that_fails_leaves_those_that_ended(tmp_path, fault, words):
    with pytest.raises(cli.InputError, match=words):
        trainings.run(train, {"a": SETTINGS["a"], "b": {**SETTINGS["b"], **fault}, "c": SETTINGS["c"]}, tmp_path, jobs=1)
    assert trainings.kept(tmp_path / "Ej2a_a.h5", SETTINGS["a"]) == CURVE
    assert not (tmp_path / "Ej2a_b.h5").exists()


# --- The script itself, ended from outside ---------------------------------------------

def alive(pid):
    """Whether a process runs; a zombie, which only waits to be noticed, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at /proc")
@pytest.mark.parametrize("end, code", [("Ctrl-C", 130), ("kill the child", 2), ("kill the parent", -9), ("end the parent", -15)])
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
    worker = next(pid for pid in children if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text())
    if end == "Ctrl-C":
        os.killpg(process.pid, signal.SIGINT)                          # to all, as a terminal does
    else:
        os.kill(int(worker) if end == "kill the child" else process.pid, -code if code < 0 else signal.SIGKILL)
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
