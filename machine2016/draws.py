"""What a training draws at random, as Keras 1.1 on Theano 0.8 drew it.

Where `np.random.seed` was called, NumPy's global stream gives, in this order: each Dense layer's first weights, each
Dropout's seed, as the layers are added, then a shuffle of the samples before each epoch. A Dropout's masks come from
Theano's MRG31k3p, started from its seed.
"""
import numpy as np
import theano
from theano.gradient import DisconnectedType
from theano.sandbox import rng_mrg

STREAMS = 60 * 256  # of MRG31k3p, which Theano takes in turn for the elements of an array


def glorot_uniform(shape):
    """First weights of a layer of shape (inputs, outputs), from NumPy's global stream (Glorot and Bengio, 2010)."""
    limit = np.sqrt(6. / (shape[0] + shape[1]))
    return np.random.uniform(-limit, limit, shape).astype("float32")


def dropout_seed():
    """The seed of a Dropout, from NumPy's global stream."""
    return np.random.randint(1, 10e6)


def skip_training(hidden=(512, 512), dropout=True, samples=60000, epochs=20):
    """Take from NumPy's global stream what one training of an MNIST network takes."""
    inputs = 784
    for units in hidden:
        glorot_uniform((inputs, units))
        if dropout:
            dropout_seed()
        inputs = units
    glorot_uniform((inputs, 10))
    for _ in range(epochs):
        np.random.shuffle(np.arange(samples))


def streams(seed):
    """MRG31k3p's states for a seed: int32 (6, STREAMS), each stream 2^72 numbers after the one before."""
    states = np.full((6, 1), seed, "int64")
    jumps = [(rng_mrg.A1p72.astype(object), int(rng_mrg.M1)), (rng_mrg.A2p72.astype(object), int(rng_mrg.M2))]
    while states.shape[1] < STREAMS:  # twice as many at a time: a jump as far as all that are there
        after = [sum(matrix[:, i:i + 1].astype("int64") * half[i] % modulus for i in range(3)) % modulus
                 for (matrix, modulus), half in zip(jumps, (states[:3], states[3:]))]
        states = np.hstack([states, np.vstack(after)])
        jumps = [(matrix.dot(matrix) % modulus, modulus) for matrix, modulus in jumps]
    return states[:, :STREAMS].astype("int32")


