"""Reads the event files of runs with the package tensorboard: of a whole run, of one that was interrupted and resumed, and of
one that was killed."""
import json
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

from tensorboard.backend.event_processing.event_accumulator import HISTOGRAMS, SCALARS, TENSORS, EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.plugins.hparams import metadata as hparams

SIZES = {SCALARS: 0, HISTOGRAMS: 0, TENSORS: 0}  # 0: all of them


def write_rows(path):
    rng = random.Random(1)
    lines = ["a,b,y"]
    for _ in range(400):
        a, b = rng.gauss(0, 1), rng.gauss(0, 1)
        lines.append(f"{a!r},{b!r},{a - 2 * b + rng.gauss(0, 0.1)!r}")
    path.write_text("\n".join(lines) + "\n")


def command(program, data, out, *settings):
    return [program, "train", f"--data.train={data}", "--data.validation_fraction=0.25", "--model.loss=squared",
            "--model.hidden=4", "--train.batch_size=32", "--optimizer.lr=0.01", "--train.tensorboard=true",
            "--train.log_every_steps=5", "--quiet", f"--out={out}", *settings]


def numbers(out):
    """Step and value of every scalar by tag, and the accumulator itself; no step may be there twice."""
    events = EventAccumulator(str(pathlib.Path(out) / "tensorboard"), size_guidance=SIZES)
    events.Reload()
    found = {}
    for tag in events.Tags()[SCALARS]:
        found[tag] = [(point.step, point.value) for point in events.Scalars(tag)]
    for tag in events.Tags()[TENSORS]:
        plugin = events.SummaryMetadata(tag).plugin_data.plugin_name
        if plugin == "scalars":
            found[tag] = [(point.step, point.tensor_proto.float_val[0]) for point in events.Tensors(tag)]
    for tag, points in found.items():
        steps = [step for step, _ in points]
        assert steps == sorted(set(steps)), (tag, steps)
    return found, events


def logged(out):
    return [json.loads(line) for line in (pathlib.Path(out) / "metrics.jsonl").read_text().splitlines()]


def same_as_log(found, out):
    """Every number of metrics.jsonl is there, under its tag and step."""
    count = 0
    for line in logged(out):
        group = "train" if "epoch" in line else "step"
        for name, value in line.items():
            if name in ("step", "seconds"):
                continue
            tag = name.replace(".", "/", 1) if "." in name else f"{group}/{name}"
            got = dict(found[tag])[line["step"]]
            assert abs(got - value) <= 1e-6 * max(1, abs(value)), (tag, line["step"], got, value)
            count += 1
    return count


def check_settings(out):
    events = []
    for path in sorted((pathlib.Path(out) / "tensorboard").iterdir()):
        events += EventFileLoader(str(path)).Load()
    by_tag = {value.tag: value for event in events for value in event.summary.value}
    start = hparams.parse_session_start_info_plugin_data(
        by_tag[hparams.SESSION_START_INFO_TAG].metadata.plugin_data.content)
    assert start.hparams["optimizer.lr"].number_value == 0.01
    assert start.hparams["model.loss"].string_value == "squared"
    assert start.hparams["train.tensorboard"].bool_value is True
    end = hparams.parse_session_end_info_plugin_data(by_tag[hparams.SESSION_END_INFO_TAG].metadata.plugin_data.content)
    assert end.status == 1 and abs(end.end_time_secs - time.time()) < 600


def check_histograms(events):
    tags = [tag for tag in events.Tags()[TENSORS] if tag.startswith("parameters/")] + list(events.Tags()[HISTOGRAMS])
    assert sorted(tags) == sorted(f"parameters/layers.{layer}.{kind}" for layer in (0, 1) for kind in ("weight", "bias")), tags


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        data = folder / "rows.csv"
        write_rows(data)
        whole, parts, killed = (folder / name for name in ("whole", "parts", "killed"))
        subprocess.run(command(program, data, whole, "--train.epochs=6"), check=True, stdout=subprocess.DEVNULL)
        found, events = numbers(whole)
        count = same_as_log(found, whole)
        check_settings(whole)
        check_histograms(events)
        for steps in (13, 29):
            subprocess.run(command(program, data, parts, "--train.epochs=6", f"--train.max_steps={steps}",
                                   "--checkpoint.on_change=allow"), check=True, stdout=subprocess.DEVNULL)
        subprocess.run(command(program, data, parts, "--train.epochs=6", "--checkpoint.on_change=allow"), check=True,
                       stdout=subprocess.DEVNULL)
        resumed, _ = numbers(parts)
        for tag, points in found.items():
            if not tag.endswith("samples_per_second"):
                assert resumed[tag] == points, tag
        process = subprocess.Popen(command(program, data, killed, "--train.epochs=100000"), stdout=subprocess.DEVNULL)
        deadline = time.time() + 60
        while time.time() < deadline and len(list((killed / "tensorboard").glob("*"))) == 0:
            time.sleep(0.01)
        time.sleep(0.5)
        process.send_signal(signal.SIGKILL)
        process.wait()
        before, _ = numbers(killed)
        assert len(before["step/loss"]) > 0
        subprocess.run(command(program, data, killed, "--train.epochs=100000", "--train.max_seconds=0.3"), check=True,
                       stdout=subprocess.DEVNULL)
        same_as_log(numbers(killed)[0], killed)
    print(f"{count} numbers of the log are in the event files, and no step twice after {len(before['step/loss'])} logged "
          "steps and a kill")


if __name__ == "__main__":
    main()
