"""Exercise 2a: the MNIST network, and what five modifications do to it.

The original is 784-512-512-10 with ReLU and dropout 0.2, from Keras's examples; twelve
trainings of 20 epochs in all, several at once, one core each. Item by item, look at:
  i    a quarter of the training data: a slower curve, and test accuracy about 97 %
  ii   one hidden layer: hardly a difference, contrary to what the report's author expected
  iii  sigmoid units: far slower, and still rising after epoch 10
  iv   dropout from 20 (the original itself) to 90 %: train falls with each step, test only at the very end
  v    no dropout: train almost perfect, test still above 98 %
"Train" is the accuracy on the training batches as they pass, with dropout at work.
A training that ended is kept in results/Ej2a_<variant>.h5 and not done again.
A full run prints last:

                   train      test   after 20 epochs
      original    99.51%    98.23%   Modelo original
             i    99.68%    96.59%   25% de datos de train
            ii    99.74%    98.44%   Utilizando solo una capa
           iii    99.19%    98.38%   Utilizando unidades sigmoideas
         iv_20    99.51%    98.23%   Dropout = 20%
         iv_30    99.23%    98.46%   Dropout = 30%
         iv_40    98.85%    98.43%   Dropout = 40%
         iv_50    98.30%    98.30%   Dropout = 50%
         iv_60    97.58%    97.97%   Dropout = 60%
         iv_70    96.29%    97.66%   Dropout = 70%
         iv_80    93.82%    96.95%   Dropout = 80%
         iv_90    85.22%    93.06%   Dropout = 90%
             v    99.86%    98.12%   Eliminando el dropout
"""
import legacy  # before keras

import TP1
from tp2 import cli, figures, files, network, trainings

# What each training changes of network.ORIGINAL, and what the report titles it.
VARIANTS = {
    "original": ({}, "Modelo original"),
    "i": ({"train_fraction": 0.25}, "25% de datos de train"),
    "ii": ({"hidden": [512]}, "Utilizando solo una capa"),
    "iii": ({"activation": "sigmoid"}, "Utilizando unidades sigmoideas"),
    "iv_20": ({"dropout": 0.2}, "Dropout = 20%"),
    "iv_30": ({"dropout": 0.3}, "Dropout = 30%"),
    "iv_40": ({"dropout": 0.4}, "Dropout = 40%"),
    "iv_50": ({"dropout": 0.5}, "Dropout = 50%"),
    "iv_60": ({"dropout": 0.6}, "Dropout = 60%"),
    "iv_70": ({"dropout": 0.7}, "Dropout = 70%"),
    "iv_80": ({"dropout": 0.8}, "Dropout = 80%"),
    "iv_90": ({"dropout": 0.9}, "Dropout = 90%"),
    "v": ({"dropout": 0.0}, "Eliminando el dropout"),
}
SAME = {"iv_20": "original"}  # equal settings and seed, so equal numbers: trained once
ITEMS = {item: [name for name in VARIANTS if name.split("_")[0] == item] for item in ("i", "ii", "iii", "iv", "v")}


def main():
    parser = cli.Parser(__doc__)
    parser.add_argument("item", nargs="?", choices=["all", *ITEMS], default="all",
                        help="which item to run (default: all)")
    network.add_flags(parser, "each training")
    parser.add_whole("--jobs", trainings.cores(), "trainings at once, by default one per core; changes no number")
    arguments = parser.parse()

    # Train the original and the variants of the items asked for
    items = list(ITEMS) if arguments.item == "all" else [arguments.item]
    names = ["original"] + [name for item in items for name in ITEMS[item]]
    settings = {name: network.settings_for(VARIANTS[name][0], arguments.epochs, arguments.seed, arguments.samples)
                for name in names}
    histories = trainings.histories({name: settings[name] for name in names if name not in SAME}, arguments.results,
                                    TP1.load_mnist, arguments.jobs, arguments.force)
    histories.update({name: histories[SAME[name]] for name in names if name in SAME})

    # Results
    print(f"{'':>10}{'train':>10}{'test':>10}   after {arguments.epochs} epochs")
    for name in names:
        print(f"{name:>10}{histories[name]['accuracy'][-1]:>10.2%}{histories[name]['val_accuracy'][-1]:>10.2%}"
              f"   {VARIANTS[name][1]}")
    caveats = network.caveats(arguments.epochs, arguments.samples)
    for item in items:
        figure(item, histories, arguments.results, caveats)
        members = ["original"] + ITEMS[item]
        files.save_metrics(
            arguments.results, f"Ej2a_{item}",
            {"origin": "real", "name": "MNIST", "train": arguments.samples, "test": 10000},
            {name: settings[name] for name in members},
            {name: {"test_correct": round(10000 * histories[name]["val_accuracy"][-1]), "test_total": 10000}
             for name in members},
            {name: {key: files.rounded(values) for key, values in histories[name].items()} for name in members})
    if "iv" in items:
        dropout_summary(histories, arguments.results, caveats)


def figure(item, histories, results, caveats):
    """Ej2a_<item>.png: the original beside the modification, or the grid of eight dropouts."""
    names = ITEMS[item] if item == "iv" else ["original"] + ITEMS[item]
    columns = 4 if item == "iv" else 2
    rows = -(-len(names) // columns)
    drawing, axes = figures.figure(rows, columns, 5 * columns if rows == 1 else 4 * columns, 4.2 * rows)
    for place, name in zip(axes.flat, names):
        figures.accuracy_panel(place, VARIANTS[name][1], histories[name])
    figures.save_figure(drawing, results, f"Ej2a_{item}", *caveats)


def dropout_summary(histories, results, caveats):
    """Ej2a_dropout.png: final accuracy against the dropout rate, which the report tells in words."""
    names = [name for name in ["v"] + ITEMS["iv"] if name in histories]
    rates = [VARIANTS[name][0]["dropout"] for name in names]
    drawing, axes = figures.figure(1, 2, 11, 4.4)
    figures.dropout_panels(*axes.flat, rates, [histories[name] for name in names])
    figures.save_figure(drawing, results, "Ej2a_dropout", *caveats)


if __name__ == "__main__":
    cli.run(main)
