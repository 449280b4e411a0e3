"""legacy.keras1: what scripts for Keras 1 ask for, under `python -m legacy`; and what Keras 2.3 does otherwise."""
import json
from pathlib import Path

import pytest
from test_scripts_rows import run, written

BEGIN = """
import numpy as np
from keras import backend as K
from keras.layers import Dense, Input
from keras.models import Model, Sequential, load_model, model_from_json
np.random.seed(1337)
"""


def passes(folder, text):
    """Run a script whose assertions are the test, without a compiler."""
    run(written(folder, BEGIN + text), cwd=folder, THEANO_FLAGS="cxx=")


def test_a_sequential_begins_with_a_merge(tmp_path):
    passes(tmp_path, """
from keras.engine.topology import Merge as same, merge
from keras.layers import Embedding, Flatten, Merge
from keras.layers.core import Merge as same_again
a, b = np.random.rand(8, 3), np.random.rand(8, 3)

def pair(mode, **keywords):
    model = Sequential([Merge([Sequential([Dense(3, input_dim=3, weights=[np.eye(3) * n, np.zeros(3)])])
                               for n in (2, 3)], mode=mode, **keywords)])
    return model.predict([a, b])

for mode, want in (("sum", 2 * a + 3 * b), ("mul", 6 * a * b), ("ave", a + 1.5 * b), ("max", np.maximum(2 * a, 3 * b)),
                   ("concat", np.hstack([2 * a, 3 * b])), ("dot", 6 * (a * b).sum(1, keepdims=True))):
    assert np.allclose(pair(mode), want, rtol=1e-5), mode
assert np.allclose(pair(lambda x: x[0] - x[1], output_shape=(3,)), 2 * a - 3 * b, rtol=1e-5)

left = Sequential([Dense(4, input_shape=(3,), activation="relu")])
right = Sequential([Embedding(5, 2, input_length=3), Flatten()])
model = Sequential()
model.add(Merge([left, right], mode="concat", concat_axis=1))
model.add(Dense(2, activation="softmax"))
model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
x = [a, np.random.randint(5, size=(8, 3))]
history = model.fit(x, np.eye(2)[[0, 1] * 4], nb_epoch=2, batch_size=4, verbose=0, validation_split=0.25).history
assert len(history["val_acc"]) == 2 and model.output_shape == (None, 2) and model.predict_classes(x).shape == (8,)
model.save("model.h5")
read = model_from_json(model.to_json())
read.set_weights(model.get_weights())
for other in load_model("model.h5"), read:
    assert np.array_equal(other.predict(x), model.predict(x))

again = Sequential([Merge([model, Sequential([Dense(2, input_dim=1)])], mode="sum"), Dense(1)])  # a Merge of a Merge
assert again.predict([*x, np.ones((8, 1))]).shape == (8, 1)
left, right = Input((3,)), Input((3,))
assert Model([left, right], Merge(mode="concat")([left, right])).output_shape == (None, 6)
""")


def test_initialisations_are_functions_that_draw_from_numpy(tmp_path):
    passes(tmp_path, """
from keras import initializations
from keras.initializations import he_normal, identity, normal

def drawn(initialisation, *arguments, **keywords):
    np.random.seed(3)
    return K.get_value(initialisation(*arguments, **keywords))

np.random.seed(3)
z = np.random.normal(size=(4, 6)).astype("float32")
assert np.allclose(drawn(normal, (4, 6), scale=0.01, name="w"), 0.01 * z)
assert np.allclose(drawn(he_normal, (4, 6)), z * np.sqrt(2 / 4))
assert np.allclose(drawn(initializations.get("glorot_normal"), (4, 6)), z * np.sqrt(2 / 10))
np.random.seed(3)
u = np.random.uniform(-1, 1, size=(5, 2, 3, 3)).astype("float32")  # a kernel in Theano's order, two inputs to five
assert np.allclose(drawn(initializations.get("glorot_uniform"), (5, 2, 3, 3)), u * np.sqrt(6 / (9 * 2 + 9 * 5)))
assert np.allclose(drawn(initializations.get("lecun_uniform"), (5, 2, 3, 3), dim_ordering="tf").std(),
                   u.std() * np.sqrt(3 / (5 * 2 * 3)))
q = drawn(initializations.get("orthogonal"), (6, 3))
assert np.allclose(q.T @ q, 1.21 * np.eye(3), atol=1e-5) and (drawn(identity, (2, 2), scale=3) == 3 * np.eye(2)).all()

# As a layer's argument: with the weight's name (Keras 1), with its shape only (Keras 2.0 to 2.2)
for init in (lambda shape, name: normal(shape, scale=0.01, name=name), lambda shape: 0.01 * np.random.normal(size=shape),
             lambda shape, name=None, dim_ordering=None: normal(shape, 0.01)):
    np.random.seed(3)
    layer = Dense(6, init=init, input_dim=4)
    assert np.allclose(Sequential([layer]).get_weights()[0], 0.01 * z, rtol=1e-5) and layer.get_config()
assert Dense(6, init="normal").kernel_initializer.stddev == 0.05
""")


