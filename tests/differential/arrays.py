"""Arrays of numbers: npy, npz and IDX against numpy, gz against gzip.

A format has valid(rng), damaged(rng, data), content(data, path) (None where the peer refuses), difference(ours, theirs,
path) (None where they are equal) and stricter: why ours alone may refuse.
"""
import gzip
import io
import math
import struct
import warnings
import zipfile
import zlib

import numpy as np

warnings.simplefilter("ignore")
TYPES = ["f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"]


def changed(rng, data, alphabet, within=None):
    """A cut, something behind the end, or one to three other bytes (in the first `within`)."""
    data = bytearray(data)
    kind = rng.randrange(5)
    if kind == 0 or not data:
        del data[rng.randrange(len(data) + 1):]
    elif kind == 1:
        data += bytes(rng.choice(alphabet) for _ in range(rng.randrange(1, 9)))
    else:
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(min(len(data), within or len(data)))
            if kind == 2:
                data[at] ^= 1 << rng.randrange(8)
            elif kind == 3:
                data[at] = rng.choice(alphabet)
            else:
                data[at:at + rng.randrange(2)] = bytes([rng.choice(alphabet)])
    return bytes(data)


def random_array(rng, kinds=TYPES, longest=9, dimensions=4):
    dtype = np.dtype(rng.choice("<>") + rng.choice(kinds))
    shape = tuple(rng.randrange(1, longest) for _ in range(rng.randrange(1, dimensions)))
    raw = rng.randbytes(math.prod(shape) * dtype.itemsize)
    if dtype.kind == "b":
        raw = bytes(byte & 1 for byte in raw)
    elif dtype.kind == "f" and rng.random() < 0.7:  # random bits are mostly numbers beyond float32
        numbers = [rng.choice([rng.gauss(0, 1), rng.uniform(-1, 1) * 10 ** rng.randrange(-50, 45), 0.0, -0.0, math.inf,
                               math.nan, 1 + 2 ** -24, 1 + 3 * 2 ** -24]) for _ in range(math.prod(shape))]
        return np.array(numbers).astype(dtype).reshape(shape)
    return np.frombuffer(raw, dtype).reshape(shape)


def as_read(array):
    """What ours makes of it: rows of float32, or of bytes as they are. Bits of NaN count too."""
    rows = array.shape[0] if array.ndim else 1
    flat = np.ascontiguousarray(array).reshape(rows, -1)
    kept = array.dtype == np.uint8
    values = flat if kept else (flat != 0 if array.dtype == bool else flat).astype("<f4")
    return {"rows": rows, "width": flat.shape[1], "bytes" if kept else "cells": values.tobytes().hex()}


def unequal(ours, theirs):
    wrong = [key for key in theirs if ours.get(key) != theirs[key]]
    return f"{wrong} differ" if wrong else None


ARRAY_REASONS = [
    r"has no values", r"holds elements of type", r"has bytes after", r"values too many|too many values|too many bytes",
    # literals that numpy.save does not write, though Python reads them
    r"its npy header (has|goes on|is no dictionary)", r"npy header claims",
]


class Npy:
    peer = f"numpy {np.__version__}"
    stricter = ARRAY_REASONS

    def valid(self, rng):
        array = random_array(rng)
        if rng.random() < 0.4:
            array = np.asfortranarray(array)
        file = io.BytesIO()
        np.lib.format.write_array(file, array, rng.choice([(1, 0), (2, 0), (3, 0)]))
        return file.getvalue()

    def damaged(self, rng, data):
        kind = rng.randrange(6)
        if kind == 0:
            return data.replace(b"False", rng.choice([b"True", b"0", b"None", b"Falsch"]))
        if kind == 1:
            forms = [b"(2)", b"(2,,3)", b"(-1, 3)", b"(0, 3)", b"()", b"[2, 3]", b"(2, 03)", b"(2, 3L)", b"(2.0, 3)"]
            return data.replace(b"(", rng.choice(forms) + b", #(")
        if kind == 2:
            types = [b"<c8", b"|O", b"<U4", b"|S3", b"<f2", b"<V4", b"<M8[s]", b"float32", b"f4", b"=f4", b"|f4", b"<<f4"]
            return data.replace(b"'descr': '", b"'descr': '" + rng.choice(types) + b"', '").replace(b"', '", b"', '", 1)
        if kind == 3:
            structured = np.zeros(3, dtype=[("a", "<f4"), ("b", rng.choice(["<i4", "|S2"]))])
            file = io.BytesIO()
            np.save(file, structured)
            return file.getvalue()
        return changed(rng, data, b"0123456789(), '<>|fiub\"{}:\n\x00\xff", 80)

    def content(self, data, path):
        try:
            array = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
            if array.dtype.kind not in "fiub" or array.dtype.str[1:] not in TYPES:
                return {"type": array.dtype.str}  # ours cannot accept it and be equal
            return as_read(array)
        except Exception:
            return None

    def difference(self, ours, theirs, path):
        return unequal(ours, theirs)


