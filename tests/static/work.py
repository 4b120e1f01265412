"""What each kernel of a step does at the shapes of a workload: bytes, turns of its loops, round trips to memory."""
import dataclasses
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHAINS, SLICES, MOST_SLICES, SUM_BLOCK, SECTOR = 128, 8, 64, 4096, 32
UPDATE_BYTES = {"Sgd": 12, "Adam": 28}  # per parameter, read and written (update_cost)


def up(value, unit):
    return -(-value // unit)


@dataclasses.dataclass(frozen=True)
class Shape:
    """A workload: rows of a batch, widths of the model from its inputs to its outputs, entries of a sparse row (0: dense)."""
    name: str
    batch: int
    widths: tuple
    entries: int = 0
    repeats: float = 1  # of what was recorded
    burst: int = 1      # steps that have launch and copies in common; what the nodes do is counted for one of them

    @property
    def layers(self):
        return list(zip(self.widths, self.widths[1:]))

    @property
    def parameters(self):
        return sum(inputs * outputs + outputs for inputs, outputs in self.layers)

    @property
    def row_bytes(self):
        return 8 * self.entries + 16 if self.entries else 4 * self.widths[0]

    @property
    def trains(self):
        return not self.name.startswith("predict")

    @property
    def flops(self):
        """Multiplications and additions of the products: forward, weight gradients, and input gradients but the first's."""
        if self.entries:
            return 4 * self.batch * self.entries
        forward = sum(2 * self.batch * inputs * outputs for inputs, outputs in self.layers)
        return 3 * forward - 2 * self.batch * self.widths[0] * self.widths[1] if self.trains else forward


SHAPES = {f"{shape.name}-{shape.batch}": shape for shape in [
    *(Shape("dense", batch, (1000, 1), burst=32) for batch in (256, 4096)),
    *(Shape("sparse", batch, (1000000, 1), 39) for batch in (256, 4096)),
    Shape("softmax", 256, (784, 10)),
    *(Shape("mlp", batch, (784, 512, 512, 10)) for batch in (256, 1024, 4096)),
    Shape("predict", 1024, (1000, 1), repeats=1e6 / 1024)]}


@dataclasses.dataclass(frozen=True)
class Loop:
    """The innermost loop with the most instructions `opcode`, which has all of `having` and none of `without`. It takes as many
    turns as a thread needs for `per_thread` of those instructions, or `turns`. `around`: turns of the loop around it. `waits`:
    where each turn waits for what it reads, "l2" or "dram"."""
    opcode: str
    per_thread: float = None
    turns: float = None
    having: tuple = ()
    without: str = None
    around: float = None
    waits: str = None


@dataclasses.dataclass(frozen=True)
class Work:
    cold: float = 0           # bytes that come from DRAM
    warm: float = 0           # bytes of other sectors, which L2 holds if it is large enough
    distinct: float = None    # of them, each byte counted once; all, if it is not there
    stored: float = 0         # bytes of the outputs, of which narrow stores make more sectors
    loops: tuple = ()
    executed: float = 1       # of the instructions, where code is unrolled for more than there is
    l2_rounds: int = 1        # reads of which one needs another
    dram_rounds: int = 0
    barriers: int = 0         # of the whole grid
    kernels: int = 1          # that the node stands for
    per_turn: float = 0       # of the latency of L2: what a turn around the main loop takes at least


def tile_shapes():
    """Tile -> rows, columns, depth, rows and columns of a thread, stages (kernels/gemm/tiles.hpp)."""
    text = (ROOT / "kernels/gemm/tiles.hpp").read_text()
    return {name: tuple(map(int, numbers.split(",")[:6]))
            for name, numbers in re.findall(r"struct (\w+Tile) : TileShape<([\d, ]+)>", text)}


def tiled(node, rows, cols, depth, copies, cold):
    tile = re.search(r"<(\w+Tile)", node.kernel)[1]
    tile_rows, tile_cols, tile_depth, thread_rows, thread_cols, stages = tile_shapes()[tile]
    reads = 4 * depth * copies * (rows * up(cols, tile_cols) + cols * up(rows, tile_rows))
    turns = up(depth, tile_depth) + stages - 1
    distinct = 4 * depth * copies * (rows + cols)
    return Work(cold=cold, warm=max(reads - cold, 0), distinct=max(distinct - cold, 0), stored=4 * rows * cols * copies,
                l2_rounds=2, dram_rounds=1 if cold else 0,
                per_turn=1 / (stages - 1),
                loops=(Loop("FFMA", thread_rows * thread_cols * up(depth, 4) * 4, without="MUFU|STG", around=turns),
                       Loop("STG", turns=thread_rows * thread_cols / 4)))


def product(node, shape, turn):
    if node.op == "linear_forward":
        inputs, outputs = shape.layers[turn]
        return tiled(node, shape.batch, outputs, inputs, 1, cold=shape.batch * shape.row_bytes if turn == 0 else 0)
    inputs, outputs = shape.layers[::-1][turn]
    return tiled(node, shape.batch, inputs, outputs, 1, cold=0)


def slice_product(node, shape, turn):
    inputs, outputs = shape.layers[::-1][turn]
    return tiled(node, outputs, inputs, up(shape.batch, SLICES), SLICES, cold=0)


def dense_step(node, shape, _):
    features, groups = shape.widths[0], node.grid[0]
    blocks = up(features, CHAINS)
    columns, rows = blocks * CHAINS // groups, up(shape.batch, node.grid[1])
    chunk = node.shared // (4 * (blocks | 1) * (CHAINS // groups) + 4)
    chunks = up(rows, chunk)
    return Work(cold=shape.batch * shape.row_bytes,
                warm=shape.batch * (2 * 4 * CHAINS + 8) + 4 * features * SLICES * (2 * chunks - 1),
                loops=(Loop(r"LDGSTS.*\.128", rows * columns / 4 / node.threads),
                       Loop(r"LDS$", rows * columns / node.threads, having=("FFMA", r"LDG\."), without=r"LDGSTS|LDS\.128"),
                       Loop(r"LDS$", rows * up(columns, node.threads), having=("FFMA",), without="LDG")),
                dram_rounds=2 * chunks, l2_rounds=2 * chunks, barriers=2 * chunks if groups > 1 else 0)


def quads(count):
    return up(count, 4) * 4


def linear_burst(node, shape, _):
    """A step of the burst. The first rows of the next one come while the blocks meet; every block adds up the gradient."""
    features, groups, slices = shape.widths[0], *node.grid[:2]
    blocks = up(features, CHAINS)
    columns, rows = blocks * CHAINS // groups, up(shape.batch, slices)
    fixed = 4 * (quads(features + 1) + quads(columns + 1))
    chunks = up(rows, (node.shared - fixed) // (4 * (blocks | 1) * (CHAINS // groups) + 12))
    finish = 1 if groups == 1 else 2  # meetings of a slice's blocks: chain sums, and slopes where blocks share the rows
    exchanged = shape.batch * (2 * 4 * CHAINS + 4 * SECTOR) + 4 * features * slices * (2 * chunks - 1)
    return Work(cold=shape.batch * shape.row_bytes,
                warm=exchanged + node.blocks * 4 * (features * slices + shape.batch),
                loops=(Loop(r"LDGSTS.*\.128", rows * columns / 4 / node.threads),
                       Loop(r"FFMA", rows * columns / node.threads, having=(r"LDS$", r"LDG\."), without=r"LDGSTS|LDS\.128|FADD|FMUL"),
                       Loop(r"FFMA", rows * up(columns, node.threads), having=(r"LDS\.128", r"LDS$")),
                       Loop(r"FADD", up(features + 1, node.threads) * MOST_SLICES * slices / MOST_SLICES, having=(r"LDG",)),
                       Loop(r"FFMA", features / 32, having=(r"LDS\.128",), without=r"LDS$")),
                dram_rounds=chunks - 1, l2_rounds=finish * chunks + 2, barriers=1 + (2 * chunks if groups > 1 else 0),
                kernels=1 / shape.burst)


def few_outputs(node, shape, _):
    rows, outputs = (int(number) for number in re.search(r"<(\d+),(\d+),", node.kernel).groups())
    return Work(cold=shape.batch * shape.row_bytes, warm=4 * shape.batch,
                loops=(Loop("FFMA", rows * outputs * shape.widths[0] / 32, waits="dram"),))


def per_thread(bytes_each, **more):
    """Every thread moves as many bytes."""
    return lambda node, *_: Work(warm=node.all_threads * bytes_each, **more)


def update(node, shape, _):
    each = UPDATE_BYTES[re.search(r"update(?:_touched)?<(\w+)Rule", node.kernel)[1]]
    return Work(warm=each * min(shape.parameters, 4 * node.all_threads), l2_rounds=2)


def touched(bytes_each, **more):
    """A thread for each entry of the batch."""
    return lambda node, shape, *_: Work(warm=bytes_each * shape.batch * shape.entries, **more)


def thrust(node, shape, _):
    items = shape.batch + 1 if node.op == "sparse_row_begin" else shape.batch * shape.entries
    if "sort" in node.op:  # four digits of eight bits, after their counts
        return Work(warm=items * (4 + 4 * 16), kernels=6, l2_rounds=4)
    return Work(warm=items * 16, kernels=2, l2_rounds=2)


def squares(_, shape, __):
    summed = shape.widths[-1] if shape.entries else shape.parameters  # of lazy updates the biases alone
    return Work(warm=4 * summed, loops=(Loop("FFMA", min(SUM_BLOCK, summed) / 32, waits="l2"),))


def finish_norm(_, shape, __):
    """One warp adds block sums, one beside it the losses, which are more."""
    blocks = (shape.batch * shape.entries or shape.parameters) / SUM_BLOCK
    return Work(warm=4 * (blocks + shape.batch), loops=(Loop("FADD", shape.batch / 32, waits="l2"),))


def small_norm(_, shape, __):
    """A block for each warp, then finish_norm's work."""
    return Work(warm=4 * (shape.parameters + shape.batch),
                loops=(Loop("FFMA", min(SUM_BLOCK, shape.parameters) / 32, waits="l2"),
                       Loop("FADD", shape.batch / 32, waits="l2")))


def touched_squares(_, shape, __):
    entries = min(SUM_BLOCK, shape.batch * shape.entries)
    return Work(warm=(4 + SECTOR) * shape.batch * shape.entries, loops=(Loop("FFMA", entries / 32, waits="l2"),), l2_rounds=2)


def sparse_forward(_, shape, __):
    entries = shape.batch * shape.entries
    return Work(cold=shape.batch * shape.row_bytes, warm=entries * SECTOR + 16 * shape.batch, dram_rounds=2, l2_rounds=2)


def bias_chains(_, shape, __):
    return Work(warm=SECTOR * shape.batch / 8, loops=(Loop("FADD", up(shape.batch, SLICES), waits="l2"),))


def weight_chains(_, shape, __):
    entries = shape.batch * shape.entries
    return Work(warm=SLICES * entries * (8 + 8 + 4) + entries * SECTOR, l2_rounds=6)


KERNELS = [  # kernel -> its work; the first that matches
    (r"batch$", per_thread(8 + SECTOR)),
    (r"product<", product),
    (r"slice_product<", slice_product),
    (r"slice_sums<float4>", per_thread(16 * (SLICES + 1), executed=SLICES / MOST_SLICES)),
    (r"slice_sums<float>", per_thread(4 * (SLICES + 1), executed=SLICES / MOST_SLICES)),
    (r"dense_step<", dense_step),
    (r"linear_burst<", linear_burst),
    (r"few_outputs<", few_outputs),
    (r"evaluate<", lambda _, shape, __: Work(warm=shape.batch * (8 * shape.widths[-1] + 20), l2_rounds=3)),
    (r"single_output<|row_loss", per_thread(32, l2_rounds=3)),
    (r"softmax<", lambda _, shape, __: Work(warm=shape.batch * 8 * shape.widths[-1])),
    (r"forward<\w+>$", per_thread(32)),
    (r"squares$", squares),
    (r"touched_squares$", touched_squares),
    (r"finish_norm$", finish_norm),
    (r"small_norm$", small_norm),
    (r"update<", update),
    (r"update_touched<", touched(12 + 2 * SECTOR, l2_rounds=3)),
    (r"sparse_forward<", sparse_forward),
    (r"gather_entries$", touched(8 + 16, l2_rounds=3)),
    (r"list_entries$", touched(24 + 12 + SECTOR, l2_rounds=3)),
    (r"weight_chains$", weight_chains),
    (r"weight_sums$", touched(4 * SLICES + SECTOR, l2_rounds=2, executed=SLICES / MOST_SLICES)),
    (r"bias_chains$", bias_chains),
    (r"bias_sums$", per_thread(4, executed=SLICES / MOST_SLICES)),
    (r"thrust$", thrust),
]


def work_of(node, shape, turn):
    """turn: how many nodes of this op the step had before."""
    for pattern, function in KERNELS:
        if re.match(pattern, node.kernel.removeprefix("cuda::")):
            return function(node, shape, turn)
    raise KeyError(f"work.py does not know what {node.kernel} ({node.op}) does")
