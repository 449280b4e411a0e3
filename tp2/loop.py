"""Training loops that stay in Theano: repeat a compiled step, noting values as it goes.

Shared by the scripts of exercise 1. The step itself (model, cost, gradient, updates) is in
each script; what is here spares it the return to Python between two calls.
"""
import numpy as np
import theano
import theano.tensor as T
from tqdm import tqdm


def noted(step, steps, *values):
    """Have a training function write down some scalars at every call.

    step: shared int64 scalar, the number of calls so far; steps: how many there will be;
    values: symbolic scalars. Returns a shared vector (steps,) for each value, of its dtype, and
    the updates that fill them and advance `step`.
    """
    curves = [theano.shared(np.zeros(steps, value.dtype)) for value in values]
    updates = [(curve, T.set_subtensor(curve[step], value)) for curve, value in zip(curves, values)]
    return curves, updates + [(step, step + 1)]


def repeat(function, times, label, every=None, look=None):
    """Call a compiled Theano `function` without inputs `times` times, behind a progress bar.

    The loop runs in Theano's C linker (`fn(n_calls=...)`, see gof/c_code/lazylinker_c.c), with
    no return to Python between two calls; without a C++ compiler it runs in Python. The
    function's outputs are dropped, its updates do the work. With `every` and `look`, `look()`
    is called before the first call and after each `every` calls; returns the list of what it
    returned, ceil(times / every) long.
    """
    every = every or max(1, times // 100)
    looks = []
    with tqdm(total=times, desc=label, unit=" steps", mininterval=0.5) as bar:
        while bar.n < times:
            if look:
                looks.append(look())
            calls = min(every, times - bar.n)
            try:
                function.fn(n_calls=calls)
            except TypeError:  # Theano's Python linker has no such argument
                for _ in range(calls):
                    function()
            bar.update(calls)
    return looks