class Npz:
    peer = f"numpy {np.__version__}"
    stricter = ARRAY_REASONS + [r"has the arrays .*; want", r"values per row; want one", r"has \d+ rows; want",
                                r"more than 1 member", r"directory does not fit", r"zip method", r"encrypted",
                                r"checksum does not match", r"cannot come from", r"inflates to \d+ bytes; want"]

    def valid(self, rng):
        features = random_array(rng, dimensions=3)
        labels = random_array(rng, ["i1", "i4", "i8", "u2", "f4", "f8", "b1"], dimensions=2)
        features, labels = features[:len(labels)], labels[:len(features)]
        names = rng.choice([("X", "y"), ("data", "target"), ("x_train", "y_train"), ("a", "labels")])
        if names[0] == "a":
            features = features.reshape(len(features), -1)
        file = io.BytesIO()
        save = rng.choice([np.savez, np.savez_compressed])
        save(file, **dict(sorted(zip(names, (features, labels)), key=lambda _: rng.random())))
        return file.getvalue()

    def damaged(self, rng, data):
        at = data.rfind(b"PK\x01\x02") if rng.random() < 0.5 else 0
        return data[:at] + changed(rng, data[at:], b"\x00\x01\x08\xffPK\x03\x04Xy.np", 200)

    def content(self, data, path):
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as archive:
                features = next(n for n in ("X", "data", "x", "x_train", "a") if n in archive.files)
                labels = next(n for n in ("y", "target", "labels", "y_train") if n in archive.files)
                y = archive[labels]
                numbers = (y != 0 if y.dtype == bool else y).reshape(len(y) if y.ndim else 1, -1)
                return {**as_read(archive[features]), "label_numbers": numbers.astype("<f8").tobytes().hex()}
        except Exception:
            return None

    def difference(self, ours, theirs, path):
        return unequal(ours, theirs)


class Idx:
    """The peer is the few lines of content(): the format of LeCun's page, by numpy's frombuffer."""
    peer = f"numpy.frombuffer {np.__version__}"
    kinds = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
    stricter = ARRAY_REASONS + [r"has no values"]

    def valid(self, rng):
        code = rng.choice(list(self.kinds))
        array = random_array(rng, [self.kinds[code][1:]]).astype(self.kinds[code])
        extents = struct.pack(f">{array.ndim}I", *array.shape)
        data = bytes([0, 0, code, array.ndim]) + extents + array.tobytes()
        return gzip.compress(data, mtime=0) if rng.random() < 0.3 else data

    def damaged(self, rng, data):
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        return changed(rng, data, bytes(range(16)), rng.choice([8, 16, None]))

    def content(self, data, path):
        try:
            if data[:2] == b"\x1f\x8b":
                data = gzip.decompress(data)
            count = data[3]
            if data[:2] != b"\0\0" or count == 0:
                return None
            shape = struct.unpack(f">{count}I", data[4:4 + 4 * count])
            dtype = np.dtype(self.kinds[data[2]])
            if len(data) != 4 + 4 * count + math.prod(shape) * dtype.itemsize:
                return None
            return as_read(np.frombuffer(data, dtype, offset=4 + 4 * count).reshape(shape))
        except Exception:
            return None

    def difference(self, ours, theirs, path):
        return unequal(ours, theirs)


class Gz:
    peer = f"zlib {zlib.ZLIB_RUNTIME_VERSION}"
    stricter = []

    def valid(self, rng):
        data = b""
        for _ in range(rng.randrange(1, 4)):
            text = rng.choice([rng.randbytes(rng.randrange(2000)), b"1,2,3\n" * rng.randrange(2000), b""])
            file = io.BytesIO()
            with gzip.GzipFile(rng.choice(["", "name.csv"]), "wb", rng.randrange(10), file, mtime=rng.randrange(9)) as out:
                out.write(text)
            data += file.getvalue()
        return data

    def damaged(self, rng, data):
        if rng.random() < 0.2:
            return data + bytes(rng.randrange(1, 20))  # padding, as tapes have
        return changed(rng, data, b"\x1f\x8b\x08\x00\x01\xff", rng.choice([12, None]))

    def content(self, data, path):
        if data[:2] != b"\x1f\x8b":
            return {"bytes": data.hex()}
        inflated = b""
        while data[:2] == b"\x1f\x8b":  # what follows the last member is not read, as by the program gzip
            member = zlib.decompressobj(31)
            try:
                inflated += member.decompress(data)
            except zlib.error:
                return None
            if not member.eof:
                return None
            data = member.unused_data
        return {"bytes": inflated.hex()}

    def difference(self, ours, theirs, path):
        return unequal(ours, theirs)
