"""What Theano 0.8 computed from Keras 1.1's expressions, where today's Theano would round otherwise.

Each of these Ops is one pass over its arrays in C, and in NumPy where there is no compiler, with equal bits.
"""
import math

import numpy as np
import theano
import theano.tensor as T
from theano.gradient import DisconnectedType
from theano.tensor.nnet import nnet, sigm

from . import draws, products


class Fused(theano.Op):
    """What the Ops here have in common: their C code works row by row, in functions of its own.

    Inside Theano's function g++ does not vectorise loops.
    """
    def c_code_cache_version(self):
        return (2, self.c_support_code())

    def c_headers(self):
        return ["<math.h>", "<vector>"]

    def c_support_code(self):
        return """
        struct Floats {  // the numbers of an array, one beside the other
            PyArrayObject* array;
            npy_float32* data;
            Floats(PyArrayObject* any) : array(PyArray_GETCONTIGUOUS(any)), data((npy_float32*) PyArray_DATA(array)) {}
            ~Floats() { Py_DECREF(array); }
        };
        static npy_float32* like(PyArrayObject* model, PyArrayObject** output) {  // an output of model's shape
            if (!*output || !PyArray_ISCARRAY(*output) || !PyArray_SAMESHAPE(*output, model)) {
                Py_XDECREF(*output);
                *output = (PyArrayObject*) PyArray_SimpleNew(PyArray_NDIM(model), PyArray_DIMS(model), NPY_FLOAT32);
            }
            return (npy_float32*) PyArray_DATA(*output);
        }
        static bool fits(PyArrayObject* matrix, npy_intp rows, npy_intp columns) {
            if (PyArray_DIM(matrix, 0) == rows && PyArray_DIM(matrix, 1) == columns) return true;
            PyErr_Format(PyExc_ValueError, "machine2016: a matrix of %ld x %ld, where %ld x %ld is needed",
                         (long) PyArray_DIM(matrix, 0), (long) PyArray_DIM(matrix, 1), (long) rows, (long) columns);
            return false;
        }
        """ + self.c_functions


class Units(Fused):
    """(x, factor, mask) -> factor x mask: a dropout. `rectify`: (product, bias, factor, mask), and a ReLU before it.

    x, product: float32 matrices (samples, units); bias: a row; factor: a scalar, the dropout's 1 / keep or 1; mask: of
    x's shape, or (1, 1). The ReLU is Theano's (a + |a|) / 2 of a = product + bias. Theano 0.8 added it up as
    (|a| + product) + bias, which is not quite zero for a negative a, and multiplied factor / 2 by that sum.
    """
    __props__ = ("rectify",)

    def __init__(self, rectify):
        self.rectify = rectify

    def make_node(self, *inputs):
        inputs = [T.as_tensor_variable(value) for value in inputs]
        return theano.Apply(self, inputs, [inputs[0].type()])

    def infer_shape(self, node, shapes):
        return shapes[:1]

    def perform(self, node, inputs, outputs):
        if self.rectify:
            product, bias, factor, mask = inputs
            x, factor = (np.abs(product + bias) + product) + bias, factor / np.float32(2)
        else:
            x, factor, mask = inputs
        outputs[0][0] = x * factor * mask

    def connection_pattern(self, node):
        return [[True]] * (len(node.inputs) - 2) + [[False]] * 2

    def grad(self, inputs, gradients):
        *x, factor, mask = inputs
        # A factor beside a matrix product becomes part of it (Dot22Scalar) and is rounded there.
        return [*UnitsGradient(self.rectify)(*x, mask, gradients[0] * factor, return_list=True),
                *[DisconnectedType()()] * 2]

    c_functions = """
        static void __attribute__((noinline)) units(
                npy_intp columns, npy_float32* __restrict__ to, const npy_float32* __restrict__ x,
                const npy_float32* __restrict__ bias, npy_float32 factor, const npy_float32* __restrict__ mask,
                bool one) {
            for (npy_intp i = 0; i < columns; ++i)
                to[i] = (bias ? ((fabsf(x[i] + bias[i]) + x[i]) + bias[i]) * (factor / 2) : x[i] * factor)
                        * (one ? mask[0] : mask[i]);
        }
        """

    def c_code(self, node, name, inputs, outputs, sub):
        *x, factor, mask = inputs
        return f"""
        {{
            const npy_intp rows = PyArray_DIM({x[0]}, 0), columns = PyArray_DIM({x[0]}, 1);
            const bool one = PyArray_SIZE({mask}) == 1;
            if (!fits({x[-1]}, {"1" if self.rectify else "rows"}, columns) || !(one || fits({mask}, rows, columns))) {{
                {sub["fail"]}
            }}
            const Floats x({x[0]}), bias({x[-1]}), mask({mask});
            npy_float32* const to = like({x[0]}, &{outputs[0]});
            for (npy_intp row = 0; row < rows; ++row)
                units(columns, to + row * columns, x.data + row * columns, {"bias.data" if self.rectify else "NULL"},
                      *(npy_float32*) PyArray_DATA({factor}), mask.data + (one ? 0 : row * columns), one);
        }}
        """


