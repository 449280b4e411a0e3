"""The floor: the matrix products of an epoch of the report's MNIST network, and nothing else.

Any training of 784-512-512-10 in batches of 128 has to compute these: forwards and backwards for 60,000
digits, forwards for the 10,000 of the test. On one thread, with NumPy's BLAS. Prints seconds per epoch,
of the clock and of the processor: the medians of 5 epochs.

    python benchmarks/products.py
"""
import statistics
import sys
import time

import numpy as np
from threadpoolctl import threadpool_limits

EPOCHS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
LAYERS = [784, 512, 512, 10]
BATCH = 128
TRAIN, TEST = -(-60000 // BATCH), -(-10000 // BATCH)   # batches

rng = np.random.default_rng(0)


def array(*shape):
    return rng.standard_normal(shape, np.float32)


weights = [array(*pair) for pair in zip(LAYERS, LAYERS[1:])]
values = [array(BATCH, units) for units in LAYERS]              # of each layer, the input first
errors = [array(BATCH, units) for units in LAYERS]              # gradients of the same
gradients = [np.empty_like(matrix) for matrix in weights]


def forward():
    for matrix, x, y in zip(weights, values, values[1:]):
        np.matmul(x, matrix, out=y)


def backward():
    for number, (matrix, gradient) in enumerate(zip(weights, gradients)):
        np.matmul(values[number].T, errors[number + 1], out=gradient)
        if number:                                              # the digits need no gradient
            np.matmul(errors[number + 1], matrix.T, out=errors[number])


with threadpool_limits(1):
    clock, processor = [], []
    for _ in range(EPOCHS + 1):
        begun = time.perf_counter(), time.process_time()
        for _ in range(TRAIN):
            forward()
            backward()
        for _ in range(TEST):
            forward()
        clock.append(time.perf_counter() - begun[0])
        processor.append(time.process_time() - begun[1])
        for matrix in (*values, *errors):                       # or they would grow out of float32
            matrix[:] = array(*matrix.shape)
print(f"{statistics.median(clock[1:]):.3f} s of the clock, {statistics.median(processor[1:]):.3f} s of the processor")
