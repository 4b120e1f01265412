"""Compares `thalweg train` without settings to scikit-learn on real tables and writes the table of docs/defaults.md."""
import argparse
import pathlib
import tempfile
import warnings

import numpy

from datasets import all_tables
from models import peer_score, splits, thalweg_score

BEGIN, END = "<!-- table: ./run defaults -->\n", "<!-- end of table -->\n"


def row_of(program, table):
    """Mean scores over the splits: linear, peer, network, peer; and the longest training in seconds."""
    scores, longest = [], 0.0
    with tempfile.TemporaryDirectory() as folder:
        for network in (False, True):
            ours, theirs = [], []
            for train, test in splits(table):
                value, seconds, _ = thalweg_score(program, table, network, folder, train, test)
                ours.append(value), theirs.append(peer_score(table, network, train, test))
                longest = max(longest, seconds)
            scores += [numpy.mean(ours), numpy.mean(theirs)]
    return scores, longest


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--out", help="the page whose table is written")
    parser.add_argument("--only", nargs="*", help="names of tables; the page then stays as it is")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    lines = ["| data | rows x columns | score | linear | Ridge, LogisticRegression | network 64-64 | MLPRegressor, MLPClassifier | seconds |",
             "|---|---|---|---|---|---|---|---|"]
    for table in all_tables():
        if arguments.only and table.name not in arguments.only:
            continue
        scores, longest = row_of(arguments.program, table)
        size = " x ".join(f"{n:,}" for n in table.features.shape)
        cells = " | ".join(f"{score:.4f}" for score in scores)
        lines.append(f"| {table.name} | {size} | {'AUC' if table.classes else 'R2'} | {cells} | {longest:.1f} |")
        print(lines[-1], flush=True)
    if arguments.out and not arguments.only:
        page = pathlib.Path(arguments.out)
        text = page.read_text()
        before, after = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
        page.write_text(before + "\n".join(lines) + "\n" + after)


if __name__ == "__main__":
    main()