class UnitsGradient(Fused):
    """(x, mask, g) -> g mask: Units' gradient. `rectify`: (product, bias, mask, g) -> product's and bias's.

    The ReLU's own is 1 for a positive a, 0 for a negative one and 1/2 for zero; bias's is the sum over the samples, in
    double precision.
    """
    __props__ = ("rectify",)

    def __init__(self, rectify):
        self.rectify = rectify

    def make_node(self, *inputs):
        return theano.Apply(self, list(inputs), [value.type() for value in inputs[:-2]])

    def infer_shape(self, node, shapes):
        return shapes[:-2]

    def perform(self, node, inputs, outputs):
        *x, mask, g = inputs
        if self.rectify:
            g = g * (0.5 + 0.5 * np.sign(sum(x))).astype("float32")
        outputs[0][0] = g * mask
        if self.rectify:
            outputs[1][0] = outputs[0][0].sum(axis=0, keepdims=True, dtype="float64").astype("float32")

    def connection_pattern(self, node):
        return [[False] * len(node.outputs)] * (len(node.inputs) - 1) + [[True] * len(node.outputs)]

    def grad(self, inputs, gradients):
        # It is linear in g, and constant almost everywhere in all else.
        *others, g = inputs
        wanted = sum((each for each in gradients if not isinstance(each.type, DisconnectedType)), T.zeros_like(g))
        return [DisconnectedType()()] * len(others) + UnitsGradient(self.rectify)(*others, wanted, return_list=True)[:1]

    c_functions = """
        static void __attribute__((noinline)) units_gradient(
                npy_intp columns, npy_float32* __restrict__ to, const npy_float32* __restrict__ g,
                const npy_float32* __restrict__ x, const npy_float32* __restrict__ bias,
                const npy_float32* __restrict__ mask, bool one, npy_float64* __restrict__ sums) {
            for (npy_intp i = 0; i < columns; ++i) {
                const npy_float32 a = bias ? x[i] + bias[i] : 1;
                to[i] = g[i] * (a > 0 ? 1.f : a < 0 ? 0.f : .5f) * (one ? mask[0] : mask[i]);
                sums[i] += to[i];
            }
        }
        """

    def c_code(self, node, name, inputs, outputs, sub):
        *x, mask, g = inputs
        bias = f"""
            const npy_float64* const total = sums.data();
            npy_float32* const bias_gradient = like({x[-1]}, &{outputs[-1]});
            for (npy_intp i = 0; i < columns; ++i) bias_gradient[i] = total[i];""" if self.rectify else ""
        return f"""
        {{
            const npy_intp rows = PyArray_DIM({x[0]}, 0), columns = PyArray_DIM({x[0]}, 1);
            const bool one = PyArray_SIZE({mask}) == 1;
            if (!fits({x[-1]}, {"1" if self.rectify else "rows"}, columns) || !(one || fits({mask}, rows, columns))
                    || !fits({g}, rows, columns)) {{
                {sub["fail"]}
            }}
            const Floats x({x[0]}), bias({x[-1]}), mask({mask}), g({g});
            npy_float32* const to = like({x[0]}, &{outputs[0]});
            std::vector<npy_float64> sums(columns, 0.);
            for (npy_intp row = 0; row < rows; ++row)
                units_gradient(columns, to + row * columns, g.data + row * columns, x.data + row * columns,
                               {"bias.data" if self.rectify else "NULL"}, mask.data + (one ? 0 : row * columns), one,
                               sums.data());{bias}
        }}
        """


