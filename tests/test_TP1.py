"""Preprocessing against hand-computed values, loading, the cache."""
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


@pytest.mark.parametrize("shape", [(3,), (2, 2, 5), (0, 4, 3), (2, 2, 2, 2)])
def test_to_rgb_refuses_what_is_no_image(shape):
    with pytest.raises(ValueError, match="is not an image"):
        TP1.to_rgb(np.zeros(shape))


def test_to_float_scales_integers_and_keeps_floats():
    assert TP1.to_float(np.array([0, 51, 255], np.uint8)).tolist() == [0, 0.2, 1]
    assert TP1.to_float(np.array([0, 65535], np.uint16)).tolist() == [0, 1]
    assert TP1.to_float(np.array([True, False])).tolist() == [1, 0]
    assert TP1.to_float(np.array([0.25], np.float32)).tolist() == [0.25]


@pytest.mark.parametrize("bad", [1.5, -0.1, np.nan, np.inf])
def test_to_float_refuses_floats_outside(bad):
    with pytest.raises(ValueError, match="in \\[0, 1\\]"):
        TP1.to_float(np.array([0.5, bad]))


def test_pad_to_square_centres_and_fills_with_the_mean():
    wide = np.array([[[0.0], [1.0], [0.5], [0.5]]])
    square = TP1.pad_to_square(wide)
    assert square.shape == (4, 4, 1)
    assert square[1, :, 0].tolist() == [0, 1, 0.5, 0.5]          # one line above, two below
    assert (np.delete(square, 1, axis=0) == 0.5).all()
    assert TP1.pad_to_square(np.moveaxis(wide, 0, 1))[:, 1, 0].tolist() == [0, 1, 0.5, 0.5]


def test_zero_mean_and_unit_variance_by_channel():
    image = np.stack([[[1.0, 3.0]], [[10.0, 10.0]]], axis=2)     # a varying and a constant channel
    centred = TP1.zero_mean(image)
    assert centred[..., 0].tolist() == [[-1, 1]] and centred[..., 1].tolist() == [[0, 0]]
    assert TP1.unit_variance(2 * centred)[..., 0].tolist() == [[-1, 1]]
    assert TP1.unit_variance(centred)[..., 1].tolist() == [[0, 0]]


def test_stretch_maps_the_extremes_of_all_channels_to_0_and_1():
    assert TP1.stretch(np.array([[[-1.0, 0.0, 3.0]]])).tolist() == [[[0, 0.25, 1]]]
    assert TP1.stretch(np.full((2, 2, 3), 0.3)).tolist() == np.zeros((2, 2, 3)).tolist()


def test_resize_averages_blocks_and_keeps_constants():
    assert np.allclose(TP1.resize(np.full((50, 50, 3), 0.4)), 0.4, atol=1e-6)
    # From 2 pixels to 1, the bilinear filter weighs both alike.
    assert np.allclose(TP1.resize(np.array([[[0.0], [1.0]], [[0.0], [1.0]]]), 1), 0.5)


def test_to_grey_is_the_mean_of_the_channels():
    assert TP1.to_grey(np.array([[[0.0, 0.3, 0.6]]])) == pytest.approx(0.3)


@pytest.mark.parametrize("length", [1, 2, 28, 300, 413, 600])
def test_resize_weights_are_what_pillow_multiplies_by(length):
    line = np.random.default_rng(0).random((length, length, 1))
    weights = TP1.resize_weights(length).astype(float)
    assert np.allclose(weights @ line[..., 0] @ weights.T, TP1.resize(line)[..., 0], atol=1e-6)


IMAGES = {
    "wide": random_image(120, 300), "tall": random_image(333, 90), "square": random_image(28, 28),
    "grey": random_image(200, 301, 1)[..., 0], "RGBA": random_image(77, 131, 4), "tiny": random_image(2, 3),
    "1 pixel wide": random_image(57, 1), "1 pixel high": random_image(1, 500), "1 pixel": random_image(1, 1),
    "constant": np.full((40, 70, 3), 93, np.uint8), "constant float": np.full((40, 70, 3), 0.1),
    "constant channel": np.dstack([random_image(30, 50, 2), np.full((30, 50), 200, np.uint8)]),
    "black": np.zeros((10, 20), np.uint8), "float": np.random.default_rng(1).random((60, 80, 3)),
    "16 bit": np.random.default_rng(1).integers(0, 65536, (60, 80), dtype=np.uint16),
    "nearly constant": np.where(np.arange(6000).reshape(60, 100, 1) == 77, 201, 200).astype(np.uint8),
}


@pytest.mark.parametrize("name", IMAGES)
def test_the_fast_way_equals_the_plain_one(name):
    """Within 2e-4, a twentieth of a grey level of 8 bits (1/255): what float32 sums over a
    photograph's 100,000 pixels can differ by, after the division by a small deviation."""
    plain, fast = TP1.preprocess(IMAGES[name]), TP1.preprocess_fast(IMAGES[name])
    for vector in (plain, fast):
        assert vector.shape == (784,) and vector.dtype == np.float32
        assert np.isfinite(vector).all() and vector.min() >= 0 and vector.max() <= 1
    assert np.abs(plain - fast).max() <= 2e-4


def test_the_fast_way_equals_the_plain_one_on_photographs(caltech101):
    for category in ("airplanes", "Motorbikes", "accordion"):
        for path in datasets.photographs(caltech101, category)[:12]:
            image = datasets.read_image(path)
            assert np.abs(TP1.preprocess(image) - TP1.preprocess_fast(image)).max() <= 2e-4


