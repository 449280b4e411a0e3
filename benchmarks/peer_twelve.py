"""Ej2a's twelve trainings on the peer, Keras 3, one after the other, with import and data.

As peer_epoch.py, in the same minutes as `time python keras/Ej2a.py --force`:

    KERAS_BACKEND=jax python benchmarks/peer_twelve.py [EPOCHS] [FILE]
"""
import time

begun = time.perf_counter()
import sys

import keras
from peer_epoch import digits, network

EPOCHS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
CHANGES = [{}, {"fraction": 0.25}, {"hidden": (512,)}, {"activation": "sigmoid"},
           *({"dropout": tenths / 10} for tenths in range(3, 10)), {"dropout": 0.0}]

(x, y), test = digits()
for change in CHANGES:
    start = time.perf_counter()
    keras.utils.set_random_seed(1337)
    count = int(change.pop("fraction", 1) * len(x))
    history = network(**change).fit(x[:count], y[:count], batch_size=128, epochs=EPOCHS, verbose=0,
                                    validation_data=test).history
    print(f"{change or count}: {time.perf_counter() - start:.1f} s, test {history['val_accuracy'][-1]:.2%}", flush=True)
print(f"{keras.config.backend()}: twelve trainings of {EPOCHS} epochs in {time.perf_counter() - begun:.1f} s")
