#!/usr/bin/env python3
"""Writes the inputs that the fuzzers begin with: seeds.py FOLDER makes FOLDER/<reader>/<name>.

Each is small and valid or wrong in one way; what the fuzzer learned from them lies in corpus. The first byte of an
input is its target's choice (see reader.hpp)."""
import bz2
import gzip
import io
import json
import lzma
import pathlib
import struct
import sys
import zipfile
import zlib

CUT = b"\xff\xfe\xff"


def npy(descr, shape, data, fortran=False, version=1):
    header = f"{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n".encode()
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + length + header + data


def idx(kind, extents, data):
    return bytes([0, 0, kind, len(extents)]) + struct.pack(f">{len(extents)}I", *extents) + data


def archive(members, method):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as whole:
        for name, data in members.items():
            whole.writestr(zipfile.ZipInfo(name + ".npy"), data, method)
    return file.getvalue()


def zip64(members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as whole:
        for name, data in members.items():
            with whole.open(zipfile.ZipInfo(name + ".npy"), "w", force_zip64=True) as member:
                member.write(data)
    data = file.getvalue()
    end = data.rfind(b"PK\x05\x06")
    fields = struct.unpack("<4sHHHHIIH", data[end:end + 22])
    end64 = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, fields[3], fields[4], fields[5], fields[6])
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, end, 1)
    return data[:end] + end64 + locator + data[end:]


def tensors(entries, metadata=None):
    header = {"__metadata__": metadata} if metadata else {}
    data = b""
    for name, dtype, shape, raw in entries:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    return json.dumps(header).encode() + CUT + data


FLOATS = struct.pack("<6f", 1, 2, 3, 4, 5, 6)
X = npy("<f4", (3, 2), FLOATS)
Y = npy("<i4", (3,), struct.pack("<3i", 0, 1, 0))
IMAGES = idx(8, [3, 2, 2], bytes(range(12)))
CSV = b"a,b,y\n1,2.5,0\n-3,1e3,1\n4,5,1\n"
SVM = b"1 1:0.5 3:2\n-1 2:1e-3 # note\n1 qid:3 1:4\n"

