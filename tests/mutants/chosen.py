"""The mutants that were chosen by hand: chosen.txt names their places, which `// mutant: NAME` marks in the code.

A block of the table is a line "FILE: NAME", then for each mutant of the marked line "- before", "+ after" and "= why". The
text before stands once in the marked line; one that ends in ';' is a statement, any other an expression. An empty "+" leaves
the statement out.
"""
import pathlib
import re
import sys

from mutant import Mutant

TABLE = pathlib.Path(__file__).with_name("chosen.txt")
MARK = re.compile(rb"// mutant: ([\w-]+)")


class TableError(Exception):
    """The table and the code no longer agree."""


def read_table(path=TABLE):
    """(file, mark, before, after, why) for each mutant of the table."""
    entries, file, mark, before, after = [], None, None, None, None

    def complete(line):
        if None in (file, before, after):
            raise TableError(f"an entry lacks its place, \"- before\" or \"+ after\": {line}")

    for line in path.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        head, text = line[:2], line[2:]
        if head == "- ":
            before = text
        elif line.rstrip() == "+" or head == "+ ":
            after = text
        elif head == "= ":
            complete(line)
            entries.append((file, mark, before, after, text))
            before = after = None
        else:
            file, mark = line.split(": ")
    return entries


def marked_lines(source):
    """{mark: (begin, end, line number)} of the lines of a file that bear one. A mark that stands alone marks the line below."""
    lines, begin, waiting = {}, 0, None
    for number, line in enumerate(source.split(b"\n"), 1):
        match = MARK.search(line)
        if match and match[1].decode() in lines:
            raise TableError(f"two lines are marked \"mutant: {match[1].decode()}\"")
        if match and not line[:match.start()].strip():
            waiting = match[1].decode()
        elif match or waiting:
            lines[waiting or match[1].decode()] = (begin, begin + (match.start() if match else len(line)), number)
            waiting = None
        begin += len(line) + 1
    return lines


def mutant_of(entry, source, lines):
    file, mark, before, after, why = entry
    if mark not in lines:
        raise TableError(f"{file} has no line marked \"mutant: {mark}\"")
    begin, end, number = lines[mark]
    if source[begin:end].count(before.encode()) != 1:
        raise TableError(f"{file}:{number}: the line marked \"{mark}\" does not hold once what the table breaks. Mend the table "
                         f"or the line.\n  table: {before}\n  line:  {source[begin:end].decode().strip()}")
    at = source.index(before.encode(), begin)
    shape = "statement" if before.endswith(";") else "expression"
    return Mutant(file, mark, why, shape, at, at + len(before.encode()), number, before, after)


def chosen_mutants(root, paths):
    """Every mutant of the table below `paths`. The table and the marks have to fit each other."""
    by_file = {str(file.relative_to(root)): [] for folder in ("host", "kernels", "include")
               for file in (root / folder).rglob("*.[ch]*") if MARK.search(file.read_bytes())}
    for entry in read_table():
        by_file.setdefault(entry[0], []).append(entry)
    found = []
    for file, entries in by_file.items():
        source = (root / file).read_bytes()
        lines = marked_lines(source)
        unused = set(lines) - {mark for _, mark, *_ in entries}
        if unused:
            raise TableError(f"{file}: {TABLE.name} has no mutant for the mark {sorted(unused)[0]}")
        found += [mutant_of(entry, source, lines) for entry in entries]
    return [mutant for mutant in found if any(mutant.file == path or mutant.file.startswith(path.rstrip("/") + "/") for path in paths)]


if __name__ == "__main__":  # holds the table against the marks
    try:
        print(f"{len(chosen_mutants(TABLE.parents[2], ['host', 'kernels', 'include']))} chosen mutants have their places")
    except TableError as error:
        sys.exit(f"{TABLE.name}: {error}")
