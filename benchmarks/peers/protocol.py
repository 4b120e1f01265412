"""The peers' side of the measurements: the line protocol of `thalweg bench --on-request`.

A program prints {"ready": case}, then answers every line of stdin with one repetition, {"seconds": of a step,
"samples_per_second": ...}; "end" goes on to the next case. A case that cannot be run is {"ready": case, "error": why}.
"""
import argparse
import json
import os
import pathlib
import sys
import time

import numpy

SECONDS = 0.1  # of a repetition, at least, as thalweg bench


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=pathlib.Path, help="folder of npy files that thalweg bench wrote")
    parser.add_argument("--batch", type=lambda text: [int(size) for size in text.split(",")], default=[256])
    parser.add_argument("--parameters", type=lambda text: [int(size) for size in text.split(",")], default=[])
    parser.add_argument("--optimizer", type=lambda text: text.split(","), default=[])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--mode", default="")
    return parser.parse_args()


def threads():
    """Number of threads, for libraries that want to be told in their own way."""
    return int(os.environ.get("OMP_NUM_THREADS", "2"))


def dense(folder):
    return numpy.load(folder / "x.npy"), numpy.load(folder / "target.npy")


def sparse(folder):
    """offsets, columns, values, target; every row has as many entries."""
    return tuple(numpy.load(folder / f"{name}.npy") for name in ("offsets", "columns", "values", "target"))


class Batches:
    """Rows of shuffled batches, a new order each epoch."""

    def __init__(self, rows, batch):
        self.rows, self.batch, self.random = rows, batch, numpy.random.default_rng(1)
        self.order, self.at = self.random.permutation(rows), 0

    def next(self):
        if self.at + self.batch > self.rows:
            self.order, self.at = self.random.permutation(self.rows), 0
        rows = self.order[self.at:self.at + self.batch]
        self.at += self.batch
        return rows

    def chunk(self, count):
        """Rows of `count` batches, [count, batch]."""
        return numpy.stack([self.next() for _ in range(count)])


def say(**fields):
    print(json.dumps(fields), flush=True)


def timed(step, count):
    begin = time.perf_counter()
    for _ in range(count):
        step()
    return (time.perf_counter() - begin) / count


def runs_for(step):
    timed(step, 1)
    count, once = 1, timed(step, 1)
    while once * count < SECONDS:
        count = min(max(int(1.2 * SECONDS / max(once, 1e-9)), count + 1), 10 * count)
        once = timed(step, count)
    return count


def serve(cases):
    """`cases`: (name, prepare, samples); prepare() gives a step: a call that takes one and waits for its result.

    A step may do the work of several: samples are those of one call.
    """
    for name, prepare, samples in cases:
        try:
            step = prepare()
            count = runs_for(step)
        except Exception as error:  # whatever it is, the row says it
            say(ready=name, error=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:200])
            step = None
        else:
            say(ready=name)
        for line in sys.stdin:
            if line.strip() == "end":
                break
            seconds = timed(step, count)
            say(seconds=seconds, samples_per_second=samples / seconds)
