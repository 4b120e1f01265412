"""Occupancy of a kernel and the time that its cost function and its object code predict on known GPUs."""
from devices import NOMINAL, REACHABLE, SCHEDULERS

# warps and blocks of a multiprocessor, and KiB of its shared memory
LIMITS = {"sm_75": (32, 16, 64), "sm_80": (64, 32, 164), "sm_86": (48, 16, 100), "sm_89": (48, 24, 100),
          "sm_90": (64, 32, 228), "sm_100": (64, 32, 228), "sm_120": (48, 24, 100)}
REGISTERS = 65536
RESERVED_INCLUDED = ("sm_90", "sm_100", "sm_120")  # cuobjdump counts the system's 1 KiB of kernels that share memory

# name: architecture, DRAM in TB/s, multiprocessors, GHz
GPUS = {gpu.name: (gpu.architecture, gpu.dram_terabytes, gpu.multiprocessors, gpu.gigahertz) for gpu in NOMINAL}
LATENCY = 700e-9    # seconds of a read from DRAM


def up(value, unit):
    return -(-value // unit) * unit


def resident_blocks(architecture, threads, registers, shared):
    """Blocks of a multiprocessor, without dynamic shared memory."""
    warps, blocks, kib = LIMITS[architecture]
    block_warps = -(-threads // 32)
    by_registers = REGISTERS // (block_warps * up(max(registers, 1) * 32, 256))
    reserved = 1024 if architecture != "sm_75" else 0
    if architecture in RESERVED_INCLUDED and shared >= reserved:
        shared -= reserved
    by_shared = kib * 1024 // (up(shared, 128) + reserved) if shared + reserved else blocks
    return min(blocks, warps // block_warps, by_registers, by_shared)


def occupancy(architecture, threads, code):
    blocks = resident_blocks(architecture, threads, code.registers, code.shared)
    return blocks * -(-threads // 32) / LIMITS[architecture][0]


def predict(gpu, kernel, stream, elements):
    """(seconds, share of the nominal DRAM roofline). The slowest of three: DRAM at what copies reach of it, the reads in
    flight (Little), and every instruction of the kernel once per thread, which bounds the issue slots from above."""
    architecture, terabytes, multiprocessors, gigahertz = GPUS[gpu]
    code = kernel.code[architecture]
    roof = elements * (stream.read + stream.written) / (terabytes * 1e12)
    blocks = resident_blocks(architecture, kernel.threads, code.registers, code.shared)
    in_flight = multiprocessors * blocks * kernel.threads * stream.elements * stream.read
    reads = elements * stream.read / (in_flight / LATENCY)
    warps = elements / stream.elements / 32
    issue = warps * sum(code.opcodes.values()) / (multiprocessors * SCHEDULERS * gigahertz * 1e9)
    seconds = max(roof / REACHABLE, reads, issue)
    return seconds, roof / seconds
