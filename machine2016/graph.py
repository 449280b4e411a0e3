"""What Theano 0.8 computed from Keras 1.1's expressions, where today's Theano and Keras would round otherwise."""
import numpy as np
import theano
import theano.tensor as T
from keras import backend as K
from keras import layers
from theano import scalar
from theano.gradient import DisconnectedType
from theano.sandbox.rng_mrg import MRG_RandomStreams

from . import draws

MATRIX, ROW = T.fmatrix().type, T.frow().type


def _no_gradient(*_):
    return DisconnectedType()()


def _elementwise(n_inputs, expression):
    """An Op that computes `expression` of n_inputs numbers for arrays of float32: Theano rearranges nothing within."""
    inputs = [scalar.float32() for _ in range(n_inputs)]
    return T.Elemwise(scalar.Composite(inputs, [expression(*inputs)]))


# ReLU, (a + |a|) / 2 of a = product + bias. Theano 0.8 added it up as ((|a| + product) + bias) / 2, which is not quite
# zero for a negative a. Its gradient is 1 for a positive a, 0 for a negative one, and 1/2 for zero.

HALF, ONE, ZERO = (scalar.constant(np.float32(value)) for value in (0.5, 1, 0))
_slope = _elementwise(1, lambda a: scalar.switch(scalar.gt(a, ZERO), ONE,
                                                 scalar.switch(scalar.lt(a, ZERO), ZERO, HALF)))
_a, _product, _bias = MATRIX(), MATRIX(), ROW()
_relu_of_sum = theano.OpFromGraph(
    [_a, _product, _bias], [0.5 * T.add(T.abs_(_a), _product, _bias)], inline=True,
    lop_overrides=[lambda inputs, outputs, gradients: gradients[0] * _slope(inputs[0]), _no_gradient, _no_gradient])


def _relu(theirs):
    """For keras.backend.relu."""
    def relu(x, alpha=0., max_value=None, threshold=0.):
        is_sum = x.owner is not None and x.owner.op == T.add and len(x.owner.inputs) == 2
        product, bias = x.owner.inputs if is_sum else (x, x)
        if alpha or max_value is not None or threshold or product.type != MATRIX or bias.type != ROW:
            return theirs(x, alpha, max_value, threshold)  # no layer's sum with its bias
        return _relu_of_sum(x, product, bias)
    return relu


def _call_dropout(theirs):
    """For keras.layers.Dropout.call. In a test no mask is applied, but all are drawn, as Theano 0.8 did."""
    def call(self, inputs, training=None):
        phase = K.learning_phase()
        if training is not None or isinstance(phase, int) or self.noise_shape is not None or not 0 < self.rate < 1:
            return theirs(self, inputs, training)
        keep = np.float32(1 - self.rate)
        stream = MRG_RandomStreams(self.seed or draws.dropout_seed())
        mask = stream.binomial(inputs.shape, p=T.switch(phase, keep, np.float32(2)), dtype=inputs.dtype)
        # The factor last, and so first in the gradient: there Theano has it multiplied within the matrix product.
        dropped = inputs * mask * T.switch(phase, np.float32(1 / (1 - self.rate)), np.float32(1))
        dropped._uses_learning_phase = True
        return dropped
    return call


# The gradient of the mean of n crossentropies, for output p and targets t. Theano 0.8 had n within the fraction,
# -(n t) / (((n n) p) s), s a sample's sum. That is rounded otherwise than t / (n p) if n is no power of two: in an
# epoch's last batch.

LOW, HIGH = np.float32(K.epsilon()), np.float32(1 - K.epsilon())


def _target(p, t, s, n):
    return scalar.switch(scalar.eq(p / s, scalar.clip(p / s, LOW, HIGH)), n * t, ZERO)


def _denominator(p, s, n):
    return ((n * n) * scalar.clip(p / s, LOW, HIGH)) * s


_fraction = _elementwise(4, lambda p, t, s, n: -_target(p, t, s, n) / _denominator(p, s, n))
_inner = _elementwise(4, lambda p, t, s, n: (_target(p, t, s, n) * p) / (_denominator(p, s, n) * s))
_factor = _elementwise(2, lambda g, n: scalar.switch(scalar.eq(g, ONE / n), ONE, g * n))


def _crossentropy_gradient(inputs, outputs, gradients):
    """For each sample times its g in gradients[0]: 1 / n in a mean, which the fraction has already."""
    p, t = inputs
    s, n = p.sum(axis=1, keepdims=True), T.cast(p.shape[0], "float32").dimshuffle("x", "x")
    inner = _inner(p, t, s, n).sum(axis=1, keepdims=True)
    return (_fraction(p, t, s, n) + inner) * _factor(gradients[0].dimshuffle(0, "x"), n)


_p, _t = MATRIX(), MATRIX()
_share = T.clip(_p / _p.sum(axis=1, keepdims=True), LOW, HIGH)
_crossentropy = theano.OpFromGraph(
    [_p, _t], [T.cast(-(_t * T.log(T.cast(_share, "float64"))).sum(axis=1), "float32")], inline=True,
    lop_overrides=[_crossentropy_gradient, _no_gradient])


def _categorical_crossentropy(theirs):
    """For keras.backend.categorical_crossentropy."""
    def categorical_crossentropy(target, output, from_logits=False, axis=-1):
        if from_logits or axis not in (-1, 1) or output.type != MATRIX or target.type != MATRIX:
            return theirs(target, output, from_logits, axis)
        return _crossentropy(output, target)
    return categorical_crossentropy


def install():
    """Put all this in Keras's place."""
    K.relu = _relu(K.relu)
    K.categorical_crossentropy = _categorical_crossentropy(K.categorical_crossentropy)
    layers.Dropout.call = _call_dropout(layers.Dropout.call)
