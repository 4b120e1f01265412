"""The kernels of a step at real shapes, on each GPU: nodes.golden holds what record_nodes.cpp writes down.

  nodes.py RECORD_NODES [--update]    compares the two, or writes nodes.golden anew, as THALWEG_UPDATE_GOLDEN=1 does"""
import argparse
import dataclasses
import os
import pathlib
import re
import subprocess
import sys

import devices
import objects

GOLDEN = pathlib.Path(__file__).resolve().parent / "nodes.golden"


@dataclasses.dataclass(frozen=True)
class Node:
    op: str
    kernel: str     # as objects.readable names it, "thrust" for one of Thrust's algorithms
    grid: tuple
    block: tuple
    shared: int     # bytes of dynamic shared memory
    cooperative: bool

    @property
    def blocks(self):
        return self.grid[0] * self.grid[1] * self.grid[2]

    @property
    def threads(self):
        return self.block[0] * self.block[1] * self.block[2]

    @property
    def all_threads(self):
        return self.blocks * self.threads

    def line(self):
        numbers = [",".join(map(str, self.grid)), ",".join(map(str, self.block)), str(self.shared)]
        return " | ".join(["  " + self.op, self.kernel, *numbers, "cooperative" if self.cooperative else "-"])


@dataclasses.dataclass(frozen=True)
class Step:
    copies: int     # between host and device
    nodes: tuple


def node_of(line):
    op, kernel, grid, block, shared, cooperative = line.strip().split(" | ")
    triple = [tuple(map(int, numbers.split(","))) for numbers in (grid, block)]
    return Node(op, kernel, *triple, int(shared), cooperative == "cooperative")


def read(text):
    """(workload, GPU) -> Step"""
    steps, keys, copies, nodes = {}, [], 0, []
    for line in text.splitlines() + ["end: none, 0 copies"]:
        if line.startswith("  "):
            nodes.append(node_of(line))
            continue
        for key in keys:
            steps[key] = Step(copies, tuple(nodes))
        workload, names, count = re.match(r"(\S+): (.*), (\d+) copies$", line).groups()
        keys, copies, nodes = [(workload, name) for name in names.split(", ")], int(count), []
    return steps


def written(steps):
    """The text of steps; GPUs with the same nodes stand together."""
    together = {}
    for (workload, gpu), step in steps.items():
        together.setdefault((workload, step), []).append(gpu)
    lines = []
    for (workload, step), names in together.items():
        lines.append(f"{workload}: {', '.join(names)}, {step.copies} copies")
        lines += [node.line() for node in step.nodes]
    return "\n".join(lines) + "\n"


def symbols(program):
    """distance from the anchor -> readable name of each function of the program"""
    out = subprocess.run(["nm", program], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in out.splitlines()]
    found = {name: int(address, 16) for address, kind, name in (row for row in rows if len(row) == 3) if kind in "tTwWuU"}
    anchor = found["thalweg_nodes_anchor"]
    kernels = [name for name in found if "_kernel" in name]
    readable, enums = objects.demangle(kernels), objects.enumerators()
    return {found[name] - anchor: objects.readable(readable[name], enums) for name in kernels}


def kernel_name(readable):
    return "thrust" if readable.startswith("cuda::thrust") else readable


def parsed(text, names):
    """workload -> Step, of what record_nodes prints."""
    steps, workload, copies, nodes = {}, None, 0, []
    for line in text.splitlines() + ["work end 0 0"]:
        words = line.split()
        if words[0] == "work":
            if workload:
                steps[workload] = Step(copies, tuple(nodes))
            workload, copies, nodes = words[1], int(words[2]) + int(words[3]), []
            continue
        op, address, grid, block, shared, cooperative = words[1:]
        triple = [tuple(map(int, numbers.split(","))) for numbers in (grid, block)]
        nodes.append(Node(op, kernel_name(names[int(address)]), *triple, int(shared), cooperative == "1"))
    return steps


def recorded(program):
    names, steps = symbols(program), {}
    for gpu in devices.NOMINAL:
        command = [program, gpu.architecture.removeprefix("sm_"), str(gpu.multiprocessors)]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        steps |= {(workload, gpu.name): step for workload, step in parsed(text, names).items()}
    return dict(sorted(steps.items(), key=lambda item: item[0][0]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="record_nodes of the preset simt")
    parser.add_argument("--update", action="store_true", help="write nodes.golden anew")
    args = parser.parse_args()
    steps = recorded(args.program)
    if args.update or "THALWEG_UPDATE_GOLDEN" in os.environ:
        GOLDEN.write_text(written(steps))
        return
    kept = read(GOLDEN.read_text())
    wrong = [f"{workload} on {gpu}" for workload, gpu in steps.keys() | kept.keys()
             if steps.get((workload, gpu)) != kept.get((workload, gpu))]
    if wrong:
        sys.exit(f"other kernels than in {GOLDEN.name}: {', '.join(sorted(wrong))}; --update writes it anew")
    print(f"the kernels of {len(steps)} steps are those of {GOLDEN.name}")


if __name__ == "__main__":
    main()
