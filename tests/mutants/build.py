"""Test programs with mutants in them: what a build folder has, with the mutated sources compiled anew."""
import collections
import json
import os
import pathlib
import re
import shutil
import shlex
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = pathlib.Path(__file__).resolve().parent
ERROR = re.compile(r"^(?P<path>[^:\s]+):(?P<line>\d+):\d+:\s+(?:fatal )?error:", re.M)
CAUSE = re.compile(r"^(?P<path>[^:\s]+):(?P<line>\d+):\d+:\s+required from", re.M)
# Drivers that need no rights beyond the sandbox's.
DRIVERS = ("reliability/ends.py", "reliability/inputs.py")
ROUNDS = 12  # each leaves out the mutants that did not compile in the one before


class CompileError(Exception):
    """A mutated source did not compile; `places`: (file, line) that the compiler names."""

    def __init__(self, unit, output, places):
        super().__init__(output)
        self.unit, self.places = unit, places


class Unit:
    """One object file of a build folder and the command that makes it."""

    def __init__(self, folder, entry):
        self.folder, self.source = folder, pathlib.Path(entry["file"])
        words = shlex.split(entry["command"])
        at = words.index("-o")
        self.object = words[at + 1]
        self.words = words[:at] + words[at + 2:]
        self.depends_on = set()

    def command(self, scratch, mutated):
        """Compiles it with the scratch folder's files in place of the project's, into the scratch folder."""
        result = [str(mutated.get(self.source, word)) if word == str(self.source) else word for word in self.words]
        first = next(i for i, word in enumerate(result) if word.startswith("-"))
        result[first:first] = [f"-I{scratch}", f"-I{scratch}/include", "-include", str(SOURCES / "switch.hpp")]
        return result + ["-w", "-g0", "-O1", "-o", str(scratch / "objects" / self.object)]


