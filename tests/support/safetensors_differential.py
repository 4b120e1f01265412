#!/usr/bin/env python3
"""Holds our safetensors reader and writer against the Python package.

    safetensors_differential.py [--files 10000] [--seed 1]

Needs numpy and safetensors. Random files are written by the package, read and written again by ours, and read by the
package: names, dtypes, shapes, bits and metadata must be the same. Then each file is damaged at random: what ours
accepts the package has to accept with the same content.
"""
import argparse
import json
import pathlib
import random
import struct
import subprocess
import tempfile

import numpy as np
import safetensors
import safetensors.numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
DTYPES = [np.float16, np.float32, np.float64, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32,
          np.uint64, np.bool_]
ALPHABET = "abc.0/ \"\\\n\u00e9\u6f22\U0001f30a{}[]:,"


def build_tool(folder):
    tool = folder / "tool"
    subprocess.run(["c++", "-std=c++20", "-O1", f"-I{ROOT}", f"-I{ROOT}/include", "-DFMT_HEADER_ONLY", "-o", tool,
                    ROOT / "tests/support/differential/safetensors_tool.cpp", ROOT / "host/checkpoint/safetensors.cpp"],
                   check=True)
    return tool


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
    metadata = {random_text(rng): random_text(rng, 40) for _ in range(rng.randrange(4))} if rng.random() < 0.7 else None
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


def run_tool(tool, paths):
    answer = subprocess.run([tool], input="\n".join(map(str, paths)) + "\n", capture_output=True, text=True, check=True)
    lines = answer.stdout.splitlines()
    assert len(lines) == len(paths), answer.stdout
    return lines


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--files", type=int, default=10000)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        tool = build_tool(folder)
        paths, files = [], []
        for i in range(options.files):
            data = random_file(rng)
            for kind, form in (("whole", data), ("damaged", damaged(rng, data))):
                path = folder / f"{i}.{kind}"
                path.write_bytes(form)
                paths.append(path)
                files.append((kind, form))
        accepted = stricter = 0
        for path, (kind, form), line in zip(paths, files, run_tool(tool, paths)):
            theirs = content(form)
            if line == "ok":
                ours = content(path.with_name(path.name + ".ours").read_bytes())
                assert ours is not None and ours == theirs, (path.name, form)
                accepted += kind == "damaged"
            else:
                assert kind == "damaged" or theirs is None, form
                stricter += theirs is not None
    print(f"{options.files} files agree (safetensors {safetensors.__version__}); of as many damaged ones {accepted} are "
          f"still valid to both, {stricter} to the package alone")


if __name__ == "__main__":
    main()
