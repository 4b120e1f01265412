"""A change of one place of a source file."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Mutant:
    """`after` instead of the bytes [begin, end) of `file`; shape says how the two are switched (switched.py)."""
    file: str
    function: str
    kind: str
    shape: str  # expression, condition, statement or insertion
    begin: int
    end: int
    line: int
    before: str
    after: str
    repeat: int = 0  # the how-manieth of equal ones in its function

    def name(self):
        """What stays the same when lines are added elsewhere."""
        again = f" #{self.repeat + 1}" if self.repeat else ""
        return f"{self.file} | {self.function} | {self.before} -> {self.after or '(left out)'}{again}"
