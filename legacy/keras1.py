"""What scripts for Keras 1 (2016) use and Keras 2 has in another form; `moves` puts it back under its old names."""
import functools
import inspect
import itertools
import math

import numpy as np

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


def sequential(module):
    """Let a Sequential begin with a model of several inputs (a Merge). It is saved and counts its layers as a Model."""
    Model, Sequential = module.Model, module.Sequential
    plain = Sequential.add
    branched = type("Model", (Sequential,), {"get_config": Model.get_config, "layers": Model.layers})

    def add(self, layer):
        if self._layers or not isinstance(layer, Model) or len(layer.inputs or ()) < 2:
            plain(self, layer)
        else:
            self.__class__ = branched
            self.inputs, self.outputs = layer.inputs, layer.outputs
            self.build()

    Sequential.add = functools.wraps(plain)(add)


def TimeDistributedDense(output_dim, init="glorot_uniform", input_dim=None, input_length=None, **keywords):
    """A Dense layer for each step of a sequence, which in Keras 2 every Dense is."""
    from keras.layers import Dense
    if input_dim:
        keywords["input_shape"] = input_length, input_dim
    return Dense(output_dim, init=init, **keywords)


# --- Initialisations: functions of a shape, which draw from NumPy; in Keras 2 classes, which draw from Theano ---------

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


def initializers(module):
    """Keras 2.3: a function as an initialiser gets the weight's type, in Keras 1 it got the weight's name."""
    plain = module.get

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

    module.get = get


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


def metrics(module):
    """Keras 2.3: a metric that is one number for a batch is averaged over batches; before, over samples."""
    plain = module.MeanMetricWrapper.__init__

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

    module.MeanMetricWrapper.__init__ = __init__


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


def training(module):
    """Keras 2.0: an epoch of a generator, its validation and a prediction are counted in batches."""
    def counted(name):
        plain = getattr(module.Model, name)

        @functools.wraps(plain)
        def call(self, generator, *arguments, **keywords):
            generator = _batches(keywords, "samples_per_epoch", "steps_per_epoch", generator)
            generator = _batches(keywords, "val_samples", "steps", generator)
            if "nb_val_samples" in keywords:
                keywords["validation_data"] = _batches(keywords, "nb_val_samples", "validation_steps",
                                                       keywords.get("validation_data"))
            return plain(self, generator, *arguments, **keywords)
        setattr(module.Model, name, call)

    for name in "fit_generator", "evaluate_generator", "predict_generator":
        counted(name)


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
