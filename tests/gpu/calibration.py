"""Constants of the performance model (tests/static/devices.py) from the figures of `thalweg bench machine`."""
import datetime
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "static"))
import devices  # noqa: E402


def constants(gpu, figures):
    """Of a GPU of the model."""
    value = {name: figure["value"] for name, figure in figures.items()}
    lanes = devices.FP32_LANES[gpu.architecture] * gpu.multiprocessors
    found = {
        "dram_terabytes": value["copy"] / devices.REACHABLE / 1e12,
        "l2_terabytes": value["cache.L2"] / 1e12,
        "gigahertz": value["fma"] / (2 * lanes) / 1e9,
        "node_us": value["graph_node"] * 1e6,
        "barrier_us": value["grid_barrier"] * 1e6,
        "copy_us": value["small_copy"] * 1e6,
        "l2_latency_us": value["latency.L2"] * 1e6,
        "dram_latency_us": value["latency.memory"] * 1e6,
    }
    return {name: float(f"{number:.3g}") for name, number in found.items()}


def entry(processor, figures):
    """The text of calibration.json; says why there is none."""
    names = sorted((gpu for gpu in devices.NOMINAL if gpu.name in processor), key=lambda gpu: -len(gpu.name))
    if not names:
        return f"the model has no GPU like \"{processor}\""
    measured = constants(names[0], figures)
    measured["source"] = f"thalweg bench machine, {processor}, {datetime.date.today()}"
    text = json.dumps({names[0].name: measured})
    devices.calibrated(devices.NOMINAL, text)  # an entry that the model takes
    return text
