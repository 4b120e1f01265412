"""Finds names of optimizers, losses and activations outside the tables that are their only list.

  names_lint.py      prints a line for each finding and fails if there is one

Tests may spell names out, as their data; documents are held to the tables by tests."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SETS = {"Rule": "include/thalweg/choices/optimizer.hpp", "Activation": "include/thalweg/choices/model.hpp",
        "Loss": "include/thalweg/loss.hpp"}
CODE = ["include/**/*.hpp", "kernels/**/*.*", "host/**/*.*", "examples/*.cpp", "benchmarks/kernels/*.cpp", "tests/static/*.*"]
# The tables, and the names that other tools have for the same things.
TABLES = {*SETS.values(), "host/config/other_names.hpp"}
# The same word for something else.
OTHER_MEANINGS = {
    ("include/thalweg/settings/optimizer.hpp", "momentum"): "a setting",
    ("include/thalweg/settings/model.hpp", "quantile"): "a setting",
    ("include/thalweg/choices.hpp", "poisson"): "a sampling",
    ("host/bench/bench.cpp", "logistic"): "a workload",
    ("host/bench/training_workloads.cpp", "logistic"): "a workload",
    ("kernels/metrics/metrics_contract.cpp", "squared"): "an argument",
    ("kernels/metrics/metrics_contract.cpp", "absolute"): "an argument",
    ("kernels/softmax_cross_entropy/softmax_cross_entropy_cuda.cu", "softmax_cross_entropy"): "an op",
    ("tests/static/costs.cpp", "softmax_cross_entropy"): "an op",
    ("tests/static/rules.py", "softmax_cross_entropy"): "an op",
}


def names_of(kind, text):
    """The names in the table kNames<kind>."""
    names = set(re.findall(r"\{+" + kind + r'::\w+,\s*"(\w+)"\}', text))
    if not names:
        raise SystemExit(f"no table of {kind}")
    return names


def known_names():
    return set().union(*(names_of(kind, (ROOT / file).read_text()) for kind, file in SETS.items())) - {"auto"}


def findings(file, text, names):
    """(number of the line, name) of each name that the file has as a string."""
    return [(number, word) for number, line in enumerate(text.split("\n"), 1)
            for word in re.findall(r'"(\w+)"', line)
            if word in names and file not in TABLES and (file, word) not in OTHER_MEANINGS]


def main():
    names = known_names()
    files = sorted({path for pattern in CODE for path in ROOT.glob(pattern) if path.is_file()})
    problems = [f'{file}:{number}: "{name}" is listed in {" and ".join(sorted(set(SETS.values())))} alone: use the enum and name_of'
                for path in files for file in [str(path.relative_to(ROOT))]
                for number, name in findings(file, path.read_text(errors="replace"), names)]
    print("\n".join(problems), end="\n" if problems else "")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