class Build:
    """A configured and built preset, which is read and never changed, and a scratch folder beside it."""

    def __init__(self, folder, scratch, most_seconds, label=None):
        self.folder, self.scratch = folder.resolve(), scratch
        # A header of a former sample would stand before the project's own.
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        entries = json.loads((self.folder / "compile_commands.json").read_text())
        self.units = {unit.object: unit for unit in (Unit(self.folder, entry) for entry in entries)}
        self._read_dependencies()
        self.tests = self._tests(label, most_seconds)
        self._units_with = self._index()

    def _ninja(self, *arguments):
        return subprocess.run(["ninja", "-C", self.folder, "-t", *arguments], check=True, text=True, capture_output=True).stdout

    def _read_dependencies(self):
        current = None
        for line in self._ninja("deps").splitlines():
            if line.startswith("    ") and current:
                path = os.path.normpath(os.path.join(self.folder, line.strip()))
                current.depends_on.add(pathlib.Path(path))
            elif line:
                current = self.units.get(line.split(":")[0].removeprefix("ninja: "))

    def _seconds(self):
        """How long each test took when ctest last ran it."""
        costs = self.folder / "Testing/Temporary/CTestCostData.txt"
        lines = costs.read_text().splitlines() if costs.exists() else []
        return {words[0]: float(words[2]) for words in map(str.split, lines) if len(words) == 3}

    def _tests(self, label, most_seconds):
        seconds = self._seconds()
        listing = subprocess.run(["ctest", "--show-only=json-v1"] + (["-L", label] if label else []), cwd=self.folder,
                                 check=True, text=True, capture_output=True).stdout
        tests = {}
        for test in json.loads(listing)["tests"]:
            if self._runs_ours(test) and seconds.get(test["name"], 0) <= most_seconds:
                tests[test["name"]] = (test["command"], environment_of(test))
        return tests

    def _runs_ours(self, test):
        """A test program, or a driver of whole processes. "planted" has an object of its own for one of the library's."""
        command = test["command"]
        program = pathlib.Path(command[0]).parent == self.folder / "tests"
        return "planted" not in test["name"] and (program or any(word.endswith(DRIVERS) for word in command))

    def _index(self):
        """{path: units that it is compiled into and that a test runs}."""
        programs, units_with = self.programs(), collections.defaultdict(list)
        for unit in self.units.values():
            if self._matters(unit, programs):
                for path in unit.depends_on:
                    units_with[path].append(unit)
        return units_with

    def units_of(self, file):
        """The units in which a source or header is compiled and that a test runs."""
        return self._units_with.get(ROOT / file, [])

    @staticmethod
    def _matters(unit, programs):
        other = ("benchmarks/", "tests/simt/", "tests/fuzz/", "tests/CMakeFiles/differential_tool")
        if unit.object.startswith(other):
            return False
        program = re.match(r"tests/CMakeFiles/([^/]+)\.dir/", unit.object)
        return not program or f"tests/{program[1]}" in programs or program[1] == "thalweg_test_support"

    def programs(self):
        """Paths of the programs that the tests run, below the build folder."""
        words = {word for command, _ in self.tests.values() for word in command}
        below = {pathlib.Path(word).relative_to(self.folder) for word in words if word.startswith(f"{self.folder}/")}
        return {str(path) for path in below if path.parent.name in ("", "tests")}

    def compile(self, unit, mutated):
        target = self.scratch / "objects" / unit.object
        target.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(unit.command(self.scratch, mutated), cwd=self.folder, text=True, capture_output=True)
        if done.returncode != 0:
            raise CompileError(unit, done.stderr, self._places(done.stderr))
        return unit

    def _places(self, output):
        """Places in mutated files that the compiler names: those of the errors, else what led to them."""
        for pattern in (ERROR, CAUSE):
            named = [(pathlib.Path(os.path.normpath(self.folder / match["path"])), int(match["line"]))
                     for match in pattern.finditer(output)]
            places = [(str(path.relative_to(self.scratch)), line) for path, line in named if path.is_relative_to(self.scratch)]
            if places:
                return places
        return []

    def support_objects(self):
        """The switch itself, and the listener of the tests."""
        folder = self.scratch / "objects"
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("switch", "recorder"):
            subprocess.run(["g++", "-std=c++20", "-O1", f"-I{ROOT}", "-c", SOURCES / f"{name}.cpp", "-o", folder / f"{name}.o"],
                           check=True)
        return {name: folder / f"{name}.o" for name in ("switch", "recorder")}

    def link_commands(self, targets):
        commands = {}
        for line in self._ninja("commands", *sorted(targets)).splitlines():
            match = re.search(r" -o (\S+)", line)
            if match and " -c " not in line and not match[1].endswith(".o"):
                commands[match[1]] = [word for word in shlex.split(line) if word not in ("&&", ":")]
        return commands

    def link(self, command, path, objects, support):
        """`path` of the build folder, with the new objects in place of its own and before its libraries."""
        new = {unit.object: str(self.scratch / "objects" / unit.object) for unit in objects}
        own = [new.get(word, word) for word in command]
        # A program of single objects has them in its own command.
        archives = any(word.endswith("libthalweg.a") for word in command)
        library = [file for name, file in new.items() if archives and is_library(name)]
        if path.startswith("tests/"):
            support = support.values()
        else:  # the program itself has no tests to listen to, nor their support
            support = [support["switch"]]
            library = [file for file in library if "thalweg_test_support" not in file]
        at = own.index("-o")
        program = self.scratch / pathlib.Path(path).name
        words = own[:at] + ["-fuse-ld=gold", *map(str, support), *library, "-o", str(program)] + own[at + 2:]
        subprocess.run(words, cwd=self.folder, check=True, capture_output=True)
        return program


def environment_of(test):
    """The variables that CMakeLists.txt gives to a test."""
    for entry in test.get("properties", []):
        if entry["name"] == "ENVIRONMENT":
            return dict(pair.split("=", 1) for pair in entry["value"])
    return {}


def is_library(object_name):
    """An object of an archive, which has to stand before it; those of a program are in its own command."""
    return re.search(r"CMakeFiles/(?!host_|kernels_|end_to_end_|replay_|thalweg_program|thalweg_fuzz_replay)", object_name) is not None
