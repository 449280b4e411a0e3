"""The compatibility layer: flags, Keras on Theano whatever the user has, h5py 3, no compiler."""
import legacy

import importlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest


def python(code, *, fails=False, **environment):
    base = {key: value for key, value in os.environ.items() if key != "THEANO_FLAGS"}
    done = subprocess.run([sys.executable, "-c", code], env={**base, **environment}, capture_output=True, text=True)
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done


def test_twice_is_once():
    before = os.environ["THEANO_FLAGS"], list(sys.meta_path)
    importlib.reload(legacy)
    assert os.environ["THEANO_FLAGS"] == before[0]
    assert len(sys.meta_path) == len(before[1])


def test_the_users_flags_win_and_ours_fill_in():
    code = "import legacy, theano; print(theano.config.floatX, theano.config.allow_gc, theano.config.device)"
    assert python(code).stdout.split() == ["float32", "False", "cpu"]
    assert python(code, THEANO_FLAGS="floatX=float64,allow_gc=True").stdout.split() == ["float64", "True", "cpu"]


@pytest.mark.parametrize("flags", ["blas.ldflags=", "gcc.cxxflags=-O2", "optimizer=fast_compile", "cxx="])
def test_a_product_is_right_under_any_of_the_users_flags(flags):
    done = python("""
import legacy, numpy as np, theano, theano.tensor as T
x, y, v = T.matrix(), T.matrix(), T.vector()
f = theano.function([x, y, v], [T.dot(x, y), T.dot(x, v), T.dot(x.T, T.dot(x, v))])
r = np.random.RandomState(0)
a, b, c = (r.randn(*s).astype("float32") for s in ((5, 7), (7, 3), (7,)))
for got, want in zip(f(a, b, c), (a @ b, a @ c, a.T @ (a @ c))):
    assert np.allclose(got, want, atol=1e-4), (got, want)
print("right")""", THEANO_FLAGS=flags)
    assert "right" in done.stdout


def test_without_a_compiler_it_runs_and_says_so(tmp_path):
    done = python("import legacy, theano; from tp2 import loop\n"
                  "s = theano.shared(0); loop.train(5, [(s, s + 2)], [s]); print(s.get_value())", PATH=str(tmp_path))
    assert done.stdout.split() == ["10"]
    assert "no C++ compiler" in done.stderr and "slower" in done.stderr


def test_keras_runs_on_theano_whatever_the_user_configured(tmp_path):
    home = tmp_path / ".keras"
    home.mkdir()
    config = json.dumps({"backend": "jax", "floatx": "bfloat16", "epsilon": 1, "image_data_format": "channels_first"})
    (home / "keras.json").write_text(config)
    for environment in ({"HOME": str(tmp_path)}, {"KERAS_HOME": str(home)}):
        done = python("import legacy, os, keras; from keras import backend as K\n"
                      "print(K.backend(), K.floatx(), K.image_data_format(), os.environ.get('KERAS_HOME'))",
                      KERAS_BACKEND="tensorflow", **environment)
        assert done.stdout.split()[:3] == ["theano", "float32", "channels_last"]
        assert done.stdout.split()[3] == environment.get("KERAS_HOME", "None")
        assert (home / "keras.json").read_text() == config


def small_model():
    import keras
    keras.backend.reset_uids()
    model = keras.models.Sequential([keras.layers.Dense(4, input_shape=(3,), activation="relu"),
                                     keras.layers.Dropout(0.5), keras.layers.Dense(2, activation="softmax")])
    model.compile("rmsprop", "categorical_crossentropy", metrics=["accuracy"])
    return model


def test_save_load_model_and_load_weights_with_h5py_3(tmp_path):
    import h5py
    from keras.models import load_model
    assert h5py.version.version_tuple[0] == 3
    np.random.seed(0)
    model = small_model()
    x, y = np.random.rand(64, 3), np.eye(2)[np.random.randint(2, size=64)]
    model.fit(x, y, epochs=2, verbose=0)
    model.save(str(tmp_path / "m.h5"))
    model.save_weights(str(tmp_path / "w.h5"))
    loaded = load_model(str(tmp_path / "m.h5"))
    assert (loaded.predict(x) == model.predict(x)).all()
    assert all((a == b).all() for a, b in zip(loaded.optimizer.get_weights(), model.optimizer.get_weights()))
    for by_name in (False, True):
        for name in ("w.h5", "m.h5"):
            fresh = small_model()
            fresh.load_weights(str(tmp_path / name), by_name=by_name)
            assert (fresh.predict(x) == model.predict(x)).all()


def test_a_file_as_h5py_2_wrote_it_loads_too(tmp_path):
    """Names and versions as fixed-length bytes: Keras files of 2016, and of other software."""
    import h5py
    model = small_model()
    model.save_weights(str(tmp_path / "w.h5"))
    with h5py.File(tmp_path / "w.h5", "a") as file:
        for group, name in ((file, "layer_names"), (file["dense_1"], "weight_names")):
            group.attrs[name] = np.array(list(group.attrs[name]), "S")
        file.attrs["keras_version"], file.attrs["backend"] = np.bytes_("2.3.1"), np.bytes_("theano")
    fresh = small_model()
    fresh.load_weights(str(tmp_path / "w.h5"))
    assert all((a == b).all() for a, b in zip(fresh.get_weights(), model.get_weights()))


def test_denormals_are_flushed_and_nan_is_not():
    if sys.platform != "linux" or os.uname().machine != "x86_64":
        pytest.skip("x86 Linux only")
    done = python("import warnings; warnings.simplefilter('error', UserWarning)\nimport legacy, numpy as np\n"
                  "print(np.float32(1e-30) * np.float32(1e-12), np.isnan(np.float32('nan')), np.finfo('float32').tiny > 0)\n"
                  "import theano, theano.tensor as T; x = T.vector(); f = theano.function([x], [T.isnan(x), T.sqrt(x)])\n"
                  "print(f(np.array([np.nan, 1, np.inf], 'float32'))[0].tolist())")
    assert done.stdout.split("\n")[0].split() == ["0.0", "True", "True"]
    assert done.stdout.split("\n")[1] == "[True, False, False]"
