"""Text: libsvm against scikit-learn, CSV against Python's csv module and float().

A format has what arrays.py says. Numbers: ours are the float32 nearest to the text; a peer that takes the nearest
double first can come to a neighbour, which is checked by fractions.
"""
import csv
import fractions
import io
import math
import re
import struct

import numpy as np
import sklearn
from sklearn.datasets import load_svmlight_file

from arrays import changed, unequal


def random_number(rng):
    kind = rng.randrange(8)
    if kind == 0:
        return str(rng.randrange(-1000, 1000))
    if kind == 1:
        return repr(rng.gauss(0, 1))
    if kind == 2:
        return "%.*g" % (rng.randrange(1, 20), rng.uniform(-1, 1) * 10 ** rng.randrange(-50, 38))
    if kind == 3:
        return rng.choice(["0", "-0", "1.", ".5", "+2", "1e5", "1E-5", "007", "3.4028234e38", "1e-46", "1.4e-45", "0.1"])
    if kind == 4:  # halfway between two floats, or a little beside
        bits = rng.randrange(0x00800000, 0x7F000000)
        low, high = (struct.unpack("<f", struct.pack("<I", b))[0] for b in (bits, bits + 1))
        return repr((low + high) / 2)
    if kind == 5:
        return "%.9g" % struct.unpack("<f", struct.pack("<I", rng.randrange(0x7F800000)))[0]
    return "%.3f" % rng.uniform(-100, 100)


def nearest_float32(text):
    """By float(), mended where rounding twice went wrong."""
    value = np.float32(float(text))
    if not np.isfinite(value) or float(text) == 0:  # of 1e-99999999 the fraction would take for ever
        return value
    exact = fractions.Fraction(text.strip().lstrip("+"))
    near = [value, np.nextafter(value, np.float32(-np.inf)), np.nextafter(value, np.float32(np.inf))]
    near = [n for n in near if np.isfinite(n)]
    error = lambda n: (abs(fractions.Fraction(float(n)) - exact), int(n.view(np.uint32)) & 1)
    best = min(near, key=error)
    return value if error(best)[0] == error(value)[0] and best == value else best


class Libsvm:
    peer = f"scikit-learn {sklearn.__version__}"
    stricter = [r"want a finite number", r"want a number", r"want indices from", r"where the label stands", r"got .*; want index:value",
                r"no features", r"is empty"]

    def valid(self, rng):
        base, lines = rng.randrange(2), []
        whole = rng.random() < 0.5
        for _ in range(rng.randrange(1, 12)):
            indices = sorted(rng.sample(range(base, 30), rng.randrange(1, 6)))
            label = str(rng.choice([-1, 1, 0, 7])) if whole else random_number(rng)
            entries = [f"{i}:{random_number(rng)}" for i in indices]
            qid = [f"qid:{rng.randrange(9)}"] if rng.random() < 0.1 else []
            line = rng.choice([" ", "  ", "\t"]).join([label] + qid + entries)
            lines.append(line + rng.choice(["", " ", " # note", "\r"]))
            if rng.random() < 0.1:
                lines.append(rng.choice(["", "# alone"]))
        return ("\n".join(lines) + rng.choice(["\n", ""])).encode()

    def damaged(self, rng, data):
        return changed(rng, data, b"0123456789.:+-eE #\tnaqid")

    def content(self, data, path):
        try:
            matrix, labels = load_svmlight_file(str(path), dtype=np.float64)
        except Exception:
            return None
        rows = matrix.shape[0]  # none, and so no features: only comments
        return {"rows": rows, "width": matrix.shape[1] if rows else 0, "offsets": matrix.indptr.tolist(),
                "columns": matrix.indices.tolist(), "values": matrix.data,
                "label_numbers": labels.astype("<f8").tobytes().hex()}

    def difference(self, ours, theirs, path):
        got = np.frombuffer(bytes.fromhex(ours["values"]), "<f4")
        want = theirs["values"].astype(np.float32)
        same = len(got) == len(want)
        for i in np.flatnonzero(got.view(np.uint32) != want.view(np.uint32)) if same else []:
            texts = re.findall(rb"(?<![^\s])\d+:([^\s#]+)", re.sub(rb"#[^\n]*", b"", path.read_bytes()))
            same &= len(texts) == len(got) and nearest_float32(texts[i].decode()).tobytes() == got[i].tobytes()
        rest = {key: value for key, value in theirs.items() if key != "values"}
        return unequal(ours, rest) or (None if same else "values differ")


NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
SPECIAL = re.compile(r"[+-]?(inf(inity)?|nan(\([A-Za-z0-9_]*\))?)", re.IGNORECASE)
MISSING = {"", "na", "n/a", "nan", "null", "?"}


