#!/usr/bin/env python3
"""Draws mutants of the project's own code, plants them all in one build and runs each against the tests that reach it.

    mutants.py [--sample=N] [--seed=S[,S...]] [PATH...]
    mutants.py --chosen [PATH...]

PATH: files or folders of host/, kernels/ and include/; all three without one. The sample is drawn evenly over their folders.
.cu and .cuh files are mutated in the build that executes kernels on the CPU (build/simt), all others in build/release; both
have to be built. A mutant that equivalents.txt explains is not drawn. Fails if fewer than --at-least per cent are caught
of what was drawn, or of what was drawn of any folder with --each-folder. --chosen takes the mutants of chosen.txt instead.
"""
import argparse
import concurrent.futures
import hashlib
import os
import pathlib
import subprocess
import sys
import time

import build
import chosen
import equivalents
import generate
import report
import runs
import switched

ROOT = build.ROOT
SUFFIXES = (".cpp", ".hpp", ".cu", ".cuh")
TOO_MANY = 1.7  # so many times the sample are planted, as some do not compile


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", default=["host", "kernels", "include"], metavar="PATH")
    parser.add_argument("--sample", type=int, default=200, help="mutants to draw with each seed; 200")
    parser.add_argument("--seed", default="1", help="seeds, by commas; 1")
    parser.add_argument("--chosen", action="store_true", help="the mutants of chosen.txt instead of a sample")
    parser.add_argument("--most-files", type=int, default=0, metavar="N", help="draw from N files only; 0: from all")
    parser.add_argument("--most-seconds", type=float, default=1e9, metavar="S",
                        help="leave out tests that took longer than S the last time that ctest ran them")
    parser.add_argument("--at-least", type=float, default=95, metavar="PERCENT")
    parser.add_argument("--each-folder", action="store_true", help="hold every folder to --at-least")
    parser.add_argument("--most-units", type=int, default=1000, metavar="N",
                        help="pass over files that are compiled into more than N objects")
    parser.add_argument("--patience", type=float, default=1e9, metavar="S",
                        help="a mutant that lived through tests for S seconds has survived")
    parser.add_argument("--name", default="", metavar="TEXT", help="only mutants whose name contains TEXT")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--builds", type=pathlib.Path, default=ROOT / "build", help="folder of the two builds")
    parser.add_argument("--json", type=pathlib.Path, help="file for the verdicts, one JSON object a line as they come")
    return parser.parse_args()


def folder_of(file):
    """host/model, kernels/linear, include: what the report counts by."""
    parts = file.split("/")
    return parts[0] if parts[0] == "include" else "/".join(parts[:2])


def source_files(paths):
    listed = subprocess.run(["git", "ls-files", *paths], cwd=ROOT, check=True, text=True, capture_output=True).stdout
    return [file for file in listed.split() if file.endswith(SUFFIXES)]


def rank(seed, name):
    """A place in the order of a seed. It depends on the name alone: other mutants may come or go."""
    return hashlib.blake2b(f"{seed} {name}".encode()).digest()


def draw(items, folder, count, key):
    """`count` of the items, as many from each folder as it has to give, the smallest keys first."""
    by_folder = {}
    for item in sorted(items, key=key, reverse=True):
        by_folder.setdefault(folder(item), []).append(item)
    drawn = []
    while len(drawn) < count and any(by_folder.values()):
        for name in sorted(by_folder):
            if by_folder[name] and len(drawn) < count:
                drawn.append(by_folder[name].pop())
    return drawn


def draw_mutants(candidates, options, seed):
    if options.most_files:
        files = draw({mutant.file for mutant in candidates}, folder_of, options.most_files, lambda file: rank(seed, file))
        candidates = [mutant for mutant in candidates if mutant.file in set(files)]
    return draw(candidates, lambda mutant: folder_of(mutant.file), int(options.sample * TOO_MANY),
                lambda mutant: rank(seed, mutant.name()))


