"""The GPUs of the account and of the performance model, and what a device may say better (docs/performance_model.md)."""
import dataclasses
import json
import pathlib

CALIBRATION = pathlib.Path(__file__).resolve().parent / "calibration.json"
REACHABLE = 0.90       # of the nominal DRAM bandwidth: what copies reach
WARP = 32
# Lanes of a multiprocessor for float32 arithmetic, CUDA C++ Programming Guide, "Throughput of Native Arithmetic Instructions".
FP32_LANES = {"sm_80": 64, "sm_86": 128, "sm_89": 128, "sm_90": 128, "sm_100": 128, "sm_120": 128}
INT_LANES, SPECIAL_LANES, MEMORY_LANES = 64, 16, 32  # of every one of them
SCHEDULERS = 4  # warp instructions per clock and multiprocessor


@dataclasses.dataclass(frozen=True)
class Gpu:
    """Sizes and clocks are those of data sheets. The others are nominal: measured by others on like devices, or estimated."""
    name: str
    architecture: str
    dram_terabytes: float       # a second
    multiprocessors: int
    gigahertz: float            # boost
    l2_megabytes: float
    l2_terabytes: float         # a second, reads that hit
    node_us: float = 1.3        # a dependent kernel of a graph: its launch, start and end
    barrier_us: float = 1.2     # a barrier of a cooperative grid
    copy_us: float = 2.0        # a small copy between host and device, in its stream
    l2_latency_us: float = 0.15
    dram_latency_us: float = 0.70
    shared_quad_passes: float = 2.0  # of shared memory, for 16 bytes of each lane, most of them the same for several lanes
    fma_clocks: float = 1.25    # between an FFMA of a warp and its next instruction: the sums of a thread are independent
    warp_clocks: float = 3.0    # the same for other instructions, dependent and independent ones mixed

    @property
    def fp32_teraflops(self):
        return 2 * FP32_LANES[self.architecture] * self.multiprocessors * self.gigahertz / 1e3


NOMINAL = [
    Gpu("A100", "sm_80", 2.039, 108, 1.41, 40, 4.0),
    Gpu("L4", "sm_89", 0.300, 58, 2.04, 48, 1.9, l2_latency_us=0.14),
    Gpu("RTX 4090", "sm_89", 1.008, 128, 2.52, 72, 5.0, l2_latency_us=0.12),
    Gpu("H100", "sm_90", 3.35, 132, 1.755, 50, 5.5),
    Gpu("H200", "sm_90", 4.8, 132, 1.755, 50, 5.5),
    Gpu("RTX 5090", "sm_120", 1.792, 170, 2.41, 96, 6.5, l2_latency_us=0.13),
    Gpu("B200", "sm_100", 8.0, 148, 1.85, 126, 9.0),
]
MEASURABLE = {field.name for field in dataclasses.fields(Gpu)} - {"name", "architecture", "multiprocessors"}


def calibrated(nominal, text):
    """The GPUs with the values that a device measured: {"GPU": {"constant": value, ..., "source": "..."}, ...}."""
    measured = json.loads(text)
    unknown = measured.keys() - {gpu.name for gpu in nominal}
    if unknown:
        raise ValueError(f"calibration: no GPU is named {sorted(unknown)}")
    for name, values in measured.items():
        wrong = values.keys() - MEASURABLE - {"source"}
        if wrong or "source" not in values:
            raise ValueError(f"calibration of {name}: {sorted(wrong) or 'no source'}; known are {sorted(MEASURABLE)} and source")
    return [dataclasses.replace(gpu, **{key: value for key, value in measured.get(gpu.name, {}).items() if key != "source"})
            for gpu in nominal]


def gpus():
    return calibrated(NOMINAL, CALIBRATION.read_text())
