"""An epoch of the report's MNIST network, as Ej2a trains it: one training, one thread.

Prints seconds per epoch, of the clock and of the processor: the medians of 5 epochs after a first one.
TP2_PLAIN=1 leaves Theano and Keras without legacy's speed-ups.

    python benchmarks/epoch.py
"""
import legacy  # before keras

import statistics
import sys
import time

import numpy as np
from keras.callbacks import Callback

import TP1
from tp2 import network

EPOCHS = int(sys.argv[1]) if len(sys.argv) > 1 else 5


class Clock(Callback):
    def on_train_begin(self, logs=None):
        self.clock, self.processor = [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.begun = time.perf_counter(), time.process_time()

    def on_epoch_end(self, epoch, logs=None):
        self.clock.append(time.perf_counter() - self.begun[0])
        self.processor.append(time.process_time() - self.begun[1])


settings = network.settings_for({}, EPOCHS + 1, network.SEED, network.SAMPLES)
np.random.seed(settings["seed"])
model = network.build(settings["hidden"], settings["activation"], settings["dropout"])
clock = Clock()
network.fit(model, settings, TP1.load_mnist(), EPOCHS + 1, [clock])
print(f"{statistics.median(clock.clock[1:]):.3f} s of the clock, "
      f"{statistics.median(clock.processor[1:]):.3f} s of the processor")
