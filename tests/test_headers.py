"""legacy.headers: what every module includes is read by g++ once."""
import legacy

import sys

import pytest
import theano
from test_legacy import python

pytestmark = pytest.mark.skipif(not theano.config.cxx or not legacy.FAST or sys.platform != "linux", reason="not there")

# Prints "! <the precompiled header>" for each module that g++ takes it for.
COMPILE = """
import legacy, theano
from theano.gof import cmodule
plain = cmodule.output_subprocess_Popen
def heard(command):
    answer = plain([*command, "-H"])
    print(*(line for line in answer[1].decode().splitlines() if line.startswith(("!", "x"))), sep="\\n")
    return answer
cmodule.output_subprocess_Popen = heard
x = theano.tensor.vector(dtype="float32")
assert theano.function([x], x {0} 3)([1.5]) == 1.5 {0} 3
"""


def test_modules_take_the_precompiled_header_a_broken_one_is_made_anew_and_without_it_goes_too(tmp_path):
    flags = f"base_compiledir={tmp_path}"
    assert ".h.gch" in python(COMPILE.format("*"), THEANO_FLAGS=flags).stdout
    precompiled, = tmp_path.glob("*/headers-*.gch")
    content = precompiled.read_bytes()
    precompiled.write_bytes(content[:len(content) // 2])
    assert f"! {precompiled}" in python(COMPILE.format("+"), THEANO_FLAGS=flags).stdout
    assert precompiled.stat().st_size == pytest.approx(len(content), rel=0.01)

    precompiled.unlink()
    (precompiled / "in the way").mkdir(parents=True)
    done = python(COMPILE.format("-"), THEANO_FLAGS=flags)
    assert "!" not in done.stdout and not done.stderr
    assert not [*tmp_path.glob("*/*/part")]
