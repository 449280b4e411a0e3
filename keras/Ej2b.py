"""Exercise 2b: ImageDataGenerator over Caltech101, exported to HDF5 with h5py and read back.

Keras's generator takes the photographs of every class batch by batch, at 28x28, and gives them
back scaled by 1/255, each with zero mean and unit deviation; each batch goes straight into
results/Ej2b.h5, so memory does not grow with the number of photographs. Then the file is opened
again, lazily. Look at what section c of the report says of H5: the tree (hierarchy), single
photographs and batches read without the rest (random access), and the time of a batch from H5
against the same JPEGs.
Ej2b.h5 and Ej2b.png (a contact sheet) hold Caltech101's pixels: they are not committed.
A full run prints last (over twelve categories; times are the machine's):

    Read without loading the file (25.3 MB of pixels, 15.6 MB compressed), median of 15:
      one photograph                                0.05 ms
      a batch, a slice of up to 128                 5.87 ms
      128 photographs from all over the file       43.63 ms
      the batch again, decoded from its JPEGs      55.51 ms
    H5 against JPEG: 9.5 times faster; greatest difference of a pixel: 0
"""
import legacy  # before keras

import statistics
import time

import h5py
import numpy as np
from keras.preprocessing.image import ImageDataGenerator
from tqdm import tqdm

import TP1
from tp2 import cli, datasets, figures, files

SIDE = TP1.SIDE         # pixels
BATCH_SIZE = 128
REPEATS = 15            # timed reads
GENERATOR = {"rescale": 1 / 255, "samplewise_center": True, "samplewise_std_normalization": True}


def main():
    parser = cli.Parser(__doc__)
    parser.add_data()
    parser.add_argument("--classes", nargs="+", metavar="NAME", help="only these classes (default: every folder)")
    parser.add_seed()
    arguments = parser.parse()
    photographs = datasets.caltech101(arguments.data)
    results = files.folder_for(arguments.results, "Ej2b", photographs.drawn)
    classes = datasets.classes(photographs.root, arguments.classes)
    paths = [path for members in classes.values() for path in members]
    labels = np.repeat(np.arange(len(classes)), [len(members) for members in classes.values()])
    names = [files.as_text(name) for name in classes]
    print(f"{len(paths)} photographs of {len(classes)} classes")

    path = results / "Ej2b.h5"
    export(path, paths, labels, names, photographs.origin)
    measured = read_back(path, paths, arguments.seed)
    contact_sheet(path, results, photographs.drawn)
    files.save_metrics(
        results, "Ej2b",
        {"origin": photographs.origin, "classes": dict(zip(names, np.bincount(labels).tolist()))},
        {"side": SIDE, "batch_size": BATCH_SIZE, "seed": arguments.seed, "repeats": REPEATS}, measured)


def read_batch(paths, number):
    """Batch `number` of the photographs, through Keras's generator: (n, 28, 28, 3) float32."""
    paths = paths[number * BATCH_SIZE:(number + 1) * BATCH_SIZE]
    pixels = np.stack([TP1.thumbnail(datasets.read_image(path)) for path in paths])
    return ImageDataGenerator(**GENERATOR).flow(pixels, batch_size=len(pixels), shuffle=False)[0]