class Planted:
    """The mutants of one build folder: switched sources, compiled units, linked programs."""

    def __init__(self, built, drawn, pool):
        self.build, self.pool = built, pool
        self.numbered = dict(drawn)
        self.invalid, self.objects = set(), {}

    def plant(self):
        """Compiles every unit of every mutated file; a mutant that does not compile is taken out again."""
        waiting = self._units(mutant.file for mutant in self.numbered.values())
        for _ in range(build.ROUNDS):
            mutated = self._write()
            results = list(self.pool.map(lambda unit: self._try(unit, mutated), waiting))
            errors = [error for error in results if error]
            for unit, error in zip(waiting, results):
                if not error:
                    self.objects[unit.object] = unit
            if not errors:
                return
            self._take_out(errors)
            waiting = [error.unit for error in errors]
        sys.exit(f"mutants: {waiting[0].source} does not compile:\n{errors[0]}")

    def _units(self, files):
        return list({unit.object: unit for file in set(files) for unit in self.build.units_of(file)}.values())

    def _try(self, unit, mutated):
        try:
            self.build.compile(unit, mutated)
        except build.CompileError as error:
            return error
        return None

    def _valid(self, file):
        return [(n, m) for n, m in self.numbered.items() if m.file == file and n not in self.invalid]

    def _write(self):
        mutated = {}
        for file in {mutant.file for mutant in self.numbered.values()}:
            path = self.build.scratch / file
            path.parent.mkdir(parents=True, exist_ok=True)
            text = switched.render((ROOT / file).read_bytes(), self._valid(file))
            if not path.exists() or path.read_text() != text:
                path.write_text(text)
            mutated[ROOT / file] = path
        return mutated

    def _take_out(self, errors):
        before = frozenset(self.invalid)
        for error in errors:
            found = {n for file, line in error.places for n, m in self.numbered.items()
                     if n not in before and m.file == file and self._spans(m, line)}
            if not found:  # the compiler names no place of ours: one of the unit's own is at fault
                files = {str(path.relative_to(ROOT)) for path in error.unit.depends_on if path.is_relative_to(ROOT)}
                found = {n for n, m in self.numbered.items() if n not in before and m.file in files}
            if not found:
                sys.exit(f"mutants: {error.unit.source} does not compile without mutants:\n{error}")
            self.invalid |= found

    @staticmethod
    def _spans(mutant, line):
        source = (ROOT / mutant.file).read_bytes()
        last = mutant.line + source.count(b"\n", mutant.begin, mutant.end)
        first = source.count(b"\n", 0, mutant.begin) + 1
        return first <= line <= last

    def link(self):
        """Every test program, with the mutants in it."""
        support = self.build.support_objects()
        targets = self.build.programs()
        commands = self.build.link_commands(targets)
        objects = list(self.objects.values())
        linked = self.pool.map(lambda path: (path, self.build.link(commands[path], path, objects, support)), sorted(targets))
        return {str(self.build.folder / path): str(program) for path, program in linked}

    def record(self):
        """What each test reaches. A test that fails with no mutant chosen is a fault of the build or of the test."""
        programs, records = self.link(), self.build.scratch / "records"
        records.mkdir(exist_ok=True)
        most = max(self.numbered)
        work = [(name, [programs.get(word, word) for word in command], variables)
                for name, (command, variables) in sorted(self.build.tests.items(), key=longest_first)]
        recorded = list(self.pool.map(lambda item: runs.record(*item, most, records), work))
        for at, (program, output) in enumerate(recorded):
            if program is None:
                recorded[at] = self._record_alone(work[at], most, records, output)
        return [program for program, _ in recorded]

    @staticmethod
    def _record_alone(test, most, records, output):
        """Once more, with the machine to itself: drivers of whole processes may miss a moment beside others."""
        program, again = runs.record(*test, most, records)
        if program is None:
            sys.exit(f"mutants: {test[0]} fails without a mutant:\n{again[-3000:]}")
        print(f"mutants: {test[0]} failed without a mutant beside other tests, and passed alone:\n{output[-3000:]}", file=sys.stderr)
        return program, again

    def judge(self, programs, wanted, patience):
        """(number, verdict) of one mutant after the other."""
        numbers = [number for number in self.numbered if number in wanted]
        yield from zip(numbers, self.pool.map(lambda number: runs.judge(number, programs, patience), numbers))


def longest_first(test):
    """Whole runs of the program take longest; begun first, they end with the others."""
    return not test[0].startswith(("end_to_end", "reliability")), test[0]


def builds_of(options, files):
    """Which build folder a file is mutated in: the release build, or where kernels are executed."""
    release = build.Build(options.builds / "release", options.builds / "mutants/release", options.most_seconds)
    device = [file for file in files if file.endswith((".cu", ".cuh")) or not release.units_of(file)]
    plain = [file for file in files if file not in set(device)]
    simt = build.Build(options.builds / "simt", options.builds / "mutants/simt", options.most_seconds, "device") if device else None
    return [(built, wanted) for built, wanted in ((release, plain), (simt, device)) if wanted]


