"""The Makefile, tools/setup.sh and legacy/install.py: which Python is taken, what is installed how, what is left alone."""
from legacy import install

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ["sh", "ls", "rm", "mkdir", "cat", "cp", "cmp", "sed", "make"]


def program(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)


def python(path, answer):
    """A stand-in that answers `--check`, fails if FAILING is among its arguments, and writes the others to a log."""
    program(path, f'case $* in *--check) echo "{answer}"; exit;; -V) exit;; esac', f'echo "$*" >> "{path}.log"',
            'case $* in *"${FAILING:-nothing}"*) exit 1;; esac')


@pytest.fixture
def run(tmp_path):
    """run(command, …) in the project, with a PATH of its own: tmp_path/"bin", where only a few tools are."""
    if not all(map(shutil.which, TOOLS)):
        pytest.skip("make is not installed")
    for tool in TOOLS:
        program(tmp_path / "bin" / tool, f'exec {shutil.which(tool)} "$@"')
    program(tmp_path / "bin" / "g++")

    def run(*command, **environment):
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60,
                              env={"PATH": str(tmp_path / "bin"), "PYENV_ROOT": str(tmp_path / "pyenv"), **environment})
    return run


def test_make_runs_and_grades_all_even_if_a_script_fails_and_says_so(run, tmp_path):
    python(tmp_path / "env" / "bin" / "python", 13)
    shutil.copy(ROOT / "requirements.lock", tmp_path / "env")
    make = "make", f"VENV={tmp_path / 'env'}"
    assert run(*make, "-n").returncode == 0 and not (tmp_path / "env" / "bin" / "python.log").exists()
    assert run(*make, FAILING="Ej1b_ii.py").returncode == 2
    assert (tmp_path / "env" / "bin" / "python.log").read_text().split() == [
        "theano/Ej1a.py", "theano/Ej1b_i.py", "theano/Ej1b_ii.py", "theano/Ej1b_iii.py",
        "keras/Ej2a.py", "keras/Ej2b.py", "keras/Ej2c.py", "report.py"]
    assert run(*make).returncode == 0
    refused = run(*make, "setup", "WITH=python3.12")  # an environment of somebody else
    assert refused.returncode == 2 and f"{tmp_path / 'env'} was not made by make" in refused.stderr
    assert (tmp_path / "env" / "bin" / "python").exists()


def test_the_newest_suitable_python_is_taken_or_each_has_its_reason(run, tmp_path):
    def chosen(*named):
        done = run("sh", "tools/setup.sh", str(tmp_path / "new"), *named)
        return (re.findall(rf"with {tmp_path}/(\S+)", done.stdout) or [done.stderr])[0]
    python(tmp_path / "bin" / "python3.13", "it has no headers")
    assert f"{tmp_path}/bin/python3.13: it has no headers." in chosen()
    assert "WITH=python3.13 names no Python" in chosen("python3.13")
    assert not (tmp_path / "new").exists()
    python(tmp_path / "bin" / "python3.12", 12)
    program(tmp_path / "bin" / "python3.14", "exit 127")  # a version manager's stub
    python(tmp_path / "bin" / "python3", 15)  # only by name
    assert chosen() == "bin/python3.12"
    python(tmp_path / "pyenv" / "versions" / "3.14.1" / "bin" / "python3.14", 14)
    assert chosen() == "pyenv/versions/3.14.1/bin/python3.14"
    assert chosen("python3") == "bin/python3"


@pytest.mark.parametrize("version, free_threaded, said", [
    ((3, 9), None, "3.9"), ((3, 10), None, None), ((3, 15), 0, None), ((3, 16), 0, "3.16"), ((3, 14), 1, "free-threaded")])
def test_which_pythons_suit(monkeypatch, version, free_threaded, said):
    monkeypatch.setattr(install.sys, "version_info", version)
    monkeypatch.setattr(install.sysconfig, "get_config_var", lambda _: free_threaded)
    assert said in install.why_not() if said else install.why_not() is None


@pytest.mark.parametrize("uv", [False, True])
def test_theano_is_built_with_what_python_took_away_and_the_rest_put_into_this_environment(monkeypatch, uv):
    calls = []

    def call(command, env):
        folder = env.get("PYTHONPATH")
        calls.append((command, env, folder and (Path(folder) / "sitecustomize.py").read_text()))
        return 0
    monkeypatch.setattr(install.subprocess, "call", call)
    monkeypatch.setattr(install.importlib.util, "find_spec", lambda name: None if uv else name)
    monkeypatch.setattr(install.shutil, "which", {"uv": "/usr/bin/uv"}.get)
    monkeypatch.delenv("UV", raising=False)
    for name in "PIP_TARGET", "PIP_NO_DEPS", "PIP_INDEX_URL", "PYTHONPATH":
        monkeypatch.setenv(name, "1")
    assert install.main(["-r", "requirements.lock"]) == 0
    built, = (names for command, _, names in calls if install.THEANO in command)
    changed = type("ConfigParser", (), {}), type("RawConfigParser", (), {"read_file": len})
    monkeypatch.setitem(sys.modules, "configparser", type("m", (), {"ConfigParser": changed[0], "RawConfigParser": changed[1]}))
    exec(built, {})
    assert sys.modules["configparser"].SafeConfigParser is changed[0] and changed[1].readfp is len
    command, environment, _ = calls[-1]
    assert command[-2:] == ["-r", "requirements.lock"]
    assert command[:5] == ["/usr/bin/uv", "pip", "install", "--python", sys.executable] if uv else command[:3] == [sys.executable, "-m", "pip"]
    assert environment["PIP_INDEX_URL"] == "1" and not {"PIP_TARGET", "PIP_NO_DEPS", "PYTHONPATH"} & set(environment)


def test_the_lock_has_the_versions_of_the_requirements():
    def pins(name):
        return set(re.findall(r"^([a-z0-9-]+==[\w.]+)", (ROOT / name).read_text().lower(), re.MULTILINE))
    assert pins("requirements.txt") and pins("requirements.txt") <= pins("requirements.lock")
