#!/usr/bin/env python3
"""Holds our readers against those of Python: numpy, scikit-learn, safetensors, gzip and csv.

    differential.py TOOL [--files 10000] [--seed 1] [--format FORMAT ...]

TOOL is the program differential_tool. For every format so many valid files are made; ours has to read each to the last
bit as the peer does. Then each file is damaged: what ours accepts, the peer has to accept with the same content; where
ours alone refuses, its reason has to be one that the format's module lists. Needs the packages of requirements.txt;
ends with code 77 where they are missing.
"""
import argparse
import collections
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

try:
    import arrays
    import safetensors_files
    import texts
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

FORMATS = {"npy": arrays.Npy, "npz": arrays.Npz, "idx": arrays.Idx, "gz": arrays.Gz, "libsvm": texts.Libsvm,
           "csv": texts.Csv, "safetensors": safetensors_files.Safetensors}
BATCH = 500


def answers_of(tool, lines):
    """One process for many files."""
    done = subprocess.run([tool], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(lines), done.stderr
    return answers


class Comparison:
    """Of one format; files that disagree are kept."""

    def __init__(self, name, form, tool, folder):
        self.name, self.form, self.tool, self.folder = name, form, tool, folder
        self.counts = collections.Counter()
        self.differences = []

    def batch(self, rng, first, count):
        files = []
        for i in range(first, first + count):
            data = self.form.valid(rng)
            files += [(f"{i}.valid", data), (f"{i}.damaged", self.form.damaged(rng, data))]
        lines = []
        for name, data in files:
            path = self.folder / f"{name}.{self.name}"
            path.write_bytes(data)
            lines.append(f"{self.name}\t{path}\t")
        for (name, data), line, answer in zip(files, lines, answers_of(self.tool, lines)):
            path = pathlib.Path(line.split("\t")[1])
            problem = self.compare(name.endswith("valid"), data, path, answer)
            if problem:
                self.differences.append((self.name, problem, data))
            path.unlink()

    def compare(self, valid, data, path, answer):
        """What is wrong, or nothing."""
        theirs = self.form.content(data, path)
        if "refused" in answer:
            if theirs is None:
                self.counts["both refuse"] += 1
                return "a valid file is refused by both" if valid else None
            reason = next((r for r in self.form.stricter if re.search(r, answer["refused"], re.DOTALL)), None)
            if valid or reason is None:
                return f"ours alone refuses: {answer['refused']}"
            self.counts["ours alone refuses"] += 1
            return None
        if theirs is None:
            return "ours alone accepts"
        self.counts["valid and equal" if valid else "damaged, accepted by both and equal"] += 1
        return self.form.difference(answer, theirs, path)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("tool")
    arguments.add_argument("--files", type=int, default=10000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--format", nargs="*", default=list(FORMATS), choices=list(FORMATS))
    options = arguments.parse_args()
    failed = False
    for name in options.format:
        rng = random.Random(f"{name} {options.seed}")
        with tempfile.TemporaryDirectory() as folder:
            comparison = Comparison(name, FORMATS[name](), options.tool, pathlib.Path(folder))
            for first in range(0, options.files, BATCH):
                comparison.batch(rng, first, min(BATCH, options.files - first))
        counts = ", ".join(f"{count} {what}" for what, count in sorted(comparison.counts.items()))
        print(f"{name} against {comparison.form.peer}: {counts}; {len(comparison.differences)} differ", flush=True)
        for _, problem, data in comparison.differences[:3]:
            print(f"  {problem}\n  {data[:400]!r}")
        failed |= bool(comparison.differences)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
