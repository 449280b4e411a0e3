"""legacy.speed: the same mathematics as Keras's own."""
import legacy
from legacy import speed

import numpy as np
import pytest
import theano
import theano.tensor as T
from test_legacy import python

speed.install()


def dropped(x, bits, phase, keep, rectify):
    """What legacy.speed.Dropout computes, in float64."""
    factor = np.ones(x.shape) if not phase else (bits.reshape(x.shape) < keep * 65536) / keep
    return (np.maximum(x, 0) if rectify else x) * factor, factor * ((x > 0) if rectify else 1)


@pytest.mark.parametrize("rectify", [True, False])
@pytest.mark.parametrize("linker", ["cvm", "py"])
def test_dropout_and_its_gradient_equal_the_formula(rectify, linker):
    if linker == "cvm" and not theano.config.cxx:
        pytest.skip("no compiler")
    random = np.random.RandomState(0)
    x, g = random.randn(7, 33).astype("float32"), random.randn(7, 33).astype("float32")
    x[0, 0] = np.nan                                                    # a training that diverged stays seen
    bits = random.randint(0, 65536, 7 * 33 + 1).astype("uint16")
    X, G, B, P = T.matrix(dtype="float32"), T.matrix(dtype="float32"), T.vector(dtype="uint16"), T.scalar(dtype="uint8")
    out = speed.Dropout(0.7, rectify)(X, B, P)
    gradient = T.grad(None, X, known_grads={out: G})
    mode = theano.Mode(linker, "fast_run")
    f = theano.function([X, G, B, P], [out, gradient, gradient.sum(axis=0)], mode=mode)
    assert sum(isinstance(node.op, T.Sum) for node in f.maker.fgraph.toposort()) == 0     # summed on the way
    for strided in (lambda a: a, np.asfortranarray, lambda a: np.repeat(a, 2, axis=1)[:, ::2]):
        for phase in (1, 0):
            value, factor = dropped(x, bits[:-1], phase, 0.7, rectify)
            got = f(strided(x), strided(g), bits if phase else bits[:0], phase)
            for one, other in zip(got, (value, g * factor, (g * factor).sum(axis=0))):
                assert np.allclose(one, other, rtol=1e-5, atol=1e-6, equal_nan=True)


@pytest.mark.parametrize("linker", ["cvm", "py"])
def test_random_bits_are_those_of_numpys_generator_call_after_call(linker):
    if linker == "cvm" and not theano.config.cxx:
        pytest.skip("no compiler")
    x, phase = T.matrix(dtype="float32"), T.scalar(dtype="uint8")
    f = theano.function([x, phase], speed._random_bits(5, x, phase), mode=theano.Mode(linker, "fast_run"))
    generator = np.random.SFC64(5)
    for shape in ((1, 1), (3, 4), (1, 7), (0, 5), (128, 33)):
        assert f(np.ones(shape, "float32"), 0).size == 0
        expected = generator.random_raw(-(-shape[0] * shape[1] // 4)).view(np.uint16)
        assert (f(np.ones(shape, "float32"), 1) == expected).all()


def test_callbacks_are_called_as_keras_calls_them_without_a_median(monkeypatch):
    from keras.callbacks import CallbackList, LambdaCallback
    called = []
    callbacks = CallbackList([LambdaCallback(on_batch_begin=lambda batch, logs: called.append(("begin", batch, logs)),
                                             on_batch_end=lambda batch, logs: called.append(("end", batch, logs)))])
    monkeypatch.setattr(np, "median", None)
    callbacks._call_batch_hook("train", "begin", 3, {"size": 2})
    callbacks._call_batch_hook("test", "end", 4)
    callbacks._call_batch_hook("train", "end", 5)
    assert called == [("begin", 3, {"size": 2}), ("end", 5, {})]


def test_a_keras_dropout_keeps_its_share_its_seed_and_draws_nothing_in_a_test():
    from keras import backend as K
    from keras.layers import Activation, Dropout, Input
    x = Input((400,))
    np.random.seed(3)
    y = Dropout(0.3)(Activation("relu")(x))
    f = theano.function([x, K.learning_phase()], y)
    kinds = [type(node.op).__name__ for node in f.maker.fgraph.toposort()]
    assert "Dropout" in kinds and "IfElse" not in kinds and "Elemwise" not in kinds       # ReLU and all in one
    ones = np.ones((500, 400), "float32")
    first, second = f(ones, 1), f(ones, 1)
    assert set(np.unique(first).round(5)) == {0, np.float32(1 / 0.7).round(5)}
    assert abs((first > 0).mean() - 0.7) < 0.005 and (first != second).any()              # 4.9 standard errors
    np.random.seed(3)
    again = Dropout(0.3)(Activation("relu")(x))
    g = theano.function([x, K.learning_phase()], again)
    assert (g(-ones, 0) == 0).all() and (g(ones, 0) == ones).all() and (g(ones, 1) == first).all()


def test_a_dropout_that_is_not_of_a_matrix_stays_keras_own():
    from keras import backend as K
    from keras.layers import Dropout, Input
    for x, layer in ((Input((4, 5)), Dropout(0.5)), (Input((5,)), Dropout(0.5, noise_shape=(None, 1)))):
        f = theano.function([x, K.learning_phase()], layer(x))
        assert "IfElse" in [type(node.op).__name__ for node in f.maker.fgraph.toposort()]


def test_the_rmsprop_step_equals_the_formula():
    from legacy import speed

    speed.install()
    r = np.random.RandomState(0)
    p, a, g = (r.rand(50, 7).astype("float32") for _ in range(3))
    shared_p, shared_a, shared_g = theano.shared(p), theano.shared(a), theano.shared(g.T.copy()).T
    new_p, new_a = speed.RMSpropStep()(shared_p, shared_a, shared_g, np.float32(0.01), np.float32(0.9), np.float32(1e-7))
    step = theano.function([], updates=[(shared_p, new_p), (shared_a, new_a)])
    assert any(getattr(node.op, "inplace", False) for node in step.maker.fgraph.toposort()) or not theano.config.cxx
    for _ in range(3):
        step()
        a = 0.9 * a + 0.1 * g ** 2
        p = p - 0.01 * g / (np.sqrt(a) + 1e-7)
    assert np.allclose(shared_p.get_value(), p, atol=1e-6) and np.allclose(shared_a.get_value(), a, atol=1e-6)


def test_training_is_the_same_with_and_without_speed():
    """Without dropout, whose masks differ, ten epochs of Keras as it is and of ours agree to rounding."""
    code = """
import legacy, numpy as np, keras
from legacy import speed; speed.install()
np.random.seed(1)
x = np.random.rand(256, 20).astype("float32"); y = np.eye(3)[np.random.randint(3, size=256)]
m = keras.models.Sequential([keras.layers.Dense(30, activation="relu", input_shape=(20,)), keras.layers.Dense(3, activation="softmax")])
m.compile(keras.optimizers.RMSprop(), "categorical_crossentropy")
print(*m.fit(x, y, epochs=10, batch_size=32, verbose=0).history["loss"])"""
    plain = python(code, TP2_PLAIN="1").stdout.split()
    ours = python(code).stdout.split()
    assert len(plain) == 10
    assert np.allclose(np.array(plain, float), np.array(ours, float), rtol=1e-4)
