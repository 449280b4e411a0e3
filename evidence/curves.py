"""The figures in the report's PDF against our trainings, pixel by pixel.

python evidence/curves.py INFORME.pdf [--results FOLDER] [--sensitivity] [--read]

INFORME.pdf is the student's report, "TP2/Informe - Tenaglia Felipe.pdf" in the repository felitenaglia/deep-learning.
Its figures are pictures of 800x600 pixels, stored without loss. Each is drawn again from the counts in results/ and
compared within the plot area, without the legend's box. The letters outside are set by another matplotlib.
  --sensitivity  moves each number by one, up and down, and prints those that change no pixel
  --read         reads the numbers from the PDF's pixels alone, and compares them with ours
Exit code 1 if a pixel differs, or a number that was read.
"""
import json
import sys
from pathlib import Path

import numpy as np

from tp2 import cli, figures

REPORT = '"TP2/Informe - Tenaglia Felipe.pdf" of the repository felitenaglia/deep-learning'
# In the order of the PDF. "iv_20", 20 % of dropout, is the original once more.
NAMES = ["original", "i", "ii", "iii", "iv_20", *(f"iv_{rate}" for rate in range(30, 100, 10)), "v"]
PARTS, EPOCHS = {"train": 0, "test": 2}, 20  # the colour channel of a part's line: red, blue
LEFT, WIDTH = 100, 31  # the column of the first epoch, and how many to the next
AREA = np.zeros((600, 800, 1), bool)
AREA[61:540, 101:720] = True
AREA[458:536, 578:718] = False  # the legend's box, with room for other fonts


def pictures(path):
    """The plot areas of the report's figures, {name: int16 (600, 800, 3)}. InputError if `path` is not the report."""
    try:
        from pypdf import PdfReader
    except ImportError as error:
        raise cli.InputError("reading a PDF needs one more package: python -m pip install pypdf.") from error
    try:
        found = [image.image.convert("RGB") for page in PdfReader(path).pages for image in page.images]
    except Exception as error:  # pypdf and Pillow raise almost anything for a damaged file
        raise cli.InputError(f"{path} can't be read as a PDF ({error}): give {REPORT}.") from error
    found = list({image.tobytes(): np.array(image) for image in found if image.size == (800, 600)}.values())
    if len(found) != len(NAMES):
        raise cli.InputError(f"{path} has {len(found)} different pictures of 800x600 pixels, not {len(NAMES)}: "
                             f"give {REPORT}.")
    return {name: plot_area(picture) for name, picture in zip(NAMES, found)}


def plot_area(pixels):
    """A figure's uint8 pixels as int16, so that they can be subtracted; outside the plot area 0."""
    return pixels * AREA.astype(np.int16)


def counts(folder):
    """Our trainings, {name: {"train": counts, "test": counts, "train_total": images, "test_total": images}}."""
    curves = {}
    for item in ("i", "ii", "iii", "iv", "v"):
        path = folder / f"Ej2a_{item}.json"
        try:
            metrics = json.loads(path.read_text(encoding="utf-8"))
            for name, history in metrics["history"].items():
                curves[name] = {part: np.array(history[f"{part}_correct"], int) for part in PARTS}
                curves[name] |= {f"{part}_total": metrics["results"][name][f"{part}_total"] for part in PARTS}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise cli.InputError(f"{path} can't be used ({type(error).__name__}: {error}): run `python keras/Ej2a.py` "
                                 "first.") from error
    return {**curves, "iv_20": curves["original"]}


def draw(name, curve):
    """The plot area of a curve's figure in the report's style: int16 (600, 800, 3)."""
    train, test = (curve[part] / curve[f"{part}_total"] for part in PARTS)
    return plot_area(figures.report_style("", train, test, figures.MOVED.get(name, 0)))


def misfit(picture, name, curve):
    """How far a curve's drawing is from a picture around each epoch: sums of absolute differences, (20,).

    That is from the epoch before to the one after, and two pixels of the joints there.
    """
    columns = np.abs(draw(name, curve) - picture).sum(axis=(0, 2))
    middles = LEFT + WIDTH * np.arange(EPOCHS)
    return np.array([columns[middle - WIDTH - 2:middle + WIDTH + 2].sum() for middle in middles])


def with_moves(name, curve, picture):
    """Move each number by one: yields (part, which numbers, the moved curve, its misfit at them).

    Every fourth number at once: so far apart, they share no pixel.
    """
    for part in PARTS:
        for chosen in (np.arange(EPOCHS) % 4 == first for first in range(4)):
            for step in (-1, 1):
                moved = {**curve, part: curve[part] + step * chosen}
                yield part, chosen, moved, misfit(picture, name, moved)


def undetermined(name, curve):
    """The numbers that can change without a pixel changing: {(part, epoch from 1): (lowest, highest)}."""
    picture, found = draw(name, curve), {}
    for part, chosen, _, difference in with_moves(name, curve, picture):
        for epoch in np.flatnonzero(chosen & (difference == 0)):
            ends = []
            for step in (-1, 1):
                moved = {**curve, part: curve[part].copy()}
                while not misfit(picture, name, moved).any():
                    moved[part][epoch] += step
                ends.append(int(moved[part][epoch]) - step)
            found[part, int(epoch) + 1] = tuple(ends)
    return found


