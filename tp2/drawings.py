"""The embedded default: drawings of airplanes and motorbikes, where Caltech101 can't be had.

They let Ej1b_ii and Ej2b run anywhere, with JPEG files in folders as Caltech101 has them.
What is measured on them says nothing about the report, and every output says so.
"""
import hashlib
import shutil
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import draw, filters
from tqdm import tqdm

from .files import atomic_write

MARKER = "DRAWN_SAMPLE.txt"  # in a sample's root folder, so that it can't pass for photographs
COUNT = 400                  # per category: half of what Caltech101 has
SEED = 2016

# Outlines in a box from -1 to 1, x to the right and y down.
FUSELAGE = [(-1, 0.02), (-0.85, -0.1), (0.7, -0.12), (1, 0.02), (0.85, 0.1), (-0.8, 0.1)]
AIRPLANE_PARTS = [
    [(-0.95, -0.05), (-1, -0.42), (-0.82, -0.42), (-0.62, -0.1)],   # tail fin
    [(0.25, 0.02), (-0.1, 0.02), (-0.5, 0.42), (-0.32, 0.42)],      # near wing
    [(0.2, -0.08), (-0.02, -0.08), (-0.22, -0.3), (-0.12, -0.3)],   # far wing
]
MOTORBIKE_PARTS = [
    [(-0.6, 0.4), (-0.2, -0.05), (0.25, -0.05), (0.35, 0.3), (-0.1, 0.42)],       # engine
    [(-0.75, -0.15), (-0.1, -0.2), (0, -0.02), (-0.6, 0)],                        # seat
    [(-0.05, -0.22), (0.3, -0.32), (0.42, -0.12), (0, -0.02)],                    # tank
    [(0.68, 0.42), (0.6, 0.42), (0.28, -0.5), (0.36, -0.5)],                      # fork
    [(0.12, -0.58), (0.4, -0.52), (0.4, -0.44), (0.1, -0.5)],                     # handlebar
]
WHEELS = [(-0.62, 0.42), (0.64, 0.42)]


def _background(random, height, width):
    """A sky-like gradient between two colours, with some blurred blocks, (h, w, 3) float."""
    top, bottom = random.uniform(0.25, 1, (2, 3))
    ramp = np.linspace(0, 1, height)[:, np.newaxis, np.newaxis]
    image = np.tile(top * (1 - ramp) + bottom * ramp, (1, width, 1))
    for _ in range(random.integers(0, 7)):
        row, column = random.integers(0, height), random.integers(0, width)
        tall, wide = random.integers(8, 70, 2)
        image[row:row + tall, column:column + wide] = random.uniform(0, 1, 3)
    return filters.gaussian(image, random.uniform(0.5, 4), channel_axis=2)


def draw_image(category, random):
    """One drawing: "airplanes" or "Motorbikes" -> (h, w, 3) uint8.

    random: a numpy Generator, from which size, position, angle, direction, colours, background and
    noise come.
    """
    height, width = random.integers(140, 220), random.integers(240, 320)
    image = _background(random, height, width)
    angle = np.deg2rad(random.normal(0, 6))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    size = random.uniform(0.24, 0.48) * min(width, 1.6 * height)
    centre = np.array([width, height]) * random.uniform(0.42, 0.58, 2)
    mirror = np.array([random.choice([-1, 1]), 1])

    def to_pixels(points):
        """Points of the unit box -> rows and columns of the picture."""
        x, y = ((np.array(points) * mirror) @ turn.T * size + centre).T
        return y, x

    def fill(points, colour):
        rows, columns = draw.polygon(*to_pixels(points), (height, width))
        image[rows, columns] = colour

    body, detail = random.uniform(0, 1, (2, 3))
    if category == "airplanes":
        for part in AIRPLANE_PARTS:
            fill(part, detail)
        fill(FUSELAGE, body)
        for x in np.linspace(-0.6, 0.6, 13):
            fill([(x, -0.05), (x + 0.04, -0.05), (x + 0.04, 0), (x, 0)], 0.5 * body)
    else:
        for wheel in WHEELS:
            (row,), (column,) = to_pixels([wheel])
            for radius, colour in ((0.34, 0.1 * detail), (0.24, image[int(row) % height, int(column) % width]),
                                   (0.06, detail)):
                rows, columns = draw.disk((row, column), radius * size, shape=(height, width))
                image[rows, columns] = colour
        for part in MOTORBIKE_PARTS:
            fill(part, body + random.uniform(-0.15, 0.15, 3))
    image = filters.gaussian(image, 0.7, channel_axis=2)
    image += random.normal(0, random.uniform(0.01, 0.16), image.shape)
    return (image.clip(0, 1) * 255).astype(np.uint8)


def sample(folder, count=COUNT, seed=SEED):
    """The sample's root folder below `folder`, drawn if it isn't there; the same for the same seed.

    It holds airplanes/image_0001.jpg ... and Motorbikes/..., `count` each, and MARKER; all of it or
    nothing. InputError where there is no room for it.
    """
    version = hashlib.blake2b(Path(__file__).read_bytes(), digest_size=4).hexdigest()
    root = Path(folder) / f"drawn-sample-{seed}-{count}-{version}"  # drawn again where this file has changed
    if not (root / MARKER).exists():  # it is written last
        shutil.rmtree(root, ignore_errors=True)
        with atomic_write(root) as part:
            for number, category in enumerate(("airplanes", "Motorbikes")):
                random = np.random.default_rng([seed, number])
                (part / category).mkdir(parents=True)
                for index in tqdm(range(1, count + 1), desc=f"Drawing {category}"):
                    picture = Image.fromarray(draw_image(category, random))
                    picture.save(part / category / f"image_{index:04}.jpg", quality=90)
            (part / MARKER).write_text("Drawings made by tp2/drawings.py; not photographs of Caltech101.\n")
    return root
