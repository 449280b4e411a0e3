"""legacy.lines: paths of Theano and Keras that are seldom taken, each with numbers made by hand."""
import legacy

import io

import numpy as np
import pytest
import theano
import theano.tensor as T

from conftest import child

WITHOUT_COMPILER = """
import legacy, warnings
warnings.simplefilter("ignore")
import numpy as np, theano, theano.tensor as T
from theano.tensor.signal import pool
x, w, v = T.tensor4(), T.tensor4(), T.matrix()
ones = np.ones((1, 1, 5, 5), "float32")
count = np.arange(16, dtype="float32").reshape(1, 1, 4, 4)

def value(output, *inputs, **given):
    return theano.function(list(inputs), output, on_unused_input="ignore")(*given["at"]).tolist()
"""


@pytest.mark.parametrize("code, want", [
    ("y = T.nnet.conv2d(x, w).sum()\nprint(value(y + T.grad(y, w).sum(), x, w, at=[ones, np.ones((2, 1, 3, 3), 'float32')]))",
     "324.0"),
    ("print(value(T.nnet.conv2d(x, w, border_mode='full')[0, 0, 0], x, w, at=[ones, np.ones((1, 1, 2, 2), 'float32')]))",
     "[1.0, 2.0, 2.0, 2.0, 2.0, 1.0]"),
    ("print(value(pool.pool_2d(x, (2, 2), True)[0, 0], x, at=[count]))", "[[5.0, 7.0], [13.0, 15.0]]"),
    ("print(value(T.grad(pool.pool_2d(x, (2, 2), True, mode='average_exc_pad').sum(), x)[0, 0, 0], x, at=[count]))",
     "[0.25, 0.25, 0.25, 0.25]"),
    ("print(value(T.Rop(pool.pool_2d(x, (2, 2), True), x, w)[0, 0], x, w, at=[count, 2 * count]))", "[[10.0, 14.0], [26.0, 30.0]]"),
    ("from theano.tensor.sort import topk\nprint(sorted(value(topk(v, 2, sorted=False)[0], v, at=[count[0, 0]])))", "[2.0, 3.0]"),
    ("f = theano.function([x, w], T.nnet.conv2d(x, w).sum(), mode='DebugMode')\nprint(f(ones, np.ones((1, 1, 5, 5), 'float32')))", "25.0")])
def test_without_a_compiler(code, want):
    assert child(WITHOUT_COMPILER + code, THEANO_FLAGS="cxx=").stdout.strip() == want


def test_debugmode_updates_a_number_in_place():
    count = theano.shared(np.float32(2))
    theano.function([], [], updates=[(count, count + 1)], mode=theano.compile.DebugMode(check_c_code=False))()
    assert count.get_value() == 3


def test_top_k_has_the_order_of_its_indices_and_gradient():
    from theano.tensor.sort import argtopk, topk
    x, values = T.dvector(), np.random.RandomState(0).permutation(1000) / 2
    largest, at = (theano.function([x], f(x, 500, sorted=False))(values) for f in (topk, argtopk))
    assert (largest == values[at]).all()


def test_the_digest_of_an_array():
    assert theano.printing.hex_digest(np.arange(2.)).endswith("|strides=[8]|shape=[2]")


@pytest.mark.slow
@pytest.mark.parametrize("imported", ["legacy", "legacy.fast.all", "machine2016"])
def test_a_product_with_an_empty_matrix_is_added(imported):
    code = f"""
import {imported}, theano, numpy as np
x, y = theano.tensor.fmatrices("xy")
z = theano.shared(np.ones((3, 5), "float32"))
add = theano.function([x, y], [], updates=[(z, np.float32(2) * z + theano.tensor.dot(x, y))])
print([type(node.op).__name__ for node in add.maker.fgraph.apply_nodes])
for rows, k, columns in (3, 0, 5), (0, 4, 5), (3, 4, 0):
    z.set_value(np.ones((rows, columns), "float32"))
    add(np.ones((rows, k), "float32"), np.ones((k, columns), "float32"))
    print(z.get_value().tolist())
"""
    assert child(code).stdout.splitlines()[-4:] == ["['Gemm']", str([[2.] * 5] * 3), "[]", "[[], [], []]"]


@pytest.mark.slow
def test_theanos_first_conv2d_compiles():
    """Its C code includes numpy/noprefix.h."""
    from theano.tensor.nnet import conv
    x, w = T.tensor4(), T.tensor4()
    with pytest.warns(UserWarning, match="deprecated"):
        y = conv.conv2d(x, w, image_shape=(1, 1, 5, 5), filter_shape=(1, 1, 3, 3))
    assert theano.function([x, w], y)(np.ones((1, 1, 5, 5), "float32"), np.ones((1, 1, 3, 3), "float32")).sum() == 81


@pytest.mark.slow
def test_batched_dot_without_a_blas():
    x = T.tensor3()
    assert theano.function([x], T.batched_dot(x, x))(np.ones((2, 3, 3), "float32")).tolist() == [[[3.0] * 3] * 3] * 2


def test_a_model_is_saved_into_a_file_object():
    from keras.layers import Dense
    from keras.models import Sequential, load_model
    model, file = Sequential([Dense(2, input_shape=(3,))]), io.BytesIO()
    model.compile("sgd", "mse")
    model.save(file)
    file.seek(0)
    assert np.array_equal(load_model(file).get_weights()[0], model.get_weights()[0])


def test_skipgrams():
    from keras.preprocessing.sequence import skipgrams
    assert len(skipgrams([1, 2, 3], 4)[0]) == 12


def test_without_docstrings():
    done = child("import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-OO', '-W', 'ignore', '-c', "
                  "'import legacy, theano, keras; print(theano.tensor.exp(0.).eval())']))", THEANO_FLAGS="cxx=")
    assert done.stdout == "1.0\n"
