"""Exercise 2a's trainings: which there are, what each changes, and the report's curves of them."""
import json
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from .cli import SEED, InputError

REPORT_CURVES = Path(__file__).with_name("report_curves.json")

# The original. "trainings_before": how many ran before it in the same go of iv, whose random numbers go on where
# theirs ended.
ORIGINAL = {"hidden": [512, 512], "activation": "relu", "dropout": 0.2, "train_fraction": 1.0, "trainings_before": 0,
            "epochs": 20, "samples": 60000, "batch_size": 128, "seed": SEED}


class Variant(NamedTuple):
    """A training: its item, what it changes of ORIGINAL, its title, and whether a figure of the report shows it."""
    item: str
    changes: dict
    title: str
    shown: bool = True


VARIANTS = {
    "original": Variant("", {}, "Modelo original"),
    "i": Variant("i", {"train_fraction": 0.25}, "25% de datos de train"),
    "ii": Variant("ii", {"hidden": [512]}, "Utilizando solo una capa"),
    "ii_quarter": Variant("ii", {"hidden": [512], "train_fraction": 0.25}, "Una capa, 25% de los datos", shown=False),
    "iii": Variant("iii", {"activation": "sigmoid"}, "Utilizando unidades sigmoideas"),
    "iv_30": Variant("iv", {"dropout": 0.3, "trainings_before": 1}, "Dropout = 30%"),
    "iv_40": Variant("iv", {"dropout": 0.4, "trainings_before": 2}, "Dropout = 40%"),
    "iv_50": Variant("iv", {"dropout": 0.5}, "Dropout = 50%"),
    "iv_60": Variant("iv", {"dropout": 0.6, "trainings_before": 1}, "Dropout = 60%"),
    "iv_70": Variant("iv", {"dropout": 0.7, "trainings_before": 2}, "Dropout = 70%"),
    "iv_80": Variant("iv", {"dropout": 0.8}, "Dropout = 80%"),
    "iv_90": Variant("iv", {"dropout": 0.9, "trainings_before": 1}, "Dropout = 90%"),
    "v": Variant("v", {"dropout": 0.0}, "Eliminando el dropout"),
}
# The trainings of each item, the original first.
ITEMS = {item: ["original", *(name for name in VARIANTS if VARIANTS[name].item == item)]
         for item in ("i", "ii", "iii", "iv", "v")}


@dataclass
class Curve:
    """How many images were classified correctly after each epoch, of how many.

    train: on the training batches as they pass, dropout at work; test: on the test images. Losses and
    train_correct_whole (the training images that the whole network classifies correctly in the end) are not known of
    the report's trainings.
    """
    train_correct: list
    train_total: int
    test_correct: list
    test_total: int
    train_loss: list = None
    test_loss: list = None
    train_correct_whole: int = None

    @property
    def train(self):
        """Accuracies on the training batches, one per epoch."""
        return [count / self.train_total for count in self.train_correct]

    @property
    def test(self):
        """Accuracies on the test images, one per epoch."""
        return [count / self.test_total for count in self.test_correct]

    @property
    def train_whole(self):
        """The accuracy of the whole network on its training images."""
        return self.train_correct_whole / self.train_total

    def compared(self, report):
        """The differences to another curve, of as many epochs as both have: [(epoch from 1, "train" or "test",
        difference of the counts)]; empty if another number of images was counted."""
        if (self.train_total, self.test_total) != (report.train_total, report.test_total):
            return []
        return [(epoch, part, ours - theirs) for part in ("train", "test") for epoch, (ours, theirs) in enumerate(
            zip(getattr(self, f"{part}_correct"), getattr(report, f"{part}_correct")), 1)]


def report_curves(path=REPORT_CURVES):
    """The curves of the report's twelve trainings, read back from the figures in its PDF: {name: Curve}.

    InputError if the project's own copy is missing or damaged.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        curves = {name: Curve(**curve) for name, curve in content["curves"].items()}
        for curve in curves.values():
            for shares in (curve.train, curve.test):
                if len(shares) != ORIGINAL["epochs"] or max(shares) > 1:
                    raise ValueError("a curve does not have 20 counts")
        return curves
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}, the report's curves, can't be used ({type(error).__name__}: {error}): get the "
                         "project's own copy back (git checkout tp2/report_curves.json).") from error