SEEDS = {
    "npy": {
        "f4": b"\0" + X, "labels": b"\0" + X + CUT + Y, "weights": b"\0" + X + CUT + b"a\nb\na\n" + CUT + b"1\n2\n0.5\n",
        "f8_big_endian": b"\0" + npy(">f8", (2, 3), struct.pack(">6d", *range(6))),
        "fortran": b"\0" + npy("<f4", (3, 2), FLOATS, True), "version2": b"\0" + npy("<f4", (3, 2), FLOATS, False, 2),
        "u1": b"\x10" + npy("|u1", (2, 2), b"\0\1\2\xff"), "i8": b"\0" + npy("<i8", (4,), struct.pack("<4q", 1, -2, 3, 4)),
        "bool": b"\0" + npy("|b1", (2, 2), b"\0\1\1\0"), "u2": b"\0" + npy(">u2", (1, 3), b"\0\1\2\3\4\5"),
        "missing": b"\4" + npy("<f4", (2, 2), struct.pack("<4f", 1, float("nan"), 3, 4)),
        "range": b"\x80" + X, "scalar": b"\0" + npy("<f4", (), FLOATS[:4]), "empty": b"\0" + npy("<f4", (0, 3), b""),
        "cut": b"\0" + X[:-1], "claims": b"\0" + npy("<f4", (1 << 40, 1 << 20), FLOATS),
        "structured": b"\0" + npy("[('a', '<f4')]", (3,), FLOATS[:12]), "idx_labels": b"\0" + X + CUT + idx(8, [3], b"\0\1\2"),
    },
    "npz": {
        "stored": b"\0" + archive({"X": X, "y": Y}, zipfile.ZIP_STORED),
        "deflated": b"\1" + archive({"data": X, "target": Y, "sample_weight": Y}, zipfile.ZIP_DEFLATED),
        "zip64": b"\1" + zip64({"a": X, "y": Y}), "assembled": b"\2" + X + CUT + Y,
        "weights": b"\3" + X + CUT + Y + CUT + npy("<f4", (3,), FLOATS[:12]), "empty": b"\0" + archive({}, 0),
    },
    "csv": {
        "numbers": b"\0\0" + CSV, "by_name": b"\0\x0c" + CSV, "no_header": b"\2\0" + CSV[6:], "weight": b"\0\x20" + CSV,
        "ignored": b"\0\x44" + CSV, "texts": b"\0\0c,x,y\nred,1,yes\nblue,2,no\nred,3,yes\n",
        "missing": b"\4\0a,b\n1,NA\n,2\n3,?\n4,5\n", "quotes": b"\0\0\"a\"\"b\",\"c\nd\",y\n\"1\",2,3\n4,\"5\",6\n",
        "tabs": b"\2\3" + CSV[6:].replace(b",", b"\t"), "spaces": b"\2\2" + CSV[6:].replace(b",", b"  "),
        "semicolons": b"\0\0\xef\xbb\xbf" + CSV.replace(b",", b";").replace(b"\n", b"\r\n"), "open_quote": b"\0\0a,b\n\"1,2\n",
        "hashed": b"\4\xc0c,d,e,y\nu,x,1,0\nv,,2,1\nu,z,,1\n", "ragged": b"\0\0a,b\n1\n2,3\n", "hostile_numbers": b"\2\0" + b"1e-999,1\n+.5,-0\n1e38,2\n",
    },
    "libsvm": {
        "one_based": b"\0" + SVM, "zero_based": b"\x20" + b"0 0:1 5:2\n1 3:-1\n", "width": b"\x30" + b"0 0:1\n1 3:-1\n",
        "targets": b"\0" + b"0.5 1:1\n+1.25 2:+3 7:1e-60\n", "unsorted": b"\0" + b"1 3:1 2:1\n", "label_only": b"\0" + b"1\n0 1:1\n",
        "huge_index": b"\0" + b"1 2147483646:1\n0 1:1\n", "classes": b"\1" + b"a 1:1\nb 2:1\n",
    },
    "vw": {
        "plain": b"\0\0" + b"1 | a:0.5 b\n-1 |f a |g:2 c:1e-3\n", "importance": b"\0\4" + b"1 2 'tag |f a b\n0.5 1 x| a\n",
        "classes": b"\1\1" + b"1 | a\n2 | b\n3 |\n", "no_label": b"\0\0" + b"| a\n", "no_bar": b"\0\0" + b"1 a\n",
        "base": b"\0\0" + b"1 1 0.5 | a\n", "value": b"\0\0" + b"1 | a:x\n", "range": b"\x80\2" + b"1 | a\n2 | b\n\n3 | c\n",
        "huge": b"\0\0" + b"1 |f:1e38 a:1e38\n0 | b:-1e-60\n",
    },
    "idx": {
        "images": b"\0" + IMAGES, "labels": b"\0" + IMAGES + CUT + idx(8, [3], b"\0\1\2"), "range": b"\x80" + IMAGES,
        "f4": b"\0" + idx(13, [2, 2], struct.pack(">4f", 1, 2, 3, 4)), "f8": b"\0" + idx(14, [2], struct.pack(">2d", 1, 2)),
        "i2": b"\0" + idx(11, [2, 1], b"\0\1\xff\xff"), "i4": b"\0" + idx(12, [1, 2], b"\0\0\0\1\xff\xff\xff\xff"),
        "i1": b"\0" + idx(9, [2, 2], b"\0\1\xff\x7f"), "claims": b"\0" + idx(8, [0xFFFFFFFF] * 3, b"x"),
        "gz": b"\0" + gzip.compress(IMAGES, mtime=0), "standardized": b"\x10" + IMAGES,
    },
    "gz": {
        "file": b"\0" + gzip.compress(CSV, mtime=0), "stream": b"\1" + zlib.compress(CSV, 9)[2:-4], "bytes": b"\2" + CSV,
        "members": b"\2" + CSV + CUT + CSV[6:], "svm": b"\2" + SVM, "idx": b"\2" + IMAGES, "npy": b"\2" + X,
        "bomb": b"\0" + gzip.compress(b"\n" * 100000, mtime=0), "cut": b"\0" + gzip.compress(CSV, mtime=0)[:-9],
        "names": b"\0" + b"\x1f\x8b\x08\x1e\0\0\0\0\0\3\4\0abcdname\0comment\0\x12\x34" + zlib.compress(CSV)[2:-4] + b"\0" * 8,
    },
    "compressed": {
        "bz2": b"\0" + bz2.compress(CSV), "xz": b"\0" + lzma.compress(CSV), "xz_cut": b"\0" + lzma.compress(CSV)[:-9],
        "streams": b"\0" + bz2.compress(CSV) + bz2.compress(CSV[6:]), "padded": b"\0" + lzma.compress(SVM) + bytes(8),
        "zstd": b"\0\x28\xb5\x2f\xfd\x04\x20\xf1\0\0" + CSV[:30] + b"\0\0\0\0", "skippable": b"\0\x50\x2a\x4d\x18\3\0\0\0abc",
        "bz2_bomb": b"\0" + bz2.compress(b"\n" * 100000), "tail": b"\0" + lzma.compress(CSV) + b"tail",
        **{f"made_{by}": bytes([by]) + CSV + CUT + CSV[6:] for by in (1, 2, 3)},
    },
    "safetensors": {
        "two": b"\0" + tensors([("w", "F32", [2, 2], FLOATS[:16]), ("b", "I64", [1], bytes(8))], {"a": "b"}),
        "scalar": b"\0" + tensors([("s", "F64", [], bytes(8))]), "none": b"\0{}", "empty": b"\0" + tensors([("e", "U8", [0, 3], b"")]),
        "overlap": b"\0" + tensors([("a", "U8", [2], b"ab"), ("b", "U8", [2], b"cd")]).replace(b"[2, 4]", b"[1, 3]"),
        "overflow": b"\0" + tensors([("a", "U8", [1 << 62, 1 << 62], b"")]), "long_header": b"\1" + b"\xff" * 8 + b"{}",
        "deep": b"\0{\"a\": {\"dtype\": \"F32\", \"shape\": [[[0]]], \"data_offsets\": [0, 0]}}",
        "twice": b"\0{\"__metadata__\": {\"a\": \"b\", \"a\": \"c\"}}", "whole": b"\1" + struct.pack("<Q", 2) + b"{}",
    },
    "toml": {
        "small": b"\0seed = 1\n[data]\ntrain = \"a.csv\"\nignore = [\"x\", 'y']\n[model]\nhidden = [256, 128]\n",
        "numbers": b"\0optimizer.lr = 1e-3\nschedule.warmup_steps = 0x10\ntrain.epochs = 1_000\noptimizer.momentum = nan\n",
        "aliases": b"\0random_state = 3\n[optimizer]\nlearning_rate = 0.1\n", "typo": b"\0[optimiser]\nlr = 1\n",
        "strings": b"\0data.train = \"\"\"a\\\n  b\\u00e9\"\"\"\ndata.test = '''c'''\n", "wrong": b"\0[train]\nepochs = \"many\"\n",
        "deep": b"\0a = " + b"[" * 300, "dotted": b"\0" + b"a." * 200 + b"a = 1\n", "key": b"\0[[[",
        "dates": b"\0seed = 1979-05-27T07:32:00Z\n", "inline": b"\0data = {train = \"x\", features = 3}\n",
        "setting": b"\1optimizer.lr=0.5", "list": b"\1model.hidden=[3, 4,]", "texts": b"\1data.ignore=\"a, b\",c",
    },
}

