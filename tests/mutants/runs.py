"""Runs test programs: first to see which tests reach which mutants, then each mutant against the tests that reach it."""
import dataclasses
import os
import re
import resource
import signal
import subprocess
import time

MOST_MEMORY = 12 << 30  # bytes; a mutant may allocate for ever
LONGEST_FILTER = 60_000  # characters; the kernel takes 131,072 in one argument


@dataclasses.dataclass
class Test:
    """What one test of a program reached. A name of "*" stands for what the program does between its tests."""
    name: str
    seconds: float
    reached: frozenset


@dataclasses.dataclass
class Program:
    name: str  # as ctest calls it
    command: list
    environment: dict
    tests: list
    seconds: float

    def reaching(self, number):
        return [test for test in self.tests if number in test.reached]


@dataclasses.dataclass
class Verdict:
    """How a mutant ended: "caught", "timed out", "survived" or "unreached", and by which test."""
    outcome: str
    by: str = ""
    seconds: float = 0


def sandbox(writable):
    """A mutant may write or remove anything: it sees the file system read-only, and a /tmp of its own."""
    words = ["bwrap", "--ro-bind", "/", "/", "--dev-bind", "/dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp",
             "--die-with-parent"]
    if os.path.isdir("/dev/shm"):
        words += ["--tmpfs", "/dev/shm"]
    for folder in writable:
        words += ["--bind", str(folder), str(folder)]
    return words


def run(command, environment, cpu_seconds, wall_seconds, writable=()):
    """The exit code and output of a program; None for the code if it ran past its limits."""
    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_seconds) + 1, int(cpu_seconds) + 2))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if "/simt/" not in " ".join(command):  # the executor reserves far more addresses than it uses
            resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    try:
        done = subprocess.run([*sandbox(writable), *command], capture_output=True, timeout=wall_seconds, preexec_fn=limit,
                              stdin=subprocess.DEVNULL, env=os.environ | environment)
    except subprocess.TimeoutExpired:
        return None, ""
    out_of_time = done.returncode in (128 + signal.SIGXCPU, 128 + signal.SIGKILL)
    return None if out_of_time else done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def record(name, command, environment, count, scratch):
    """Runs a program without a mutant and notes what each of its tests reaches; None if it fails."""
    reached, log = scratch / f"{name}.reached", scratch / f"{name}.log"
    reached.write_bytes(bytes(count + 1))
    log.unlink(missing_ok=True)
    begin = time.monotonic()
    recording = {"THALWEG_MUTANTS_REACHED": str(reached), "THALWEG_MUTANTS_LOG": str(log), "GTEST_BRIEF": "1"}
    code, output = run(command, environment | recording, 600, 900, [scratch])
    seconds = time.monotonic() - begin
    if code != 0:
        return None, output
    tests = read_log(log) if log.exists() else []
    outside = frozenset(i for i, byte in enumerate(reached.read_bytes()) if byte)
    return Program(name, command, environment, tests + [Test("*", seconds, outside)], seconds), output


def read_log(log):
    tests = []
    for line in log.read_text().splitlines():
        name, seconds, numbers = line.split("\t")
        tests.append(Test(name, float(seconds), frozenset(map(int, numbers.split()))))
    return tests


def failed_test(output):
    match = re.search(r"\[  FAILED  \] ([^\s,]+)", output)
    return match[1] if match else "ends early"


def holds(program, number, tests):
    """Runs a program with a mutant on; a verdict if it does not pass."""
    command = list(program.command)
    names = [test.name for test in tests]
    chosen = ":".join(names)
    whole = "*" in names or len(chosen) > LONGEST_FILTER
    if not whole:
        command.append(f"--gtest_filter={chosen}")
    usual = program.seconds if whole else sum(test.seconds for test in tests)
    begin = time.monotonic()
    switches = {"THALWEG_MUTANT": str(number), "GTEST_BRIEF": "1", "GTEST_FAIL_FAST": "1"}
    code, output = run(command, program.environment | switches, 10 + 15 * usual, 30 + 30 * usual)
    seconds = time.monotonic() - begin
    if code is None:
        return Verdict("timed out", program.name, seconds)
    if code != 0:
        return Verdict("caught", f"{program.name}: {failed_test(output)}", seconds)
    return None


def judge(number, programs, patience):
    """Quick tests first: those that reach the mutant, then the whole of each program that does. A mutant that has lived for
    `patience` seconds has survived."""
    seeing = [(program, tests) for program in programs if (tests := program.reaching(number))]
    if not seeing:
        return Verdict("unreached")
    seeing.sort(key=lambda pair: sum(test.seconds for test in pair[1]))
    # A program that is reached between its tests runs as a whole at once.
    whole = [(program, [Test("*", program.seconds, frozenset())]) for program, tests in seeing
             if all(test.name != "*" for test in tests)]
    begin = time.monotonic()
    for program, tests in seeing + whole:
        if time.monotonic() - begin > patience:
            break
        verdict = holds(program, number, tests)
        if verdict:
            return verdict
    return Verdict("survived", seconds=time.monotonic() - begin)
