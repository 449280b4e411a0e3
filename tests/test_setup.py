"""The Makefile, tools/setup.sh and legacy/install.py: which Python is taken, what is installed how, what is left alone."""
from legacy import install
from legacy.scripts import mnist

import os
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
    """A stand-in that answers `--check`, fails where FAILING is among its arguments, and writes the others to a log."""
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


@pytest.fixture
def complete(tmp_path):
    """An environment that looks set up, whose Python is a stand-in; make runs all with it."""
    python(tmp_path / "env" / "bin" / "python", 13)
    shutil.copy(ROOT / "requirements.lock", tmp_path / "env")
    return tmp_path / "env"


# --- make -------------------------------------------------------------------------------

def test_make_runs_and_grades_all_where_a_script_fails_and_says_so(run, complete):
    assert run("make", f"VENV={complete}", FAILING="Ej1b_ii.py").returncode == 2
    assert (complete / "bin" / "python.log").read_text().split() == [
        "theano/Ej1a.py", "theano/Ej1b_i.py", "theano/Ej1b_ii.py", "theano/Ej1b_iii.py",
        "keras/Ej2a.py", "keras/Ej2b.py", "keras/Ej2c.py", "report.py"]
    assert run("make", f"VENV={complete}").returncode == 0


def test_make_n_runs_nothing(run, complete, tmp_path):
    assert "report.py" in run("make", "-n", f"VENV={complete}").stdout
    assert not (complete / "bin" / "python.log").exists()
    assert run("make", "-n", f"VENV={tmp_path / 'new'}").returncode == 0
    assert not (tmp_path / "new").exists()


def test_make_help_names_every_target(run):
    targets = re.search(r"^\.PHONY: (.*) \$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1].split()
    shown = run("make", "help").stdout
    assert all(f"make {target} " in shown for target in targets if target not in ("all", "help"))


def test_make_removes_no_environment_of_somebody_else(run, complete):
    refused = run("make", "setup", f"VENV={complete}", "WITH=python3.12")
    assert refused.returncode == 2 and f"{complete} was not made by make" in refused.stderr
    assert (complete / "bin" / "python").exists()


# --- Which Python -----------------------------------------------------------------------

def chosen(run, tmp_path, *named):
    done = run("sh", "tools/setup.sh", str(tmp_path / "new"), *named)
    return (re.findall(rf"with {tmp_path}/(\S+)", done.stdout) or [done.stderr])[0]


def test_the_newest_suitable_python_is_taken(run, tmp_path):
    python(tmp_path / "bin" / "python3.12", 12)
    python(tmp_path / "bin" / "python3.13", "it has no headers")
    program(tmp_path / "bin" / "python3.14", "exit 127")  # a version manager's stub
    python(tmp_path / "bin" / "python3", 15)  # only by name
    assert chosen(run, tmp_path) == "bin/python3.12"
    python(tmp_path / "pyenv" / "versions" / "3.14.1" / "bin" / "python3.14", 14)
    assert chosen(run, tmp_path) == "pyenv/versions/3.14.1/bin/python3.14"
    assert chosen(run, tmp_path, "python3") == "bin/python3"


def test_where_none_is_suitable_each_has_its_reason(run, tmp_path):
    python(tmp_path / "bin" / "python3.13", "it has no headers")
    assert f"{tmp_path}/bin/python3.13: it has no headers." in chosen(run, tmp_path)
    assert "WITH=python3.13 names no Python" in chosen(run, tmp_path, "python3.13")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("version, free_threaded, said", [
    ((3, 9), None, "3.9"), ((3, 10), None, None), ((3, 15), 0, None), ((3, 16), 0, "3.16"), ((3, 14), 1, "free-threaded")])
def test_which_pythons_suit(monkeypatch, version, free_threaded, said):
    monkeypatch.setattr(install.sys, "version_info", version)
    monkeypatch.setattr(install.sysconfig, "get_config_var", lambda _: free_threaded)
    assert said in install.why_not() if said else install.why_not() is None


# --- What is installed, and how ---------------------------------------------------------

def installed(monkeypatch, uv=False, failing=None):
    calls = []

    def call(command, env):
        folder = env.get("PYTHONPATH")
        calls.append((command, env, folder and (Path(folder) / "sitecustomize.py").read_text()))
        return 7 if failing in command else 0
    monkeypatch.setattr(install.subprocess, "call", call)
    monkeypatch.setattr(install.importlib.util, "find_spec", lambda name: None if uv else name)
    monkeypatch.setattr(install.shutil, "which", {"uv": "/usr/bin/uv"}.get)
    monkeypatch.delenv("UV", raising=False)
    return install.main(["-r", "requirements.lock"]), calls


def test_theano_is_built_with_what_python_took_away(monkeypatch):
    code, calls = installed(monkeypatch, failing=install.THEANO)
    assert code == 7 and len(calls) == 2  # the rest is not tried
    names = {}
    monkeypatch.setitem(sys.modules, "configparser", type("module", (), {
        "ConfigParser": type("ConfigParser", (), {}), "RawConfigParser": type("RawConfigParser", (), {"read_file": len})}))
    exec(calls[1][2], names)
    assert names["configparser"].SafeConfigParser is names["configparser"].ConfigParser
    assert names["configparser"].RawConfigParser.readfp is len
    assert not os.path.exists(calls[1][1]["PYTHONPATH"])


def test_the_users_variables_lead_no_package_elsewhere(monkeypatch):
    for name in ("PIP_TARGET", "PIP_REQUIRE_HASHES", "PIP_NO_DEPS", "PIP_INDEX_URL", "PIP_CERT", "PYTHONPATH"):
        monkeypatch.setenv(name, "1")
    code, calls = installed(monkeypatch)
    assert code == 0
    command, environment, _ = calls[-1]
    assert command[-2:] == ["-r", "requirements.lock"]
    assert {name for name in environment if name.startswith("PIP_") and environment[name] == "1"} >= {"PIP_INDEX_URL", "PIP_CERT"}
    assert not {"PIP_TARGET", "PIP_REQUIRE_HASHES", "PIP_NO_DEPS", "PYTHONPATH"} & set(environment)


def test_uv_installs_where_the_environment_has_no_pip(monkeypatch):
    code, calls = installed(monkeypatch, uv=True)
    assert code == 0
    assert all(command[:5] == ["/usr/bin/uv", "pip", "install", "--python", sys.executable] for command, _, _ in calls)


def test_mnist_is_found_where_pip_put_it(monkeypatch, tmp_path):
    if not mnist.FILE.exists():
        pytest.skip("MNIST's file is not installed")
    (tmp_path / "mnist" / "data").mkdir(parents=True)
    (tmp_path / mnist.IN_WHEEL).symlink_to(mnist.FILE)
    monkeypatch.setattr(mnist, "FILE", tmp_path / "nowhere")
    assert mnist.load() is None
    monkeypatch.syspath_prepend(tmp_path)
    assert mnist.load() is not None


def test_the_lock_has_the_versions_of_the_requirements():
    def pins(name):
        return set(re.findall(r"^([a-z0-9-]+==[\w.]+)", (ROOT / name).read_text().lower(), re.MULTILINE))
    assert pins("requirements.txt") <= pins("requirements.lock")
