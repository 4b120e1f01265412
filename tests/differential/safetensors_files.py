"""safetensors, against the Python package: read, written again, and read by the package.

Names, dtypes, shapes, bits and metadata must be the same. Ours alone refuses: keys that stand twice, fields besides the
three of a tensor, dtypes of less than a byte, and numbers that are no whole ones. A format has what arrays.py says.
"""
import json
import struct

import numpy as np
import safetensors
import safetensors.numpy

DTYPES = [np.float16, np.float32, np.float64, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32,
          np.uint64, np.bool_]
ALPHABET = "abc.0/ \"\\\n\u00e9\u6f22\U0001f30a{}[]:,"


def random_text(rng, longest=12):
    return "".join(rng.choice(ALPHABET) for _ in range(rng.randrange(longest)))


def random_file(rng):
    tensors = {}
    for _ in range(rng.randrange(6)):
        dtype = np.dtype(rng.choice(DTYPES))
        shape = tuple(rng.choice([0, 1, 2, 3, 7]) for _ in range(rng.randrange(4)))
        raw = rng.randbytes(int(np.prod(shape)) * dtype.itemsize)
        if dtype == np.bool_:
            raw = bytes(b & 1 for b in raw)
        name = random_text(rng)
        if name != "__metadata__":
            tensors[name] = np.frombuffer(raw, dtype).reshape(shape)
    metadata = {random_text(rng): random_text(rng, 40) for _ in range(rng.randrange(4))} or None
    return safetensors.numpy.save(tensors, metadata)


def damaged(rng, data):
    data = bytearray(data)
    kind = rng.randrange(4)
    header = 8 + struct.unpack("<Q", data[:8])[0]
    if kind == 0:
        del data[rng.randrange(len(data)):]
    elif kind == 1:
        data += rng.randbytes(rng.randrange(1, 9))
    else:
        for _ in range(rng.randrange(1, 3)):
            at = rng.randrange(min(header, len(data)))
            data[at] = rng.choice(b"0123456789,:\"[]{} ") if kind == 2 else data[at] ^ (1 << rng.randrange(8))
    return bytes(data)


def content(data):
    """What the package reads, or None where it refuses."""
    try:
        tensors = safetensors.deserialize(data)
    except Exception:
        return None
    length = struct.unpack("<Q", data[:8])[0]
    metadata = json.loads(data[8:8 + length]).get("__metadata__") or {}
    return sorted((name, t["dtype"], t["shape"], bytes(t["data"])) for name, t in tensors), metadata


class Safetensors:
    peer = f"safetensors {safetensors.__version__}"
    stricter = [r"not a valid safetensors file"]  # what the package lets pass: see the module's docstring

    def valid(self, rng):
        return random_file(rng)

    def damaged(self, rng, data):
        return damaged(rng, data)

    def content(self, data, path):
        return content(data)

    def difference(self, ours, theirs, path):
        """Of what ours wrote after reading, as the package reads it."""
        written = path.with_name(path.name + ".ours")
        again = content(written.read_bytes())
        written.unlink()
        return None if again == theirs else "what was written again differs"
