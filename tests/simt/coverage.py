#!/usr/bin/env python3
"""Lines of the kernels that the tests of a simt-coverage build executed, from gcov's counts.

    coverage.py build/simt-coverage [--at-least PERCENT]

A line of a template counts once, and as executed if any instantiation executed it. The exit status is 1 below
the percentage asked for, over all kernels together.
"""
import argparse
import collections
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def kernel_file(name, directory):
    """The path below the project of a kernel source or of a header of kernels; None of any other file."""
    path = pathlib.Path(directory, name).resolve()
    inside = path.is_relative_to(ROOT / "kernels") and path.suffix in (".cu", ".cuh")
    return path.relative_to(ROOT) if inside else None


def executions(build):
    """{file: {line: executions}} over every kernel object of the build."""
    counts = collections.defaultdict(collections.Counter)
    for notes in sorted(build.glob("CMakeFiles/thalweg.dir/kernels/*/*.gcno")):
        report = subprocess.run(["gcov", "--json-format", "--stdout", notes], check=True, capture_output=True).stdout
        for document in map(json.loads, report.splitlines()):
            for entry in document["files"]:
                file = kernel_file(entry["file"], document["current_working_directory"])
                if file is None:
                    continue
                for line in entry["lines"]:
                    counts[file][line["line_number"]] += line["count"]
    return counts


def ranges(lines):
    """[3, 4, 5, 9] as "3-5 9"."""
    found = []
    for line in sorted(lines):
        if found and line == found[-1][1] + 1:
            found[-1][1] = line
        else:
            found.append([line, line])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in found)


def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--at-least", type=float, default=0.0)
    options = parser.parse_args()
    counts = executions(options.build.resolve())
    if not counts:
        sys.exit(f"coverage: no counts in {options.build}; build the preset simt-coverage and run its tests first")
    executed = total = 0
    print(f"{'file':58} {'lines':>6} {'executed':>9}  never executed")
    for file, lines in sorted(counts.items()):
        missed = [line for line, count in lines.items() if count == 0]
        executed, total = executed + len(lines) - len(missed), total + len(lines)
        print(f"{str(file):58} {len(lines):6} {percent(len(lines) - len(missed), len(lines)):8.1f}%  {ranges(missed)}")
    print(f"{'all kernels':58} {total:6} {percent(executed, total):8.1f}%")
    if percent(executed, total) < options.at_least:
        sys.exit(f"coverage: less than {options.at_least:g} % of the lines were executed")


if __name__ == "__main__":
    main()
