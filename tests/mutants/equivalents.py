"""Mutants that change nothing that a test could see, each with the reason: equivalents.txt."""
import pathlib
import re

LIST = pathlib.Path(__file__).with_name("equivalents.txt")


class Equivalents:
    """Blocks of lines: "= the reason", then the names of the mutants that it holds for; "~ a regular expression" stands for
    all mutants in whose name it is found."""

    def __init__(self, path=LIST):
        self.names, self.patterns = {}, []
        reason = None
        for line in path.read_text().splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            if line.startswith("= "):
                reason = line[2:]
            elif line.startswith("~ "):
                self.patterns.append((re.compile(line[2:]), reason))
            else:
                self.names[line.strip()] = reason
            if reason is None:
                raise ValueError(f"{path.name}: a mutant without a reason: {line}")

    def reason(self, mutant):
        """Why a mutant is equivalent; None if it is not known to be."""
        name = mutant.name()
        if name in self.names:
            return self.names[name]
        return next((reason for pattern, reason in self.patterns if pattern.search(name)), None)
