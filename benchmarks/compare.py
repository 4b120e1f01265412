#!/usr/bin/env python3
"""Compares two files of `thalweg bench --json` and names the changes that are beyond the noise.

    benchmarks/compare.py OLD NEW [--threshold 0.03]

A change counts when the medians differ by more than the threshold and by more than the noise: three standard errors of
the difference of the medians, taken from the quartiles of both runs' repetitions. Where results were held against a limit
that was measured beside them and the limits differ between the runs, times are compared in units of the limit: a machine that
was slower that day is not slower code. Exit code: 0 nothing slower, 1 something slower, 2 wrong use.
"""
import argparse
import json
import math
import sys

# The quartiles of a normal distribution are 1.349 deviations apart; the median of n has 1.2533 deviations / sqrt(n).
DEVIATIONS_OF_QUARTILES = 1.349
MEDIAN_ERROR = 1.2533
NOISE_DEVIATIONS = 3.0
LIMIT_DRIFT = 0.05


def stop(message):
    print(message, file=sys.stderr)
    sys.exit(2)


def read(path):
    """Results by (workload, shape, device, threads)."""
    results = {}
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.readlines()
    except OSError as error:
        stop(f"{path}: {error.strerror}")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if row["kind"] == "result":
                shape = " ".join(f"{name}={value}" for name, value in row["shape"].items())
                results[row["workload"], shape, row["device"], row["threads"]] = row
        except (ValueError, KeyError, TypeError) as error:
            stop(f"{path} line {number}: not a line of thalweg bench --json: {error}")
    return results


def relative_error(row):
    """Standard error of the median, relative to it."""
    deviation = row["spread"] / DEVIATIONS_OF_QUARTILES
    return MEDIAN_ERROR * deviation / math.sqrt(max(len(row["repetitions"]), 1))


def drifted(old, new):
    """Whether the machine itself gave more or less than it did."""
    rates = old.get("limit_rate"), new.get("limit_rate")
    return all(rates) and old["limit"] == new["limit"] and abs(rates[1] / rates[0] - 1) > LIMIT_DRIFT


def change(old, new):
    """(ratio of times new / old, noise, whether in units of the limit)."""
    noise = NOISE_DEVIATIONS * math.hypot(relative_error(old), relative_error(new))
    if drifted(old, new):
        return old["percent_of_limit"] / new["percent_of_limit"], noise, True
    return new["seconds"] / old["seconds"], noise, False


def verdict(old, new, threshold):
    ratio, noise, by_limit = change(old, new)
    if old["disturbed"] or new["disturbed"]:
        return "disturbed", ratio, noise, by_limit
    if abs(ratio - 1) <= max(threshold, noise):
        return "same", ratio, noise, by_limit
    return ("slower" if ratio > 1 else "faster"), ratio, noise, by_limit


def compare(old, new, threshold, out):
    """Prints a line for each result and returns how many are slower."""
    counts = {}
    for key in old:
        if key not in new:
            out.write(f"gone       {key[0]} {key[1]}\n")
            continue
        word, ratio, noise, by_limit = verdict(old[key], new[key], threshold)
        counts[word] = counts.get(word, 0) + 1
        if word != "same":
            unit = ", in units of the limit" if by_limit else ""
            out.write(f"{word:<10} {key[0]} {key[1]}: {100 * (ratio - 1):+.1f} % time{unit} (noise {100 * noise:.1f} %)\n")
    for key in new:
        if key not in old:
            out.write(f"new        {key[0]} {key[1]}\n")
    out.write(", ".join(f"{count} {word}" for word, count in sorted(counts.items())) + "\n")
    return counts.get("slower", 0)


def self_test():
    """The rules on made-up results."""
    def row(seconds, spread=0.01, rate=100.0, disturbed=False, count=5):
        return {"seconds": seconds, "spread": spread, "repetitions": [seconds] * count, "disturbed": disturbed,
                "limit": "read", "limit_rate": rate, "percent_of_limit": 100 / (seconds * rate)}

    def word(old, new):
        return verdict(old, new, 0.03)[0]

    assert word(row(1.0), row(1.0)) == "same"
    assert word(row(1.0), row(1.02)) == "same", "below the threshold"
    assert word(row(1.0), row(1.1)) == "slower"
    assert word(row(1.1), row(1.0)) == "faster"
    assert word(row(1.0, spread=0.2), row(1.1, spread=0.2)) == "same", "within the noise"
    assert word(row(1.0, spread=0.2, count=100), row(1.1, spread=0.2, count=100)) == "slower", "more repetitions, less noise"
    assert word(row(1.0), row(2.0, rate=50.0)) == "same", "the machine was slower, not the code"
    assert word(row(1.0), row(2.0, rate=100.0)) == "slower"
    assert word(row(1.0), row(1.0, rate=200.0)) == "slower", "a faster machine gave no more"
    assert word(row(1.0), row(1.5, disturbed=True)) == "disturbed"
    assert relative_error(row(1.0, spread=0.0)) == 0
    print("compare.py: self-test passed")


def main():
    parser = argparse.ArgumentParser(description="Which results of thalweg bench --json changed beyond the noise.")
    parser.add_argument("files", nargs="*", metavar="OLD NEW")
    parser.add_argument("--threshold", type=float, default=0.03, help="relative change that is too small to matter")
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_test:
        self_test()
        return 0
    if len(arguments.files) != 2:
        parser.error("want two files, the old one and the new one")
    old, new = (read(path) for path in arguments.files)
    return 1 if compare(old, new, arguments.threshold, sys.stdout) else 0


if __name__ == "__main__":
    sys.exit(main())
