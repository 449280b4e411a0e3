"""What reading an HDF5 file costs: the bytes that are counted, the medians, the ways compared."""
import time

import h5py
import numpy as np
import pytest

from tp2 import reading

IMAGES = np.random.default_rng(0).random((40, 28, 28, 3), "float32")


@pytest.fixture
def export(tmp_path):
    """A file like Ej2b's, of 40 photographs."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("images", data=IMAGES, chunks=(1, 28, 28, 3), compression="gzip")
    return tmp_path / "x.h5"


def test_reading_is_lazy_and_the_bytes_are_counted(export):
    read = reading.bytes_read(export, 8)
    assert read["file"] == export.stat().st_size
    with h5py.File(export, "r") as file:
        stored = file["images"].id.get_storage_size() / 40
    assert read["open"] < 2 * stored and 0.9 * stored < read["one"] - read["open"] < 2 * stored
    assert 7.9 * stored < read["batch"] - read["open"] < 10 * stored < read["file"] / 2


def test_a_file_read_whole_counts_its_size(export):
    assert reading.bytes_read(export, 40)["batch"] == pytest.approx(export.stat().st_size, rel=0.02)


def test_median_ms_is_the_median():
    assert 20 <= reading.median_ms(time.sleep, [0.02, 0.4, 0.01]) < 200


@pytest.mark.parametrize("difference", [0, 0.25])
def test_measure_compares_every_pixel_of_the_export_with_the_batches(export, difference, capsys):
    batches = [(IMAGES[start:start + 16].copy(), None) for start in range(0, 40, 16)]
    batches[1][0][3, 5, 7, 1] += difference
    measured, times = reading.measure(export, batches, 16, 3, np.random.RandomState(0))
    assert measured["greatest_difference"] == pytest.approx(difference, abs=1e-6)
    assert (measured["photographs"], measured["batch"], measured["bytes_of_pixels"]) == (40, 16, IMAGES.nbytes)
    assert 0 < measured["bytes_stored"] < export.stat().st_size
    assert set(times) == {"one", "batch_slice", "batch_scattered", "batch_jpeg", "batch_contiguous", "batch_files"}
    assert "H5 against JPEG" in capsys.readouterr().out
    assert [path.name for path in export.parent.iterdir()] == ["x.h5"]     # what it wrote for comparison is removed


def test_what_is_timed_is_read_and_decoded_each_time(export, monkeypatch):
    counts = []

    def median_ms(function, arguments):
        before = opened[0].bytes_read
        for _ in range(2):
            function(0)
        counts.append(opened[0].bytes_read - before)
        return 1.0
    opened, real = [], h5py.File

    def counting(path, *arguments, **options):
        stream = reading.CountingFile(path) if path == export else path
        opened.append(stream)
        return real(stream, *arguments, **options)
    monkeypatch.setattr(reading, "median_ms", median_ms)
    monkeypatch.setattr(reading.h5py, "File", counting)
    reading.measure(export, [(IMAGES[start:start + 16], None) for start in range(0, 40, 16)], 16, 3, np.random.RandomState(0))
    with real(export) as file:
        stored = file["images"].id.get_storage_size() / 40
    one, _, batch = counts[:3]
    assert one > 1.9 * stored and batch > 2 * 15 * stored      # the second time as much as the first
