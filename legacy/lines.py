"""Single lines of Theano's and Keras's that ask NumPy, SciPy or h5py for what is gone: paths that are seldom taken.

Convolution and pooling without a compiler (also in FAST_COMPILE and DebugMode), DebugMode, Theano's own conv2d,
`model.save` into a file object. tests/test_legacy_names.py lists the names.
"""
import functools
import inspect
import re
import textwrap

# {module: {function: [(what stands in its source, what is to stand there), ...]}}
_LINES = {
    # NumPy 1.23: a list of slices no longer indexes as a tuple does.
    "theano.tensor.signal.pool": {
        "Pool.perform": [("yk[[", "yk[tuple(["), ("xrange(nd)]])", "xrange(nd)])])")],
        "AveragePoolGrad.perform": [("gxk[region_slice]", "gxk[tuple(region_slice)]")],
        "MaxPoolRop.perform": [("yk[[", "yk[tuple(["), ("xrange(nd)]]", "xrange(nd)])]")],
    },
    # NumPy 2: partition and argpartition no longer leave numbers in the same order; the gradient takes the second's.
    "theano.tensor.sort": {"_topk_py_impl": [
        ("np.partition(x, -k, axis=axis)[idx]",
         "np.take_along_axis(x, np.argpartition(x, -k, axis=axis)[tuple(idx)], axis)"), ("[idx]", "[tuple(idx)]")]},
    # NumPy 2: ndarray.itemset; NumPy 2.3: ndarray.tostring.
    "theano.compile.debugmode": {"_Linker.make_all": [("[0].itemset(dr_vals[r][0])", "[0][...] = dr_vals[r][0]")]},
    "theano.printing": {"hex_digest": [("tostring", "tobytes")]},
    # h5py 3: a file that is opened without a mode can't be written; File.fid.
    "keras.utils.io_utils": {"save_to_binary_h5py": [("'in-memory-h5py',", "'in-memory-h5py', 'w',"),
                                                     (".fid.", ".id.")]},
    # Python 3.12: randint takes no float.
    "keras_preprocessing.sequence": {"skipgrams": [("10e6", "int(10e6)")]},
}


def _edit(module):
    """Change the lines of a module's functions; each is compiled anew when it is first called."""
    for name, pairs in _LINES[module.__name__].items():
        owner = module
        *classes, name = name.split(".")
        for part in classes:
            owner = getattr(owner, part)
        setattr(owner, name, _edited(getattr(owner, name), pairs))


def _edited(function, pairs):
    @functools.cache
    def compiled():
        source = textwrap.dedent(inspect.getsource(function))
        for old, new in pairs:
            if old not in source:
                raise RuntimeError(f"{function.__qualname__} is another than Theano 1.0.5's or Keras 2.3.1's")
            source = source.replace(old, new)
        namespace = {}
        exec(compile(source, inspect.getfile(function), "exec"), function.__globals__, namespace)
        return namespace[function.__name__]

    @functools.wraps(function)
    def call(*arguments, **keywords):
        return compiled()(*arguments, **keywords)

    return call


def _convolve(module):
    """SciPy 1.8 made private what Theano's convolution in Python calls; its public functions do the same."""
    def convolve(*arguments):
        from scipy import signal
        return signal.convolve(*arguments)

    def convolve2d(image, kernel, _flip, mode, _boundary, _fill):
        from scipy import signal
        return signal.convolve2d(image, kernel, mode)

    module._valfrommode = module._bvalfromboundary = lambda name: name
    module._convolve2d, module.convolve = convolve2d, convolve
    module.imported_scipy_signal = True


def _conv_op(module):
    _convolve(module)
    # NumPy 2 has no noprefix.h; the C code uses none of its names.
    module.ConvOp.c_headers = lambda self: ["<iostream>", "<sstream>"]


def _batched_dot(blas):
    """Where no BLAS is linked, BatchedDot's C code can't be loaded ("undefined symbol: dgemm_"): NumPy multiplies."""
    plain = blas.BatchedDot.c_code

    def c_code(self, *arguments):
        if not blas.config.blas.ldflags:
            raise blas.theano.gof.utils.MethodNotDefined("c_code", type(self), "BatchedDot")
        return plain(self, *arguments)

    blas.BatchedDot.c_code = c_code


def _empty_matrices(blas):
    """Since NumPy 1.23 empty arrays have strides of 0, and Gemm ends with "some matrix has no unit stride"."""
    gemm, version = blas.GemmRelated, blas.GemmRelated.build_gemm_version
    gemm.encode_strides_in_unit = gemm.encode_strides_in_unit.replace("]==1", "]<=1")
    gemm.compute_strides = re.sub(r"\((N(.)\[(.)\]) > 1\)", r"(\1 > 1 && S\2[\3])", gemm.compute_strides)
    gemm.build_gemm_version = lambda self: (*version(self), "empty")


def _blas(module):
    _batched_dot(module)
    _empty_matrices(module)


def _docstring(module):
    """`python -OO` has no docstrings, to one of which each PatternSub adds."""
    module.PatternSub.__doc__ = module.PatternSub.__doc__ or ""


AROUND_IMPORT = {}
AFTER_IMPORT = {
    **dict.fromkeys(_LINES, _edit),
    "theano.tensor.blas": _blas,
    "theano.gof.opt": _docstring,
    "theano.tensor.nnet.abstract_conv": _convolve,
    "theano.tensor.nnet.conv": _conv_op,
}
