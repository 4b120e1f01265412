"""Vowpal Wabbit on its own cache file, one pass a call: its fastest way of reading."""
import pathlib
import tempfile

import protocol
import vowpalwabbit

ROWS = 50000


def write_text(path, offsets, columns, values, y):
    with open(path, "w", encoding="ascii") as out:
        for n in range(ROWS):
            begin, end = offsets[n], offsets[n + 1]
            entries = " ".join(f"{c}:{v:.7g}" for c, v in zip(columns[begin:end], values[begin:end]))
            out.write(f"{1 if y[n] > 0 else -1} | {entries}\n")


def pass_over(text):
    options = f"-d {text} -c --loss_function logistic -b 20 --quiet --no_stdin --holdout_off"
    vowpalwabbit.Workspace(options).finish()


def main():
    arguments = protocol.arguments()
    with tempfile.TemporaryDirectory() as folder:
        text = pathlib.Path(folder) / "rows.vw"
        write_text(text, *protocol.sparse(arguments.data))
        pass_over(text)  # makes the cache
        protocol.serve((f"batch={b}", lambda: lambda: pass_over(text), ROWS) for b in arguments.batch)


main()
