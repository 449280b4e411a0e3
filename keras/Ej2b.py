"""Exercise 2b: ImageDataGenerator over Caltech101, exported to HDF5 with h5py and read back.

Keras's generator takes the photographs of twelve categories batch by batch, at 28x28, and gives them back
scaled by 1/255, each with zero mean and unit deviation; each batch goes straight into results/Ej2b.h5, so
memory does not grow with the number of photographs. Then the file is opened again. Look at what section c
of the report says of H5: the tree (hierarchy), single photographs and batches read without the rest (random
access, lazy: count the bytes), and the time of a batch as one block of one file, compressed and uncompressed,
against a file for each photograph and against the JPEGs.

Changed from the student's script: twelve categories in place of the first batch of 32 photographs; the export
is read back and measured; `samplewise_center` and `samplewise_std_normalization` work over the whole photograph
in Keras 2; in 1.1 they worked along the channels of each pixel. Ej2b.h5 and Ej2b.png hold Caltech101's pixels,
so they are not committed.
A full run prints (the times depend on the machine):

    H5 against JPEG: 7.7 times faster; greatest difference of a pixel: 0
"""
import legacy  # before keras, which needs it on a Python of today

import h5py
import numpy as np
from keras.preprocessing.image import ImageDataGenerator
from tqdm import tqdm

from tp2 import datasets, figures, files, reading
from tp2.cli import InputError, Parser, run

# Twelve of Caltech101's categories, 2,686 photographs.
CLASSES = ["Leopards", "Motorbikes", "accordion", "airplanes", "bonsai", "car_side", "dollar_bill", "ketch", "pizza",
           "soccer_ball", "watch", "yin_yang"]
SIDE = 28               # pixels
BATCH_SIZE = 128
REPEATS = 15            # timed reads
GENERATOR = {"rescale": 1 / 255, "samplewise_center": True, "samplewise_std_normalization": True}


def main():
    parser = Parser(__doc__)
    parser.add_data()
    parser.add_argument("--classes", nargs="+", metavar="NAME", help="these categories; all: every folder (default: "
                        f"{', '.join(CLASSES)}; every folder if one of them is missing)")
    parser.add_seed()
    arguments = parser.parse()

    # Data: Keras's generator over a folder of category folders
    photographs = datasets.caltech101(arguments.data)
    results = files.folder_for(arguments.results, photographs.drawn)
    names = datasets.classes(photographs.root, arguments.classes, CLASSES)
    batches = ImageDataGenerator(**GENERATOR).flow_from_directory(
        str(photographs.root), target_size=(SIDE, SIDE), classes=names, batch_size=BATCH_SIZE, shuffle=False)
    counts = dict(zip(names, np.bincount(batches.classes, minlength=len(names)).tolist()))
    readable = set(batches.filenames)
    for name in names:
        for path in datasets.photographs(photographs.root, name):
            if f"{name}/{path.name}" not in readable:
                raise InputError(f"{path} is no file that Keras reads: convert it to one of "
                                 f"{', '.join(batches.white_list_formats)}, or take it out of its folder.")
    found = {name: len(datasets.photographs(photographs.root, name)) for name in names}
    for name in tqdm(batches.filenames, desc="Checking", unit=" photographs"):
        datasets.check_8_bits(photographs.root / name)

    # Export
    path = results / "Ej2b.h5"
    shape = (SIDE, SIDE, 3)
    with files.atomic_write(path) as part, h5py.File(part, "w") as file:
        # A chunk per photograph: one can be read, and decompressed, without its neighbours.
        images = file.create_dataset("images", (batches.samples, *shape), "float32", chunks=(1, *shape),
                                     compression="gzip", shuffle=True)
        for number in tqdm(range(len(batches)), desc="Exporting", unit=" batches"):
            images[number * BATCH_SIZE:(number + 1) * BATCH_SIZE] = batches[number][0]
        file.create_dataset("labels", data=batches.classes, dtype="int32")
        file.create_dataset("classes", data=names, dtype=h5py.string_dtype())
        file.create_dataset("files", data=batches.filenames, dtype=h5py.string_dtype())
        images.attrs["description"] = ("photograph, row, column, channel (red, green, blue); brightness / 255, minus "
                                       "the photograph's mean, divided by its standard deviation")
        file["labels"].attrs["description"] = "index into /classes of each photograph"
        file["files"].attrs["description"] = "file of each photograph, below the folder of categories"
        file.attrs.update(title="Caltech101 at 28x28, as keras/Ej2b.py exports it", origin=photographs.origin,
                          generator=f"keras.preprocessing.image.ImageDataGenerator({GENERATOR})")
    print(f"Wrote {path}, {path.stat().st_size / 1e6:.1f} MB")

    # Read back
    print(f"\nThe tree of {path.name} (nothing of its images has been read yet):")
    with h5py.File(path, "r") as file:
        files.print_tree(file)
        fig = figures.contact_sheet(names, file["labels"][:], file["images"])
    measured, times = reading.measure(path, batches, BATCH_SIZE, REPEATS, np.random.RandomState(arguments.seed))
    files.save(results, "Ej2b", data={"origin": photographs.origin, "classes": counts, "files": found,
                                      "categories": len(names)},
               settings={"side": SIDE, "batch_size": BATCH_SIZE, "seed": arguments.seed, "repeats": REPEATS},
               results=measured, run={"timings_ms": times}, figure=fig,
               caveats=[figures.drawn_sample(photographs.drawn)])


if __name__ == "__main__":
    run(main)