SCHEMA = json.dumps({"sparse": False, "features": 2, "target_kind": "classes", "target_mean": 0.0, "target_deviation": 1.0,
                     "target_column": "y", "index_base": 1, "classes": ["0", "1"], "columns": ["a", "b"], "names": [],
                     "categories": [], "impute": [1.0, 2.0], "scale": [1.0, 1.0], "shift": [0.0, 0.5]})


def checkpoint_seeds():
    model = tensors([("layers.0.weight", "F32", [1, 2], FLOATS[:8]), ("layers.0.norm.mean", "F32", [2], FLOATS[:8])],
                    {"schema": SCHEMA, "thalweg.buffers": '["layers.0.norm.mean"]'})
    state = tensors([("layers.0.weight/momentum", "F32", [1, 2], FLOATS[:8])],
                    {"thalweg.step": "4", "thalweg.epoch": "1", "thalweg.seed": "7", "thalweg.data_fingerprint": "f",
                     "thalweg.progress.best": "3ff0000000000000"})
    config = b"seed = 7\n[optimizer]\nlr = 0.5\n"
    manifest = {"format": "thalweg checkpoint", "version": 2, "step": 4, "data_fingerprint": "f", "parameters_xxh3": "0",
                "files": [{"name": "model.safetensors", "bytes": 3, "xxh3": "0"}], "manifest_xxh3": "0"}
    return {"fitting": b"\x08" + CUT.join([model, state, config]), "other_step": b"\x06" + CUT.join([model, state, config]),
            "manifest": b"\1" + CUT * 5 + json.dumps(manifest, indent=2).encode(),
            "paths": b"\1" + CUT * 5 + json.dumps(manifest, indent=2).replace("model.s", "../../model.s").encode(),
            "version": b"\1" + CUT * 5 + b'{"format": "thalweg checkpoint", "version": [[[[1]]]]}',
            "fraction": b"\1" + CUT * 5 + b'{"format": "thalweg checkpoint", "version": 2, "step": 1e300}', "empty": b"\0"}


