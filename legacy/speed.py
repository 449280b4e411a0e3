"""The same mathematics, faster: four pieces of Keras 2.3.1 on Theano, replaced.

Imported after Keras; `install()` puts the pieces in place (TP2_PLAIN=1 in the environment leaves
Keras as it is). benchmarks/README.md says what each gives.

- dropout, and the ReLU before it: Keras draws its masks from MRG31k3p, in test functions too, for
  nothing, and every step is a pass over the memory of its own; here both are one pass, and one more
  for the gradient, which sums the bias's gradient on its way;
- ReLU alone: Theano's (x + |x|) / 2 has a gradient that compilers don't vectorise;
- the RMSprop step: Theano compiles it to two passes of which one isn't vectorised;
- between two batches: Keras takes medians of its callbacks' times, to warn of slow ones.
"""
from legacy import FAST

import numpy as np
import theano

# Keras is imported where it is needed only: Theano's compile cache imports this module, for
# RMSpropStep, in scripts that have no use for Keras.


class RandomBits(theano.Op):
    """(state, x, phase) -> 16 random bits for each number of x, and the next state.

    state: of NumPy's SFC64, a uint64 vector (4,); the bits: a uint16 vector, the generator's 64-bit numbers
    one after the other. Empty where phase, Keras's learning phase, is 0: nothing is drawn for a test.
    """
    __props__ = ("generator",)  # without any, Theano compiles it in every process
    generator = "SFC64"

    def make_node(self, *inputs):
        return theano.Apply(self, list(inputs), [theano.tensor.vector(dtype="uint16"), inputs[0].type()])

    def perform(self, node, inputs, outputs):
        state, x, phase = inputs
        generator = np.random.SFC64()
        generator.state = {**generator.state, "state": {"state": state}}
        outputs[0][0] = generator.random_raw(-(-x.size // 4) if phase else 0).view(np.uint16)
        outputs[1][0] = generator.state["state"]["state"]

    def connection_pattern(self, node):
        return [[False] * 2] * 3

    def grad(self, inputs, gradients):
        return [theano.gradient.DisconnectedType()()] * 3

    def c_code_cache_version(self):
        return (1,)

    def c_code(self, node, name, inputs, outputs, sub):
        state, x, phase = inputs
        bits, new_state = outputs
        return f"""
        {{
            npy_intp words = *(npy_uint8*) PyArray_DATA({phase}) ? (PyArray_SIZE({x}) + 3) / 4 : 0, size = 4 * words;
            if (!{bits} || PyArray_DIM({bits}, 0) != size) {{
                Py_XDECREF({bits});
                {bits} = (PyArrayObject*) PyArray_SimpleNew(1, &size, NPY_UINT16);
            }}
            Py_XDECREF({new_state});
            {new_state} = (PyArrayObject*) PyArray_NewCopy({state}, NPY_CORDER);
            if (!{bits} || !{new_state}) {{ {sub["fail"]} }}
            npy_uint64* const stored = (npy_uint64*) PyArray_DATA({new_state});
            npy_uint64* const drawn = (npy_uint64*) PyArray_DATA({bits});
            npy_uint64 a = stored[0], b = stored[1], c = stored[2], counter = stored[3];
            for (npy_intp i = 0; i < words; ++i) {{
                drawn[i] = a + b + counter++;
                a = b ^ (b >> 11);
                b = c + (c << 3);
                c = (c << 24 | c >> 40) + drawn[i];
            }}
            stored[0] = a; stored[1] = b; stored[2] = c; stored[3] = counter;
        }}
        """


def _random_bits(seed, x, phase):
    """RandomBits of a generator of their own, whose state moves on at each call of a function they are in."""
    state = theano.shared(np.random.SFC64(seed).state["state"]["state"])
    bits, state.default_update = RandomBits()(state, x, phase)
    return bits


class Dropout(theano.Op):
    """(x, bits, phase) -> x times what dropout makes of a one: 0 or 1 / keep in training, else 1.

    x: a float32 matrix; bits: what RandomBits drew for it; phase: a uint8 scalar, 1 in training. With
    `rectify` the ReLU before it is done in the same pass: max(x, 0) stands for x.
    """
    __props__ = ("keep", "rectify")
    gradient = False

    def __init__(self, keep, rectify):
        self.keep, self.rectify = keep, rectify
        self.below = round(keep * 65536)  # of 16 random bits: `keep` within 1 / 131072

    def make_node(self, *inputs):
        return theano.Apply(self, list(inputs), [inputs[0].type()])

    def perform(self, node, inputs, outputs):
        x, bits, phase = inputs[:3]
        factor = (x > 0).astype(x.dtype) if self.rectify else np.ones_like(x)
        if phase:
            factor *= (bits[:x.size].reshape(x.shape) < self.below) * np.float32(1 / self.keep)
        outputs[0][0] = inputs[-1] * factor if self.gradient else x * factor

    def infer_shape(self, node, shapes):
        return shapes[:1]

    def connection_pattern(self, node):
        return [[True], [False], [False]]

    def grad(self, inputs, gradients):
        return [DropoutGradient(self.keep, self.rectify)(*inputs, *gradients)[0],
                *[theano.gradient.DisconnectedType()()] * 2]

    def c_code_cache_version(self):
        return (1,)

    def c_support_code(self):
        # A function of its own: inside Theano's, g++ does not vectorise the loops.
        return """
        template <bool rectify, bool training>
        static void __attribute__((noinline)) dropout(
                npy_intp rows, npy_intp columns, npy_float32* __restrict__ to, const npy_float32* __restrict__ from,
                const npy_float32* __restrict__ x, const npy_uint16* __restrict__ bits, const npy_uint32 below,
                const npy_float32 scale, npy_float64* __restrict__ sums) {
            for (npy_intp row = 0; row < rows; ++row) {
                for (npy_intp i = row * columns; i < (row + 1) * columns; ++i) {
                    npy_float32 factor = rectify && !(x[i] > 0) ? 0.f : 1.f;
                    if (training) factor *= bits[i] < below ? scale : 0.f;
                    to[i] = from[i] * factor;
                }
                if (sums)
                    for (npy_intp column = 0; column < columns; ++column)
                        sums[column] += to[row * columns + column];
            }
        }
        """

    def c_code(self, node, name, inputs, outputs, sub):
        x, bits, phase = inputs[:3]
        to, fail = outputs[0], sub["fail"]
        start, end = "", ""
        if self.gradient:
            start = f"""
            if (!{outputs[1]} || PyArray_DIM({outputs[1]}, 0) != columns) {{
                Py_XDECREF({outputs[1]});
                {outputs[1]} = (PyArrayObject*) PyArray_SimpleNew(1, &columns, NPY_FLOAT32);
            }}
            std::vector<npy_float64> sums(columns, 0.);"""
            end = f"""
            for (npy_intp column = 0; column < columns; ++column)
                ((npy_float32*) PyArray_DATA({outputs[1]}))[column] = sums[column];"""
        return f"""
        {{
            const npy_intp rows = PyArray_DIM({x}, 0);
            npy_intp columns = PyArray_DIM({x}, 1);
            const bool training = *(npy_uint8*) PyArray_DATA({phase});
            PyArrayObject* x = PyArray_GETCONTIGUOUS({x});
            PyArrayObject* from = PyArray_GETCONTIGUOUS({inputs[-1] if self.gradient else x});
            if (!x || !from) {{ Py_XDECREF(x); Py_XDECREF(from); {fail} }}
            if (!{to} || !PyArray_ISCARRAY({to}) || !PyArray_SAMESHAPE({to}, x)) {{
                Py_XDECREF({to});
                {to} = (PyArrayObject*) PyArray_SimpleNew(2, PyArray_DIMS(x), NPY_FLOAT32);
            }}{start}
            (training ? dropout<{str(self.rectify).lower()}, true> : dropout<{str(self.rectify).lower()}, false>)(
                rows, columns, (npy_float32*) PyArray_DATA({to}), (npy_float32*) PyArray_DATA(from),
                (npy_float32*) PyArray_DATA(x), (npy_uint16*) PyArray_DATA({bits}), {self.below},
                {np.float32(1 / self.keep)!s}f, {"sums.data()" if self.gradient else "NULL"});{end}
            Py_DECREF(x); Py_DECREF(from);
        }}
        """

    def c_headers(self):
        return ["<vector>"]


class DropoutGradient(Dropout):
    """(x, bits, phase, g) -> Dropout's gradient for x, and the sums of its columns (a bias's gradient)."""
    gradient = True

    def make_node(self, *inputs):
        return theano.Apply(self, list(inputs), [inputs[0].type(), theano.tensor.vector(dtype=inputs[0].dtype)])

    def perform(self, node, inputs, outputs):
        super().perform(node, inputs, outputs)
        outputs[1][0] = outputs[0][0].sum(axis=0, dtype=np.float64).astype(np.float32)

    def infer_shape(self, node, shapes):
        return [shapes[0], shapes[0][1:]]


@theano.gof.local_optimizer([theano.tensor.Sum])
def _summed_already(node):
    """Take the sums of columns that DropoutGradient has made on its way."""
    source = node.inputs[0].owner if isinstance(node.op, theano.tensor.Sum) and node.op.axis == (0,) else None
    if source and isinstance(source.op, DropoutGradient):
        return [source.outputs[1]]
    return False


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


def _call_dropout(slow):
    """For keras.layers.Dropout.call."""
    def call(self, inputs, training=None):
        from keras import backend as K
        phase = K.learning_phase() if training is None else None
        if self.noise_shape is not None or not 0 < self.rate < 1 or not hasattr(phase, "owner") or (
                inputs.type != theano.tensor.matrix(dtype="float32").type):
            return slow(self, inputs, training)
        seed = self.seed or np.random.randint(1, 10e6)  # as Keras does: np.random.seed rules it
        rectified = getattr(inputs.tag, "rectified", None)
        x = inputs if rectified is None else rectified
        dropped = Dropout(1 - self.rate, rectified is not None)(x, _random_bits(seed, x, phase), phase)
        dropped._uses_learning_phase = True
        return dropped
    return call


def _relu(slow, floatx):
    def relu(x, alpha=0., max_value=None, threshold=0.):
        if alpha or max_value is not None or threshold:
            return slow(x, alpha, max_value, threshold)
        rectified = x * theano.tensor.cast(x > 0, floatx)
        rectified.tag.rectified = x  # for a Dropout after it
        return rectified
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


def _call_batch_hook(self, mode, hook, batch, logs=None):
    """For keras.callbacks.CallbackList, whose own takes two medians a batch, longer than our callbacks take."""
    logs = logs or {}
    for callback in self.callbacks:
        getattr(callback, f"on_{mode}_batch_{hook}")(batch, logs)


def install():
    """Put the pieces in place, once."""
    from keras import backend as K
    from keras import callbacks, layers, optimizers
    if not FAST or hasattr(K, "_tp2_speed"):
        return
    layers.Dropout.call = _call_dropout(layers.Dropout.call)
    K.relu = _relu(K.relu, K.floatx())
    optimizers.RMSprop.get_updates = _get_updates(optimizers.RMSprop.get_updates)
    callbacks.CallbackList._call_batch_hook = _call_batch_hook
    for name, optimizer, position in (("dropout_sums", _summed_already, 49), ("rmsprop_step_inplace", _inplace, 75)):
        theano.compile.optdb.register(name, theano.tensor.opt.in2out(optimizer, ignore_newtrees=True), position,
                                      "fast_run", "inplace")
    K._tp2_speed = True
