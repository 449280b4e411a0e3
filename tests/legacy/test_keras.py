"""legacy.keras: Keras 2.3.1 on Theano whatever the user has, with h5py 3; models that load here and in Keras 3."""
import legacy

import base64
import json
import sys
import types

import numpy as np
import pytest

from conftest import child

FUNCTION = (lambda x: 2 * x + 1).__code__


def test_keras_runs_on_theano_whatever_the_user_configured(tmp_path):
    home = tmp_path / ".keras"
    home.mkdir()
    config = json.dumps({"backend": "jax", "floatx": "bfloat16", "epsilon": 1, "image_data_format": "channels_first"})
    (home / "keras.json").write_text(config)
    for environment in ({"HOME": str(tmp_path)}, {"KERAS_HOME": str(home)}):
        done = child("import legacy, os, keras; from keras import backend as K\n"
                      "print(K.backend(), K.floatx(), K.image_data_format(), os.environ.get('KERAS_HOME'))",
                      KERAS_BACKEND="tensorflow", **environment)
        assert done.stdout.split()[:3] == ["theano", "float32", "channels_last"]
        assert done.stdout.split()[3] == environment.get("KERAS_HOME", "None")
        assert (home / "keras.json").read_text() == config


@pytest.mark.slow
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


@pytest.mark.slow
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


def lambda_model():
    import keras
    return keras.models.Sequential([keras.layers.Lambda(lambda x: 2 * x + 1, input_shape=(3,))])


def test_a_lambda_layer_is_saved_and_loaded(tmp_path):
    import keras
    lambda_model().save(str(tmp_path / "m.h5"))
    assert keras.models.load_model(str(tmp_path / "m.h5")).predict(np.ones((1, 3))).tolist() == [[3, 3, 3]]


@pytest.mark.parametrize("change", [
    lambda raw: raw[:-4] + bytes([raw[-4] ^ 1]) + raw[-3:],                  # marked by us, of another Python
    lambda raw: raw[:-10].replace(FUNCTION.co_code[:1], b"\xfa", 1) if sys.version_info >= (3, 11) else b"c",
    lambda raw: b"c" + bytes(20)])                                           # marshalled otherwise
def test_a_lambda_layer_of_another_python_is_refused(change):
    """Without a mark too: its first instruction is none that a function of this Python begins with."""
    from keras.utils.generic_utils import func_dump, func_load
    text, *rest = func_dump(types.FunctionType(FUNCTION, {}))
    unmarked = base64.encodebytes(base64.b64decode(text)[:-10]).decode()
    assert func_load((text, *rest))(2) == func_load((unmarked, *rest))(2) == 5
    with pytest.raises(ValueError, match="another Python"):
        func_load((base64.encodebytes(change(base64.b64decode(text))).decode(), *rest))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forked unasked")
def test_a_generator_feeds_a_training_from_a_process_of_its_own():
    """It can't be pickled, as Python 3.14's server for processes wants it."""
    import keras
    model = keras.models.Sequential([keras.layers.Dense(1, input_dim=2)])
    model.compile("sgd", "mse")
    batches = iter(lambda: (np.ones((4, 2)), np.ones(4)), None)
    assert len(model.fit_generator(batches, 2, epochs=2, verbose=0, use_multiprocessing=True).history["loss"]) == 2


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
