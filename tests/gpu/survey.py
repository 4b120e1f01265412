#!/usr/bin/env python3
"""What a GPU tells in a few minutes: parts in the order of their value, each with its share of the time, in a report that
holds everything up to the moment at which it is cut."""
import argparse
import datetime
import os
import pathlib
import subprocess
import sys
import time
import traceback

import parts

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Report:
    """A file that is on the disk after every line."""

    def __init__(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = open(path, "w", encoding="utf-8")

    def say(self, text=""):
        self.file.write(text + "\n")
        self.file.flush()
        os.fsync(self.file.fileno())


def text_of(output):
    """What a command that was cut had written."""
    return output.decode(errors="replace") if isinstance(output, bytes) else output or ""


class Outcome:
    def __init__(self, code, text, errors, seconds):
        self.code, self.text, self.errors, self.seconds = code, text, errors, seconds   # code: None if it was cut

    @property
    def verdict(self):
        return "cut" if self.code is None else "ok" if self.code == 0 else f"exit code {self.code}"


class Survey:
    """Program and tests, how to call them, and how much time is left."""

    def __init__(self, folder, executed, seconds, report, clock=time.monotonic):
        self.folder, self.executed, self.report, self.clock = folder, executed, report, clock
        self.end = clock() + seconds
        self.part_end = self.end
        self.failures = 0

    def left(self):
        return max(0.0, min(self.end, self.part_end) - self.clock())

    def run(self, *command, most=None):
        """Runs it from the project's root, for as long as the part has; counts what failed."""
        limit = min(self.left(), most) if most else self.left()
        start = self.clock()
        try:
            done = subprocess.run([str(word) for word in command], cwd=ROOT, timeout=max(limit, 0.1), text=True,
                                  capture_output=True)
            outcome = Outcome(done.returncode, done.stdout, done.stderr, self.clock() - start)
        except subprocess.TimeoutExpired as cut:
            outcome = Outcome(None, text_of(cut.stdout), text_of(cut.stderr), self.clock() - start)
        except OSError as error:
            outcome = Outcome(127, "", str(error), self.clock() - start)
        self.failures += outcome.code not in (0, None)
        return outcome

    def thalweg(self, *words, **options):
        return self.run(self.folder / "thalweg", *words, **options)

    def carry_out(self, name, part, share):
        """A part may use the time that earlier ones left, up to its share of what there is."""
        self.part_end = self.clock() + share * (self.end - self.clock())
        self.report.say(f"\n## {name}\n")
        if self.left() <= 0:
            return self.report.say("no time was left")
        start = self.clock()
        try:
            part(self)
        except Exception:  # the parts behind it are worth their time
            self.failures += 1
            self.report.say("```\n" + traceback.format_exc() + "```")
        self.report.say(f"\n{self.clock() - start:.0f} s")


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path, help="of a build, or a carry: thalweg and tests/")
    parser.add_argument("--executed", action="store_true", help="the kernels are executed on the CPU: small sizes")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--report", type=pathlib.Path, required=True)
    options = parser.parse_args(arguments)
    report = Report(options.report)
    survey = Survey(options.folder.resolve(), options.executed, 60 * options.minutes, report)
    now = datetime.datetime.now(datetime.timezone.utc)
    report.say(f"# Thalweg on {'an executed GPU' if options.executed else 'a GPU'}, {now:%Y-%m-%d %H:%M} UTC\n")
    report.say(f"{options.minutes:g} minutes. Each part is written as it ends, so a report that was cut is whole up to there.")
    for name, part, share in parts.PARTS:
        print(f"{name} ...", file=sys.stderr, flush=True)
        survey.carry_out(name, part, share)
    report.say(f"\n## End\n\n{survey.failures} commands failed.")
    print(f"the report is {options.report}; {survey.failures} commands failed", file=sys.stderr)
    return 1 if survey.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
