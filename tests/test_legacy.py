"""The compatibility layer: flags, Keras on Theano whatever the user has, h5py 3, no compiler."""
import legacy

import importlib
import json
import os
import pickle
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import theano
import theano.tensor as T
import theano.tensor.slinalg as slinalg


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


def test_an_epochs_loss_is_averaged_in_float64():
    """As before NumPy 2: float32 times a number was a float64, which json takes."""
    import keras
    seen = []
    model = keras.models.Sequential([keras.layers.Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse", metrics=["mae"])
    random = np.random.RandomState(0)
    history = model.fit(random.rand(90, 3), random.rand(90), batch_size=32, verbose=0, callbacks=[keras.callbacks.LambdaCallback(
        on_batch_end=lambda batch, logs: seen.append((np.float64(logs["loss"]), logs["size"])))]).history
    assert history["loss"] == [sum(loss * size for loss, size in seen) / 90]
    json.dumps(history["loss"])


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


def test_a_saved_model_begins_with_its_input_layer(tmp_path):
    """As tf.keras 2 writes it: Keras 3 misreads a shape that the first layer has instead."""
    import h5py
    model = small_model()
    model.save(str(tmp_path / "m.h5"))
    with h5py.File(tmp_path / "m.h5") as file:
        first, second = json.loads(file.attrs["model_config"])["config"]["layers"][:2]
    assert first["class_name"] == "InputLayer" and first["config"]["batch_input_shape"] == [None, 3]
    assert second["class_name"] == "Dense" and "batch_input_shape" not in second["config"]
    assert type(model).from_config(model.get_config()).input_shape == (None, 3)


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


# --- The compile cache ------------------------------------------------------------------

def test_the_compile_cache_tells_versions_apart(tmp_path):
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import legacy, theano; print(theano.config.compiledir)"
    package = tmp_path / "legacy"
    shutil.copytree(Path(legacy.__file__).parent, package)
    before = python(code).stdout
    assert f"numpy_{np.__version__}" in before
    assert python(code).stdout == before
    (package / "numpy.py").write_text((package / "numpy.py").read_text() + "# edited\n")
    assert python(code).stdout != before


def test_a_home_that_cannot_be_written_does_not_stop_theano(tmp_path):
    done = python("import legacy, theano; print(theano.config.compiledir)", HOME=str(tmp_path / "none"), TMPDIR=str(tmp_path))
    assert done.stdout.startswith(str(tmp_path / "theano-"))


def test_two_processes_that_compile_do_not_sleep_for_each_other(tmp_path):
    """Theano looks for the lock again after five seconds or more."""
    done = python(f"""
import legacy, os, time
from theano.gof import compilelock
folder = {str(tmp_path / "lock_dir")!r}
child = os.fork()
if not child:
    compilelock.lock(folder)
    time.sleep(0.5)
    compilelock.Unlocker(folder).unlock(force=True)
    os._exit(0)
while not os.path.exists(folder):
    time.sleep(0.01)
begun = time.monotonic()
compilelock.lock(folder)
print(time.monotonic() - begun)""")
    assert float(done.stdout) < 4


@pytest.mark.skipif(not theano.config.cxx or not legacy.FAST, reason="nothing is compiled")
def test_a_second_process_compiles_nothing_and_a_start_imports_little():
    """Not Ops without parameters (Dot22) or with a file of C code (DimShuffle), nor what Theano tries at every start."""
    code = """
import subprocess, sys
ran = []
plain = subprocess.Popen.__init__
def popen(self, command, *rest, **more):
    ran.append(str(command))
    plain(self, command, *rest, **more)
subprocess.Popen.__init__ = popen
import legacy, theano
import theano.tensor as T
from legacy import speed
x, v = T.matrix(), T.vector()
theano.function([x, v], [T.dot(x, x), x + v, T.dot(x, v), speed._random_bits(1, x, T.constant(1, dtype="uint8"))])
print("-o" in " ".join(ran), len(ran))
assert not {"scipy.stats", "scipy.signal"} & sys.modules.keys()
from theano.scalar.basic_scipy import Chi2SF
assert abs(Chi2SF.st_impl(3., 2.) - 0.2231302) < 1e-6 and sys.modules["scipy.stats"].chi2"""
    python(code)
    compiled, commands = python(code).stdout.split()
    assert compiled == "False" and int(commands) > 0


@pytest.mark.skipif(not theano.config.cxx or not legacy.FAST, reason="nothing is compiled")
def test_a_sum_is_several_at_once_and_keeps_nan_and_infinity():
    x = T.vector(dtype="float32")
    total = theano.function([x], x.sum(dtype="float64"))
    ones = [1] * 1000
    assert total(np.float32([2 ** 60, *ones])) > 2 ** 60        # one after the other, each 1 would be lost
    assert total(np.float32([np.inf, *ones])) == np.inf
    assert np.isnan(total(np.float32([np.inf, -np.inf, *ones]))) and np.isnan(total(np.float32([*ones, np.nan])))


# --- All of Theano and Keras ------------------------------------------------------------

def recurrent(layer):
    import keras
    np.random.seed(3)
    x = np.random.randint(20, size=(120, 5))
    y = (x[:, -1] > 9).astype(int)
    model = keras.models.Sequential([keras.layers.Embedding(20, 8, input_length=5), layer(6, return_sequences=True), layer(6),
                                     keras.layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"])
    return model, x, model.fit(x, y, batch_size=20, epochs=10, verbose=0).history["loss"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["LSTM", "GRU", "SimpleRNN"])
def test_recurrent_layers_train(name, tmp_path):
    import keras
    model, x, loss = recurrent(getattr(keras.layers, name))
    assert loss[-1] < loss[0] / 2
    model.save(str(tmp_path / "m.h5"))
    assert (keras.models.load_model(str(tmp_path / "m.h5")).predict(x) == model.predict(x)).all()


@pytest.mark.slow
def test_a_convolutional_network_trains():
    import keras
    layers = keras.layers
    np.random.seed(3)
    x = np.random.rand(80, 8, 8, 1).astype("float32")
    y = (x[:, :4].mean(axis=(1, 2, 3)) > x[:, 4:].mean(axis=(1, 2, 3))).astype(int)
    model = keras.models.Sequential([
        layers.Conv2D(4, 3, activation="relu", input_shape=(8, 8, 1)), layers.BatchNormalization(), layers.MaxPooling2D(2),
        layers.Flatten(), layers.Dropout(0.1), layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy")
    loss = model.fit(x, y, batch_size=16, epochs=8, verbose=0).history["loss"]
    assert loss[-1] < loss[0] / 2


def test_an_embeddings_gradient():
    import keras
    from keras import backend as K
    layer = keras.layers.Embedding(6, 2)
    rows = K.placeholder((None, 3), dtype="int32")
    gradient = K.function([rows], [K.gradients(K.sum(layer(rows) * 2), layer.embeddings)])([[[1, 1, 5], [0, 1, 5]]])[0]
    assert gradient.tolist() == [[2, 2], [6, 6], [0, 0], [0, 0], [0, 0], [4, 4]]


def test_convolution_and_pooling():
    from scipy.signal import convolve2d
    from theano.tensor.signal.pool import pool_2d
    x, w = T.tensor4(), T.tensor4()
    a, b = np.random.RandomState(0).rand(1, 1, 6, 6).astype("float32"), np.random.RandomState(1).rand(1, 1, 3, 3).astype("float32")
    convolved = T.nnet.conv2d(x, w)
    got = theano.function([x, w], [convolved, pool_2d(x, (2, 2), ignore_border=True), T.grad(convolved.sum(), w)])(a, b)
    assert np.allclose(got[0][0, 0], convolve2d(a[0, 0], b[0, 0], "valid"), atol=1e-5)
    assert (got[1][0, 0] == a[0, 0].reshape(3, 2, 3, 2).max(axis=(1, 3))).all()
    assert np.allclose(got[2][0, 0], convolve2d(a[0, 0], np.ones((4, 4)), "valid")[::-1, ::-1], atol=1e-4)


def test_functions_are_copied_and_pickled():
    total, x = theano.shared(np.float32(0), name="total"), T.fscalar("x")
    add = theano.function([x], total * 2, updates=[(total, total + x)])
    other = add.copy(swap={total: theano.shared(np.float32(10))})
    unpickled = pickle.loads(pickle.dumps(add))
    got = [add(1), add(1), other(1), other(1), unpickled(1), unpickled(1), total.get_value()]
    assert [float(np.squeeze(value)) for value in got] == [0, 2, 20, 22, 0, 2, 2]


def test_linear_algebra_sorting_and_indices():
    x, i = T.dmatrix(), T.lvector()
    a = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]])
    outputs = [T.nlinalg.matrix_inverse(x), T.nlinalg.det(x), slinalg.cholesky(x), T.nlinalg.eigh(x)[0], slinalg.solve(x, x[:, 0]),
               T.nlinalg.svd(x)[1], T.sort(x, axis=1), T.argsort(x), x[i, i], T.inc_subtensor(x[i, i], 1), x[x > 0.9]]
    eigen = np.linalg.eigvalsh(a)
    plus = a.copy()
    plus[[0, 2], [0, 2]] += 1
    want = [np.linalg.inv(a), np.linalg.det(a), np.linalg.cholesky(a), eigen, [1, 0, 0], eigen[::-1], np.sort(a, axis=1),
            a.argsort(), [4, 2], plus, a[a > 0.9]]
    for got, wanted in zip(theano.function([x, i], outputs)(a, [0, 2]), want):
        assert np.allclose(got, wanted)


def test_sparse_matrices():
    import scipy.sparse
    import theano.sparse as sparse
    x, y = sparse.csr_matrix("x", dtype="float64"), T.dmatrix()
    a, b = scipy.sparse.random(5, 4, 0.5, "csr", random_state=0), np.arange(8.0).reshape(4, 2)
    product = sparse.dot(x, y)
    got = theano.function([x, y], [product, sparse.sp_sum(x, axis=0), T.grad(product.sum(), y), sparse.structured_sigmoid(x)])(a, b)
    assert np.allclose(got[0], a @ b) and np.allclose(got[1], a.toarray().sum(axis=0))
    assert np.allclose(got[2], a.toarray().T @ np.ones((5, 2))) and got[3].nnz == a.nnz


def test_debug_mode_and_printing():
    x = T.vector("x")
    function = theano.function([x], T.exp(x * 2).sum(), mode=theano.compile.DebugMode(check_py_code=True))
    assert np.isclose(function([0, 0]), 2)
    assert theano.pprint(x * 2 + 0.1) == "((x * TensorConstant{2}) + TensorConstant{0.1})"
    printed = theano.printing.debugprint(x * np.float32(0.1), file="str", ids="")
    assert "TensorConstant{0.1}" in printed and "Elemwise{mul,no_inplace}" in printed


# --- What Theano would stop at with a traceback ------------------------------------------

@pytest.mark.parametrize("value", ["/home/o'brien/.theano", "/a, b#c", 'say "x"', "back\\slash", "-O3 -lm", "compiledir_%(device)s"])
def test_a_flags_value_is_what_theano_reads(value):
    from theano.configparser import parse_config_string
    flags = f"a={legacy.theano._quoted(value)},b=2"
    assert parse_config_string(flags) == {"a": value, "b": "2"} == legacy.theano._parsed(flags)


def test_where_modules_cannot_be_kept_a_private_folder_takes_them(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    fallback = tmp_path / f"theano-{os.geteuid()}"
    assert legacy.theano._folder_for_modules(tmp_path / "new") == tmp_path / "new" and not capsys.readouterr().err
    (tmp_path / "file").touch()
    assert legacy.theano._folder_for_modules(tmp_path / "file" / "x") == fallback
    assert fallback.stat().st_mode & 0o777 == 0o700 and "can't keep" in capsys.readouterr().err
    fallback.rmdir()
    fallback.symlink_to(tmp_path / "new")           # planted
    with pytest.raises(SystemExit) as ended:
        legacy.theano._folder_for_modules(tmp_path / "file" / "x")
    assert ended.value.code == 2 and "not this user's own" in capsys.readouterr().err


def test_a_full_disk_is_noticed_before_theano_waits_for_it(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", "/elsewhere")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10**5, before[1]))
        assert legacy.theano._hindrance(tmp_path) == "File too large"
        legacy.theano._make_room_for_temporary_files(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        tempfile.tempdir = None
    assert os.environ["TMPDIR"] == str(tmp_path)


def test_a_compiler_is_tried_once(tmp_path):
    compiler = tmp_path / "g++"
    compiler.write_text("#!/bin/sh\necho $0 is out of order >&2\nexit 1\n")
    compiler.chmod(0o755)
    for _ in range(2):
        assert "out of order" in legacy.theano._failure(str(compiler), (), tmp_path)
    compiler.write_text(f'#!/bin/sh\necho >> {tmp_path}/calls\nexec g++ "$@"\n')
    for _ in range(2):
        assert legacy.theano._failure(str(compiler), (), tmp_path) is None
    assert (tmp_path / "calls").read_text() == "\n"
    assert legacy.theano._failure(str(tmp_path / "none"), (), tmp_path) == "it isn't there"


@pytest.mark.parametrize("flags, theanorc, words", [
    ("floatX=float99", "", "float99"), ("floatX='float32", "", "No closing quotation"), ("", "floatX = float64\n", "no section"),
    ("", "[global]\nmode = SLOW\n", "FAST_RUN"), ("base_compiledir=/proc/x", "", "/proc/x"), ("cxx=/no/g++", "", "/no/g++")])
def test_settings_that_theano_does_not_take_are_a_sentence(tmp_path, flags, theanorc, words):
    (tmp_path / "rc").write_text(theanorc)
    done = python("import legacy, theano", fails=True, THEANO_FLAGS=flags, THEANORC=str(tmp_path / "rc"))
    assert done.returncode == 2 and words in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr


def test_a_broken_compiled_module_is_compiled_again(tmp_path):
    """Truncated, changed or gone: what Theano would load, and die of."""
    code = "import legacy, theano; x = theano.tensor.scalar(); print(theano.function([x], x + 2)(3))"
    flags = f"base_compiledir={tmp_path},gcc.cxxflags=-O0"
    whole = python(code, THEANO_FLAGS=flags)
    modules = list(tmp_path.glob("compiledir_*/*/*.so"))
    assert {"cutils_ext.so", "lazylinker_ext.so"} < {path.name for path in modules} and "broken" not in whole.stderr
    for number, path in enumerate(sorted(modules)):
        content = path.read_bytes()
        damaged = [content[:5000], content[:9000] + bytes(2000) + content[11000:]][number % 2]
        path.unlink() if path.name == "lazylinker_ext.so" else path.write_bytes(damaged)
    again, after = (python(code, THEANO_FLAGS=flags) for _ in range(2))
    assert whole.stdout == again.stdout == after.stdout == "5.0\n"
    assert again.stderr.count("is broken: it is compiled again") == len(modules) and "broken" not in after.stderr
