"""An epoch of the report's MNIST network, as Ej2a trains it: one training, one thread.

Prints seconds per epoch, of the clock and of the processor: the medians of some epochs after a first one.

    python benchmarks/epoch.py [EPOCHS]
"""
import legacy  # before keras
import machine2016

import runpy
import statistics
import sys
import time

import numpy as np
from keras.callbacks import Callback

from tp2 import cli, datasets

EPOCHS = int(sys.argv[1]) if len(sys.argv) > 1 else 5


class Clock(Callback):
    def on_train_begin(self, logs=None):
        self.clock, self.processor = [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.begun = time.perf_counter(), time.process_time()

    def on_epoch_end(self, epoch, logs=None):
        self.clock.append(time.perf_counter() - self.begun[0])
        self.processor.append(time.process_time() - self.begun[1])


(x, y), test = datasets.mnist()
np.random.seed(cli.SEED)
model = runpy.run_path(str(cli.ROOT / "keras" / "Ej2a.py"))["build"]([512, 512], "relu", 0.2)
clock = Clock()
model.fit(x, y, batch_size=128, epochs=EPOCHS + 1, verbose=0, validation_data=test, callbacks=[clock])
print(f"{statistics.median(clock.clock[1:]):.3f} s of the clock, "
      f"{statistics.median(clock.processor[1:]):.3f} s of the processor")
