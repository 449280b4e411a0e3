"""The training loop of exercise 1, kept inside Theano."""
import legacy

import numpy as np
import theano
import theano.tensor as T
from tqdm import tqdm


def evenly_on_log_axis(steps, count=1000):
    """At most `count` of the steps 1 ... `steps`, the first and the last among them, spaced evenly on a
    logarithmic axis (as far as whole numbers can be): int64, ascending."""
    return np.unique(np.geomspace(1, steps, count).round().astype(np.int64))


def train(steps, updates, record, step=None, watch=None, watch_at=(), threads=1):
    """Compile a training step, repeat it `steps` times behind a progress bar, return the curves.

    updates: a step's [(shared variable, its new value)]; record: symbolic scalars, whose values before
    each step's update make a vector (steps,) each, of their dtype; step: a shared int64 scalar, if the
    graph needs the number of steps done. With `watch`, a compiled function without inputs, it is called
    before each step of `watch_at` (ascending, from 1). threads: of its matrix products; more than one
    help from some ten million multiplications on.
    Returns (curves, what `watch` returned each time).

    The loop runs in Theano's C linker (`fn(n_calls=...)`, see gof/c_code/lazylinker_c.c), so that
    nothing returns to Python between two steps; hence the curves are filled by updates of their own.
    Without a C++ compiler it runs in Python.
    """
    legacy.blas_threads(threads)
    step = theano.shared(np.int64(0), name="step") if step is None else step
    curves = [theano.shared(np.zeros(steps, value.dtype)) for value in record]
    notes = [(curve, T.set_subtensor(curve[step], value)) for curve, value in zip(curves, record)]
    function = theano.function([], updates=updates + notes + [(step, step + 1)])
    watch_after = {int(at) - 1 for at in watch_at}  # so many steps
    watched = []
    with tqdm(total=steps, desc="Training", unit=" steps", mininterval=0.5) as bar:
        for pause in sorted({*watch_after, *range(0, steps, max(1, steps // 100)), steps}):
            _call(function, pause - bar.n)
            bar.update(pause - bar.n)
            if pause in watch_after:
                watched.append(watch())
    return [curve.get_value() for curve in curves], watched


def _call(function, times):
    """Call a compiled function without inputs; what it returns is dropped, its updates do the work."""
    try:
        if times:
            function.fn(n_calls=times)
    except TypeError:  # Theano's Python linker has no such argument
        for _ in range(times):
            function()