def manifest_body(**changes):
    """A manifest of three rows up to its own checksum, which the target adds."""
    schema = {"sparse": False, "features": 2, "target_kind": "classes", "target_mean": 0.0, "target_deviation": 1.0,
              "target_column": "", "index_base": 1, "classes": ["a", "b"], "columns": [], "names": [], "categories": [],
              "impute": [], "scale": [2.0, 0.5], "shift": [0.0, 0.25]}
    keys = {"format": "thalweg shards", "version": 1, "rows": 3, "features": 2, "sparse": False, "dtype": "f32",
            "cells": "inputs", "targets": True, "weights": False, "entries": 0, "longest_row": 0, "weight_sum": 0.0,
            "class_rows": [1, 2], "target_reason": "", "source": "rows.npy", "source_fingerprint": "", "schema": schema}
    shards = [{"name": "shard-00000.safetensors", "first_row": 0, "rows": 3, "entries": 0, "bytes": 4120, "xxh3": "0" * 16}]
    for key, value in changes.items():
        (keys if key in keys else schema if key in schema else shards[0])[key] = value
    compact = {"separators": (",", ":")}
    lines = [f'\n  "{key}": {json.dumps(value, **compact)},' for key, value in keys.items()]
    return ("{" + "".join(lines) + '\n  "shards": [\n    ' + json.dumps(shards[0], **compact) + "\n  ]").encode()


def manifest_seeds():
    return {"dense": b"\0" + manifest_body(), "bytes": b"\0" + manifest_body(dtype="u8", bytes=4102),
            "unfilled": b"\0" + manifest_body(cells="unfilled"),
            "halves": b"\0" + manifest_body(dtype="f16", bytes=4108), "brain": b"\0" + manifest_body(dtype="bf16", bytes=4108),
            "unscaled": b"\0" + manifest_body(cells="unscaled"), "other_bytes": b"\0" + manifest_body(bytes=4119),
            "weights": b"\0" + manifest_body(weights=True, weight_sum=3.0, bytes=4120),
            "path": b"\0" + manifest_body(name="../shard"), "digits": b"\0" + manifest_body(xxh3="0" * 15 + "g"),
            "huge": b"\0" + manifest_body(features=1 << 62), "classes": b"\0" + manifest_body(class_rows=[4, -1]),
            "version": b"\0" + manifest_body(version=2),
            "packed": b"\0" + manifest_body(version=3, cells="unscaled", xxh3="1" * 16)
            .replace(b'"cells"', b'"compress": "zstd",\n  "cells"').replace(b'"bytes":4120', b'"packed":20,"bytes":4132'), "raw": b"\1" + manifest_body() + b"\n}\n", "empty": b"\1"}


def shard_seeds():
    """Choice, features, rows, entries; then the bytes behind the header."""
    offsets = struct.pack("<4q", 0, 1, 1, 3)
    columns, values = struct.pack("<3i", 1, 0, 4), FLOATS[:12]
    return {"floats": b"\3\1\2\0" + FLOATS, "targets": b"\7\1\2\0" + FLOATS[:12] + FLOATS,
            "manifest": b"\xff\1\2\0" + FLOATS[:12] + FLOATS, "bytes": b"\1\1\2\0" + b"abcdef",
            "f16": b"\x0b\1\2\0" + struct.pack("<6e", 1, -2, 0.1, 65504, 6e-8, 0), "half_infinity": b"\x0b\1\2\0" + b"\x00\x7c" * 6,
            "bf16": b"\x12\1\2\0" + struct.pack("<6H", 0x3F80, 0xC000, 0x3DCD, 0x7F62, 1, 0),
            "unfilled": b"\x22\1\2\0" + struct.pack("<6f", 1, float("nan"), 3, float("nan"), 5, -0.0),
            "unscaled": b"\2\1\2\0" + struct.pack("<6f", 1, 2, 3, 4, 5, 2e38), "not_finite": b"\3\1\2\0" + b"\xff" * 24,
            "sparse": b"\0\4\2\6" + offsets + columns + values, "header": b"\3\1\2\1" + FLOATS,
            "descending": b"\0\4\2\6" + offsets + struct.pack("<3i", 1, 4, 0) + values,
            "column": b"\0\3\2\6" + offsets + columns + values, "value": b"\0\4\2\6" + offsets + columns + b"\xff" * 12,
            "offset": b"\0\4\2\6" + struct.pack("<4q", 0, 2, 1, 3) + columns + values,
            "packed": b"\3\x41\2\0" + FLOATS, "packed_bytes": b"\5\x43\3\0" + FLOATS, "packed_half": b"\x0b\x41\2\0" + FLOATS,
            "packed_sparse": b"\0\x44\2\6" + offsets + columns + values, "packed_manifest": b"\xff\x41\2\0" + FLOATS,
            "packed_damaged": b"\3\xc1\2\0" + FLOATS + struct.pack("<2q", 0, 33), "packed_cut": b"\3\xc1\2\0" + FLOATS + b"\0\0\0\0\7"}


