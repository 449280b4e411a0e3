"""legacy.keras: Keras 2.3.1 on Theano whatever the user has, with h5py 3; models that load here and in Keras 3."""
import legacy

import base64
import io
import json
import sys
import types

import numpy as np
import pytest

from conftest import child

FUNCTION = (lambda x: 2 * x + 1).__code__


def test_keras_runs_on_theano_whatever_the_user_configured(tmp_path):
    (tmp_path / ".keras").mkdir()
    config = tmp_path / ".keras" / "keras.json"
    config.write_text('{"backend": "jax", "floatx": "bfloat16", "epsilon": 1, "image_data_format": "channels_first"}')
    before = config.read_bytes()
    for environment in {"HOME": str(tmp_path)}, {"KERAS_HOME": str(config.parent)}:
        done = child("import legacy, os, keras; from keras import backend as K\n"
                     "print(K.backend(), K.floatx(), K.image_data_format(), os.environ.get('KERAS_HOME'))",
                     KERAS_BACKEND="tensorflow", THEANO_FLAGS="cxx=", **environment)
        assert done.stdout.split() == ["theano", "float32", "channels_last", environment.get("KERAS_HOME", "None")]
        assert config.read_bytes() == before


@pytest.fixture
def model():
    import keras
    keras.backend.reset_uids()
    model = keras.models.Sequential([keras.layers.Dense(4, input_shape=(3,), activation="relu"), keras.layers.Dense(2)])
    model.compile("rmsprop", "mse", metrics=["mae"])
    return model


@pytest.mark.slow
def test_an_epochs_loss_is_averaged_in_float64(model):
    """As before NumPy 2: float32 times a number was a float64, which json takes."""
    import keras
    seen = []
    random = np.random.RandomState(0)
    history = model.fit(random.rand(90, 3), random.rand(90, 2), verbose=0, callbacks=[keras.callbacks.LambdaCallback(
        on_batch_end=lambda batch, logs: seen.append((np.float64(logs["loss"]), logs["size"])))]).history
    assert history["loss"] == [sum(loss * size for loss, size in seen) / 90]
    json.dumps(history["loss"])


@pytest.mark.slow
def test_a_model_and_its_weights_load(model, tmp_path):
    from keras.models import load_model
    model.fit(np.ones((32, 3)), np.ones((32, 2)), verbose=0)
    file, path, weights = io.BytesIO(), str(tmp_path / "m.h5"), model.get_weights()
    model.save(path)
    model.save(file)
    file.seek(0)
    for loaded in load_model(path), load_model(file):
        assert all((a == b).all() for a, b in zip(loaded.get_weights(), weights))
        assert all((a == b).all() for a, b in zip(loaded.optimizer.get_weights(), model.optimizer.get_weights()))
    for by_name in False, True:
        model.set_weights([0 * array for array in weights])
        model.load_weights(path, by_name=by_name)
        assert all((a == b).all() for a, b in zip(model.get_weights(), weights))


def test_a_saved_model_begins_with_its_input_layer(model, tmp_path):
    """As tf.keras 2 writes it: Keras 3 misreads a shape that the first layer has instead."""
    import h5py
    model.save(str(tmp_path / "m.h5"))
    with h5py.File(tmp_path / "m.h5") as file:
        first, second = json.loads(file.attrs["model_config"])["config"]["layers"][:2]
    assert first["class_name"] == "InputLayer" and first["config"]["batch_input_shape"] == [None, 3]
    assert second["class_name"] == "Dense" and "batch_input_shape" not in second["config"]
    assert type(model).from_config(model.get_config()).input_shape == (None, 3)


def test_a_file_as_h5py_2_wrote_it_loads_too(model, tmp_path):
    """Names and versions as fixed-length bytes: Keras files of 2016, and of other software."""
    import h5py
    weights, path = model.get_weights(), str(tmp_path / "w.h5")
    model.save_weights(path)
    with h5py.File(path, "a") as file:
        for group, name in ((file, "layer_names"), (file["dense_1"], "weight_names")):
            group.attrs[name] = np.array(list(group.attrs[name]), "S")
        file.attrs["keras_version"], file.attrs["backend"] = np.bytes_("2.3.1"), np.bytes_("theano")
    model.set_weights([0 * array for array in weights])
    model.load_weights(path)
    assert all((a == b).all() for a, b in zip(model.get_weights(), weights))


@pytest.mark.parametrize("change", [
    lambda raw: raw[:-4] + bytes([raw[-4] ^ 1]) + raw[-3:],                  # marked by us, of another Python
    lambda raw: raw[:-10].replace(FUNCTION.co_code[:1], b"\xfa", 1) if sys.version_info >= (3, 11) else b"c",
    lambda raw: b"c" + bytes(20)])                                           # marshalled otherwise
def test_a_lambda_layers_code_of_another_python_is_refused(change):
    """Without a mark too: its first instruction is none that a function of this Python begins with."""
    from keras.utils.generic_utils import func_dump, func_load
    text, *rest = func_dump(types.FunctionType(FUNCTION, {}))
    unmarked = base64.encodebytes(base64.b64decode(text)[:-10]).decode()
    assert func_load((text, *rest))(2) == func_load((unmarked, *rest))(2) == 5
    with pytest.raises(ValueError, match="another Python"):
        func_load((base64.encodebytes(change(base64.b64decode(text))).decode(), *rest))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forked unasked")
def test_a_generator_feeds_a_training_from_a_process_of_its_own(model):
    """It can't be pickled, as Python 3.14's server for processes wants it."""
    batches = iter(lambda: (np.ones((32, 3)), np.ones((32, 2))), None)
    assert len(model.fit_generator(batches, 2, epochs=2, verbose=0, use_multiprocessing=True).history["loss"]) == 2


def test_texts_of_unequal_lengths_and_skipgrams(monkeypatch, tmp_path):
    """NumPy 1.24 makes no array of ragged lists; Python 3.12's randint takes no float."""
    from keras.datasets import imdb, reuters
    from keras.preprocessing.sequence import skipgrams
    texts = np.empty(2, object)
    texts[:] = [[1, 5, 7], [1, 4]]
    np.savez(tmp_path / "imdb.npz", x_train=texts, y_train=[0, 1], x_test=texts, y_test=[1, 0])
    np.savez(tmp_path / "reuters.npz", x=np.concatenate([texts] * 5), y=np.arange(10))
    for module, name in (imdb, "imdb.npz"), (reuters, "reuters.npz"):
        monkeypatch.setattr(module, "get_file", lambda *_, name=name, **__: str(tmp_path / name))
        (x, _), _ = module.load_data()
        assert x.dtype == object and isinstance(x[0], list)
    assert len(skipgrams([1, 2, 3], 4)[0]) == 12
