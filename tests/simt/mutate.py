#!/usr/bin/env python3
"""Deletes every barrier, fence and wait of kernel sources, one at a time, and requires the tests to fail.

    mutate.py --build build/simt-tsan kernels/*/*_cuda.cu kernels/*/*.cuh
    mutate.py --build build/simt-tsan --test simt_samples_test FILES

A kernel is held against every program kernels_<op>_*test of its op, a header against those of all kernels that
include it, under one order of blocks, warps and lanes after the other until a program fails. The build folder is a
configured and built simt-tsan preset; it is read, never changed. A mutant that survives is a barrier that is not
needed, or a race that the tests cannot see; the exit status is then 1.
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
LONGEST_S = 1200
# Which call is left out is known when the program starts: all mutants are one build.
PREAMBLE = """#ifndef THALWEG_MUTANT
#define THALWEG_MUTANT
#include <cstdlib>
namespace {
[[maybe_unused]] const int thalweg_mutant = std::getenv("THALWEG_MUTANT") ? std::atoi(std::getenv("THALWEG_MUTANT")) : 0;
}
#endif
#line 1
"""
ROOT = pathlib.Path(__file__).resolve().parents[2]


def switched(text, first):
    """`text` with call number first + i left out where THALWEG_MUTANT says so; the (line, call) of each."""
    calls, lines = [], []
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        code, comment = line, ""
        if "//" in line:
            code, comment = line[:line.index("//")], line[line.index("//"):]
        if not code.lstrip().startswith("#"):

            def switch(call):
                calls.append((number, call.group()))
                chosen = first + len(calls) - 1
                return f"(thalweg_mutant == {chosen} ? static_cast<void>(0) : static_cast<void>({call.group()}))"

            code = CALLS.sub(switch, code)
        lines.append(code + comment)
    return PREAMBLE + "".join(lines), calls


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

    def tests_of(self, source):
        """Programs of the ops that `source` is part of; of a shared kernel those whose ops include its header."""
        header = source.with_suffix(".cuh")
        kernels = self.kernels_of(source) + (self.kernels_of(header) if header.is_file() else [])
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


def compile_switched(build, kernel, mutated, folder):
    """Compiles `kernel` with the files of `folder` in place of the project's; (object of the build, new object)."""
    directory, command = build.commands[kernel]
    new_object = folder / (kernel.name + ".o")
    old_object = command[command.index("-o") + 1]
    if kernel in mutated:
        command = [str(mutated[kernel]) if pathlib.Path(directory, word).resolve() == kernel else word
                   for word in command]
    command = replace_output(command, new_object)
    first_option = next(i for i, word in enumerate(command) if word.startswith("-"))
    # "kernels/..." is looked for in `folder` first; what lies beside the source is still found there.
    command[first_option:first_option] = ["-iquote", str(kernel.parent), f"-I{folder}"]
    subprocess.run(command, cwd=directory, check=True, stderr=subprocess.DEVNULL)
    return old_object, new_object


def link_switched(build, target, objects, folder):
    link = [str(objects.get(word, word)) for word in build.link(target)]
    in_archive = [str(new) for old, new in objects.items() if old not in build.link(target)]
    link[link.index("-o"):link.index("-o")] = in_archive  # an object on the command line comes before the archive's
    subprocess.run(replace_output(link, folder / target), cwd=build.folder, check=True)


def passes(program, mutant, seed):
    """Whether a test program passes without call number `mutant`; None when it did not end in time."""
    chosen = {"TSAN_OPTIONS": "halt_on_error=1:report_bugs=1", "THALWEG_SIMT_SEED": seed, "THALWEG_SIMT_THREADS": "1",
              "THALWEG_MUTANT": str(mutant), "GTEST_FAIL_FAST": "1"}
    try:
        return subprocess.run([program, "--gtest_brief=1", f"--gtest_filter={FILTER}"], capture_output=True,
                              timeout=LONGEST_S, env=os.environ | chosen).returncode == 0
    except subprocess.TimeoutExpired:
        return None


def missed_by(folder, programs, mutant, place, seed):
    """The first program that fails without call number `mutant`, or None."""
    for program in programs:
        passed = passes(folder / program, mutant, seed)
        if passed is None:
            print(f"{place}: {program} took more than {LONGEST_S} s and told nothing", file=sys.stderr)
        elif not passed:
            print(f"{place}: missed by {program}, seed {seed}", file=sys.stderr)
            return program
    return None


def survivors_of(pool, folder, work):
    """The numbers of the calls in `work` that no program misses under any seed."""
    alive = list(work)
    for seed in SEEDS:
        missing = list(pool.map(lambda number: missed_by(folder, work[number][1], number, work[number][0], seed), alive))
        witnesses = sorted(set(missing) - {None})
        for program, passed in zip(witnesses, pool.map(lambda program: passes(folder / program, 0, seed), witnesses)):
            if not passed:
                sys.exit(f"mutate: {program} fails with every call in its place, seed {seed}")
        alive = [number for number, program in zip(alive, missing) if program is None]
    return alive


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--test", help="test program; default: those of the file's op, or of all that include it")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("sources", type=pathlib.Path, nargs="+")
    options = parser.parse_args()
    build = Build(options.build.resolve())
    with tempfile.TemporaryDirectory() as name, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        folder = pathlib.Path(name)
        mutated, work, kernels = {}, {}, set()
        for source in map(pathlib.Path.resolve, options.sources):
            text, calls = switched(source.read_text(), len(work) + 1)
            if not calls:
                continue
            mutated[source] = folder / source.relative_to(ROOT)
            mutated[source].parent.mkdir(parents=True, exist_ok=True)
            mutated[source].write_text(text)
            kernels.update(build.kernels_of(source))
            programs = [options.test] if options.test else build.tests_of(source)
            for number, (line, call) in enumerate(calls, len(work) + 1):
                work[number] = (f"{source.relative_to(ROOT)}:{line}: {call}", programs)
        objects = dict(pool.map(lambda kernel: compile_switched(build, kernel, mutated, folder), sorted(kernels)))
        targets = sorted({program for _, programs in work.values() for program in programs})
        list(pool.map(lambda target: link_switched(build, target, objects, folder), targets))
        survivors = survivors_of(pool, folder, work)
    for number in survivors:
        print(f"nobody misses {work[number][0]}")
    print(f"{len(work) - len(survivors)} deleted calls were missed, {len(survivors)} were not")
    return 1 if survivors or not work else 0


if __name__ == "__main__":
    sys.exit(main())