def test_layers_of_ones_own(tmp_path):
    """Keras 1's way to make weights, and add_weight(shape, ...) of Keras 1 to 2.2."""
    passes(tmp_path, """
from keras import initializations
from keras.engine.topology import Layer
from keras.layers.core import TimeDistributedDense
from keras.utils.layer_utils import layer_from_config

class Mine(Layer):
    def build(self, input_shape):
        self.W = initializations.get("uniform")((input_shape[-1], 2), name=self.name + "_W")
        self.b = K.zeros((2,), name=self.name + "_b")
        self.trainable_weights = [self.W, self.b]
        self.built = True
    def call(self, x, mask=None):
        return K.dot(x, self.W) + self.b
    def get_output_shape_for(self, shape):
        return shape[0], 2

class Added(Mine):
    def build(self, input_shape):
        self.W = self.add_weight((input_shape[-1], 2), initializer=initializations.get("one"), name="W")
        self.b = self.add_weight((2,), initializer="zero", name="b")

for kind in Mine, Added:
    model = Sequential([kind(input_shape=(3,)), Dense(1)])
    before = model.get_weights()
    assert [w.shape for w in before] == [(3, 2), (2,), (2, 1), (1,)] and model.count_params() == 11
    model.compile("sgd", "mse")
    model.train_on_batch(np.ones((4, 3)), np.ones(4))
    assert all((old != new).any() for old, new in zip(before, model.get_weights()))
    model.save("own.h5")
    assert load_model("own.h5", custom_objects={kind.__name__: kind}).predict(np.ones((1, 3))).shape == (1, 1)

model = Sequential([TimeDistributedDense(2, init="one", input_dim=3, input_length=4)])
assert model.output_shape == (None, 4, 2) and (model.predict(np.ones((1, 4, 3))) == 3).all()
assert layer_from_config({"class_name": "Dense", "config": model.layers[0].get_config()}).units == 2
assert model.layers[0].inbound_nodes == model.layers[0]._inbound_nodes
""")


def test_metrics_and_what_is_logged(tmp_path):
    passes(tmp_path, """
from keras.callbacks import Callback, LambdaCallback
from keras.metrics import fbeta_score, precision, recall

true, predicted = K.variable([1, 1, 1, 0, 0]), K.variable([0.9, 0.8, 0.1, 0.7, 0.2])
values = [float(K.eval(metric(true, predicted))) for metric in (precision, recall, fbeta_score)]
assert np.allclose(values, [2 / 3, 2 / 3, 2 / 3], atol=1e-6)

class Unnamed(Callback):
    seen = []
    def on_batch_begin(self, number, l={}):
        self.seen.append(number)
    def on_batch_end(self, number, l={}):
        self.seen.append(l["size"])

def size(t, p):
    return K.sum(K.ones_like(p))

model = Sequential([Dense(1, input_dim=2)])
model.compile("sgd", "mse", metrics=["precision", "fmeasure", "mae", "mse", size])
history = model.fit(np.ones((10, 2)), np.ones(10), batch_size=4, nb_epoch=1, verbose=0, validation_split=0.2,
                    callbacks=[Unnamed(), LambdaCallback(on_batch_end=lambda b, l: None)]).history
assert Unnamed.seen == [0, 4, 1, 4]
assert history["mean_absolute_error"] == history["mae"] and history["val_mean_squared_error"] == history["val_mse"]
model.fit(np.ones((10, 2)), np.ones(10), batch_size=4, nb_epoch=1, verbose=0)
assert np.allclose(model.history.history["size"], 3.6)  # of 10 samples, 8 have seen 4, and 2 have seen 2
""")