def straight(name, picture):
    """A picture's accuracies as a ruler would find them, to a tenth of a pixel: {"train": (20,), "test": (20,)}."""
    accuracies = {}
    for part, channel in PARTS.items():
        # The line's share of each pixel; 0 where it is mixed with the other line, or black.
        cover = np.where(AREA[..., 0] & (picture[..., channel] == 255), 1 - picture[..., 1] / 255, 0)
        rows = [[] for _ in range(EPOCHS)]  # of each epoch, from the segments on both its sides
        for epoch in range(EPOCHS - 1):
            x = np.arange(LEFT + WIDTH * epoch + 3, LEFT + WIDTH * (epoch + 1) - 1)
            share = cover[:, x].sum(axis=0)
            x = x[(share > 1) & (share > 0.95 * share.max()) & (cover[536:, x].sum(axis=0) == 0)]  # the whole line
            if len(x) >= 2:
                line = np.polyfit(x, np.arange(600) @ cover[:, x] / cover[:, x].sum(axis=0), 1)
                for end in (epoch, epoch + 1):
                    rows[end].append(np.polyval(line, LEFT + WIDTH * end - 0.5))
        known = [epoch for epoch in range(EPOCHS) if rows[epoch]]
        row = np.interp(range(EPOCHS), known, [np.mean(rows[epoch]) for epoch in known])
        accuracies[part] = 0.7 + figures.MOVED.get(name, 0) + 0.3 * (539.5 - row) / 480
    return accuracies


def read(name, picture, totals):
    """A figure's numbers from its pixels alone, as a curve; totals: {"train_total": images, "test_total": images}."""
    target = shares = straight(name, picture)
    for _ in range(5):  # the ruler's error is what it finds in a drawing of the numbers that it gave
        curve = {**totals, **{part: np.rint(shares[part] * totals[f"{part}_total"]).astype(int) for part in PARTS}}
        best = misfit(picture, name, curve)
        if not best.any():
            return curve
        found = straight(name, draw(name, curve))
        shares = {part: curve[part] / curve[f"{part}_total"] + target[part] - found[part] for part in PARTS}
    while best.any():  # lines that cross hide each other from the ruler: downhill, the steepest step first
        gain, part, moved, better = max(
            (((best - difference)[better := chosen & (difference < best)].sum(), part, moved, better)
             for part, chosen, moved, difference in with_moves(name, curve, picture)), key=lambda step: step[0])
        if gain == 0:
            break
        curve[part] = np.where(better, moved[part], curve[part])
        best = misfit(picture, name, curve)
    return curve


def compare(name, picture, curve):
    """Print how many pixels of a figure differ, and near which epochs; returns the number."""
    different = (draw(name, curve) != picture).any(axis=2)
    epochs = np.unique(np.rint((np.flatnonzero(different.any(axis=0)) - LEFT) / WIDTH).astype(int) + 1)
    print(f"{name:>10}{different.sum():8}", f"  near epochs {', '.join(map(str, epochs))}" if len(epochs) else "")
    return int(different.sum())


def main():
    parser = cli.Parser(__doc__)
    parser.add_argument("report", metavar="INFORME.pdf", help="the student's report")
    parser.add_argument("--results", type=Path, default=cli.ROOT / "results", help="our results (default: results/)")
    parser.add_argument("--sensitivity", action="store_true", help="which numbers change no pixel when moved by one")
    parser.add_argument("--read", action="store_true", help="find the numbers from the pixels alone")
    arguments = parser.parse_args()
    report, ours = pictures(arguments.report), counts(arguments.results)

    print(f"Pixels that differ, of {AREA.sum():,} in each figure's plot area:")
    different = sum(compare(name, report[name], ours[name]) for name in NAMES)
    trainings = [name for name in NAMES if name != "iv_20"]
    numbers = 2 * EPOCHS * len(trainings)
    if arguments.sensitivity:
        free = {(name, *number): ends for name in trainings for number, ends in undetermined(name, ours[name]).items()}
        print(f"{numbers - len(free)} of {numbers} numbers change a pixel when moved by one, up or down.")
        for (name, part, epoch), (low, high) in free.items():
            number = ours[name][part][epoch - 1]
            print(f"Not {name}'s {part} of epoch {epoch}, {number}: from {low} to {high} no pixel differs.")
    if arguments.read:
        print("Read from the pixels alone:")
        for name in trainings:
            found = read(name, report[name], {key: ours[name][key] for key in ours[name] if key.endswith("_total")})
            free = undetermined(name, found)
            for part in PARTS:
                print(f"{name:>10} {part:5}", *found[part])
                for epoch in np.flatnonzero(found[part] != ours[name][part]):
                    low, high = free.get((part, epoch + 1), [found[part][epoch]] * 2)
                    print(f"{'':16} epoch {epoch + 1}: any from {low} to {high}; ours is {ours[name][part][epoch]}")
                    different += not low <= ours[name][part][epoch] <= high
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    cli.run(main)