def export(path, paths, labels, names, origin):
    """Write every photograph to the HDF5 file `path`, batch by batch, with its label, an index into `names`."""
    shape = (SIDE, SIDE, 3)
    most = len(paths) * (np.prod(shape) * 4 + 1000)  # bytes, as if nothing could be compressed
    with files.whole_hdf5(path, most) as file:
        # A chunk per photograph: one can be read, and decompressed, without its neighbours.
        images = file.create_dataset("images", (len(paths), *shape), "float32", chunks=(1, *shape),
                                     compression="gzip", compression_opts=4, shuffle=True)
        file.create_dataset("labels", data=labels, dtype="int32")
        file.create_dataset("files", data=[files.as_text(f"{photograph.parent.name}/{photograph.name}")
                                           for photograph in paths], dtype=h5py.string_dtype())
        file.create_dataset("classes", data=names, dtype=h5py.string_dtype())
        images.attrs["description"] = ("photograph, row, column, channel (red, green, blue); brightness / 255, minus "
                                       "the photograph's mean, divided by its standard deviation")
        file["labels"].attrs["description"] = "index into /classes of each photograph"
        file["files"].attrs["description"] = "file of each photograph, below the folder of classes"
        file.attrs["title"] = "Caltech101 at 28x28, as keras/Ej2b.py exports it"
        file.attrs["origin"] = origin
        settings = ", ".join(f"{name}={value}" for name, value in GENERATOR.items())
        file.attrs["generator"] = f"keras.preprocessing.image.ImageDataGenerator({settings})"
        for name, version in files.versions().items():
            file.attrs[f"version of {name}"] = version
        for number in tqdm(range(-(-len(paths) // BATCH_SIZE)), "Exporting", unit=" batches"):
            pixels = read_batch(paths, number)
            images[number * BATCH_SIZE:number * BATCH_SIZE + len(pixels)] = pixels
    print(f"Wrote {path}, {path.stat().st_size / 1e6:.1f} MB")


def median_ms(function):
    """The median time of a call in milliseconds, over REPEATS calls, and what the last returned."""
    times = []
    for repeat in range(REPEATS):
        begun = time.perf_counter()
        value = function(repeat)
        times.append(1000 * (time.perf_counter() - begun))
    return statistics.median(times), value


def read_back(path, paths, seed):
    """Open the file lazily, print what section c of the report claims, return the measurements."""
    rng = np.random.RandomState(seed)
    with h5py.File(path, "r") as file:
        print(f"\nThe tree of {path.name} (nothing of its images has been read yet):")
        files.print_tree(file)
        images = file["images"]
        count = len(images)
        size = min(BATCH_SIZE, count)
        whole = rng.randint(-(-count // BATCH_SIZE), size=REPEATS)            # one of the batches
        scattered = [np.sort(rng.permutation(count)[:size]) for _ in range(REPEATS)]
        single = rng.randint(count, size=REPEATS)
        one_ms, _ = median_ms(lambda i: images[single[i]])  # first: nothing is cached yet
        slice_ms, from_h5 = median_ms(lambda i: images[whole[i] * BATCH_SIZE:(whole[i] + 1) * BATCH_SIZE])
        scattered_ms, _ = median_ms(lambda i: images[scattered[i]])
        jpeg_ms, decoded = median_ms(lambda i: read_batch(paths, whole[i]))
        difference = float(np.abs(from_h5 - decoded).max())
        stored, raw = images.id.get_storage_size(), images.size * images.dtype.itemsize
    print(f"\nRead without loading the file ({raw / 1e6:.1f} MB of pixels, {stored / 1e6:.1f} MB compressed), "
          f"median of {REPEATS}:")
    print(f"  one photograph                            {one_ms:8.2f} ms")
    print(f"  a batch, a slice of up to {size:<16}{slice_ms:8.2f} ms")
    print(f"  {size:>3} photographs from all over the file     {scattered_ms:8.2f} ms")
    print(f"  the batch again, decoded from its JPEGs   {jpeg_ms:8.2f} ms")
    print(f"H5 against JPEG: {jpeg_ms / slice_ms:.1f} times faster; greatest difference of a pixel: {difference:g}")
    return {"photographs": count, "bytes_of_pixels": raw, "bytes_stored": stored, "batch": size,
            "greatest_difference": difference,
            "timings_ms": {"one": round(one_ms, 3), "batch_slice": round(slice_ms, 3),
                           "batch_scattered": round(scattered_ms, 3), "batch_jpeg": round(jpeg_ms, 3)}}


def contact_sheet(path, folder, drawn):
    """Ej2b.png: photographs of each class as the network sees them, read one by one from the file."""
    with h5py.File(path, "r") as file:
        names, labels = list(file["classes"].asstr()), file["labels"][:]
        each = 8 if len(names) <= 14 else 1   # a row per class, or a grid of classes
        columns = 8 if each == 8 else 12
        rows = len(names) if each == 8 else -(-len(names) // columns)
        drawing, axes = figures.figure(rows, columns, 1.3 * columns, 1.45 * rows + 0.4)
        for place in axes.flat:
            place.set_axis_off()
        for label, name in enumerate(names):
            for position, index in enumerate(np.flatnonzero(labels == label)[:each]):
                image = file["images"][index]
                low, high = image.min(), image.max()
                place = axes.flat[label * each + position]
                place.imshow((image - low) / (high - low if high > low else 1))
                if position == 0:
                    place.set_title(name, fontsize=8 if each == 1 else 10, loc="left", parse_math=False)
        figures.save_figure(drawing, folder, "Ej2b", figures.drawn_sample(drawn))


if __name__ == "__main__":
    cli.run(main)