def candidates_of(built, files, options):
    found = []
    for file in files:
        if 0 < len(built.units_of(file)) <= options.most_units:
            found += generate.mutants_of(file, (ROOT / file).read_bytes())
    return [mutant for mutant in found if options.name in mutant.name()]


class Sample:
    """The mutants of all seeds, numbered from 1; of each seed more than are wanted, as some do not compile."""

    def __init__(self, options, homes):
        self.wanted_of_seed = options.sample
        self.home_of = {mutant: built for built, files in homes for mutant in candidates_of(built, files, options)}
        known = equivalents.Equivalents()
        candidates = [mutant for mutant in self.home_of if not known.reason(mutant)]
        seeds = [draw_mutants(candidates, options, int(seed)) for seed in options.seed.split(",")]
        kept = without_overlaps_of_files(mutant for drawn in seeds for mutant in drawn)
        self.seeds = [[mutant for mutant in drawn if mutant in kept] for drawn in seeds]
        self.numbers = {mutant: number for number, mutant in enumerate(dict.fromkeys(sum(self.seeds, [])), 1)}

    def homes(self):
        return {number: (mutant, self.home_of[mutant]) for mutant, number in self.numbers.items()}

    def wanted(self, invalid):
        """Of each seed the first mutants that compiled."""
        numbers = set()
        for drawn in self.seeds:
            valid = [self.numbers[mutant] for mutant in drawn if self.numbers[mutant] not in invalid]
            if len(valid) < self.wanted_of_seed:
                report.say(f"a seed gave {len(valid)} mutants that compile, not {self.wanted_of_seed}")
            numbers |= set(valid[:self.wanted_of_seed])
        return numbers


class Chosen:
    """The mutants of chosen.txt, numbered from 1. All of them have to compile."""

    def __init__(self, options, homes):
        home_of = {file: built for built, files in homes for file in files}
        self.mutants = dict(enumerate(chosen.chosen_mutants(ROOT, options.paths), 1))
        self.home_of = {number: home_of[mutant.file] for number, mutant in self.mutants.items()}

    def homes(self):
        return {number: (mutant, self.home_of[number]) for number, mutant in self.mutants.items()}

    def wanted(self, invalid):
        if invalid:
            sys.exit(f"mutants: this one does not compile: {self.mutants[min(invalid)].name()}")
        return set(self.mutants)


def without_overlaps_of_files(mutants):
    by_file = {}
    for mutant in dict.fromkeys(mutants):
        by_file.setdefault(mutant.file, []).append(mutant)
    return {mutant for together in by_file.values() for mutant in switched.without_overlaps(together)}


def plant_all(mutants, homes, pool):
    planted = []
    for built, _ in homes:
        mine = {number: mutant for number, (mutant, home) in mutants.items() if home is built}
        if mine:
            planted.append(Planted(built, mine, pool))
            planted[-1].plant()
    return planted


def judge_all(planted, wanted, options, elapsed):
    """(number, verdict) of every mutant. Every test is recorded before the first one runs: a test that fails by itself ends
    the program."""
    recorded = [one.record() for one in planted]
    report.say(f"tests recorded after {elapsed():.0f} s")
    for one, programs in zip(planted, recorded):
        yield from one.judge(programs, wanted, options.patience)


def main():
    options = arguments()
    begin = time.monotonic()

    def elapsed():
        return time.monotonic() - begin

    homes = builds_of(options, source_files(options.paths))
    source = Chosen(options, homes) if options.chosen else Sample(options, homes)
    mutants = source.homes()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        planted = plant_all(mutants, homes, pool)
        invalid = set().union(*(one.invalid for one in planted))
        wanted = source.wanted(invalid)
        if not wanted:
            sys.exit("mutants: nothing to mutate there")
        report.say(f"{len(wanted)} mutants planted after {elapsed():.0f} s; {len(invalid)} did not compile")
        results = []
        with report.Progress(len(wanted), options.json) as progress:
            for number, verdict in judge_all(planted, wanted, options, elapsed):
                results.append((mutants[number][0], verdict))
                progress.add(*results[-1])
    report.show(results, folder_of, elapsed())
    return 0 if report.passes(results, folder_of if options.each_folder else (lambda file: ""), options.at_least) else 1


if __name__ == "__main__":
    sys.exit(main())