class Loss(Fused):
    """(p, t) -> each sample's crossentropy of p, scaled to sum 1 and clipped to [low, high], and its targets t.

    p, t: float32 matrices (samples, classes). Its gradient is LossGradient; its own rounding shows in the history only.
    """
    __props__ = ("low", "high")

    def __init__(self, low, high):
        self.low, self.high = low, high

    def make_node(self, *inputs):
        return theano.Apply(self, list(inputs), [T.fvector()])

    def infer_shape(self, node, shapes):
        return [shapes[0][:1]]

    def perform(self, node, inputs, outputs):
        softmax, target = inputs
        p = np.clip(softmax / _sums(softmax), np.float32(self.low), np.float32(self.high))
        outputs[0][0] = np.float32([-sum(t * math.log(share) for t, share in zip(*rows)) for rows in zip(
            target.astype(float), p.astype(float))])

    def grad(self, inputs, gradients):
        return [LossGradient(self.low, self.high)(*inputs, *gradients), DisconnectedType()()]

    def connection_pattern(self, node):
        return [[True], [False]]

    c_functions = """
        static npy_float32 loss(npy_intp classes, const npy_float32* p, const npy_float32* t, npy_float32 low,
                                npy_float32 high) {
            npy_float64 sum = 0, result = 0;
            for (npy_intp i = 0; i < classes; ++i) sum += p[i];
            for (npy_intp i = 0; i < classes; ++i) {
                const npy_float32 share = p[i] / (npy_float32) sum;
                result += t[i] * ::log((npy_float64) (share < low ? low : share > high ? high : share));
            }
            return -result;
        }
        """

    def c_code(self, node, name, inputs, outputs, sub):
        p, t = inputs
        return f"""
        {{
            npy_intp rows = PyArray_DIM({p}, 0);
            const npy_intp classes = PyArray_DIM({p}, 1);
            if (!fits({t}, rows, classes)) {{ {sub["fail"]} }}
            const Floats p({p}), t({t});
            if (!{outputs[0]} || PyArray_DIM({outputs[0]}, 0) != rows) {{
                Py_XDECREF({outputs[0]});
                {outputs[0]} = (PyArrayObject*) PyArray_SimpleNew(1, &rows, NPY_FLOAT32);
            }}
            for (npy_intp row = 0; row < rows; ++row)
                *(npy_float32*) PyArray_GETPTR1({outputs[0]}, row) = loss(
                    classes, p.data + row * classes, t.data + row * classes, {np.float32(self.low)!s}f,
                    {np.float32(self.high)!s}f);
        }}
        """