def test_an_epoch_of_a_generator_is_counted_in_samples(tmp_path):
    passes(tmp_path, """
from keras.callbacks import Callback
from keras.preprocessing.image import ImageDataGenerator, array_to_img, img_to_array
drawn = []

def batches(form=tuple):
    while True:
        drawn.append(1)
        x, y = np.ones((4, 3, 4, 4)), np.ones(4)
        yield {tuple: (x, y), list: ([x], y), dict: ({"flat_input": x}, y), None: x}[form]

class Sizes(Callback):
    seen = []
    def on_batch_end(self, batch, logs={}):
        self.seen.append(logs["size"])

from keras.layers import Flatten
model = Sequential([Flatten(input_shape=(3, 4, 4), name="flat"), Dense(1)])
model.compile("sgd", "mse")
flow = ImageDataGenerator(dim_ordering="th").flow(np.ones((12, 3, 4, 4)), np.ones(12), batch_size=4)
assert flow.nb_sample == 12
for generator, samples in ((batches(), 8), (batches(list), 7), (batches(dict), 8), (flow, 8)):
    model.fit_generator(generator, samples_per_epoch=samples, nb_epoch=2, verbose=0, callbacks=[Sizes()], max_q_size=2,
                        nb_worker=1, pickle_safe=False, validation_data=batches(), nb_val_samples=8)
    assert Sizes.seen == [4] * 4, Sizes.seen
    Sizes.seen = []
assert model.predict_generator(batches(None), val_samples=8).shape == (8, 1)
assert model.predict_generator(batches(), 3).shape == (12, 1)  # steps, as in Keras 2
del drawn[:]
model.evaluate_generator(batches(), val_samples=8, max_q_size=1)
assert len(drawn) <= 5, drawn
pixels = img_to_array(array_to_img(np.ones((3, 2, 4)), dim_ordering="th", scale=False), dim_ordering="th")
assert pixels.shape == (3, 2, 4)
""")


def test_other_names_of_keras_1(tmp_path):
    passes(tmp_path, """
import keras
from keras.constraints import maxnorm
from keras.preprocessing.image import apply_transform, flip_axis
from keras.regularizers import ActivityRegularizer, WeightRegularizer, activity_l1l2
from keras.utils import np_utils
assert keras.objectives.mse is keras.losses.mse and K._BACKEND == "theano" and K.eval(K.lesser(K.ones(1), 2)).all()
assert maxnorm(m=3).max_value == 3 and WeightRegularizer(l2=0.5).l2 == 0.5 and activity_l1l2(0.1, 0.2).l1 == np.float32(0.1)
assert np_utils.to_categorical([0, 2], nb_classes=4).shape == (2, 4) and np_utils.conv_output_length(8, 3, "same", 2) == 4
assert np_utils.probas_to_classes(np.array([[0.1, 0.9], [0.8, 0.2]])).tolist() == [1, 0]
assert np_utils.probas_to_classes(np.array([[0.7], [0.2]])).tolist() == [1, 0]
x = np.arange(12.0).reshape(3, 2, 2)
shift = np.array([[1, 0, 1], [0, 1, 0], [0, 0, 1.0]])
assert (apply_transform(x, shift, 0)[:, 0] == x[:, 1]).all() and (flip_axis(x, 1)[:, 0] == x[:, 1]).all()
k = K.conv2d(K.ones((1, 1, 4, 4)), K.ones((3, 3, 1, 1)), border_mode="valid", dim_ordering="th")
assert K.eval(k)[0, 0].tolist() == [[9, 9], [9, 9]]
assert K.eval(K.pool2d(K.ones((1, 1, 4, 4)), (2, 2), border_mode="valid", dim_ordering="th")).shape == (1, 1, 3, 3)
assert K.eval(K.resize_images(K.ones((1, 1, 2, 2)), 2, 2, dim_ordering="th")).shape == (1, 1, 4, 4)
""")


def test_scikit_learns_wrappers_train_for_nb_epoch(tmp_path):
    passes(tmp_path, """
from keras.wrappers.scikit_learn import KerasRegressor

def build():
    model = Sequential([Dense(1, input_dim=2)])
    model.compile("sgd", "mse")
    return model

for wrapper in KerasRegressor(build, nb_epoch=3, verbose=0), KerasRegressor(build, nb_epoch=9, verbose=0).set_params(nb_epoch=3):
    assert len(wrapper.fit(np.ones((4, 2)), np.ones(4)).history["loss"]) == 3
assert len(KerasRegressor(build, verbose=0).fit(np.ones((4, 2)), np.ones(4), nb_epoch=2).history["loss"]) == 2
assert len(KerasRegressor(build, epochs=2, verbose=0).fit(np.ones((4, 2)), np.ones(4)).history["loss"]) == 2
""")


