"""Rows on the disk, as the peers of `thalweg bench data` read them: out of the page cache before each epoch."""
import os

import numpy


def rows_on_disk(folder):
    """x [rows, features] float32 and y [rows], which stay on the disk."""
    return numpy.load(folder / "x.npy", mmap_mode="r"), numpy.load(folder / "target.npy", mmap_mode="r")


def drop_from_cache(folder):
    """The pages of the files in the folder are read from the disk again. Thalweg reads past the cache."""
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.fsync(descriptor)  # pages that are not written stay
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def csv(folder):
    """A CSV of the rows, written once: nine digits, as thalweg bench writes them."""
    path = folder / "rows.csv"
    x, y = rows_on_disk(folder)
    header = ",".join([*(f"x{j}" for j in range(x.shape[1])), "y"])
    numpy.savetxt(path, numpy.column_stack([x, y]), fmt="%.9g", delimiter=",", header=header, comments="")
    return path
