#!/usr/bin/env python3
"""Deletes every barrier, fence and wait of kernel sources, one at a time, and requires the tests to fail.

    mutate.py --build build/simt-tsan kernels/*/*_cuda.cu kernels/*/*.cuh
    mutate.py --build build/simt-tsan --test simt_samples_test FILES

A kernel is held against every program kernels_<op>_*test of its op, a header against those of all kernels that
include it. The build folder is a configured and built simt-tsan preset; it is read, never changed. A mutant that
survives is a barrier that is not needed, or a race that the tests cannot see; the exit status is then 1.
"""
import argparse
import concurrent.futures
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
FILTER = "-*Timings*:*/reference:*/cpu_*"  # what runs no kernel
LONGEST_S = 1200  # a kernel that waits for ever is missed, too
ROOT = pathlib.Path(__file__).resolve().parents[2]


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


class Build:
    """What a build folder says about compiling and linking."""

    def __init__(self, folder):
        self.folder = folder
        self.commands = {}
        for entry in json.loads((folder / "compile_commands.json").read_text()):
            self.commands[pathlib.Path(entry["file"]).resolve()] = (entry["directory"], shlex.split(entry["command"]))
        targets = subprocess.run(["ninja", "-C", folder, "-t", "targets", "all"], check=True, text=True,
                                 capture_output=True).stdout
        self.programs = sorted(set(re.findall(r"^(?:\S*/)?(kernels_\w+_test): ", targets, re.MULTILINE)))
        self.links = {}

    def kernels_of(self, source):
        """The .cu files that `source` is part of: itself, or all that include the header, directly or not."""
        if source.suffix == ".cu":
            if source not in self.commands:
                sys.exit(f"mutate: {self.folder}/compile_commands.json does not know {source}")
            return [source]
        return [kernel for kernel in self.commands if kernel.suffix == ".cu" and source in included(kernel)]

    def tests_of(self, kernels):
        ops = {kernel.parent.name for kernel in kernels}
        return [program for program in self.programs if any(program.startswith(f"kernels_{op}_") for op in ops)]

    def link(self, target):
        if target not in self.links:
            commands = subprocess.run(["ninja", "-C", self.folder, "-t", "commands", target], check=True, text=True,
                                      capture_output=True).stdout.splitlines()
            command = next(c for c in reversed(commands) if re.search(rf"-o \S*{re.escape(target)}(\s|$)", c))
            self.links[target] = [word for word in shlex.split(command) if word not in ("&&", ":")]
        return self.links[target]


def included(source):
    """The project's files that `source` includes, directly or not."""
    found, pending = set(), [source]
    while pending:
        for name in re.findall(r'#include "(kernels/[^"]+)"', pending.pop().read_text()):
            path = ROOT / name
            if path.is_file() and path not in found:
                found.add(path)
                pending.append(path)
    return found


def replace_output(words, new):
    at = words.index("-o")
    return words[:at + 1] + [str(new)] + words[at + 2:]


def compile_mutant(build, kernel, source, mutated, folder):
    """`kernel` with the file `mutated` in place of `source`; (object of the build, new object)."""
    directory, command = build.commands[kernel]
    new_object = folder / (kernel.name + ".o")
    old_object = command[command.index("-o") + 1]
    if kernel == source:
        command = [str(mutated) if pathlib.Path(directory, word).resolve() == source else word for word in command]
    # The folder of mutants comes before the project's in the search for "kernels/...".
    command = replace_output(command, new_object)
    subprocess.run([command[0], *compiler_arguments(command, folder)], cwd=directory, check=True,
                   stderr=subprocess.DEVNULL)
    return old_object, new_object


def compiler_arguments(command, folder):
    """The words after the compiler (or after ccache, which goes first) with `folder` first on the include path."""
    words = command[1:]
    first_option = next(i for i, word in enumerate(words) if word.startswith("-"))
    return words[:first_option] + [f"-I{folder}"] + words[first_option:]


def survives(build, source, text, programs):
    """Whether all of the tests pass with `text` in place of `source`."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        mutated = folder / source.relative_to(ROOT)
        mutated.parent.mkdir(parents=True)
        mutated.write_text(text)
        objects = dict(compile_mutant(build, kernel, source, mutated, folder) for kernel in build.kernels_of(source))
        return all(passes(build, program, objects, folder) for program in programs)


def passes(build, target, objects, folder):
    """Whether a test program with the new objects passes under every seed."""
    link = [str(objects.get(word, word)) for word in build.link(target)]
    in_archive = [str(new) for old, new in objects.items() if old not in build.link(target)]
    link[link.index("-o"):link.index("-o")] = in_archive  # an object on the command line comes before the archive's
    program = folder / target
    subprocess.run(replace_output(link, program), cwd=build.folder, check=True)
    for seed in SEEDS:
        try:
            ran = subprocess.run([program, "--gtest_brief=1", f"--gtest_filter={FILTER}"], capture_output=True,
                                 timeout=LONGEST_S, env=os.environ | {"TSAN_OPTIONS": "halt_on_error=1:report_bugs=1",
                                                                      "THALWEG_SIMT_SEED": seed})
        except subprocess.TimeoutExpired:
            return False
        if ran.returncode != 0:
            return False
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--test", help="test program; default: those of the file's op, or of all that include it")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("sources", type=pathlib.Path, nargs="+")
    options = parser.parse_args()
    build = Build(options.build.resolve())

    def verdict(work):
        source, programs, line, call, text = work
        return f"{source.relative_to(ROOT)}:{line}: {call}", survives(build, source, text, programs)

    work = []
    for source in map(pathlib.Path.resolve, options.sources):
        original = source.read_text()
        found = list(mutants(original))
        if not found:
            continue
        programs = [options.test] if options.test else build.tests_of(build.kernels_of(source))
        if not survives(build, source, original, programs):
            sys.exit(f"mutate: {' or '.join(programs)} fails with {source} as it is")
        work += [(source, programs, *mutant) for mutant in found]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        verdicts = list(pool.map(verdict, work))
    survivors = [place for place, survived in verdicts if survived]
    for place in survivors:
        print(f"nobody misses {place}")
    print(f"{len(verdicts) - len(survivors)} deleted calls were missed, {len(survivors)} were not")
    return 1 if survivors or not verdicts else 0


if __name__ == "__main__":
    sys.exit(main())