class Csv:
    """Python's csv finds the cells; what they are is told here once more: numbers, missing ones, texts."""
    peer = "csv and float() of Python"
    stricter = [r"a quote inside a cell", r"two columns are called", r"text after the closing quote",
                r"not UTF-8", r"a carriage return inside a line", r"which looks like", r"where the column has numbers",
                r"words between blanks", r"is not a row", r"is libsvm", r"without a name"]

    def valid(self, rng):
        width, rows = rng.randrange(2, 6), rng.randrange(1, 12)
        kinds = [rng.choice("nnnt") for _ in range(width)]
        delimiter = rng.choice(",,;\t")
        words = ["red", "blue", "a b", "x,y", 'quo"te', "line\nend", "semi;colon", "\u00e9", "tab\tbed"]
        words = [w for w in words if not any(d in w for d in ",;\t" if d != delimiter)]  # else the guess may be another
        missing = ["", "NA", "nan", "?", "Null", "N/A"]

        def cell(kind, may_miss):
            if may_miss and rng.random() < 0.1:
                return rng.choice(missing)
            return random_number(rng) if kind == "n" else rng.choice(words)

        table = [[cell(kind, c + 1 < width) for c, kind in enumerate(kinds)] for _ in range(rows)]
        header = [f"c{c} {rng.choice(words)}" for c in range(width)]
        if rng.random() < 0.6 or "n" not in kinds:
            table.insert(0, header)
        else:
            table[0][kinds.index("n")] = random_number(rng)  # else it would read as a header
        file = io.StringIO()
        quoting = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
        csv.writer(file, delimiter=delimiter, lineterminator=rng.choice(["\n", "\r\n"]), quoting=quoting).writerows(table)
        text = file.getvalue()
        if rng.random() < 0.2:
            text = text.rstrip("\r\n")
        if rng.random() < 0.1:
            text = text.replace("\n", "\n\n") if '"' not in text else text + "\n"
        return (b"\xef\xbb\xbf" if rng.random() < 0.1 else b"") + text.encode()

    def damaged(self, rng, data):
        return changed(rng, data, b"0123456789.+-eE,;\"\n nax")

    def cells(self, text):
        if text.count('"') % 2:  # a quote that never closes
            return None
        bare = re.sub(r'"[^"]*"', "", text).split("\n", 1)[0]  # of the first line that ends outside of quotes
        delimiter = max("\t;,", key=lambda d: (bare.count(d), "\t;,"[::-1].index(d)))
        if bare.count(delimiter) == 0:  # runs of blanks, which csv has no word for
            lines = [line.removesuffix("\r").strip(" \t") for line in text.split("\n")]
            return None if '"' in text or "\r" in "".join(lines) else [re.split("[ \t]+", line) for line in lines if line]
        try:
            return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True) if row]
        except csv.Error:
            return None

    @staticmethod
    def has_header(rows, is_missing, finite):
        """A line of words; of words and nothing, if a word stands above numbers; of 0, 1, 2."""
        first, below = rows[0], rows[1:1000]
        counts = lambda row, start: [c.strip(" \t\r") for c in row] == [str(start + i) for i in range(len(row))]
        if any(finite(c) for c in first):
            fractions = lambda i: below and all(i < len(row) and "." in row[i] for row in below)
            return (len(first) > 1 and below and counts(first, 0) and not counts(below[0], len(first))
                    and (len(first) > 2 or fractions(0) or fractions(1)))
        if not any(is_missing(c) for c in first):
            return True
        for i, cell in enumerate(first):
            column = [row[i] for row in below if i < len(row) and not is_missing(row[i])]
            if not is_missing(cell) and column and all(finite(c) for c in column):
                return True
        index = [row[0] for row in below] == [str(r) for r in range(len(below))]
        return bool(below) and not first[0].strip(" \t\r") and index

    def content(self, data, path):
        text = data.decode("latin-1").removeprefix("\u00ef\u00bb\u00bf")
        rows = self.cells(text)
        if not rows:
            return None
        blank = lambda c: c.strip(" \t\r")
        is_missing = lambda c: blank(c).lower() in MISSING
        is_number = lambda c: bool(NUMBER.fullmatch(blank(c)))
        finite = lambda c: is_number(c) and math.isfinite(float(blank(c)))
        names = []
        if self.has_header(rows, is_missing, finite):
            names = [blank(c) or f"Unnamed: {i}" for i, c in enumerate(rows[0])]
            rows = rows[1:]
        width = len(names or rows[0])
        if width > 1 and rows and not blank("".join(row[-1] for row in rows if row)) and (
                not names or names[-1].startswith("Unnamed: ")) and all(len(row) == width for row in rows):
            names, rows, width = names[:-1], [row[:-1] for row in rows], width - 1
        if any(len(row) != width for row in rows) or len(set(names)) != len(names) or width < 2:
            return None
        columns = list(zip(*rows)) if rows else [()] * width
        texts, values = [], []
        for c, column in enumerate(columns):
            present = [cell for cell in column[:1000] if not is_missing(cell)]
            words = sum(not (is_number(cell) or SPECIAL.fullmatch(blank(cell))) for cell in present)
            last = c + 1 == width
            if last and any(is_missing(cell) for cell in column):
                return None
            texts.append(list(dict.fromkeys(blank(cell) for cell in column if not is_missing(cell))) if 2 * words > len(present) else [])
            if 2 * words > len(present):
                values.append([math.nan if is_missing(cell) else texts[-1].index(blank(cell)) for cell in column])
                continue
            if any(not (is_number(cell) or is_missing(cell)) for cell in column):
                return None
            kind = float if last else nearest_float32
            values.append([math.nan if is_missing(cell) else kind(blank(cell)) for cell in column])
            if any(math.isinf(value) for value in values[-1]):
                return None
        hexed = lambda words: [word.encode("latin-1").hex() for word in words]
        cells = np.array(values[:-1], dtype=np.float32).T
        theirs = {"rows": len(rows), "width": width - 1, "cells": cells.tobytes().hex(), "names": hexed(names[:-1]),
                  "texts": [hexed(t) for t in texts[:-1]], "label_texts": hexed(texts[-1])}
        if texts[-1]:
            theirs["label_codes"] = values[-1]
        else:
            theirs["label_numbers"] = np.array(values[-1], dtype=np.float64).tobytes().hex()
        return theirs

    def difference(self, ours, theirs, path):
        return unequal(ours, theirs)
