"""What the loops of a kernel hold, as numbers that may only get better: ratchet.json has today's.

  narrow_stores    stores of less than 16 bytes of a product kernel
  ffma_percent     FFMA of the instructions of a product's main loop, as a warp issues them, on the worst architecture
  conflict_percent passes of shared memory that bank conflicts add, by the layout of the tiles (layout.cpp)
  int64_in_loops   instructions of two-word index arithmetic in loops, on the worst architecture"""
import json
import pathlib
import re
import subprocess

import devices
import model
import sass
import work
from objects import ROOT

HERE = pathlib.Path(__file__).resolve().parent
RATCHET = HERE / "ratchet.json"
MORE_IS_BETTER = {"ffma_percent"}
SIDES = {"0,0": "depth,depth", "0,1": "depth,width", "1,1": "width,width"}
ARCHITECTURES = sorted({gpu.architecture for gpu in devices.NOMINAL})
SOUND = {"narrow_stores": 0, "ffma_percent": 75, "conflict_percent": 2, "int64_in_loops": 0}  # what a sound product holds
MANY = 1e6  # turns: what is around the main loop does not count


def layout_conflicts(folder):
    """(tile, sides) -> percent of the passes of shared memory that are conflicts, in a turn of the main loop"""
    program = pathlib.Path(folder) / "layout"
    subprocess.run(["g++", "-std=c++20", "-O1", "-w", "-I", ROOT / "tests/simt/include", "-I", ROOT, "-I", ROOT / "include",
                    HERE / "layout.cpp", "-o", program], check=True)
    return conflicts(subprocess.run([program], capture_output=True, text=True, check=True).stdout)


def conflicts(text):
    taken, ideal = {}, {}
    for line in text.splitlines():
        tile, sides, _, passes, least = line.split()
        taken[tile, sides] = taken.get((tile, sides), 0) + int(passes)
        ideal[tile, sides] = ideal.get((tile, sides), 0) + int(least)
    return {key: 100 * (taken[key] - ideal[key]) / taken[key] for key in taken}


def is_product(name):
    return re.search(r": (slice_)?product<|planted_(narrow|diluted)", name) is not None


def narrow_stores(code):
    return code.count(r"STG\b") - code.count(r"STG\b.*\.(128|256)")


def main_loop_ffma(flow, tile):
    """Percent of FFMA among what a warp issues in the main loop of a product, for pieces of full depth; `tile` as
    work.tile_shapes has it, None for a kernel without pieces."""
    inner = flow.hottest("FFMA", without="MUFU|STG")
    if inner is None:
        return 0.0
    here, around = inner.count(flow.instructions, "FFMA"), None
    if tile is not None:
        _, _, depth, thread_rows, thread_cols, _ = tile
        here, around = thread_rows * thread_cols * depth, MANY
    issued = flow.issued(model.turns_of(flow, (work.Loop("FFMA", here * MANY, without="MUFU|STG", around=around),)))
    return 100 * issued["ffma"] / sum(issued.values())


def int64_in_loops(flow):
    inside = set().union(*(loop.body for loop in flow.loops)) if flow.loops else set()
    return sum(flow.instructions[number].kind == "int64" for number in inside)


def measured(kernel, conflict_of):
    """name -> today's value of a kernel, over the architectures of the model"""
    codes = [kernel.code[architecture] for architecture in ARCHITECTURES if architecture in kernel.code]
    flows = [sass.Flow(code.lines) for code in codes]
    values = {"int64_in_loops": max(map(int64_in_loops, flows))}
    if is_product(kernel.name):
        tile = work.tile_shapes().get((re.findall(r"<(\w+Tile)", kernel.name) or [None])[0])
        values["narrow_stores"] = max(map(narrow_stores, codes))
        values["ffma_percent"] = round(min(main_loop_ffma(flow, tile) for flow in flows), 1)
    if match := re.search(r"product<(\w+),Side<\w+,(\d),.*?>,Side<\w+,(\d),", kernel.name):
        values["conflict_percent"] = round(conflict_of[match[1], SIDES[f"{match[2]},{match[3]}"]], 1)
    return values


def measures(kernels, conflict_of, launched):
    """kernel -> its values: the products, and what the steps of the model launch"""
    return {kernel.name: measured(kernel, conflict_of) for kernel in kernels
            if is_product(kernel.name) or kernel.name.partition(": ")[2] in launched}


def findings(now, budget):
    for name in sorted(now.keys() - budget.keys()):
        yield name, "not in ratchet.json"
    for name in sorted(now.keys() & budget.keys()):
        for key, value in now[name].items():
            allowed = budget[name].get(key)
            if allowed is None or (value < allowed if key in MORE_IS_BETTER else value > allowed):
                yield name, f"{key} is {value}, {allowed} allowed"


def written(values):
    return "{\n" + ",\n".join(f"  {json.dumps(name)}: {json.dumps(of)}" for name, of in values.items()) + "\n}\n"


PLANTED = {"narrow": "narrow_stores", "diluted": "ffma_percent", "index": "int64_in_loops"}


def planted_problems(kernels, conflict_of):
    """Faults of planted.cu and of layout.cpp that are not found, and what is found in the kernel without one."""
    for kernel in kernels:
        fault = re.search(r"planted_(\w+)", kernel.name)[1]
        found = [text.split()[0] for _, text in findings({kernel.name: measured(kernel, conflict_of)}, {kernel.name: SOUND})]
        if fault in PLANTED and PLANTED[fault] not in found or fault == "none" and found:
            yield f"{kernel.name}: found {found or 'nothing'}, want {PLANTED.get(fault, 'nothing')}"
    if conflict_of["planted", "-"] <= SOUND["conflict_percent"]:
        yield "the planted bank conflict was not found"