# --- Keras 1.2.2, 2.0.8, 2.1.6 and 2.2.4 against 2.3.1 ---------------------------------

NAMES = [line.split("|") for line in (Path(__file__).parent / "keras_names.txt").read_text().splitlines()
         if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def names_there(tmp_path_factory):
    """{module: the names of keras_names.txt that it has under `python -m legacy`}"""
    code = f"""
import importlib, json
there = {{}}
for module, given, gone in {NAMES!r}:
    module = module.strip()
    try:
        there[module] = [name for name in (given + gone).split() if hasattr(importlib.import_module(module), name)]
    except ImportError:
        there[module] = []
print(json.dumps(there))"""
    folder = tmp_path_factory.mktemp("names")
    return json.loads(run(written(folder, code), cwd=folder, THEANO_FLAGS="cxx=").stdout.splitlines()[-1])


@pytest.mark.parametrize("module, given, gone", NAMES, ids=[row[0].strip() for row in NAMES])
def test_names_that_keras_2_3_lacks(module, given, gone, names_there):
    assert names_there[module.strip()] == given.split()


def test_what_answers_otherwise_in_silence(tmp_path):
    """Values and defaults by the sources of Keras 1.2.2 to 2.2.4."""
    passes(tmp_path, """
import keras.layers
from keras import optimizers
from keras.layers import *
from keras.optimizers import Optimizer
from keras.preprocessing.image import ImageDataGenerator, array_to_img, load_img
for kind in LSTM, GRU, LSTMCell, GRUCell:
    assert kind(2).recurrent_activation.__name__ == "hard_sigmoid"
    assert kind(2, recurrent_activation="sigmoid").recurrent_activation.__name__ == "sigmoid"
assert LSTM(2, inner_activation="tanh").recurrent_activation.__name__ == "tanh"
sgd, adam, rms = optimizers.SGD(0.1, 0.9, 1e-6, True), optimizers.Adam(0.1, 0.9, 0.999, 1e-6), optimizers.RMSprop(0.1, 0.8, 1e-5)
assert sgd.nesterov is True and np.isclose(K.get_value(sgd.decay), 1e-6)
assert adam.amsgrad is False and adam.epsilon == 1e-6 and rms.epsilon == 1e-5
K.set_image_dim_ordering("th")
assert ImageDataGenerator().data_format == "channels_first"
assert ImageDataGenerator(dim_ordering="tf").data_format == "channels_last"
x = np.arange(24.0).reshape(1, 2, 3, 4)
assert (Sequential([Flatten(input_shape=(2, 3, 4))]).predict(x).ravel() == np.arange(24)).all()
K.set_image_dim_ordering("tf")
array_to_img(np.zeros((4, 4, 1))).save("a.png")
assert load_img("a.png", True, (2, 3)).size == (3, 2)
assert {"activations", "regularizers", "constraints", "initializers", "K"} <= globals().keys() and activations is keras.activations

deconvolution = dict(border_mode="valid", subsample=(2, 2), input_shape=(11, 11, 3))
assert Sequential([Deconvolution2D(3, 3, 3, (None, 23, 23, 3), **deconvolution)]).output_shape == (None, 23, 23, 3)
try:
    Sequential([Deconvolution2D(3, 3, 3, output_shape=(None, 24, 24, 3), **deconvolution)])
except ValueError as error:
    assert "24" in str(error)
else:
    raise AssertionError("ignored")
model = Sequential([Dense(2, input_dim=3), Dense(1)])
for change in lambda: model.layers.pop(), lambda: model.layers.__delitem__(-1):
    try:
        change()
    except SystemExit as end:
        assert end.code == 2
    else:
        raise AssertionError("nothing happened")
assert len(model.layers) == 2
""")


def test_optimizers_of_ones_own_and_learning_rates(tmp_path):
    """Of Keras 2.0 to 2.2, and of Keras 1 with its constraints: w - lr * gradient, not below zero."""
    passes(tmp_path, """
from keras.optimizers import Optimizer

class Plain(Optimizer):
    def __init__(self, lr=0.25, **keywords):
        super(Plain, self).__init__(**keywords)
        self.lr = K.variable(lr)
    def get_updates(self, loss, params):
        self.updates = [K.update(p, p - self.lr * g) for p, g in zip(params, self.get_gradients(loss, params))]
        return self.updates

class Constrained(Plain):
    def get_updates(self, params, constraints, loss):
        return [(p, constraints.get(p, lambda w: w)(p - self.lr * g)) for p, g in zip(params, self.get_gradients(loss, params))]

for optimizer, want in (Plain(), -0.5), (Constrained(), 0):
    model = Sequential([Dense(1, input_dim=1, init="zero", bias=False, W_constraint="nonneg")])
    model.compile(optimizer, "mse")
    model.train_on_batch(np.ones((1, 1)), -np.ones(1))          # the gradient at 0 is 2
    assert model.get_weights()[0] == want, model.get_weights()
model = Sequential([Dense(1, input_dim=1, init="zero", bias=False)])
model.compile("sgd", "mse")
model.optimizer.lr = 0.25
model.train_on_batch(np.ones((1, 1)), np.ones(1))
assert model.get_weights()[0] == 0.5 and model.optimizer.lr == 0.25
""")


def test_attributes_arguments_and_models_of_keras_1(tmp_path):
    passes(tmp_path, """
import json
import theano
from keras.applications.vgg16 import preprocess_input
from keras.callbacks import Callback
from keras.engine.training import slice_X
from keras.layers import Convolution2D, Embedding
layer = Sequential([Dense(3, input_dim=4)]).layers[0]
assert layer.W is layer.kernel and layer.b is layer.bias and layer.output_dim == 3
assert Convolution2D(2, 3, 3, border_mode="same").nb_filter == 2 and layer.get_output_shape_for((None, 4)) == (None, 3)
for name, words in ("output", "no inbound nodes"), ("nonsense", "no attribute 'nonsense'"):
    try:
        getattr(Dense(3), name)
    except AttributeError as error:
        assert words in str(error)

class Wide(Dense):
    def get_output_shape_for(self, shape):
        return shape[0], 7
assert Wide(3).compute_output_shape((None, 2)) == (None, 7)

class Told(Callback):
    def on_train_begin(self, logs={}):
        assert (self.params["nb_epoch"], self.params["nb_sample"]) == (2, 4)
model = Sequential([layer])
model.compile("sgd", "mse")
model.fit(np.ones((4, 4)), np.ones((4, 3)), nb_epoch=2, verbose=0, callbacks=[Told()])
assert K.T is theano.tensor and K.theano is theano and K.np is np
assert K.eval(K.expand_dims(K.ones((2,)), dim=0)).shape == (1, 2) and K.eval(K.random_uniform((9,), low=3.0, high=4.0)).min() > 3
assert K.eval(K.one_hot(K.variable([1], dtype="int32"), nb_classes=3)).tolist() == [[0, 1, 0]]
assert np.isclose(preprocess_input(np.ones((1, 3, 2, 2)), dim_ordering="th")[0, 0, 0, 0], 1 - 103.939)
x = np.arange(10).reshape(5, 2)
assert slice_X(x, 0, 3).shape == (3, 2) and slice_X([x, x], [4, 0])[1].tolist() == [[8, 9], [0, 1]]

embedding = {"batch_input_shape": [None, 6], "input_dtype": "int32", "input_dim": 9, "output_dim": 4, "init": "uniform"}
read = model_from_json(json.dumps({"class_name": "Sequential", "config": [{"class_name": "Embedding", "config": embedding}]}))
assert read.get_weights()[0].dtype == "float32"

def saved(kind, name, config, *inputs):
    return {"class_name": kind, "name": name, "config": dict(config, name=name), "inbound_nodes": [[[i, 0, 0] for i in inputs]][:len(inputs)]}
merge = {"mode": "concat", "mode_type": "raw", "concat_axis": -1, "dot_axes": -1, "output_shape": None, "output_shape_type": "raw",
         "output_mask": None, "output_mask_type": "raw", "arguments": {}}
layers = [saved("InputLayer", "x", {"batch_input_shape": [None, 4], "input_dtype": "float32", "sparse": False}),
          saved("Dense", "a", {"output_dim": 2}, "x"), saved("Dense", "b", {"output_dim": 2}, "x"), saved("Merge", "m", merge, "a", "b")]
config = {"name": "model", "layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [["m", 0, 0]]}
assert model_from_json(json.dumps({"class_name": "Model", "config": config})).output_shape == (None, 4)
""")