def arrow_stream(columns, rows, batches=1, choice=0):
    """Choice, shape and rows; format and flags of each column; then the bytes of the buffers of each batch."""
    head = bytes([choice, len(columns) - 1 | batches - 1 << 2, rows]) + b"".join(bytes([form, flags]) for form, flags, _ in columns)
    return head + b"".join(data for _, _, data in columns) * batches


def arrow_seeds():
    """A buffer of values has 16 bytes for each row and one more, one of texts 64."""
    def values(code, *numbers):
        return struct.pack(f"<{len(numbers)}{code}", *numbers).ljust(16 * len(numbers) + 1, b"\0")

    floats, labels = values("f", 1, 2.5, -3), values("i", 0, 1, 0)
    texts = bytes([0, 3, 3, 7]) + b"redblue".ljust(64, b".")
    short, far = struct.pack("<i12s", 3, b"red"), struct.pack("<i4sii", 13, b"long", 0, 2)
    views = (short + far + short + b"\0").ljust(49, b"\0") + b"a long text of letters".ljust(64, b".")
    chosen = b"\0\1\0".ljust(49, b"\0") + b"\2" + values("f", 5, 6)
    return {
        "numbers": arrow_stream([(0, 0, floats), (3, 0, labels)], 3),
        "batches": arrow_stream([(0, 0, floats), (3, 0, labels)], 3, 3),
        "nulls": arrow_stream([(0, 4, b"\5" + floats), (3, 4, b"\7" + labels)], 3),
        "texts": arrow_stream([(13, 0, texts), (0, 0, floats)], 3), "long_texts": arrow_stream([(14, 0, texts), (0, 0, floats)], 3),
        "descending": arrow_stream([(13, 0, b"\0\7\3\3" + bytes(64))], 3), "negative": arrow_stream([(13, 0, b"\0\xff\3\3" + bytes(64))], 3),
        "views": arrow_stream([(15, 0, views), (0, 0, floats)], 3),
        "no_view": arrow_stream([(15, 0, views.replace(far, struct.pack("<i4sii", 13, b"long", 2**31 - 1, 2))), (0, 0, floats)], 3),
        "dictionary": arrow_stream([(0, 16, chosen), (3, 0, labels)], 3), "index": arrow_stream([(0, 16, b"\0\5\0" + chosen[3:])], 3),
        "no_dictionary": arrow_stream([(0, 48, chosen)], 3), "no_values": arrow_stream([(0, 8, floats)], 3),
        "null_column": arrow_stream([(12, 0, b""), (3, 0, labels)], 3), "bits": arrow_stream([(11, 0, b"\5".ljust(49, b"\0"))], 3),
        "halves": arrow_stream([(10, 0, struct.pack("<3H", 0x3C00, 0x7C00, 1).ljust(49, b"\0"))], 3),
        "decimals": arrow_stream([(16, 0, values("q", 125, -1, 0))], 3), "scale": arrow_stream([(18, 0, values("q", 1, 2, 3))], 3),
        "offset": arrow_stream([(0, 1, floats + bytes(16)), (3, 2, labels + bytes(32))], 3, 1, 16),
        "more_rows": arrow_stream([(0, 0, floats)], 3, 1, 1), "fails": arrow_stream([(0, 0, floats)], 3, 2, 2),
        "binary": arrow_stream([(20, 0, floats)], 3), "childless": arrow_stream([(0, 0, floats)], 3, 1, 0xC0), "no_rows": arrow_stream([(0, 0, b"\0")], 0),
    }


def main():
    root = pathlib.Path(sys.argv[1])
    for reader, seeds in {**SEEDS, "checkpoint": checkpoint_seeds(), "manifest": manifest_seeds(), "shard": shard_seeds(),
                          "arrow": arrow_seeds()}.items():
        (root / reader).mkdir(parents=True, exist_ok=True)
        for name, data in seeds.items():
            (root / reader / name).write_bytes(data)


if __name__ == "__main__":
    main()
