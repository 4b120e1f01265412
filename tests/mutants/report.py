"""What came of the mutants, by folder."""
import collections
import json
import sys

CAUGHT = ("caught", "timed out")


def say(text):
    print(text, file=sys.stderr, flush=True)


def by_folder(results, folder_of):
    folders = {}
    for mutant, verdict in results:
        folders.setdefault(folder_of(mutant.file), []).append(verdict)
    return dict(sorted(folders.items()))


def count(verdicts, *outcomes):
    return sum(verdict.outcome in outcomes for verdict in verdicts)


def how_caught(verdicts):
    """How many mutants each test program caught, most first."""
    return collections.Counter(v.by.split(":")[0] for v in verdicts if v.outcome in CAUGHT).most_common()


def share(verdicts):
    return 100 * count(verdicts, *CAUGHT) / len(verdicts)


def row(name, verdicts):
    numbers = [len(verdicts)] + [count(verdicts, outcome) for outcome in ("caught", "timed out", "survived", "unreached")]
    return f"{name:32}" + "".join(f"{number:>11}" for number in numbers) + f"{share(verdicts):>10.1f} %"


def show(results, folder_of, seconds):
    print(f"{'folder':32}" + "".join(f"{name:>11}" for name in ("mutants", "caught", "timed out", "survived", "unreached")))
    for folder, verdicts in by_folder(results, folder_of).items():
        print(row(folder, verdicts))
    everything = [verdict for _, verdict in results]
    print(row("all", everything))
    print("\ncaught by: " + ", ".join(f"{name} {number}" for name, number in how_caught(everything)))
    for outcome in ("survived", "unreached", "timed out"):
        alive = [(mutant, verdict) for mutant, verdict in results if verdict.outcome == outcome]
        if alive:
            print(f"\n{outcome}:")
        for mutant, verdict in sorted(alive, key=lambda pair: (pair[0].file, pair[0].line)):
            print(f"{mutant.file}:{mutant.line}: {mutant.kind}{': ' + verdict.by if verdict.by else ''}\n  {mutant.name()}")
    print(f"\n{count(everything, *CAUGHT)} of {len(everything)} mutants caught, in {seconds:.0f} s")


def as_json(mutant, verdict):
    return {"name": mutant.name(), "line": mutant.line, "kind": mutant.kind, "outcome": verdict.outcome, "by": verdict.by,
            "seconds": round(verdict.seconds, 3)}


class Progress:
    """Says how far it is at every tenth, and writes each verdict to a file if there is one."""

    def __init__(self, count, path):
        self.count, self.done = count, 0
        self.file = open(path, "w") if path else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.file:
            self.file.close()

    def add(self, mutant, verdict):
        self.done += 1
        if self.file:
            print(json.dumps(as_json(mutant, verdict)), file=self.file, flush=True)
        if self.done * 10 // self.count > (self.done - 1) * 10 // self.count:
            say(f"{self.done} of {self.count} mutants judged")


def passes(results, folder_of, at_least):
    return all(share(verdicts) >= at_least for verdicts in by_folder(results, folder_of).values())
