"""The time of a step, predicted from its kernels' machine code, their grids and a GPU's constants (docs/performance_model.md)."""
import dataclasses

import devices
import roofline
import work as works


@dataclasses.dataclass(frozen=True)
class Time:
    """Microseconds of a node, and which of its parts is the longest."""
    microseconds: float
    binds: str


def turns_of(flow, loops):
    """loop of the machine code -> its turns. Loops for what is left over, with the same instructions as a known one, take none."""
    found = {}
    for loop in loops:
        inner = flow.hottest(loop.opcode, loop.having, loop.without)
        if inner is None:
            continue
        found[inner] = loop.turns or loop.per_thread / inner.count(flow.instructions, loop.opcode)
        if loop.around is not None and (outer := flow.around(inner)) is not None:
            found[inner] /= loop.around  # in each turn of the outer one
            found[outer] = loop.around
    known = list(found)
    for other in flow.loops:
        if any(other.count(flow.instructions, loop.opcode) for loop in loops) and not any(other.body >= one.body for one in known):
            found[other] = 0.0
    return found


def widest_store(flow, way):
    return max((flow.instructions[number].bytes for number in way if flow.instructions[number].opcode.startswith("STG")), default=4)


def passes_of(instruction, gpu):
    """Turns that an access of a warp keeps the memory pipe busy: 128 bytes each."""
    if instruction.kind == "shared" and instruction.bytes == 16:
        return gpu.shared_quad_passes
    return max(1, instruction.bytes / 4)


def clocks_of_pipes(flow, turns, gpu):
    """pipe -> clocks that a warp keeps it busy, on a multiprocessor"""
    times, issued = flow.times(turns), flow.issued(turns)
    accesses = [number for number in flow.path(turns) if flow.instructions[number].bytes]
    passes = sum(times[number] * passes_of(flow.instructions[number], gpu) for number in accesses)
    lanes = devices.FP32_LANES[gpu.architecture]
    return {"issue": sum(issued.values()) / devices.SCHEDULERS,
            "fp32": (issued["ffma"] + issued["fp32"]) * devices.WARP / lanes,
            "int": (issued["int"] + issued["int64"]) * devices.WARP / devices.INT_LANES,
            "special": issued["special"] * devices.WARP / devices.SPECIAL_LANES,
            "memory": passes * devices.WARP / devices.MEMORY_LANES}


def node_parts(gpu, node, code, flow, work, resident):
    """part -> microseconds of a node. `resident`: whether L2 holds what the step works on."""
    turns = turns_of(flow, work.loops)
    way = flow.path(turns)
    warps = -(-node.threads // devices.WARP)
    blocks = -(-node.blocks // gpu.multiprocessors)  # of the multiprocessor that has most
    fit = max(1, roofline.resident_blocks(gpu.architecture, node.threads, code.registers, code.shared + node.shared))
    waves = -(-blocks // fit)
    stored = work.stored * 16 / min(16, widest_store(flow, way))  # a narrow store moves whole sectors
    warm = work.warm + stored
    once = (work.warm if work.distinct is None else work.distinct) + work.stored
    clock = gpu.gigahertz * 1e3  # a microsecond
    pipes = clocks_of_pipes(flow, turns, gpu)
    parts = {"DRAM": (work.cold + (0 if resident else once)) / (gpu.dram_terabytes * devices.REACHABLE * 1e6),
             "L2": (work.cold + warm) / (gpu.l2_terabytes * 1e6)}
    parts |= {pipe: work.executed * blocks * warps * clocks / clock for pipe, clocks in pipes.items()}
    waits = sum(turns[inner] * (gpu.dram_latency_us if loop.waits == "dram" else gpu.l2_latency_us)
                for loop in work.loops if loop.waits and (inner := flow.hottest(loop.opcode, loop.having, loop.without)) in turns)
    outer = max((loop.around for loop in work.loops if loop.around), default=0)
    floor = outer * work.per_turn * gpu.l2_latency_us
    issued = flow.issued(turns)
    alone = (issued["ffma"] * gpu.fma_clocks + (sum(issued.values()) - issued["ffma"]) * gpu.warp_clocks) * work.executed / clock
    parts["warp"] = waves * max(alone, floor)
    parts["latency"] = waves * (waits + work.l2_rounds * gpu.l2_latency_us + work.dram_rounds * gpu.dram_latency_us)
    parts["barrier"] = work.barriers * gpu.barrier_us
    parts["node"] = work.kernels * gpu.node_us
    return parts


def node_time(gpu, parts):
    """What overlaps: memory and instructions. What does not: the launch, round trips, barriers."""
    overlapped = {part: parts[part] for part in parts if part not in ("node", "latency", "barrier")}
    serial = parts["node"] + parts["latency"] + parts["barrier"]
    longest = max(parts, key=parts.get)
    return Time(serial + max(overlapped.values()), longest)


def library_parts(gpu, work):
    """A node of Thrust, whose machine code the account leaves out."""
    return {"DRAM": work.cold / (gpu.dram_terabytes * devices.REACHABLE * 1e6),
            "L2": (work.cold + work.warm) / (gpu.l2_terabytes * 1e6),
            "latency": work.l2_rounds * gpu.l2_latency_us, "barrier": 0.0, "node": work.kernels * gpu.node_us}


def footprint(shape):
    """Bytes that a step works on: parameters, gradients, states and chains; activations."""
    states = 4 if len(shape.layers) > 1 else 2
    parameters = shape.parameters if not shape.entries else shape.batch * shape.entries
    return 4 * parameters * (states + works.SLICES) + 8 * shape.batch * sum(shape.widths[1:])


def roof(gpu, shape):
    """Microseconds that the batch's rows take from DRAM, or their products in float32 arithmetic."""
    return max(shape.batch * shape.row_bytes / (gpu.dram_terabytes * 1e6), shape.flops / (gpu.fp32_teraflops * 1e6))


@dataclasses.dataclass(frozen=True)
class Prediction:
    microseconds: float
    share: float      # of the roofline
    binds: str        # the node that takes longest, and what binds it
    nodes: tuple      # (Node, Time)


def predict(gpu, step, shape, code_of):
    """code_of(kernel, architecture) -> (Code, Flow)"""
    times, turns = [], {}
    resident = footprint(shape) < gpu.l2_megabytes * 1e6
    for node in step.nodes:
        turn = turns.get(node.op, 0)
        turns[node.op] = turn + 1
        work = works.work_of(node, shape, turn)
        if node.kernel == "thrust":
            parts = library_parts(gpu, work)
        else:
            parts = node_parts(gpu, node, *code_of(node.kernel, gpu.architecture), work, resident)
        times.append((node, node_time(gpu, parts)))
    whole = sum(time.microseconds for _, time in times) + step.copies / shape.burst * gpu.copy_us
    node, time = max(times, key=lambda pair: pair[1].microseconds)
    return Prediction(whole * shape.repeats, roof(gpu, shape) / whole, f"{node.kernel.split('<')[0]}: {time.binds}", tuple(times))
