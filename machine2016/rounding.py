"""How g++ 5 compiled Theano's modules for the student's processor."""
import theano
from theano.tensor.nnet import nnet, sigm


def _in_double(theirs):
    """For the c_code_template of Softmax and SoftmaxWithBias."""
    def c_code_template(dtype):
        return tuple(part.replace("exp(row_ij - row_max)", "::exp((double) (row_ij - row_max))")
                     for part in theirs(dtype))
    return staticmethod(c_code_template)


def install():
    """Have all modules compiled without fused multiply-add, and `exp` computed in double precision."""
    # Besides: what lets g++ vectorise square roots and branches, exactly.
    theano.config.gcc.cxxflags = " ".join(
        [theano.config.gcc.cxxflags, "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"])
    # The C header of g++ before 6 had no other exp than that of doubles.
    for op in nnet.Softmax, nnet.SoftmaxWithBias:
        op.c_code_template = _in_double(op.c_code_template)
        op.c_code_cache_version = staticmethod(lambda: (2016, 1))
    sigmoid = sigm.ScalarSigmoid
    code, version = sigmoid.c_code, sigmoid.c_code_cache_version
    sigmoid.c_code = lambda self, *args: code(self, *args).replace("exp(-", "::exp((double) -")
    sigmoid.c_code_cache_version = lambda self: (*version(self), 2016, 1)