class Mask(theano.Op):
    """(states, x, phase) -> a dropout mask for x, and the streams' next states.

    states: int32 (6, STREAMS); x: a float32 matrix; phase: Keras's learning phase, a uint8 scalar. The mask has x's
    shape: 1 where MRG31k3p's next number, uniform in [0, 1), is less than `keep`, else 0. In a test it is all ones,
    but the numbers are drawn, as Theano 0.8 did.
    """
    __props__ = ("keep", "inplace")

    def __init__(self, keep, inplace=False):
        self.keep, self.inplace = keep, inplace
        if inplace:
            self.destroy_map = {1: [0]}

    def make_node(self, *inputs):
        return theano.Apply(self, list(inputs), [inputs[1].type(), inputs[0].type()])

    def infer_shape(self, node, shapes):
        return [shapes[1], shapes[0]]

    def connection_pattern(self, node):
        return [[False] * 2] * 3

    def grad(self, inputs, gradients):
        return [DisconnectedType()()] * 3

    def perform(self, node, inputs, outputs):
        states, x, phase = inputs
        states, mask = states.astype("int64"), np.ones(x.size, "float32")
        for start in range(0, x.size, STREAMS):
            count = min(STREAMS, x.size - start)
            x1, x2, x3, z1, z2, z3 = states[:, :count]
            m1, m2 = int(rng_mrg.M1), int(rng_mrg.M2)
            new_x = ((x2 << 22) + (x3 << 7) + x3) % m1
            new_z = ((z1 << 15) + (z3 << 15) + z3) % m2
            states[:, :count] = np.stack([new_x, x1, x2, new_z, z1, z2])
            drawn = np.where(new_x <= new_z, new_x - new_z + m1, new_x - new_z)
            mask[start:start + count] = drawn.astype("float32") * np.float32(4.6566126e-10) < np.float32(self.keep)
        outputs[0][0] = mask.reshape(x.shape) if phase else np.ones_like(x)
        outputs[1][0] = states.astype("int32")

    def c_code_cache_version(self):
        return (1, self.c_support_code())

    def c_support_code(self):
        return """
        // The sum of two residues of `modulus`, which is above 2^30, as a residue.
        static inline npy_uint32 add(npy_uint32 a, npy_uint32 b, npy_uint32 modulus) {
            const npy_uint32 sum = a + b, less = sum - modulus;  // wraps round where the sum is smaller
            return sum < less ? sum : less;
        }

        // One number from each of `count` streams, whose states are rows of x and z; mask may be NULL.
        static void __attribute__((noinline)) draw(npy_intp count, npy_uint32 (*__restrict__ x)[256],
                                                   npy_uint32 (*__restrict__ z)[256], npy_float32 *__restrict__ mask,
                                                   npy_float32 keep) {
            const npy_uint32 m1 = 2147483647, m2 = 2147462579;  // 2^31 - 1 and 2^31 - 21069
            for (npy_intp i = 0; i < count; ++i) {
                // x: 2^22 x2 + (2^7 + 1) x3 modulo m1, to which a multiplication by 2^n is a rotation of 31 bits
                const npy_uint32 x2 = x[1][i], x3 = x[2][i], z1 = z[0][i], z3 = z[2][i];
                const npy_uint32 by22 = (x2 & 511) << 22 | x2 >> 9, by7 = (x3 & 16777215) << 7 | x3 >> 24;
                const npy_uint32 new_x = add(add(by22, by7, m1), x3, m1);
                // z: 2^15 z1 + (2^15 + 1) z3 modulo m2
                const npy_uint32 shifted1 = add((z1 & 65535) << 15, 21069 * (z1 >> 16), m2);
                const npy_uint32 shifted3 = add((z3 & 65535) << 15, 21069 * (z3 >> 16), m2);
                const npy_uint32 new_z = add(add(shifted3, z3, m2), shifted1, m2);
                x[2][i] = x2; x[1][i] = x[0][i]; x[0][i] = new_x;
                z[2][i] = z[1][i]; z[1][i] = z1; z[0][i] = new_z;
                if (mask) {
                    const npy_int32 drawn = new_x - new_z + (new_x <= new_z ? m1 : 0);
                    mask[i] = drawn * 4.6566126e-10f < keep ? 1.f : 0.f;
                }
            }
        }
        """

    def c_code(self, node, name, inputs, outputs, sub):
        states, x, phase = inputs
        mask, new_states = outputs
        keep, fail = np.float32(self.keep), sub["fail"]
        take = f"{new_states} = {states}; Py_INCREF({states});" if self.inplace else (
            f"{new_states} = (PyArrayObject*) PyArray_NewCopy({states}, NPY_CORDER);")
        return f"""
        {{
            Py_XDECREF({new_states});
            {take}
            if (!{mask} || !PyArray_ISCARRAY({mask}) || !PyArray_SAMESHAPE({mask}, {x})) {{
                Py_XDECREF({mask});
                {mask} = (PyArrayObject*) PyArray_SimpleNew(2, PyArray_DIMS({x}), NPY_FLOAT32);
            }}
            if (!{mask} || !{new_states}) {{ {fail} }}
            const npy_intp size = PyArray_SIZE({x}), all = PyArray_DIM({new_states}, 1);
            const bool training = *(npy_uint8*) PyArray_DATA({phase});
            npy_float32* const to = (npy_float32*) PyArray_DATA({mask});
            npy_uint32* const state = (npy_uint32*) PyArray_DATA({new_states});
            if (!training) std::fill(to, to + size, 1.f);
            for (npy_intp first = 0; first < all; first += 256) {{
                const npy_intp here = all - first < 256 ? all - first : 256;
                npy_uint32 xz[6][256];
                for (int row = 0; row < 6; ++row) memcpy(xz[row], state + row * all + first, 4 * here);
                for (npy_intp i = first; i < size; i += all)
                    draw(size - i < here ? size - i : here, xz, xz + 3, training ? to + i : NULL, {keep!s}f);
                for (int row = 0; row < 6; ++row) memcpy(state + row * all + first, xz[row], 4 * here);
            }}
        }}
        """

    def c_headers(self):
        return ["<algorithm>", "<string.h>"]


@theano.gof.local_optimizer([Mask])
def _inplace(node):
    """Let the new states overwrite the old, when Theano knows that nothing else needs those."""
    if isinstance(node.op, Mask) and not node.op.inplace:
        return Mask(node.op.keep, inplace=True)(*node.inputs, return_list=True)
    return False


def mask(seed, x, keep, phase):
    """A dropout mask for x (Mask), another at each call of a function that it is in."""
    states = theano.shared(streams(seed))
    drawn, states.default_update = Mask(keep)(states, x, phase)
    return drawn


def _first_weights(slow):
    """For VarianceScaling, whose Glorot's uniform distribution is Dense's default: it drew from its own generator."""
    def call(self, shape, dtype=None):
        glorot = (self.scale, self.mode, self.distribution, self.seed) == (1, "fan_avg", "uniform", None)
        return glorot_uniform(shape) if glorot and len(shape) == 2 else slow(self, shape, dtype)
    return call


def install():
    """Have Keras's layers begin with `glorot_uniform`."""
    from keras.initializers import VarianceScaling
    VarianceScaling.__call__ = _first_weights(VarianceScaling.__call__)
    theano.compile.optdb.register("mask_inplace", theano.tensor.opt.in2out(_inplace, ignore_newtrees=True), 75,
                                  "fast_run", "inplace")
