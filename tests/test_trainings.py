"""Several trainings at once: however a run ends, what ended is kept and no process stays behind."""
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tp2 import cli

pytestmark = pytest.mark.slow


def alive(pid):
    """Whether a process runs; a zombie, which only waits to be noticed, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def children(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at /proc")
@pytest.mark.parametrize("end, code", [("Ctrl-C", 130), ("kill the child", 2), ("kill the parent", -9), ("end the parent", -15)])
def test_an_unasked_end_keeps_what_ended_and_leaves_no_process(tmp_path, end, code):
    command = [sys.executable, str(cli.ROOT / "keras/Ej2a.py"), "ii", "--epochs", "6", "--samples", "6400", "--jobs", "1",
               "--results", str(tmp_path)]
    first, second = tmp_path / "Ej2a_original.h5", tmp_path / "Ej2a_ii.h5"
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # a background job ignores it
    seen = ""
    while "Ej2a_original" not in seen and process.poll() is None:
        seen += process.stdout.readline()
    assert "2 trainings" in seen and "Ej2a_original" in seen, seen     # the first has ended, the second goes on
    trained, workers = first.stat().st_mtime_ns, children(process.pid)
    assert workers
    if end == "Ctrl-C":
        os.killpg(process.pid, signal.SIGINT)                          # to all, as a terminal does
    else:
        os.kill(workers[0] if end == "kill the child" else process.pid, -code if code < 0 else signal.SIGKILL)
    errors, _ = process.communicate(timeout=60)
    assert process.returncode == code and "Traceback" not in errors, errors
    assert code < 0 or "kept" in errors
    deadline = time.monotonic() + 20
    while any(map(alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(alive, workers)) and not second.exists()
    if end == "kill the parent":
        again = subprocess.run(command, capture_output=True, text=True)
        assert again.returncode == 0 and "2 trainings; 1 of them done before" in again.stdout, again.stderr
        assert first.stat().st_mtime_ns == trained and second.exists()
