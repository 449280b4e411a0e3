"""The same mathematics, faster: three pieces of Keras 2.3.1's Theano backend, replaced.

Imported after Keras; `install()` puts the pieces in place (TP2_PLAIN=1 in the
environment leaves Keras as it is). benchmarks/README.md says what each gives.

- the dropout mask: Keras's, from MRG31k3p, took a quarter of a training's time, and was drawn
  in test functions too, for nothing;
- ReLU: Theano's (x + |x|) / 2 has a gradient that compilers don't vectorise;
- the RMSprop step: Theano compiles it to two passes of which one isn't vectorised.
"""
from legacy import FAST

import numpy as np
import theano

# Keras is imported where it is needed only: Theano's compile cache imports this module, for
# RMSpropStep, in scripts that have no use for Keras.


class KeepMask(theano.Op):
    """x -> an array of x's shape and type, 1 with probability `keep`, else 0; new at every call."""

    def __init__(self, keep, seed):
        self.random = np.random.Generator(np.random.SFC64(seed))
        self.below = round(keep * 65536)  # of 16 random bits per unit: `keep` within 1 / 131072

    def make_node(self, x):
        return theano.Apply(self, [x], [x.type()])

    def perform(self, node, inputs, outputs):
        x, = inputs
        bits = np.frombuffer(self.random.bytes(2 * x.size), np.uint16).reshape(x.shape)
        outputs[0][0] = (bits < self.below).astype(x.dtype)

    def infer_shape(self, node, shapes):
        return shapes

    def connection_pattern(self, node):
        return [[False]]

    def grad(self, inputs, gradients):
        return [theano.gradient.DisconnectedType()()]


class RMSpropStep(theano.Op):
    """(p, a, g, rate, rho, epsilon) -> the new p and a of one RMSprop step.

    p parameters, a the running average of squared gradients, g the gradient: matrices or
    vectors of one shape, float32; rate, rho and epsilon float32 scalars.
        a' = rho a + (1 - rho) g^2        p' = p - rate g / (sqrt(a') + epsilon)
    """
    __props__ = ("inplace",)

    def __init__(self, inplace=False):
        self.inplace = inplace  # only Theano's optimizer may say True, see `_inplace`
        if inplace:
            self.destroy_map = {0: [0], 1: [1]}

    def make_node(self, *inputs):
        # cast: under a user's own floatX=float64 a gradient arrives as that, and the C code reads float32
        inputs = [theano.tensor.cast(theano.tensor.as_tensor_variable(value), "float32") for value in inputs]
        return theano.Apply(self, inputs, [inputs[0].type(), inputs[1].type()])

    def perform(self, node, inputs, outputs):
        p, a, g, rate, rho, epsilon = inputs
        a = rho * a + (1 - rho) * g * g
        outputs[0][0], outputs[1][0] = p - rate * g / (np.sqrt(a) + epsilon), a

    def infer_shape(self, node, shapes):
        return shapes[:2]

    def c_code_cache_version(self):
        return (2,)

    def c_code(self, node, name, inputs, outputs, sub):
        if not self.inplace:
            raise NotImplementedError  # `perform` serves
        p, a, g, rate, rho, epsilon = inputs
        new_p, new_a = outputs
        fail = sub["fail"]
        return f"""
        if (!PyArray_ISCARRAY({p}) || !PyArray_ISCARRAY({a})
                || PyArray_SIZE({a}) != PyArray_SIZE({p}) || PyArray_SIZE({g}) != PyArray_SIZE({p})) {{
            PyErr_SetString(PyExc_ValueError, "RMSpropStep: arrays of one shape, contiguous");
            {fail}
        }}
        {{
            PyArrayObject* contiguous = PyArray_GETCONTIGUOUS({g});
            if (!contiguous) {{ {fail} }}
            rmsprop_step(PyArray_SIZE({p}), (npy_float32*) PyArray_DATA({p}), (npy_float32*) PyArray_DATA({a}),
                         (const npy_float32*) PyArray_DATA(contiguous), *(npy_float32*) PyArray_DATA({rate}),
                         *(npy_float32*) PyArray_DATA({rho}), *(npy_float32*) PyArray_DATA({epsilon}));
            Py_DECREF(contiguous);
        }}
        Py_XDECREF({new_p}); {new_p} = {p}; Py_INCREF({new_p});
        Py_XDECREF({new_a}); {new_a} = {a}; Py_INCREF({new_a});
        """

    def c_headers(self):
        return ["<math.h>"]

    def c_support_code(self):
        # A function of its own: inside Theano's, g++ does not vectorise the loop.
        return """
        static void __attribute__((noinline)) rmsprop_step(
                npy_intp size, npy_float32* __restrict__ p, npy_float32* __restrict__ a,
                const npy_float32* __restrict__ g, npy_float32 rate, npy_float32 rho, npy_float32 epsilon) {
            for (npy_intp i = 0; i < size; ++i) {
                const npy_float32 average = rho * a[i] + (1 - rho) * g[i] * g[i];
                a[i] = average;
                p[i] -= rate * g[i] / (sqrtf(average) + epsilon);
            }
        }
        """


@theano.gof.local_optimizer([RMSpropStep])
def _inplace(node):
    """Let the step write where it reads, when Theano knows that nothing else needs the old values."""
    if isinstance(node.op, RMSpropStep) and not node.op.inplace:
        return RMSpropStep(inplace=True)(*node.inputs, return_list=True)
    return False


def _dropout(slow, floatx):
    def dropout(x, level, noise_shape=None, seed=None):
        if noise_shape is not None or not 0 <= level < 1:
            return slow(x, level, noise_shape, seed)
        if seed is None:
            seed = np.random.randint(1, 10e6)  # as Keras does: np.random.seed rules it
        keep = 1 - level
        return x * KeepMask(keep, seed)(x) / np.asarray(keep, floatx)
    return dropout


def _relu(slow, floatx):
    def relu(x, alpha=0., max_value=None, threshold=0.):
        if alpha or max_value is not None or threshold:
            return slow(x, alpha, max_value, threshold)
        return x * theano.tensor.cast(x > 0, floatx)
    return relu


def _get_updates(slow):
    def get_updates(self, loss, params):
        gradients = self.get_gradients(loss, params)
        self.get_gradients = lambda *_: gradients  # computed once, for Keras's steps and ours
        updates = slow(self, loss, params)
        del self.get_gradients
        if self.initial_decay or any(getattr(p, "constraint", None) for p in params):
            return updates
        # Keras's list: the iteration counter, then (a, a') and (p, p') of each parameter.
        fused = updates[:1]
        scalars = [self.learning_rate, self.rho, np.float32(self.epsilon)]
        for (a, _), (p, _), g in zip(updates[1::2], updates[2::2], gradients):
            new_p, new_a = RMSpropStep()(p, a, g, *scalars)
            fused += [(a, new_a), (p, new_p)]
        self.updates = fused
        return fused
    return get_updates


def install():
    """Put the three pieces in place, once."""
    from keras import backend as K
    from keras import optimizers
    if FAST and not hasattr(K, "_tp2_speed"):
        K.dropout, K.relu = _dropout(K.dropout, K.floatx()), _relu(K.relu, K.floatx())
        optimizers.RMSprop.get_updates = _get_updates(optimizers.RMSprop.get_updates)
        theano.compile.optdb.register("rmsprop_step_inplace", theano.tensor.opt.in2out(_inplace, ignore_newtrees=True),
                                      75, "fast_run", "inplace")
        K._tp2_speed = True