class LossGradient(Fused):
    """(p, t, g) -> Loss's gradient for p, times g, the gradient for each sample's loss: 1 / n in a mean over n.

    Theano 0.8 had n within the fraction: -(n t) / (((n n) p) s), s a sample's sum. That is rounded otherwise than
    t / (n p) where n is no power of two: in an epoch's last batch.
    """
    __props__ = ("low", "high")

    def __init__(self, low, high):
        self.low, self.high = low, high

    def make_node(self, *inputs):
        return theano.Apply(self, list(inputs), [inputs[0].type()])

    def infer_shape(self, node, shapes):
        return shapes[:1]

    def perform(self, node, inputs, outputs):
        softmax, target, g = inputs
        low, high, n = np.float32(self.low), np.float32(self.high), np.float32(len(softmax))
        total = _sums(softmax)
        share = softmax / total
        p = np.clip(share, low, high)
        t = np.where((share >= low) & (share <= high), n * target, np.float32(0))
        result = -t / (((n * n) * p) * total) + _sums((t * softmax) / ((((n * n) * p) * total) * total))
        outputs[0][0] = result * np.where(g == 1 / n, np.float32(1), g * n)[:, None]

    def grad(self, inputs, gradients):
        p, t, g = inputs
        share = T.clip(p / p.sum(axis=1, keepdims=True), np.float32(self.low), np.float32(self.high))
        return T.Lop(T.Lop(nnet.categorical_crossentropy(share, t), p, g), inputs, gradients)

    c_functions = """
        static void __attribute__((noinline)) loss_gradient(
                npy_intp classes, npy_float32 n, npy_float32* to, const npy_float32* p, const npy_float32* t,
                npy_float32 factor, npy_float32 low, npy_float32 high) {
            npy_float64 sum = 0, inner = 0;
            for (npy_intp i = 0; i < classes; ++i) sum += p[i];
            const npy_float32 total = sum;
            for (npy_intp i = 0; i < classes; ++i) {
                const npy_float32 share = p[i] / total, clipped = share < low ? low : share > high ? high : share;
                const npy_float32 target = share == clipped ? n * t[i] : 0, denominator = ((n * n) * clipped) * total;
                to[i] = -target / denominator;
                inner += (npy_float32) ((target * p[i]) / (denominator * total));
            }
            for (npy_intp i = 0; i < classes; ++i) to[i] = (to[i] + (npy_float32) inner) * factor;
        }
        """

    def c_code(self, node, name, inputs, outputs, sub):
        p, t, g = inputs
        return f"""
        {{
            const npy_intp rows = PyArray_DIM({p}, 0), classes = PyArray_DIM({p}, 1);
            if (!fits({t}, rows, classes)) {{ {sub["fail"]} }}
            const Floats p({p}), t({t}), g({g});
            npy_float32* const to = like({p}, &{outputs[0]});
            const npy_float32 n = rows;
            for (npy_intp row = 0; row < rows; ++row)
                loss_gradient(classes, n, to + row * classes, p.data + row * classes, t.data + row * classes,
                              g.data[row] == 1 / n ? 1 : g.data[row] * n, {np.float32(self.low)!s}f,
                              {np.float32(self.high)!s}f);
        }}
        """


def _sums(rows):
    """Each row's sum, in double precision, one number after the other: float32 (rows, 1)."""
    return np.cumsum(rows, axis=1, dtype="float64")[:, -1:].astype("float32")


