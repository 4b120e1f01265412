#!/usr/bin/env python3
"""Deletes every barrier, fence and wait of kernel sources, one at a time, and requires the tests to fail.

    mutate.py --build build/simt-tsan kernels/*/*_cuda.cu              each against kernels_<op>_test
    mutate.py --build build/simt-tsan --test simt_samples_test FILES

The build folder is a configured and built simt-tsan preset; it is read, never changed. A mutant that survives
is a barrier that is not needed, or a race that the tests cannot see; the exit status is then 1.
"""
import argparse
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

CALLS = re.compile(
    r"__syncthreads\(\s*\)|__syncwarp\([^()]*\)|__threadfence(?:_block)?\(\s*\)"
    r"|wait_copies<[^<>]*>\(\s*\)|\b[\w:]+(?:\(\))?\.sync\(\s*\)"
)
SEEDS = ("0", "1", "2", "3")


def mutants(text):
    """(line, deleted call, mutated text) of each call outside comments and preprocessor lines."""
    offset = 0
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        code = line.split("//")[0]
        if not code.lstrip().startswith("#"):
            for call in CALLS.finditer(code):
                start, end = offset + call.start(), offset + call.end()
                yield number, call.group(), text[:start] + "static_cast<void>(0)" + text[end:]
        offset += len(line)


def compile_command(build, source):
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if pathlib.Path(entry["file"]).resolve() == source:
            return pathlib.Path(entry["directory"]), shlex.split(entry["command"])
    sys.exit(f"mutate: {build}/compile_commands.json does not know {source}")


def link_command(build, target):
    commands = subprocess.run(["ninja", "-C", build, "-t", "commands", target], check=True, text=True,
                              capture_output=True).stdout.splitlines()
    link = next(c for c in reversed(commands) if re.search(rf"-o \S*{re.escape(target)}(\s|$)", c))
    words = shlex.split(link)
    return [w for w in words if w not in ("&&", ":")]


def replace_output(words, new):
    at = words.index("-o")
    return words[:at + 1] + [str(new)] + words[at + 2:]


def survives(build, source, text, target, folder):
    """Whether the tests pass with `text` in place of `source`."""
    mutated = folder / source.name
    mutated.write_text(text)
    directory, command = compile_command(build, source)
    original_object = command[command.index("-o") + 1]
    new_object = folder / "mutant.o"
    command = [str(mutated) if pathlib.Path(directory, w).resolve() == source else w for w in command]
    command = replace_output(command, new_object) + [f"-I{source.parent}", f"-I{source.parent.parent}"]
    subprocess.run(command, cwd=directory, check=True, stderr=subprocess.DEVNULL)
    link = link_command(build, target)
    program = folder / "mutant"
    if original_object in link:
        link = [str(new_object) if w == original_object else w for w in link]
    else:  # in an archive: an object on the command line comes first
        link.insert(link.index("-o"), str(new_object))
    subprocess.run(replace_output(link, program), cwd=build, check=True)
    options = {"TSAN_OPTIONS": "halt_on_error=1:report_bugs=1"}
    for seed in SEEDS:
        ran = subprocess.run([program, "--gtest_brief=1", "--gtest_filter=-*Timings*"], capture_output=True,
                             env=os.environ | options | {"THALWEG_SIMT_SEED": seed})
        if ran.returncode != 0:
            return False
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--test", help="test program; default: kernels_<op>_test of each file's folder")
    parser.add_argument("sources", type=pathlib.Path, nargs="+")
    options = parser.parse_args()
    build, caught, survivors = options.build.resolve(), 0, []
    with tempfile.TemporaryDirectory() as folder:
        for source in map(pathlib.Path.resolve, options.sources):
            target = options.test or f"kernels_{source.parent.name}_test"
            original = source.read_text()
            if not survives(build, source, original, target, pathlib.Path(folder)):
                sys.exit(f"mutate: {target} fails with {source} as it is")
            for line, call, text in mutants(original):
                if survives(build, source, text, target, pathlib.Path(folder)):
                    survivors.append(f"{source}:{line}: {call}")
                else:
                    caught += 1
    for survivor in survivors:
        print(f"nobody misses {survivor}")
    print(f"{caught} deleted calls were missed, {len(survivors)} were not")
    return 1 if survivors or caught == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
