"""The training loop: every step, every watch, with and without a compiler."""
import numpy as np
import theano

from tp2 import loop


def test_every_step_runs_and_the_watch_looks_in_between():
    x = theano.shared(np.int64(1))
    (curve,), watched = loop.train(25, [(x, 2 * x % 1009)], record=[x], watch=x.get_value, watch_at=[1, 2, 11, 25])
    expected = [2 ** step % 1009 for step in range(26)]
    assert curve.tolist() == expected[:25]                        # before each step
    assert watched == [expected[step - 1] for step in (1, 2, 11, 25)]
    assert x.get_value() == expected[25]


def test_the_graph_may_use_the_number_of_steps_done():
    step, total = theano.shared(np.int64(0)), theano.shared(np.int64(0))
    loop.train(10, [(total, total + step)], record=[], step=step)
    assert total.get_value() == sum(range(10)) and step.get_value() == 10


def test_steps_evenly_on_a_logarithmic_axis():
    for steps in (1, 2, 50, 10000):
        chosen = loop.evenly_on_log_axis(steps)
        assert chosen[0] == 1 and chosen[-1] == steps and (np.diff(chosen) > 0).all() and len(chosen) <= 1000
    assert chosen[:50].tolist() == list(range(1, 51))             # as close as whole numbers can be
    gaps = np.diff(np.log(chosen[chosen > 1000]))
    assert gaps.max() < 2 * gaps.min()
