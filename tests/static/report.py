"""docs/kernels.md: the account as tables."""
import json
import pathlib
import re

import roofline
import rules
from objects import ARCHITECTURES

GPU = "H200"  # of which the table says what binds
PREDICTIONS = pathlib.Path(__file__).parent / "predictions.json"
GOLDEN = pathlib.Path(__file__).parents[1] / "end_to_end/launches.golden"

HEAD = """# The kernels, as the compiler made them

`./run kernels --update` writes this page from the object code ({compiler}); a test compares them (tests/static). No number here was
measured on a GPU.

Every kernel, on every architecture, has no local memory and no spill, no double precision, no float atomic and no approximate function. It
has no contraction that the source does not spell out. The streaming kernels move the bytes of their cost functions by 128-bit accesses.
`dropout` touches its input, output, ids and step alone; `dense_step` and `linear_burst` read X only to copy it on chip.

## Streaming kernels: predicted time for 2^26 elements

Milliseconds; in brackets the share of the roofline, which is the nominal DRAM bandwidth. The prediction is the slowest of three:

- DRAM at {reachable:.0%} of nominal, the rate of copies;
- the reads that the resident warps keep in flight at 700 ns;
- every instruction of the kernel, unlikely paths too, issued once per thread.

Arrays that stay in L2 take less.

"""

LAUNCHES = """
## Kernels of a training step

Each step is one upload and one launch of a graph; the table counts the kernels in it, without those of cuBLASLt in fast numerics. The steps
of a burst of a linear model on dense rows are one upload and one launch of one kernel in all.
A sort or a scan of Thrust counts as one; on a GPU a scan is two kernels and a sort at most six.
`tests/end_to_end/step_calls_simt_test.cpp` executes the kernels and checks each count. The networks have two hidden layers.

| model | kernels |
|---|---|
"""

PREDICTED = """
## Predicted time of a step

Microseconds, and in brackets the share of the roofline. [docs/performance_model.md](performance_model.md) says how they are predicted,
from nominal constants. `predict-1024` is the prediction of 1e6 rows.

"""

TABLE = """
## Registers, shared memory and occupancy

Registers of a thread, then the share of a multiprocessor's warps that fit. The dynamic shared memory of some launches is not included.
Shared memory is that of sm_75.
"""


def streaming(kernels, costs):
    rows = ["| kernel | bytes per element | " + " | ".join(roofline.GPUS) + " |",
            "|---|---|" + "---|" * len(roofline.GPUS)]
    for kernel in kernels:
        stream = rules.stream_of(kernel.name, costs)
        if stream is None:
            continue
        cells = []
        for gpu in roofline.GPUS:
            seconds, share = roofline.predict(gpu, kernel, stream, 2**26)
            cells.append(f"{seconds * 1e3:.3g} ({share:.0%})")
        rows.append(f"| {kernel.name} | {stream.read + stream.written} | " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def resources(kernels):
    text, file = [], None
    for kernel in kernels:
        name, _, rest = kernel.name.partition(": ")
        if name != file:
            file = name
            text += [f"\n### {name}\n", "| kernel | threads | shared memory | " + " | ".join(ARCHITECTURES) + " |",
                     "|---|---|---|" + "---|" * len(ARCHITECTURES)]
        cells = [f"{kernel.code[a].registers} ({roofline.occupancy(a, kernel.threads, kernel.code[a]):.0%})"
                 if kernel.threads else f"{kernel.code[a].registers}" for a in ARCHITECTURES if a in kernel.code]
        shared = kernel.code[ARCHITECTURES[0]].shared
        text.append(f"| {re.sub('[|]', '/', rest)} | {kernel.threads or ''} | {shared} | " + " | ".join(cells) + " |")
    return "\n".join(text) + "\n"


def launches(golden):
    rows = (line.split() for line in golden.read_text().splitlines())
    return LAUNCHES + "".join(f"| {name.replace('_', ' ')} | {kernels} |\n" for name, kernels in rows)


def predicted(rows):
    """rows: workload -> GPU -> [microseconds, percent of the roofline, what binds]"""
    gpus = list(next(iter(rows.values())))
    lines = ["| workload | " + " | ".join(gpus) + f" | binds on {GPU} |", "|---|" + "---|" * (len(gpus) + 1)]
    for workload, of in rows.items():
        cells = [f"{of[gpu][0]:.3g} ({of[gpu][1]:.2g}%)" for gpu in gpus]
        lines.append(f"| {workload} | " + " | ".join(cells) + f" | {of[GPU][2]} |")
    return PREDICTED + "\n".join(lines) + "\n"


def document(kernels, costs, compiler):
    return (HEAD.format(compiler=compiler, reachable=roofline.REACHABLE) + streaming(kernels, costs)
            + launches(GOLDEN) + predicted(json.loads(PREDICTIONS.read_text())) + TABLE + resources(kernels))
