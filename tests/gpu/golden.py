"""The runs of tests/end_to_end/parameters.golden: flags, and the hash of the parameters that they lead to on the cpu."""
import collections
import itertools
import pathlib

FILE = pathlib.Path(__file__).resolve().parents[1] / "end_to_end" / "parameters.golden"
Run = collections.namedtuple("Run", "name hash flags")


def runs(text=None):
    """"GROUP: FLAGS" adds flags to all runs of a group ("all": of every one); "GROUP.NAME HASH FLAGS" is a run."""
    groups, found = collections.defaultdict(list), []
    for line in (text if text is not None else FILE.read_text()).splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0].endswith(":"):
            groups[words[0][:-1]] += words[1:]
        else:
            group = words[0].split(".")[0]
            found.append(Run(words[0], words[1], groups["all"] + groups[group] + words[2:]))
    return found


def in_turn(runs_of_all):
    """One run of each group, then the second ones, and so on: a part of the list has runs of every kind."""
    groups = collections.defaultdict(list)
    for run in runs_of_all:
        groups[run.name.split(".")[0]].append(run)
    return [run for some in itertools.zip_longest(*groups.values()) for run in some if run is not None]