class RMSpropStep(Fused):
    """(p, a, g, rate_g, rho, epsilon) -> the new p and a of one step of RMSprop.

    p parameters, a the running average of squared gradients, g the gradient, rate_g the learning rate times g (a matrix
    product of its own): of one shape, float32; rho and epsilon scalars.
        a' = rho a + (1 - rho) g^2        p' = p - rate_g / (epsilon + sqrt(a'))
    """
    __props__ = ("inplace",)

    def __init__(self, inplace=False):
        self.inplace = inplace  # only Theano's optimizer may say True, see `_inplace`
        if inplace:
            self.destroy_map = {0: [0], 1: [1]}

    def make_node(self, *inputs):
        inputs = [T.cast(T.as_tensor_variable(value), "float32") for value in inputs]
        return theano.Apply(self, inputs, [inputs[0].type(), inputs[1].type()])

    def infer_shape(self, node, shapes):
        return shapes[:2]

    def perform(self, node, inputs, outputs):
        p, a, g, rate_g, rho, epsilon = inputs
        a = rho * a + (np.float32(1) - rho) * (g * g)
        outputs[0][0], outputs[1][0] = p - rate_g / (epsilon + np.sqrt(a)), a

    c_functions = """
        static void __attribute__((noinline)) rmsprop_step(
                npy_intp size, npy_float32* __restrict__ p, npy_float32* __restrict__ a,
                const npy_float32* __restrict__ g,
                const npy_float32* __restrict__ rate_g, npy_float32 rho, npy_float32 epsilon) {
            for (npy_intp i = 0; i < size; ++i) {
                a[i] = rho * a[i] + (1 - rho) * (g[i] * g[i]);
                p[i] -= rate_g[i] / (epsilon + sqrtf(a[i]));
            }
        }
        """

    def c_code(self, node, name, inputs, outputs, sub):
        p, a, g, rate_g, rho, epsilon = inputs
        in_place = "true" if self.inplace else "false"
        take = "".join(f"""
        Py_XDECREF({new});
        if ({in_place} && PyArray_ISCARRAY({old})) Py_INCREF({new} = {old});
        else {new} = (PyArrayObject*) PyArray_NewCopy({old}, NPY_CORDER);""" for new, old in zip(outputs, (p, a)))
        return f"""
        if (!PyArray_SAMESHAPE({p}, {a}) || !PyArray_SAMESHAPE({p}, {g}) || !PyArray_SAMESHAPE({p}, {rate_g})) {{
            PyErr_SetString(PyExc_ValueError, "RMSpropStep: parameter, average and gradient are not of one shape");
            {sub["fail"]}
        }}
        {take}
        {{
            const Floats g({g}), rate_g({rate_g});
            rmsprop_step(PyArray_SIZE({p}), (npy_float32*) PyArray_DATA({outputs[0]}),
                         (npy_float32*) PyArray_DATA({outputs[1]}),
                         g.data, rate_g.data, *(npy_float32*) PyArray_DATA({rho}),
                         *(npy_float32*) PyArray_DATA({epsilon}));
        }}
        """


@theano.gof.local_optimizer([RMSpropStep])
def _inplace(node):
    """Let the step write where it reads, when Theano knows that nothing else needs the old values."""
    if isinstance(node.op, RMSpropStep) and not node.op.inplace:
        return RMSpropStep(inplace=True)(*node.inputs, return_list=True)
    return False


# --- Keras's functions ----------------------------------------------------------------------

FLOATS = T.fmatrix().type
ONE = T.constant(np.ones((1, 1), "float32"))


def _relu(slow):
    def relu(x, alpha=0., max_value=None, threshold=0.):
        is_sum = x.type == FLOATS and x.owner is not None and x.owner.op == T.add and len(x.owner.inputs) == 2
        product, bias = x.owner.inputs if is_sum else (x, x)
        if alpha or max_value is not None or threshold or product.type != FLOATS or bias.type != T.frow().type:
            return slow(x, alpha, max_value, threshold)  # no layer's sum with its bias
        rectified = Units(rectify=True)(product, bias, np.float32(1), ONE)
        rectified.tag.sum_of = product, bias  # for a Dropout after it
        return rectified
    return relu


def _call_dropout(slow):
    """For keras.layers.Dropout.call."""
    def call(self, inputs, training=None):
        from keras import backend as K
        phase = K.learning_phase() if training is None else None
        usual = self.noise_shape is None and 0 < self.rate < 1 and hasattr(phase, "owner") and inputs.type == FLOATS
        if not usual:
            return slow(self, inputs, training)
        sum_of = getattr(inputs.tag, "sum_of", None)
        keep = 1 - self.rate
        x = sum_of or (inputs,)
        mask = draws.mask(self.seed or draws.dropout_seed(), x[0], keep, phase)
        factor = T.switch(phase, np.float32(1 / keep), np.float32(1))
        dropped = Units(rectify=sum_of is not None)(*x, factor, mask)
        dropped._uses_learning_phase = True
        return dropped
    return call


def _categorical_crossentropy(slow, epsilon):
    def categorical_crossentropy(target, output, from_logits=False, axis=-1):
        if from_logits or axis not in (-1, 1) or output.type != FLOATS or target.type != FLOATS:
            return slow(target, output, from_logits, axis)
        return Loss(epsilon, 1 - epsilon)(output, target)
    return categorical_crossentropy


