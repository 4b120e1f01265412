"""Runs drawn at random, each by one process and by 1 to 4 that share it: the same parameters, metrics and bytes."""
import random

from jobs import Job
from runs import DATA, require

OF_THE_PROCESS = {"seconds", "samples_per_second", "device"}
HOUSING = [f"--data.train={DATA}/california_housing.csv", "--data.target=median_house_value", "--data.impute=median"]
A9A = [f"--data.train={DATA}/a9a", "--model.loss=logistic"]
MNIST = [f"--data.train={DATA}/mnist10k-images-idx3-ubyte.gz", f"--data.target={DATA}/mnist10k-labels-idx1-ubyte.gz"]
KINDS = {
    "dense": (HOUSING, {"model.loss": ["squared", "huber"]}),
    "sparse": (A9A, {"optimizer.lazy": ["auto", "false"], "data.class_weight": ["none", "balanced"]}),
    "mlp": (MNIST, {"model.hidden": ["9", "20,13"], "model.dropout": [0, 0.3], "model.normalization": ["none", "layer"]}),
    "dense mlp": (HOUSING, {"model.hidden": ["7"], "model.activation": ["tanh", "relu"], "data.standardize": ["true", "auto"]}),
}
CHOICES = {
    "optimizer.name": ["sgd", "momentum", "adam", "adamw", "adagrad", "rmsprop"], "optimizer.lr": [0.003, 0.05],
    "optimizer.average": ["none", "none", "ema", "polyak"], "optimizer.clip_norm": [0, 0.5],
    "optimizer.constraint": ["none", "none", "none", "box", "l2_ball"], "optimizer.weight_decay": [0, 0.01],
    "schedule.name": ["constant", "cosine", "plateau"], "train.batch_size": [64, 37, 5],
    "train.reduction_slices": [8, 4, 11, 64], "train.micro_batch": [0, 16], "train.patience": [0, 1],
    "train.log_every_steps": [1, 0], "per_sample.clip_norm": [0, 0, 1.5], "checkpoint.every_steps": [0, 3],
    "checkpoint.keep": [3, 1], "train.on_spike": ["stop", "rollback"],
}


def draw(rng):
    name = rng.choice(sorted(KINDS))
    flags, own = KINDS[name]
    settings = {key: rng.choice(values) for key, values in (CHOICES | own).items()}
    settings |= {"data.train_rows": f"0:{rng.choice([90, 300])}", "train.epochs": rng.choice([1, 3]),
                 "data.validation_fraction": 0.2, "seed": rng.randrange(1000)}
    if settings["per_sample.clip_norm"] and name == "mlp" and rng.random() < 0.5:
        # what else a private run may not read of its data
        settings |= {"per_sample.noise_multiplier": 0.7, "per_sample.reproducible_noise": "true", "schedule.name": "constant",
                     "train.patience": 0, "train.on_spike": "stop"}
    return name, flags + [f"--{key}={value}" for key, value in settings.items()]


def result_of(job):
    report = {key: value for key, value in job.complete().items() if key not in OF_THE_PROCESS}
    return {"report": report, "log": job.log(), "files": job.files()}


def require_equal(got, wanted, of):
    for part in ("report", "log"):
        require(got[part] == wanted[part], f"{of}: {part}\n{got[part]}\nwanted\n{wanted[part]}")
    require(got["files"].keys() == wanted["files"].keys(), f"{of}: {got['files'].keys()}, wanted {wanted['files'].keys()}")
    for name, content in wanted["files"].items():
        require(got["files"][name] == content, f"{of}: other bytes in {name}")


def check(program, folder, draws, seed):
    for i in range(draws):
        rng = random.Random(seed * 1_000_003 + i)
        name, settings = draw(rng)
        alone = result_of(Job(program, settings + ["--train.threads=1"], folder / f"{i}-alone", 0))
        for ranks in rng.sample([1, 2, 3, 4], 2):
            shared = result_of(Job(program, settings + ["--train.threads=1"], folder / f"{i}-{ranks}", ranks))
            require_equal(shared, alone, f"draw {i} ({name}), {ranks} ranks: {' '.join(settings)}")
    return f"{draws} draws have the bits of one process, each with two numbers of ranks"
