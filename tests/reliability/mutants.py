#!/usr/bin/env python3
"""Breaks checkpoint, order, update and reduction code on purpose, one line at a time, and requires the tests to fail.

    mutants.py build/release
    mutants.py --check

The second form only looks whether the code still holds what the tables break. The build folder is a configured and built release preset; it is read, never changed. All mutants of a file are one
build of it, and an environment variable chooses one when a test program starts. The mutants are those of mutants.txt
and of the tables beside it; fewer than 95 of 100 caught is a failure.
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
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLES = sorted(pathlib.Path(__file__).parent.glob("*.txt"))
LONGEST_CPU_S, LONGEST_S = 60, 1200  # a mutant that loops or waits for ever is caught, too
WANTED = 0.95
PREAMBLE = """#ifndef THALWEG_MUTANT
#define THALWEG_MUTANT
#include <cstdlib>
namespace {
[[maybe_unused]] const int thalweg_mutant = std::getenv("THALWEG_MUTANT") ? std::atoi(std::getenv("THALWEG_MUTANT")) : 0;
}
#endif
#line 1
"""
# Which programs hold a file to its promise, quickest first; and for a header, the sources that it is compiled in.
CHECKPOINT = ("host_checkpoint_test", "host_checkpoint_writer_test", "host_safetensors_test", "host_crash_replay_test")
ORDER = ("host_order_test", "host_split_test", "host_epoch_batches_test")
UPDATE = ("host_optimizer_scalars_test", "kernels_update_known_answers_test", "kernels_update_test",
          "kernels_update_arena_sums_test")
SUMS = ("kernels_linear_test", "kernels_linear_model_step_test")
PROGRAMS = {
    "host/checkpoint/": CHECKPOINT,
    "host/data/": ORDER,
    "host/train/epoch_batches.cpp": ORDER,
    "host/train/schedule.cpp": ("host_schedule_test",),
    "host/train/optimizer_scalars.cpp": UPDATE,
    "kernels/update/": UPDATE,
    "kernels/order/": ("host_order_test", "kernels_order_test"),
    "kernels/linear/": SUMS,
    "kernels/common/fold_cpu.hpp": SUMS,
}
COMPILED_IN = {
    "kernels/update/update_math.hpp": ("kernels/update/update_cpu.cpp", "kernels/update/arena_sums_cpu.cpp",
                                       "kernels/update/record_cpu.cpp"),
    "kernels/update/record_math.hpp": ("kernels/update/record_cpu.cpp",),
    "kernels/per_sample/per_sample_math.hpp": ("kernels/per_sample/per_sample_cpu.cpp",),
    "kernels/per_sample/noise_math.hpp": ("kernels/per_sample/per_sample_cpu.cpp",),
    "kernels/linear/gemm_slices.hpp": ("kernels/linear/linear_cpu.cpp",),
    "kernels/linear/linear_model_step.hpp": ("kernels/linear/linear_cpu.cpp",),
    "kernels/linear/few_outputs.hpp": ("kernels/linear/linear_cpu.cpp",),
    "kernels/common/fold_cpu.hpp": ("kernels/linear/linear_cpu.cpp",),
    "kernels/order/order_math.hpp": ("kernels/order/order_cpu.cpp", "host/data/order.cpp"),
    "kernels/metrics/metrics_math.hpp": ("kernels/metrics/metrics_cpu.cpp", "kernels/metrics/pairs_cpu.cpp"),
    "kernels/activation/activation_math.hpp": ("kernels/activation/activation_cpu.cpp",),
    "kernels/elementwise_loss/elementwise_loss_math.hpp": ("kernels/elementwise_loss/elementwise_loss_cpu.cpp",),
    "kernels/softmax_cross_entropy/softmax_cross_entropy_math.hpp": (
        "kernels/softmax_cross_entropy/softmax_cross_entropy_cpu.cpp",),
}


class Mutant:
    def __init__(self, number, file, before, after, why, named):
        self.number, self.file, self.before, self.after, self.why = number, file, before, after, why
        self.named = named

    def applied(self, text):
        """`text` with this mutant in it, switched on by its number."""
        chosen = f"thalweg_mutant == {self.number}"
        if self.before.endswith(";"):
            switched = f"if ({chosen}) {{ {self.after} }} else {{ {self.before} }}"
        else:
            switched = f"({chosen} ? ({self.after}) : ({self.before}))"
        return text.replace(self.before, switched)

    def programs(self):
        return self.named or next(programs for prefix, programs in PROGRAMS.items() if self.file.startswith(prefix))


def read_tables(tables):
    """Blocks of: file, then for each mutant of it "- before", "+ after" and "= why"; "* programs" names who catches what follows."""
    mutants, file, before, after, named = [], None, None, None, ()
    for line in (line for table in tables for line in table.read_text().splitlines()):
        if not line.strip() or line.startswith("#"):
            continue
        mark, text = line[:2], line[2:]
        if mark == "- ":
            before = text
        elif line.rstrip() == "+" or mark == "+ ":
            after = text
        elif mark == "* ":
            named = tuple(text.split())
        elif mark == "= ":
            mutants.append(Mutant(len(mutants) + 1, file, before, after, text, named))
        else:
            file, named = line.strip(), ()
    return mutants


def check(mutants):
    """Every text that is to be broken stands once in its file."""
    stale = [(mutant, count) for mutant in mutants
             if (count := (ROOT / mutant.file).read_text().count(mutant.before)) != 1]
    for mutant, count in stale:
        print(f"mutants: {mutant.file} holds {count} times: {mutant.before}")
    if stale:
        sys.exit(1)


class Build:
    """What a build folder says about compiling and linking."""

    def __init__(self, folder):
        self.folder = folder
        self.commands = [(entry["directory"], shlex.split(entry["command"]), pathlib.Path(entry["file"]).resolve())
                         for entry in json.loads((folder / "compile_commands.json").read_text())]

    def compile(self, source, written, scratch, number):
        """Compiles a source, with the scratch folder's files in place of the project's; the object of the build and
        the new one. A source may be compiled several times, for one instruction set each."""
        directory, command, _ = [entry for entry in self.commands if entry[2] == source][number]
        at = command.index("-o")
        old, new = command[at + 1], scratch / f"{source.name}.{number}.o"
        command = command[:at + 1] + [str(new)] + command[at + 2:]
        if source in written:
            command = [str(written[source]) if pathlib.Path(directory, word).resolve() == source else word
                       for word in command]
        compiler = next(i for i, word in enumerate(command) if word.startswith("-"))
        command.insert(compiler, f"-I{scratch}")  # "kernels/..." is looked for there first
        subprocess.run(command + ["-w", "-O1"], cwd=directory, check=True)  # compiling takes longest
        return old, new

    def times_compiled(self, source):
        return sum(entry[2] == source for entry in self.commands)

    def link(self, target, objects, scratch):
        commands = subprocess.run(["ninja", "-C", self.folder, "-t", "commands", target], check=True, text=True,
                                  capture_output=True).stdout.splitlines()
        command = next(c for c in reversed(commands) if re.search(rf"-o \S*{re.escape(target)}(\s|$)", c))
        link = [word for word in shlex.split(command) if word not in ("&&", ":")]
        at = link.index("-o")
        # an object on the command line comes before the archive's
        link = link[:at] + [str(new) for _, new in objects] + ["-o", str(scratch / target)] + link[at + 2:]
        subprocess.run(link, cwd=self.folder, check=True)


def passes(program, mutant):
    environment = os.environ | {"THALWEG_MUTANT": str(mutant), "GTEST_FAIL_FAST": "1", "GTEST_BRIEF": "1"}
    limit = f"ulimit -t {LONGEST_CPU_S}; exec {shlex.quote(str(program))}"
    try:
        return subprocess.run(["sh", "-c", limit], capture_output=True, timeout=LONGEST_S,
                              env=environment).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def build_switched(build, mutants, scratch, pool):
    """Every test program that is needed, with all mutants in it and none of them chosen."""
    written = {}
    for name in dict.fromkeys(mutant.file for mutant in mutants):
        text = (ROOT / name).read_text()
        for mutant in mutants:
            if mutant.file != name:
                continue
            if mutant.before not in text:
                sys.exit(f"mutants: {name}: another mutant has changed: {mutant.before}")
            text = mutant.applied(text)
        path = scratch / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PREAMBLE + text)
        written[ROOT / name] = path
    sources = dict.fromkeys(ROOT / source for mutant in mutants
                            for source in COMPILED_IN.get(mutant.file, (mutant.file,)))
    work = [(source, i) for source in sources for i in range(build.times_compiled(source))]
    objects = list(pool.map(lambda item: build.compile(item[0], written, scratch, item[1]), work))
    targets = sorted({program for mutant in mutants for program in mutant.programs()})
    list(pool.map(lambda target: build.link(target, objects, scratch), targets))
    for target, clean in zip(targets, pool.map(lambda target: passes(scratch / target, 0), targets)):
        if not clean:
            sys.exit(f"mutants: {target} fails without a mutant")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path, nargs="?")
    parser.add_argument("--check", action="store_true", help="only hold the tables against the code")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--table", type=pathlib.Path, help="this table alone")
    parser.add_argument("--only", default="", help="mutants of files whose name contains this")
    options = parser.parse_args()
    tables = [options.table] if options.table else TABLES
    mutants = [mutant for mutant in read_tables(tables) if options.only in mutant.file]
    check(mutants)
    if options.check:
        return 0
    if options.build is None:
        parser.error("a build folder is required")
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as name, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        scratch = pathlib.Path(name)
        build_switched(Build(options.build.resolve()), mutants, scratch, pool)
        survives = list(pool.map(
            lambda mutant: all(passes(scratch / program, mutant.number) for program in mutant.programs()), mutants))
    survivors = [mutant for mutant, alive in zip(mutants, survives) if alive]
    for mutant in survivors:
        print(f"survived: {mutant.file}: {mutant.before}  ->  {mutant.after}  ({mutant.why})")
    caught = len(mutants) - len(survivors)
    print(f"{caught} of {len(mutants)} mutants caught, in {time.monotonic() - begin:.0f} s")
    return 0 if caught >= WANTED * len(mutants) else 1


if __name__ == "__main__":
    sys.exit(main())
