"""A source file with many mutants in it, each behind a switch that its number turns."""
import re


def overlaps(a, b):
    """Whether two mutants cut across each other: they can be in one file only if one holds the other or they are apart."""
    return a.begin < b.begin < a.end < b.end or b.begin < a.begin < b.end < a.end


def without_overlaps(mutants):
    kept = []
    for mutant in mutants:
        if not any(overlaps(mutant, other) for other in kept):
            kept.append(mutant)
    return kept


def switch(mutant, number, original):
    """C++ that is `original` unless the mutant's number was chosen. It has as many lines as `original`."""
    chosen = f"thalweg_mutant({number})"
    if mutant.shape == "insertion":
        return f" if ({chosen}) {mutant.after.removeprefix('{ ')}{original}"
    if mutant.shape == "statement":
        return f"{{ if ({chosen}) {{ {mutant.after} }} else {{ {original} }} }}"
    if mutant.shape == "condition":
        return f"({chosen} ? {mutant.after} : static_cast<bool>({original}))"
    return f"({chosen} ? ({mutant.after}) : ({original}))"


def without_line_comments(text):
    """A comment to the end of the line would hide what the switch puts behind it."""
    return re.sub(r"//[^\n]*", "", text)


def render(source, numbered):
    """The text of `source` (bytes) with the mutants of `numbered` ((number, mutant) pairs) in it, no two of which overlap."""
    ordered = sorted(numbered, key=lambda pair: (pair[1].begin, -pair[1].end, pair[0]))
    return _render(source, 0, len(source), ordered)


def _render(source, begin, end, ordered):
    text, at = "", begin
    while ordered:
        number, mutant = ordered[0]
        inside = [pair for pair in ordered[1:] if pair[1].begin < mutant.end]
        text += source[at:mutant.begin].decode()
        original = _render(source, mutant.begin, mutant.end, inside)
        text += switch(mutant, number, without_line_comments(original))
        at = mutant.end
        ordered = ordered[1 + len(inside):]
    return text + source[at:end].decode()