@pytest.mark.parametrize("shape", [(300, 200), (57, 413), (28, 28), (1, 1), (5, 700)])
def test_a_thumbnail_is_what_keras_loads(tmp_path, shape):
    for channels in (1, 3):
        image = Image.fromarray(random_image(*shape, channels).squeeze(2) if channels == 1 else random_image(*shape))
        wanted = np.asarray(image.convert("RGB").resize((28, 28), Image.NEAREST), np.float32)
        assert (TP1.thumbnail(np.asarray(image)) == wanted).all()


def test_an_image_is_the_same_in_every_format_and_in_both_exercises(tmp_path):
    """8 and 16 bits, bytes and floats, with alpha or palette: one picture, by both ways into a network."""
    grey = random_image(40, 60, 1)[..., 0] // 16 * 17                               # 16 levels, which a palette holds
    whole = Image.fromarray(grey)
    whole.save(tmp_path / "L.png")
    Image.fromarray(grey * np.uint16(257)).save(tmp_path / "16.png")
    Image.fromarray((grey / 255).astype(np.float32)).save(tmp_path / "float.tif")
    for name, mode in (("RGB.png", "RGB"), ("RGBA.png", "RGBA"), ("LA.png", "LA"), ("P.png", "P"), ("rgb.gif", "P"), ("la.webp", "RGBA")):
        whole.convert(mode).save(tmp_path / name, **({"lossless": True} if name.endswith("webp") else {}))
    first = whole.convert("RGB")
    for path in sorted(tmp_path.iterdir()):
        image = datasets.read_image(path)
        assert np.allclose(TP1.thumbnail(image), TP1.thumbnail(np.asarray(first)), atol=1e-4), path
        assert np.allclose(TP1.preprocess_fast(image), TP1.preprocess_fast(np.asarray(first)), atol=1e-4), path


def test_only_contrast_counts_not_brightness():
    image = random_image(50, 60) // 4
    assert np.abs(TP1.preprocess(image) - TP1.preprocess(image + 100)).max() < 1e-5


def test_load_photographs_labels_order_and_cache(drawings, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    vectors, labels, files, digest = TP1.load_photographs(drawings, ["airplanes", "Motorbikes"])
    assert vectors.shape == (120, 784) and labels.tolist() == [0] * 60 + [1] * 60
    assert [path.parent.name for path in files] == ["airplanes"] * 60 + ["Motorbikes"] * 60
    assert (vectors[7] == TP1.preprocess_fast(datasets.read_image(files[7]))).all()
    # Again from the cache, without reading an image
    monkeypatch.setattr(TP1, "read_image", None)
    again = TP1.load_photographs(drawings, ["airplanes", "Motorbikes"])
    assert (again[0] == vectors).all() and again[3] == digest
    # A damaged cache is made anew, not believed
    cached, = (tmp_path / "tp2-deep-learning").glob("preprocessed-*.npy")
    assert (np.load(cached) == vectors).all()
    whole = cached.read_bytes()
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    flipped = whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:]
    for damaged in (whole[:1000], flipped, b"", b"\x93NUMPY" + whole[9:]):
        cached.write_bytes(damaged)
        assert (TP1.load_photographs(drawings, ["airplanes", "Motorbikes"])[0] == vectors).all()
        assert cached.read_bytes() == whole
    np.save(cached, np.full(vectors.shape, np.nan, np.float32))
    assert (TP1.load_photographs(drawings, ["airplanes", "Motorbikes"])[0] == vectors).all()
    # One that can't be written is done without
    cached.unlink()
    cached.mkdir()
    assert (TP1.load_photographs(drawings, ["airplanes", "Motorbikes"])[0] == vectors).all()


def test_photographs_whose_names_are_no_text_count(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "caf\udce9"
    folder.mkdir()
    Image.fromarray(random_image(30, 40)).save(folder / "\udcff.png")
    assert TP1.load_photographs(tmp_path, [folder.name])[0].shape == (1, 784)


def test_the_cache_notices_other_photographs(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "a").mkdir()
    for index in range(3):
        Image.fromarray(random_image(30, 40, seed=index)).save(tmp_path / "a" / f"{index}.png")
    before = TP1.load_photographs(tmp_path, ["a"])
    Image.fromarray(random_image(30, 40, seed=9)).save(tmp_path / "a" / "1.png")   # same name
    after = TP1.load_photographs(tmp_path, ["a"])
    assert before[3] != after[3]
    assert (before[0][[0, 2]] == after[0][[0, 2]]).all() and (before[0][1] != after[0][1]).any()


@pytest.mark.parametrize("damage", ["truncated", "text", "empty"])
def test_a_broken_file_stops_the_run_with_its_name(tmp_path, monkeypatch, damage):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "a"
    folder.mkdir()
    for index in range(3):
        Image.fromarray(random_image(90, 90)).save(folder / f"{index}.jpg")
    whole = (folder / "1.jpg").read_bytes()
    (folder / "1.jpg").write_bytes({"truncated": whole[:len(whole) // 2], "text": b"hello", "empty": b""}[damage])
    with pytest.raises(cli.InputError, match="1.jpg can't be read as an image"):
        TP1.load_photographs(tmp_path, ["a"])


def test_mnist_shapes_ranges_and_one_hot():
    (x, y), (x_test, y_test) = TP1.load_mnist()
    assert x.shape == (60000, 784) and x_test.shape == (10000, 784) and x.dtype == np.float32
    assert y.shape == (60000, 10) and y_test.shape == (10000, 10)
    assert x.min() == 0 and x.max() == 1
    assert np.array_equal(np.round(x[:500] * 255), (x[:500] * 255).round(3))    # bytes, exactly
    assert set(np.unique(y)) == {0, 1} and (y.sum(axis=1) == 1).all()
    # The published files' first labels and digits per class
    assert y[:10].argmax(1).tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert y_test.argmax(1)[:5].tolist() == [7, 2, 1, 0, 4]
    assert np.bincount(y.argmax(1)).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
