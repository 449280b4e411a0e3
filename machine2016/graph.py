"""What Theano 0.8 computed from Keras 1.1's expressions, where today's Theano and Keras would round otherwise."""
import numpy as np
import theano
import theano.tensor as T
from keras import backend as K
from keras import layers
from theano.gradient import DisconnectedType
from theano.sandbox.rng_mrg import MRG_RandomStreams

from . import draws

MATRIX, ROW = T.fmatrix().type, T.frow().type


def _no_gradient(*_):
    return DisconnectedType()()


# ReLU, (a + |a|) / 2 of a = product + bias. Theano 0.8 added it up as ((|a| + product) + bias) / 2, which is not quite
# zero for a negative a. Its gradient is 1 for a positive a, 0 for a negative one, and 1/2 for zero.

def _relu_gradient(inputs, outputs, gradients):
    a = inputs[0]
    return gradients[0] * T.switch(T.eq(a, 0), np.float32(0.5), T.cast(T.gt(a, 0), "float32"))


_a, _product, _bias = MATRIX(), MATRIX(), ROW()
_relu_of_sum = theano.OpFromGraph([_a, _product, _bias], [0.5 * T.add(T.abs_(_a), _product, _bias)], inline=True,
                                  lop_overrides=[_relu_gradient, _no_gradient, _no_gradient])


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
        keep, one = 1 - self.rate, np.float32(1)
        stream = MRG_RandomStreams(self.seed or draws.dropout_seed())
        mask = stream.binomial(inputs.shape, p=keep, dtype=inputs.dtype)
        # The factor last, and so first in the gradient: there Theano has it multiplied within the matrix product.
        dropped = inputs * T.switch(phase, mask, one) * T.switch(phase, np.float32(1 / keep), one)
        dropped._uses_learning_phase = True
        return dropped
    return call


class LossGradient(theano.Op):
    """(p, t, g) -> the crossentropy's gradient for p, times g, the gradient for each sample's loss: 1 / n in a mean.

    Theano 0.8 had n within the fraction: -(n t) / (((n n) p) s), s a sample's sum. That is rounded otherwise than
    t / (n p) if n is no power of two: in an epoch's last batch. An Op, since today's Theano would rearrange it.
    """
    __props__ = ()

    def make_node(self, *inputs):
        return theano.Apply(self, list(inputs), [inputs[0].type()])

    def perform(self, node, inputs, outputs):
        p, t, g = inputs
        n, total = np.float32(len(p)), _sums(p)
        share = p / total
        clipped = np.clip(share, *LIMITS)
        t = np.where(share == clipped, n * t, np.float32(0))
        denominator = ((n * n) * clipped) * total
        gradient = -t / denominator + _sums((t * p) / (denominator * total))
        outputs[0][0] = gradient * np.where(g == 1 / n, np.float32(1), g * n)[:, None]


def _sums(rows):
    """Each row's sum, in double precision, one number after the other: float32 (rows, 1)."""
    return np.cumsum(rows, axis=1, dtype="float64")[:, -1:].astype("float32")


LIMITS = np.float32(K.epsilon()), np.float32(1 - K.epsilon())
_p, _t = MATRIX(), MATRIX()
_share = T.clip(_p / _p.sum(axis=1, keepdims=True), *LIMITS)
_crossentropy = theano.OpFromGraph(
    [_p, _t], [T.cast(-(_t * T.log(T.cast(_share, "float64"))).sum(axis=1), "float32")], inline=True,
    lop_overrides=[lambda inputs, outputs, gradients: LossGradient()(*inputs, *gradients), _no_gradient])


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
