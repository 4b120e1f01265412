"""Settings drawn at random from all that a run has, each trained several times: whole, on another device or
instruction set, by other numbers of threads, micro-batches and ranks, and interrupted again and again. All of them must end
with the same parameters and metrics, or be refused with the same words."""
import argparse
import collections
import json
import random
import signal
import subprocess
import time

from runs import DATA, DONE, INTERRUPTED, Run, Scratch, main, require

CONFIG, DIVERGED = 78, 76
OF_THE_PROCESS = {"seconds", "samples_per_second", "samples", "device", "resumed_from"}
CLASSIFICATION = ["logistic", "hinge", "squared_hinge", "softmax_cross_entropy"]
# Data set -> its flags and whether a loss fits its targets.
DATA_SETS = {
    "housing": ([f"--data.train={DATA}/california_housing.csv", "--data.target=median_house_value",
                 "--data.impute=median"], lambda loss: loss not in ["auto", *CLASSIFICATION]),
    "a9a": ([f"--data.train={DATA}/a9a"], lambda loss: loss in ["auto", *CLASSIFICATION]),
    "mnist": ([f"--data.train={DATA}/mnist10k-images-idx3-ubyte.gz",
               f"--data.target={DATA}/mnist10k-labels-idx1-ubyte.gz"], lambda loss: loss in ["auto", "softmax_cross_entropy", "hinge"]),
}
# These are drawn from all that `thalweg schema --json` names.
EVERY_NAME = ["model.activation", "model.normalization", "optimizer.average", "schedule.name", "per_sample.mode"]
# Section and key -> values, of which a run has one now and then.
CHOICES = {
    "data.validation_fraction": [0, 0.2], "data.standardize": ["auto", "true", "false"],
    "data.standardize_target": ["false", "true"], "data.class_weight": ["none", "balanced"],
    "data.order": ["rows", "rows", "blocks"], "data.block_bytes": [131072, 1000], "data.window_bytes": [134217728, 40000],
    "data.test_rows": ["", "300:350"], "data.fingerprint": ["sampled", "full"],
    "model.hidden": ["", "7", "17,9"],
    "model.dropout": [0, 0.3], "model.bias": ["true", "false"],
    "model.label_smoothing": [0, 0.1], "model.init": ["auto", "zeros"], "model.bias_init": ["auto", "zero"],
    "optimizer.lr": [0.01, 0.0003, 0.3], "optimizer.weight_decay": [0, 0.01], "optimizer.l1": [0, 1e-3],
    "optimizer.l2": [0, 1e-2], "optimizer.clip_norm": [0, 0.5], "optimizer.bias_lr_factor": [1, 2],
    "optimizer.constraint": ["none", "none", "box", "non_negative", "l2_ball", "simplex"],
    "optimizer.average_from": [0, 3], "optimizer.ema_decay": [0.999, 0.5],
    "optimizer.lazy": ["auto", "false"], "optimizer.momentum": [0.9, 0], "optimizer.beta1": [0.9, 0],
    "optimizer.beta2": [0.999, 0.9], "optimizer.decay_bias_and_norm": ["false", "true"],
    "schedule.warmup_steps": [0, 5], "schedule.step_size": [0, 4], "schedule.decay": [0, 0.1],
    "schedule.min_lr": [0, 1e-4], "schedule.cycle_steps": [0, 3], "schedule.cycle_factor": [1, 2],
    "schedule.patience": [10, 0], "schedule.gamma": [0.1, 0.5],
    "train.epochs": [3, 1, 6], "train.max_steps": [0, 11], "train.batch_size": [64, 1, 37, 1000],
    "train.reduction_slices": [8, 1, 3, 64, 100], "train.shuffle": ["true", "false"], "train.drop_last": ["false", "true"],
    "train.patience": [0, 0, 1], "train.on_spike": ["stop", "skip", "rollback"], "train.loss_tolerance": [0, 1e-3],
    "train.gradient_tolerance": [0, 1e-2], "train.log_every_steps": [0, 1],
    "per_sample.clip_norm": [0, 0, 1],
    "per_sample.statistics": ["false", "true"], "per_sample.noise_multiplier": [0, 0, 0, 1.0],
    "per_sample.sampling": ["auto", "auto", "poisson", "epochs"],
    "checkpoint.every_steps": [0, 3], "checkpoint.every_epochs": [-1, 0, 1, 2], "checkpoint.keep": [3, 1],
}


def fit_together(settings):
    """Leaves out or adds what would be refused otherwise; the refusals that are left have to agree, too."""
    if not settings.get("model.hidden"):
        for key in ("model.dropout", "model.normalization"):
            settings.pop(key, None)
    if settings["model.loss"] != "softmax_cross_entropy":
        settings.pop("model.label_smoothing", None)
    if not settings.get("data.validation_fraction"):  # patience would be refused
        settings.pop("train.patience", None)
    if settings.get("schedule.name") == "inverse_time":
        settings["schedule.decay"] = 0.1
    if settings["optimizer.name"] == "ftrl":
        settings.pop("schedule.name", None), settings.pop("schedule.warmup_steps", None)
    classes = settings["model.loss"] in ["auto", *CLASSIFICATION]
    settings.pop("data.standardize_target" if classes else "data.class_weight", None)
    if settings.get("per_sample.noise_multiplier") or settings.get("per_sample.sampling") == "poisson":
        settings |= {"per_sample.clip_norm": 1, "per_sample.reproducible_noise": "true"}


