"""Finds bad English that a program can see: private words, long sentences and long lines.

  prose_lint.py [FILE...]      prints a line for each finding and fails if there is one

Without files it reads the documents, the public headers, the examples and the scripts."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = ["*.md", "docs/*.md", "docs/*/*.md", "data/*.md"]
COMMENTED = ["include/thalweg/*.hpp", "include/thalweg/*/*.hpp", "kernels/*/*.*", "host/*/*.*", "host/model/layers/*", "examples/*.cpp", "examples/*/*.*", "run", "cmake/*.sh", "tests/*/*.sh", "benchmarks/*/*.sh"]
MOST_WORDS = 35
MOST_COLUMNS = 140

# "There is no X" and "is no longer" are English; "this is no X" is not.
WORDING = [
    (r"(?<!there )\b(?:is|are|was|were) no (?!longer\b|more than\b|less than\b|fewer than\b|later than\b)", 'say "is not a"'),
    (r"\bask(?:s|ed|ing)? memory for\b|\bask(?:s|ed|ing)?\b[^.]{0,30} of memory\b", 'say "prefetch"'),
    (r"\bspoil(?:s|ed|t)?\b", 'say "clobber"'),
]
ABBREVIATIONS = r"(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bet al\.)(?<!\bvs\.)"


def plain(text):
    """The text without code spans and the targets of links."""
    return re.sub(r"`[^`]*`", "CODE", re.sub(r"\]\([^)]*\)", "]", text))


def wording(text):
    return [(match.group().strip(), advice) for pattern, advice in WORDING
            for match in re.finditer(pattern, plain(text), re.IGNORECASE)]


def prose_lines(text):
    """(number, line) of a document; tables, headings and code give an empty line."""
    fenced = listed = False
    for number, line in enumerate(text.split("\n"), 1):
        fence = line.lstrip().startswith("```")
        fenced ^= fence
        listed = bool(re.match(r"\s*([-*]|\d+\.) ", line)) or (listed and (not line or line.startswith(" ")))
        code = fenced or fence or line.startswith("       " if listed else "    ")
        yield number, "" if code or line.lstrip().startswith(("|", "#")) else line


def paragraphs(text):
    """(number of the first line, text) of each paragraph and each item of a list."""
    first, words = 0, []
    for number, line in [*prose_lines(text), (0, "")]:
        begins = re.match(r"\s*([-*]|\d+\.) ", line)
        if words and (not line.strip() or begins):
            yield first, " ".join(words)
            words = []
        if line.strip():
            first = first if words else number
            words.append(line.strip())


def sentences(paragraph):
    return re.split(ABBREVIATIONS + r"(?<=[.!?])[\"')*]*\s+(?=[\"'(\[*]*[A-Z0-9])", plain(paragraph))


def word_count(sentence):
    return sum(bool(re.search(r"\w", word)) for word in sentence.split())


def document_findings(text, most_words=MOST_WORDS):
    """(line, finding) of a document."""
    for first, paragraph in paragraphs(text):
        for sentence in sentences(paragraph):
            if word_count(sentence) > most_words:
                yield first, f'a sentence of {word_count(sentence)} words: "{sentence[:60]}..."'
    for number, line in prose_lines(text):
        if len(line) > MOST_COLUMNS:
            yield number, f"a line of {len(line)} characters"
    yield from script_findings(text)


def comments(text):
    """(number, comment) of a C++ source."""
    for number, line in enumerate(text.split("\n"), 1):
        comment = re.search(r"(?<!:)///?<?(.*)", line)
        if comment:
            yield number, comment.group(1)


def source_findings(text):
    """(line, finding) of the comments of a C++ source."""
    for number, comment in comments(text):
        if comment.rstrip().endswith("?"):
            yield number, f'"{comment.strip()}": a comment is a statement'
        for found, advice in wording(comment):
            yield number, f'"{found}": {advice}'


def script_findings(text):
    """(line, finding) of a script: comments and messages alike."""
    for number, line in enumerate(text.split("\n"), 1):
        for found, advice in wording(line):
            yield number, f'"{found}": {advice}'


def findings(path):
    kinds = {".md": document_findings, ".hpp": source_findings, ".cpp": source_findings}
    return kinds.get(path.suffix, script_findings)(path.read_text())


def main(names):
    paths = [pathlib.Path(name).resolve() for name in names] or \
            [path for pattern in DOCUMENTS + COMMENTED for path in sorted(ROOT.glob(pattern))]
    found = [f"{path.relative_to(ROOT)}:{line}: {what}" for path in paths for line, what in findings(path)]
    for line in found:
        print(line)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
