"""legacy.theano: flags and settings, and paths of Theano that are seldom taken, with numbers made by hand."""
import legacy

import json

import numpy as np
import pytest
import theano
import theano.tensor as T

from conftest import child

# --- Flags ------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["/home/o'brien/.theano", "/a, b#c", 'say "x"', "back\\slash", "-O3 -lm", "compiledir_%(device)s"])
def test_a_flags_value_is_what_theano_reads(value):
    from theano.configparser import parse_config_string
    flags = f"a={legacy.theano._quoted(value)},b=2"
    assert parse_config_string(flags) == {"a": value, "b": "2"} == legacy.theano._parsed(flags)


@pytest.mark.parametrize("flags, theanorc, words", [
    ("floatX=float99", "", "float99"), ("floatX='float32", "", "No closing quotation"), ("", "floatX = float64\n", "no section"),
    ("", "[global]\nmode = SLOW\n", "FAST_RUN"), ("base_compiledir=/proc/x", "", "/proc/x"), ("cxx=/no/g++", "", "/no/g++")])
def test_settings_that_theano_does_not_take_are_a_sentence(tmp_path, flags, theanorc, words):
    (tmp_path / "rc").write_text(theanorc)
    done = child("import legacy, theano", fails=True, THEANO_FLAGS=flags, THEANORC=str(tmp_path / "rc"))
    assert done.returncode == 2 and words in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr


def test_another_error_while_theano_is_imported_is_not_called_a_setting():
    done = child("import legacy, sys, types\nfake = types.ModuleType('scipy')\n"
                 "def fail(name): raise ValueError('numpy.dtype size changed')\n"
                 "fake.__getattr__ = fail\nsys.modules['scipy'] = sys.modules['scipy.sparse'] = fake\nimport theano", fails=True)
    assert "Traceback" in done.stderr and "size changed" in done.stderr and "THEANO_FLAGS" not in done.stderr


def test_a_free_threaded_python_is_refused_in_a_sentence():
    done = child("import sysconfig; sysconfig.get_config_vars()['Py_GIL_DISABLED'] = 1\nimport legacy, theano", fails=True)
    assert done.returncode == 2 and "free-threaded" in done.stderr and len(done.stderr.splitlines()) == 1


# --- Theano -----------------------------------------------------------------------------

def test_convolution_pooling_and_top_k_without_a_compiler():
    done = child("""
import legacy, json, warnings
warnings.simplefilter("ignore")
import numpy as np, theano, theano.tensor as T
from theano.tensor.signal.pool import pool_2d
from theano.tensor.sort import topk
x, w = T.tensor4(), T.tensor4()
ones, count = np.ones((1, 1, 5, 5), "float32"), np.arange(16, dtype="float32").reshape(1, 1, 4, 4)
convolved, largest = T.nnet.conv2d(x, w).sum(), pool_2d(x, (2, 2), True)
mean = pool_2d(x, (2, 2), True, mode="average_exc_pad")

def value(output, at, weights=ones[:, :, :3, :3], **more):
    return theano.function([x, w], output, on_unused_input="ignore", **more)(at, weights).tolist()
print(json.dumps([
    value(convolved + T.grad(convolved, w).sum(), ones), value(T.nnet.conv2d(x, w, border_mode="full")[0, 0, 0], ones),
    value(largest[0, 0], count), value(T.grad(mean.sum(), x)[0, 0, 0], count), value(T.Rop(largest, x, w)[0, 0], count, 2 * count),
    sorted(value(topk(x[0, 0], 2, sorted=False)[0], count)), value(convolved, ones, mode="DebugMode")]))""", THEANO_FLAGS="cxx=")
    assert json.loads(done.stdout) == [162, [1, 2, 3, 3, 3, 2, 1], [[5, 7], [13, 15]], [0.25] * 4, [[10, 14], [26, 30]], [2, 3], 81]


def test_debugmode_updates_a_number_in_place():
    count = theano.shared(np.float32(2))
    theano.function([], [], updates=[(count, count + 1)], mode=theano.compile.DebugMode(check_c_code=False))()
    assert count.get_value() == 3


def test_top_k_has_the_order_of_its_indices():
    from theano.tensor.sort import argtopk, topk
    x, values = T.dvector(), np.random.RandomState(0).permutation(1000) / 2
    largest, at = (theano.function([x], f(x, 500, sorted=False))(values) for f in (topk, argtopk))
    assert (largest == values[at]).all()


def test_the_digest_of_an_array():
    assert theano.printing.hex_digest(np.arange(2.)).endswith("|strides=[8]|shape=[2]")


def test_theanos_first_conv2d_and_batched_dot_compile():
    """Without numpy/noprefix.h, and where no BLAS is linked."""
    from theano.tensor.nnet import conv
    x, w, y = T.tensor4(), T.tensor4(), T.tensor3()
    with pytest.warns(UserWarning, match="deprecated"):
        convolved = conv.conv2d(x, w, image_shape=(1, 1, 5, 5), filter_shape=(1, 1, 3, 3))
    got = theano.function([x, w, y], [convolved.sum(), T.batched_dot(y, y)])(
        np.ones((1, 1, 5, 5), "float32"), np.ones((1, 1, 3, 3), "float32"), np.ones((2, 3, 3), "float32"))
    assert got[0] == 81 and got[1].tolist() == [[[3.0] * 3] * 3] * 2


@pytest.mark.slow
@pytest.mark.parametrize("imported", ["legacy", "legacy.fast.all"])
def test_a_product_with_an_empty_matrix_is_added(imported):
    child(f"import {imported}" + """
import numpy as np, theano
x, y = theano.tensor.fmatrices("xy")
z = theano.shared(np.ones((3, 5), "float32"))
add = theano.function([x, y], [], updates=[(z, np.float32(2) * z + theano.tensor.dot(x, y))])
assert [type(node.op).__name__ for node in add.maker.fgraph.apply_nodes] == ["Gemm"]
for rows, k, columns in (3, 0, 5), (0, 4, 5), (3, 4, 0):
    z.set_value(np.ones((rows, columns), "float32"))
    add(np.ones((rows, k), "float32"), np.ones((k, columns), "float32"))
    assert z.get_value().tolist() == [[2.] * columns] * rows""")
