"""What reading an HDF5 file costs, in bytes and in time: section c of the report, measured."""
import io
import statistics
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np


class CountingFile(io.FileIO):
    """A file opened for reading that counts the bytes which h5py takes from it."""

    bytes_read = 0

    def readinto(self, buffer):
        count = super().readinto(buffer)
        self.bytes_read += count
        return count


def bytes_read(path, batch_size):
    """Bytes that h5py reads from the file to open it, for one photograph, and for a batch; and the file's size."""
    counts = {}
    for name, read in (("open", lambda images: None), ("one", lambda images: images[len(images) // 2]),
                       ("batch", lambda images: images[:batch_size])):
        with CountingFile(path) as stream, h5py.File(stream, "r") as file:
            read(file["images"])
            counts[name] = stream.bytes_read
    return {**counts, "file": Path(path).stat().st_size}


def median_ms(function, arguments):
    """The median time in milliseconds of function(argument) over some arguments."""
    times = []
    for argument in arguments:
        begun = time.perf_counter()
        function(argument)
        times.append(1000 * (time.perf_counter() - begun))
    return round(statistics.median(times), 3)


def measure(path, batches, batch_size, repeats, rng):
    """Read photographs back from the export `path` in several ways, print and return (what is equal on every machine,
    the times).

    The files were just written, so the system has them in memory (its page cache): the times are of reading from there
    and decoding, not of a disk. HDF5's cache of decoded chunks is switched off (rdcc_nbytes=0), or a photograph that
    is read again would only be copied. batches: Keras's iterator over the photographs; rng: a RandomState, which
    chooses what is read.
    """
    with h5py.File(path, "r", rdcc_nbytes=0) as file, tempfile.TemporaryDirectory(dir=Path(path).parent) as folder:
        images = file["images"]
        count = len(images)
        size = min(batch_size, count)
        numbers = rng.randint(len(batches), size=repeats)
        one_ms = median_ms(lambda index: images[index], rng.randint(count, size=repeats))
        scattered_ms = median_ms(lambda indices: images[indices],
                                 [np.sort(rng.permutation(count)[:size]) for _ in range(repeats)])
        slice_ms = median_ms(lambda i: images[i * batch_size:(i + 1) * batch_size], numbers)
        jpeg_ms = median_ms(lambda i: batches[i][0], numbers)
        # The same pixels, neither compressed nor encoded: one block of one file, and a file for each photograph.
        with h5py.File(Path(folder) / "contiguous.h5", "w") as contiguous:
            contiguous["images"] = images[:size]
        with h5py.File(Path(folder) / "contiguous.h5", "r", rdcc_nbytes=0) as contiguous:
            contiguous_ms = median_ms(lambda _: contiguous["images"][:], range(repeats))
        for index in range(size):
            np.save(Path(folder) / f"{index}.npy", images[index])
        files_ms = median_ms(lambda _: np.stack([np.load(Path(folder) / f"{index}.npy") for index in range(size)]),
                             range(repeats))
        difference = max(float(np.abs(images[i * batch_size:(i + 1) * batch_size] - batches[i][0]).max())
                         for i in range(len(batches)))
        pixels, stored = images.size * images.dtype.itemsize, images.id.get_storage_size()
    read = bytes_read(path, batch_size)
    print(f"\nBytes read of {read['file']:,}: {read['open']:,} to open the file, {read['one']:,} with one photograph, "
          f"{read['batch']:,} with a batch of {size}")
    print(f"Median of {repeats} reads, the files in the system's page cache:")
    for what, milliseconds in (("one photograph", one_ms), ("a batch, a slice", slice_ms),
                               ("as many from all over the file", scattered_ms),
                               ("the batch, not compressed, one block of one file", contiguous_ms),
                               ("the batch, not compressed, a file for each", files_ms),
                               ("the batch from its JPEGs", jpeg_ms)):
        print(f"  {what:<50}{milliseconds:8.2f} ms")
    print(f"H5 against JPEG: {jpeg_ms / slice_ms:.1f} times faster; greatest difference of a pixel: {difference:g}")
    measured = {"photographs": count, "bytes_of_pixels": pixels, "bytes_stored": stored, "batch": size,
                "greatest_difference": difference, "bytes_read": read}
    times = {"one": one_ms, "batch_slice": slice_ms, "batch_scattered": scattered_ms, "batch_jpeg": jpeg_ms,
             "batch_contiguous": contiguous_ms, "batch_files": files_ms}
    return measured, times
