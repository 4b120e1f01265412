"""Finds a test program by a word for it, and says which preset builds it.

  test_target.py NAME [--simt]     prints "PRESET TARGET PROGRAM"

NAME is a test's stem with or without its ending (update, update_test), its target (kernels_update_test) or its file."""
import argparse
import difflib
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ["kernels", "host", "end_to_end", "simt"]


def test_stems(root):
    """target -> stem of every test program, as tests/CMakeLists.txt and tests/simt/CMakeLists.txt name them."""
    return {f"{folder}_{path.stem}": path.stem for folder in FOLDERS
            for path in sorted((root / "tests" / folder).glob("*_test.cpp"))}


def matches(name, stems):
    if name.endswith(".cpp"):
        path = pathlib.PurePath(name)
        name = f"{path.parent.name}_{path.stem}"
    words = {name, name + "_test"}
    return [target for target, stem in stems.items() if words & {target, stem}]


def nearest(name, stems):
    """Targets that hold the name, else those whose stem is spelled much like it."""
    holding = [target for target in stems if name in target]
    alike = difflib.get_close_matches(name, [stem.removesuffix("_test") for stem in stems.values()], n=3)
    return holding or [target for target, stem in stems.items() if stem.removesuffix("_test") in alike]


def find(name, simt, root=ROOT):
    """(preset, target, program); raises LookupError with what to say instead."""
    stems = test_stems(root)
    found = matches(name, stems)
    if len(found) > 1:
        raise LookupError(f'"{name}" names more than one test: {", ".join(found)}')
    if not found:
        close = nearest(name, stems)[:8]
        raise LookupError(f'no test is named "{name}"' + (f'; the nearest are {", ".join(close)}' if close else ""))
    target = found[0]
    executed = simt or target.startswith("simt_") or target.endswith("_simt_test")
    preset = "simt" if executed else "release"
    folder = "tests/simt" if target.startswith("simt_") else "tests"
    return preset, target, f"build/{preset}/{folder}/{target}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--simt", action="store_true")
    arguments = parser.parse_args()
    try:
        print(*find(arguments.name, arguments.simt))
    except LookupError as error:
        sys.exit(f"./run test: {error.args[0]}")


if __name__ == "__main__":
    main()