def _get_updates(slow):
    """For keras.optimizers.RMSprop.get_updates."""
    def get_updates(self, loss, params):
        gradients = self.get_gradients(loss, params)
        self.get_gradients = lambda *_: gradients  # computed once, for Keras's steps and ours
        updates = slow(self, loss, params)
        del self.get_gradients
        if self.initial_decay or any(getattr(p, "constraint", None) or p.dtype != "float32" for p in params):
            return updates
        # Keras's list: the iteration counter, then (a, a') and (p, p') of each parameter.
        fused = updates[:1]
        for (a, _), (p, _), g in zip(updates[1::2], updates[2::2], gradients):
            rate_g = self.learning_rate * g
            if g.owner and isinstance(g.owner.op, T.Dot) and {g.type, *(x.type for x in g.owner.inputs)} == {FLOATS}:
                g, rate_g = products.Pair()(*g.owner.inputs, self.learning_rate)
            new_p, new_a = RMSpropStep()(p, a, g, rate_g, self.rho, self.epsilon)
            fused += [(a, new_a), (p, new_p)]
        self.updates = fused
        return fused
    return get_updates


# --- exp in double precision: the C header of g++ before 6 had no other -----------------------

def _exp(x):
    """The C library's exp of a float32, rounded to one: NumPy's own may differ in the last bit."""
    return np.array([math.exp(value) for value in np.ravel(x)], "float64").astype("float32").reshape(np.shape(x))


def _softmax(self, node, inputs, outputs):
    """Softmax and SoftmaxWithBias in NumPy, as their C code computes them."""
    x = inputs[0] + inputs[1] if len(inputs) == 2 else inputs[0]
    powers = _exp(x - x.max(axis=1, keepdims=True))
    outputs[0][0] = (powers * (1.0 / np.cumsum(powers, axis=1, dtype="float64")[:, -1:])).astype("float32")


def _sigmoid(self, x):
    """1 / (1 + exp(-x)), with the bounds of Theano's C code."""
    return 0. if x < -88 else 1. if x > 15 else 1 / (1 + math.exp(-x))


def _softmax_gradient(self, node, inputs, outputs):
    gradient, softmax = inputs
    products = gradient * softmax
    total = np.cumsum(products, axis=1, dtype="float64")[:, -1:]
    outputs[0][0] = (products - total * softmax).astype("float32")


def _exp_in_double():
    for op in nnet.Softmax, nnet.SoftmaxWithBias:
        def c_code_template(dtype, plain=op.c_code_template):
            return tuple(part.replace("exp(row_ij - row_max)", "::exp((double) (row_ij - row_max))")
                         for part in plain(dtype))
        op.c_code_template = staticmethod(c_code_template)
        op.c_code_cache_version = staticmethod(lambda: (2016, 1))
        op.perform = _softmax
    nnet.SoftmaxGrad.perform = _softmax_gradient
    scalar, plain_code, version = sigm.ScalarSigmoid, sigm.ScalarSigmoid.c_code, sigm.ScalarSigmoid.c_code_cache_version
    scalar.c_code = lambda self, *args: plain_code(self, *args).replace("exp(-", "::exp((double) -")
    scalar.impl, nnet.sigmoid.nfunc_spec = _sigmoid, None  # not SciPy's
    scalar.c_code_cache_version = lambda self: (*version(self), 2016, 1)


def install():
    """Put all this in Keras's and Theano's place."""
    from keras import backend as K
    from keras import layers, optimizers
    K.relu = _relu(K.relu)
    K.categorical_crossentropy = _categorical_crossentropy(K.categorical_crossentropy, K.epsilon())
    layers.Dropout.call = _call_dropout(layers.Dropout.call)
    optimizers.RMSprop.get_updates = _get_updates(optimizers.RMSprop.get_updates)
    _exp_in_double()
    if not theano.config.cxx:  # several operations in one would be done in Python's double precision
        T.opt.FusionOptimizer.apply = lambda self, fgraph: None
    theano.compile.optdb.register("rmsprop_step_inplace_2016", T.opt.in2out(_inplace, ignore_newtrees=True), 75,
                                  "fast_run", "inplace")
