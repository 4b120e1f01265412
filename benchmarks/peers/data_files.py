"""Rows on the disk, as the peers of `thalweg bench data` read them: as if an eighth of the rows were all that memory holds."""
import os

import numpy

SHARE = 8


def drop_from_cache(folder):
    """Files in the folder that nobody has mapped are read from the disk again. Thalweg reads past the cache."""
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.fsync(descriptor)  # pages that are not written stay
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


class DiskRows:
    """x [rows, features] float32 and y [rows] through numpy.memmap. The pages go after an eighth of the rows."""

    def __init__(self, folder):
        self.folder, self.taken = folder, 0
        self.open()

    def open(self):
        self.x = self.y = None  # mapped pages stay in memory
        drop_from_cache(self.folder)
        self.x = numpy.load(self.folder / "x.npy", mmap_mode="r")
        self.y = numpy.load(self.folder / "target.npy", mmap_mode="r")

    def __len__(self):
        return len(self.x)

    def take(self, rows):
        if self.taken > len(self) // SHARE:
            self.open()
            self.taken = 0
        self.taken += len(rows)
        return self.x[rows], self.y[rows]


def csv(folder):
    """A CSV of the rows, written once: nine digits, as thalweg bench writes them."""
    path = folder / "rows.csv"
    rows = DiskRows(folder)
    header = ",".join([*(f"x{j}" for j in range(rows.x.shape[1])), "y"])
    numpy.savetxt(path, numpy.column_stack([rows.x, rows.y]), fmt="%.9g", delimiter=",", header=header, comments="")
    return path
