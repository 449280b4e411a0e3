"""The preprocessing against values by hand, the loading of folders, the cache, the split."""
import numpy as np
import pytest
from PIL import Image

import TP1
from tp2 import cli, datasets


def random_image(height, width, channels=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


def test_to_rgb_replicates_grey_and_drops_alpha():
    grey = np.array([[1, 2]], np.uint8)
    assert TP1.to_rgb(grey).tolist() == [[[1, 1, 1], [2, 2, 2]]]
    assert TP1.to_rgb(grey[:, :, None]).tolist() == [[[1, 1, 1], [2, 2, 2]]]
    assert TP1.to_rgb(np.array([[[7, 99]]])).tolist() == [[[7, 7, 7]]]         # grey and alpha
    assert TP1.to_rgb(np.array([[[1, 2, 3, 99]]])).tolist() == [[[1, 2, 3]]]   # RGBA


# 2x2 pixels in, 2x2 pixels out: nothing is resized, and each step can be followed on paper.
R, G, B = [[0.0, 1.0], [0.0, 1.0]], [[0.4, 0.6], [0.6, 0.4]], [[0.3, 0.3], [0.3, 0.3]]
BY_HAND = {
    "stretched from least to greatest": (np.array([[0.2, 0.2], [0.3, 0.6]]), [0, 0, 0.25, 1]),
    "bytes": (np.array([[10, 10], [20, 50]], np.uint8), [0, 0, 0.25, 1]),
    "16 bits": (np.array([[1000, 1000], [2000, 5000]], np.uint16), [0, 0, 0.25, 1]),
    "black and white": (np.array([[True, False], [False, True]]), [1, 0, 0, 1]),
    # Red and green become -1 and 1 by their own deviations, blue 0; then 0, 1, 0.5; then their mean.
    "each channel of unit variance": (np.dstack([R, G, B]), [1 / 6, 5 / 6, 1 / 2, 1 / 2]),
    "wide: the row below is the mean": (np.array([[0.0, 1.0]]), [0, 1, 0.5, 0.5]),
    "tall: the column on the right is the mean": (np.array([[0.0], [1.0]]), [0, 0.5, 1, 0.5]),
    "constant": (np.full((2, 2, 3), 93, np.uint8), [0, 0, 0, 0]),
}


@pytest.mark.parametrize("image, vector", BY_HAND.values(), ids=BY_HAND)
def test_preprocess_gives_the_values_by_hand(image, vector):
    assert TP1.preprocess(image, side=2) == pytest.approx(vector, abs=1e-6)


def bilinear(length, side):
    """The matrix (side, length) of Pillow's bilinear filter, by its definition: a triangle over each pixel of the result."""
    scale = max(length / side, 1)
    centres = (np.arange(side) + 0.5)[:, np.newaxis] * length / side
    triangle = np.maximum(1 - np.abs(np.arange(length) + 0.5 - centres) / scale, 0)
    return triangle / triangle.sum(axis=1, keepdims=True)


def step_by_step(image, side=28):
    """The chain as the report's author had it, in float64."""
    image = TP1.to_rgb(image)
    image = image / (1 if image.dtype.kind == "f" else np.iinfo(image.dtype).max)
    height, width, _ = image.shape
    size = max(height, width)
    square = np.empty((size, size, 3))
    square[:] = image.mean(axis=(0, 1))
    square[(size - height) // 2:, (size - width) // 2:][:height, :width] = image
    square -= square.mean(axis=(0, 1))
    deviation = square.std(axis=(0, 1))
    square /= np.where(deviation > 1e-12, deviation, 1)
    square = (square - square.min()) / np.ptp(square)
    weights = bilinear(size, side)
    return np.mean([weights @ channel @ weights.T for channel in np.moveaxis(square, 2, 0)], axis=0).ravel()


IMAGES = {
    "wide": random_image(120, 300), "tall": random_image(333, 90), "square": random_image(28, 28), "small": random_image(2, 3),
    "grey": random_image(200, 301, 1)[..., 0], "RGBA": random_image(77, 131, 4), "1 pixel high": random_image(1, 500),
    "constant channel": np.dstack([random_image(30, 50, 2), np.full((30, 50), 200, np.uint8)]),
    "float": np.random.default_rng(1).random((60, 80, 3)),
    "16 bit": np.random.default_rng(1).integers(0, 65536, (60, 80), dtype=np.uint16),
    "nearly constant": np.where(np.arange(6000).reshape(60, 100, 1) == 77, 201, 200).astype(np.uint8),
}


@pytest.mark.parametrize("name", IMAGES)
def test_preprocess_in_float32_equals_the_chain_in_float64(name):
    vector = TP1.preprocess(IMAGES[name])
    assert vector.shape == (784,) and vector.dtype == np.float32 and vector.min() >= 0 and vector.max() <= 1
    assert np.abs(vector - step_by_step(IMAGES[name])).max() < 1e-5


def test_preprocess_of_photographs_equals_the_chain_in_float64(caltech101):
    for category in ("airplanes", "Motorbikes", "accordion"):
        for path in datasets.photographs(caltech101, category)[:12]:
            image = datasets.read_image(path)
            assert np.abs(TP1.preprocess(image) - step_by_step(image)).max() < 1e-5


def test_a_picture_is_the_same_in_every_file_format(tmp_path):
    grey = random_image(40, 60, 1)[..., 0] // 16 * 17        # 16 levels, which a palette holds
    picture = Image.fromarray(grey)
    Image.fromarray(grey * np.uint16(257)).save(tmp_path / "16.png")
    Image.fromarray((grey / 255).astype(np.float32)).save(tmp_path / "float.tif")
    for name, mode in (("L.png", "L"), ("RGB.png", "RGB"), ("RGBA.png", "RGBA"), ("LA.png", "LA"), ("P.png", "P"), ("P.gif", "P"),
                       ("CMYK.tif", "CMYK")):
        picture.convert(mode).save(tmp_path / name)
    for path in tmp_path.glob("*.*"):
        assert np.allclose(TP1.preprocess(datasets.read_image(path)), TP1.preprocess(grey), atol=1e-5), path


CLASSES = ["airplanes", "Motorbikes"]


def test_load_photographs_returns_vectors_labels_and_paths_in_order(drawn_photographs):
    vectors, labels, paths, _ = TP1.load_photographs(drawn_photographs, CLASSES)
    assert vectors.shape == (120, 784) and vectors.dtype == np.float32
    assert labels.tolist() == [0] * 60 + [1] * 60 and labels.dtype == np.float32
    assert [path.parent.name for path in paths] == ["airplanes"] * 60 + ["Motorbikes"] * 60 and paths[:60] == sorted(paths[:60])
    assert (vectors[67] == TP1.preprocess(datasets.read_image(paths[67]))).all()


def test_a_damaged_cache_is_made_again(drawn_photographs):
    vectors = TP1.load_photographs(drawn_photographs, CLASSES)[0]
    cached, = datasets.cache_folder().glob("preprocessed-*.npy")
    content = cached.read_bytes()
    for damaged in (content[:1000], b"", b"text"):
        cached.write_bytes(damaged)
        assert (TP1.load_photographs(drawn_photographs, CLASSES)[0] == vectors).all()
        assert cached.read_bytes() == content


def test_the_cache_is_used_for_the_same_photographs_and_not_for_others_of_the_same_names(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    for index in range(3):
        Image.fromarray(random_image(30, 40, seed=index)).save(tmp_path / "a" / f"{index}.png")
    before = TP1.load_photographs(tmp_path, ["a"])
    with monkeypatch.context() as patch:
        patch.setattr(TP1, "read_image", None)
        again = TP1.load_photographs(tmp_path, ["a"])
    assert (again[0] == before[0]).all() and again[3] == before[3]
    Image.fromarray(random_image(30, 40, seed=9)).save(tmp_path / "a" / "1.png")
    after = TP1.load_photographs(tmp_path, ["a"])
    assert before[3] != after[3]
    assert (before[0][[0, 2]] == after[0][[0, 2]]).all() and (before[0][1] != after[0][1]).any()


@pytest.mark.parametrize("damage", [lambda content: content[:len(content) // 2], lambda _: b"hello", lambda _: b""],
                         ids=["truncated", "text", "empty"])
def test_a_damaged_photograph_stops_the_run_with_its_name(tmp_path, damage):
    (tmp_path / "a").mkdir()
    for index in range(3):
        Image.fromarray(random_image(90, 90)).save(tmp_path / "a" / f"{index}.jpg")
    path = tmp_path / "a" / "1.jpg"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(cli.InputError, match="1.jpg can't be read as an image"):
        TP1.load_photographs(tmp_path, ["a"])


def test_split_holds_out_as_many_of_each_class():
    labels = np.repeat([0.0, 1.0], [30, 50])
    train, test = TP1.split(labels, 20, np.random.RandomState(1))
    assert sorted([*train, *test]) == list(range(80)) and np.bincount(labels[test].astype(int)).tolist() == [20, 20]
    assert (TP1.split(labels, 20, np.random.RandomState(1))[1] == test).all()
    assert (TP1.split(labels, 20, np.random.RandomState(2))[1] != test).any()
    with pytest.raises(cli.InputError, match="a class has 30 photographs, too few to hold out 30"):
        TP1.split(labels, 30, np.random.RandomState(1))