def names_of(program):
    """Setting -> the names that it takes."""
    schema = json.loads(subprocess.run([program, "schema", "--json"], check=True, capture_output=True, text=True).stdout)
    return {setting["key"]: setting["values"] for setting in schema["settings"]}


def draw(rng, names, most_rows):
    """A name for what was drawn, and its flags."""
    name = rng.choice(list(DATA_SETS))
    flags, fits = DATA_SETS[name]
    losses = [loss for loss in names["model.loss"] if fits(loss)]
    rows = rng.choice([1, 40, 150, most_rows])
    settings = {"model.loss": rng.choice(losses), "optimizer.name": rng.choice(names["optimizer.name"]),
                "data.train_rows": f"0:{rows}", "seed": rng.randrange(1000)}
    for key, values in (CHOICES | {key: names[key] for key in EVERY_NAME}).items():
        if rng.random() < 0.35:
            settings[key] = rng.choice(values)
    for key in ("train.epochs", "train.batch_size"):  # by rule a run has thousands of steps
        settings.setdefault(key, CHOICES[key][0])
    fit_together(settings)
    return name, flags + [f"--{key}={value}" for key, value in settings.items()]


def outcome(run, moments=()):
    """What the run came to: its report, or its exit code and last line. It is sent SIGTERM after so many seconds,
    once for each moment; some of these come when it has ended."""
    moments = list(moments)
    while True:
        run.start()
        if moments:
            time.sleep(moments.pop())
            if run.alive():
                run.send(signal.SIGTERM)
        code, report, err = run.finish()
        if code == DONE and report["stopped_by"] != "signal":
            return {key: value for key, value in report.items() if key not in OF_THE_PROCESS}
        if code == INTERRUPTED or code == -signal.SIGTERM:
            continue
        lines = err.strip().splitlines()
        require(code in (CONFIG, DIVERGED, 65) and lines and lines[-1].startswith("thalweg: error: "),
                f"exit code {code}: {' '.join(run.command)}\n{err}")
        return code, lines[-1]


def variants(rng, devices):
    """Flags that may change nothing."""
    yield [f"--train.threads={rng.choice([2, 3])}"]
    yield [f"--device={rng.choice(devices)}", "--train.threads=2"]
    yield [f"--train.micro_batch={rng.choice([1, 5, 16, 33])}", f"--train.threads={rng.choice([1, 2])}"]
    yield [f"--train.ranks={rng.choice([2, 3, 5, 8])}", f"--train.threads={rng.choice([1, 2, 6])}"]


def refuses_parts(result):
    return isinstance(result, tuple) and result[0] == CONFIG and ("micro_batch" in result[1] or " ranks, but" in result[1]
                                                                  or "train.ranks" in result[1])


def without_statistics(result):
    """Per-sample statistics are of the rows that one process saw of an epoch."""
    return result if isinstance(result, tuple) else {
        key: value for key, value in result.items() if not key.startswith("per_sample.")}


def driver():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--devices", nargs="+", default=["cpu:avx2"], help="to hold against cpu")
    parser.add_argument("--most-rows", type=int, default=300)
    arguments = parser.parse_args()
    counts = collections.Counter()
    names = names_of(arguments.program)
    for i in range(arguments.runs):
        rng = random.Random(arguments.seed * 1_000_003 + i)
        name, settings = draw(rng, names, arguments.most_rows)
        with Scratch() as folder:
            begin = time.monotonic()
            whole = outcome(Run(arguments.program, settings, folder / "whole"))
            seconds = time.monotonic() - begin
            for number, flags in enumerate(variants(rng, arguments.devices)):
                got = outcome(Run(arguments.program, settings + flags, folder / f"other{number}"))
                if refuses_parts(got):
                    counts["parts refused"] += 1
                    continue
                require(got == whole, f"draw {i} ({name}): {got} with {flags}, {whole} without: {' '.join(settings)}")
                counts["equal"] += 1
            moments = [rng.uniform(0, seconds) for _ in range(5)]
            got = outcome(Run(arguments.program, settings, folder / "interrupted"), moments)
            require(without_statistics(got) == without_statistics(whole), f"draw {i} ({name}): {got} interrupted, {whole} whole: {' '.join(settings)}")
            counts["equal when interrupted"] += 1
        counts["refused" if isinstance(whole, tuple) and whole[0] != DIVERGED else
               "diverged" if isinstance(whole, tuple) else "trained"] += 1
    print(f"{arguments.runs} draws: " + ", ".join(f"{number} {what}" for what, number in sorted(counts.items())))


main(driver)
