#!/usr/bin/env python3
"""Tables that pyarrow writes as Parquet train to the bits of the same tables as CSV, and damaged ones are named.

    check.py PROGRAM

Needs pyarrow (requirements.txt) and the plugin, which PROGRAM finds itself or by THALWEG_PLUGINS.
"""
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import pyarrow
import pyarrow.csv
import pyarrow.parquet

WORDS = ["red", "green", "blue", "deep sea", "grün"]


def random_table(rng, rows):
    """Columns of every kind that both formats can hold; some cells are missing."""
    def column(kind, make, missing=0.0):
        cells = [None if rng.random() < missing else make() for _ in range(rows)]
        return pyarrow.array(cells, kind)
    kinds = {
        "i8": column(pyarrow.int8(), lambda: rng.randrange(-128, 128)),
        "i64": column(pyarrow.int64(), lambda: rng.randrange(-10**12, 10**12), 0.1),
        "u32": column(pyarrow.uint32(), lambda: rng.randrange(2**32)),
        "f32": column(pyarrow.float32(), lambda: rng.randrange(-999, 999) / 8),
        "f64": column(pyarrow.float64(), rng.random, 0.1),
        "word": column(pyarrow.string(), lambda: rng.choice(WORDS), 0.05),
        "large": column(pyarrow.large_string(), lambda: rng.choice(WORDS)),
        "view": column(pyarrow.string_view(), lambda: rng.choice(WORDS) * 4),
        "category": column(pyarrow.string(), lambda: rng.choice(WORDS)).dictionary_encode(),
    }
    names = rng.sample(sorted(kinds), rng.randrange(2, len(kinds) + 1))
    table = {name: kinds[name] for name in names}
    table["y"] = column(pyarrow.float64(), lambda: rng.randrange(-99, 99) / 4)
    return pyarrow.table(table)


def as_csv(table, path):
    """pyarrow.csv writes neither dictionaries nor views."""
    plain = [column.cast(pyarrow.string()) if not pyarrow.types.is_primitive(column.type) else column
             for column in table.columns]
    pyarrow.csv.write_csv(pyarrow.table(plain, table.column_names), path)


def train(program, data, out, *more):
    words = [program, "train", f"--data.train={data}", f"--out={out}", "--data.impute=mean", "--train.epochs=2",
             "--model.loss=squared", "--checkpoint.resume=never", "--quiet", "--json", *more]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, (words, done.stderr)
    return json.loads(done.stdout)["parameters.xxh3"]


def same_bits(program, folder, rng):
    for i in range(12):
        table = random_table(rng, rng.randrange(30, 400))
        parquet, csv = folder / f"{i}.parquet", folder / f"{i}.csv"
        pyarrow.parquet.write_table(table, parquet, row_group_size=rng.randrange(10, 200),
                                    compression=rng.choice(["snappy", "zstd", "gzip", "none"]))
        as_csv(table, csv)
        whole = train(program, parquet, folder / f"p{i}")
        assert whole == train(program, csv, folder / f"c{i}"), table.schema
        half = len(table) // 2
        parts = folder / f"parts{i}"
        parts.mkdir()
        pyarrow.parquet.write_table(table.slice(0, half), parts / "a.parquet")
        pyarrow.parquet.write_table(table.slice(half), parts / "b.parquet")
        assert train(program, parts, folder / f"d{i}") == whole, table.schema


def refused(program, path, *words):
    done = subprocess.run([program, "train", f"--data.train={path}", "--quiet"], capture_output=True, text=True)
    assert done.returncode == 65, done
    for word in words:
        assert word in done.stderr, done.stderr


def left_out(program, folder, rng):
    """Columns of types that are not read, in data.ignore."""
    rows = 60
    plain = pyarrow.table({"x": [rng.random() for _ in range(rows)], "y": [float(i) for i in range(rows)]})
    struct = pyarrow.array([{"a": i} for i in range(rows)])
    odd = {"tags": pyarrow.array([[1] * (i % 3) for i in range(rows)]), "place": struct,
           "when": pyarrow.array(range(rows), pyarrow.timestamp("us", "UTC")),
           "blob": pyarrow.array([b"\0"] * rows)}
    for name, column in odd.items():
        plain = plain.add_column(rng.randrange(plain.num_columns), name, column)
    pyarrow.parquet.write_table(plain, folder / "odd.parquet", row_group_size=17)
    as_csv(plain.select(["x", "y"]), folder / "odd.csv")
    refused(program, folder / "odd.parquet", "leave it out (data.ignore)")
    bits = train(program, folder / "odd.parquet", folder / "po", f"--data.ignore={','.join(odd)}", "--data.target=y")
    assert bits == train(program, folder / "odd.csv", folder / "co", "--data.target=y")


def bad_files(program, folder, rng):
    nested = pyarrow.table({"x": [[1, 2], [3]], "y": [1.0, 2.0]})
    pyarrow.parquet.write_table(nested, folder / "nested.parquet")
    refused(program, folder / "nested.parquet", 'column "x" of ', "nested.parquet is of the Arrow type list")
    left_out(program, folder, rng)
    table = random_table(rng, 200)
    pyarrow.parquet.write_table(table, folder / "whole.parquet")
    whole = (folder / "whole.parquet").read_bytes()
    for cut in [8, len(whole) // 2, len(whole) - 1]:
        (folder / "cut.parquet").write_bytes(whole[:cut])
        refused(program, folder / "cut.parquet", "cut.parquet is damaged or not a Parquet file")


def main():
    program, rng = sys.argv[1], random.Random(1)
    with tempfile.TemporaryDirectory() as name:
        same_bits(program, pathlib.Path(name), rng)
        bad_files(program, pathlib.Path(name), rng)
    print("24 Parquet tables train to the bits of their CSV files; 4 bad ones are refused, and columns of other types left out")


if __name__ == "__main__":
    main()
