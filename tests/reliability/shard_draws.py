"""Rows drawn at random, trained from the file that they came in and from shards of them: with 1 to 4 threads, 1 to 32 readers
and a budget from 10 kB to 8 GB, in an order by rows and one by blocks. All runs of a draw must end with the same parameters."""
import argparse
import collections
import random
import re
import struct
import subprocess
import time
from json import loads

from runs import DONE, Scratch, main, require

DIVERGED = 76
OPTIMIZERS = [["sgd", 0.01], ["momentum", 0.001], ["adam", 0.01], ["adagrad", 0.1]]
SLICES = [8, 1, 3, 64]


def npy(path, type_name, shape, data):
    text = f"{{'descr': '{type_name}', 'fortran_order': False, 'shape': {shape}, }}"
    text += " " * (63 - (10 + len(text)) % 64) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + data)


def dense(rng, kind, rows, features, targets, folder):
    """Settings that name the rows, once as npy and once as CSV."""
    count = rows * features
    if kind == "u8":
        cells, type_name = rng.randbytes(count), "|u1"
        npy(folder / "x.npy", type_name, (rows, features), cells)
    else:  # quarters, which a text holds exactly
        cells = [rng.randrange(-400, 400) / 4 for _ in range(count)]
        npy(folder / "x.npy", "<f4", (rows, features), struct.pack(f"<{count}f", *cells))
    npy(folder / "y.npy", "<f4", (rows,), struct.pack(f"<{rows}f", *targets))
    files = {"npy": [f"--data.train={folder}/x.npy", f"--data.target={folder}/y.npy"]}
    if kind == "f32" and count < 200_000:
        lines = [",".join([*(f"x{j}" for j in range(features)), "y"])]
        for r, target in enumerate(targets):
            lines.append(",".join(map(repr, [*cells[r * features:(r + 1) * features], target])))
        (folder / "d.csv").write_text("\n".join(lines) + "\n")
        files["csv"] = [f"--data.train={folder}/d.csv", "--data.target=y"]
    return files


def sparse(rng, rows, features, targets, folder):
    lines = []
    for target in targets:
        columns = sorted(rng.sample(range(1, features + 1), rng.randint(0, min(features, 12))))
        lines.append(f"{target:g} " + " ".join(f"{c}:{rng.randint(1, 40) / 4}" for c in columns))
    (folder / "d.svm").write_text("\n".join(lines) + "\n")
    return {"libsvm": [f"--data.train={folder}/d.svm", f"--data.features={features}"]}


def draw_data(rng, most_rows, folder):
    """Its kind, {format: settings that name it}, and the settings that conversion and training in memory share."""
    kind = rng.choice(["f32", "u8", "sparse"])
    # 40,000 rows are several shards
    rows, features = rng.choice([(rng.randint(2, 40), rng.randint(1, 9)), (rng.randint(200, 900), rng.randint(1, 70)), (40_000, 40)])
    rows = min(rows, most_rows if kind == "u8" else most_rows // 4)
    loss = rng.choice(["logistic", "squared"])
    targets = [float(rng.randint(0, 1)) if loss == "logistic" else rng.randint(-40, 40) / 8 for _ in range(rows)]
    if loss == "logistic":  # both classes are there
        targets[:2] = [0.0, 1.0]
    files = sparse(rng, rows, features, targets, folder) if kind == "sparse" else dense(rng, kind, rows, features, targets, folder)
    shared = [f"--model.loss={loss}"]
    if kind != "sparse":
        shared.append(f"--data.standardize={rng.choice(['true', 'false'])}")
    return kind, rows, files, shared


def draw_run(rng, rows):
    optimizer, lr = rng.choice(OPTIMIZERS)
    batch = rng.choice([1, 7, 64, 250]) if rows < 1000 else rng.choice([64, 1000])
    steps = rng.randint(1, 60)
    words = {"optimizer.name": optimizer, "optimizer.lr": lr, "train.batch_size": batch, "train.epochs": 50, "train.max_steps": steps,
             "train.reduction_slices": rng.choice(SLICES), "train.drop_last": "false", "model.hidden": rng.choice(["", "", "7"]),
             "train.shuffle": rng.choice(["true", "true", "true", "false"]), "seed": rng.randrange(1000)}
    return [f"--{key}={value}" for key, value in words.items()]


def draw_order(rng, order):
    if order == "rows":
        return ["--data.order=rows"]
    return ["--data.order=blocks", f"--data.block_bytes={rng.choice([100, 1000, 4096, 131072])}",
            f"--data.window_bytes={rng.choice([1000, 40_000, 1_000_000, 134_217_728])}"]


def draw_reading(rng, devices):
    return [f"--train.threads={rng.randint(1, 4)}", f"--data.memory={int(10 ** rng.uniform(4, 9.9))}",
            f"--data.readers={rng.choice([1, 2, 3, 5, 16, 32])}", f"--device={rng.choice(devices)}"]


def report_of(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    require(done.returncode == DONE, f"exit code {done.returncode}: {' '.join(command)}\n{done.stderr}")
    return loads(done.stdout)


def outcome_of(command):
    """The checksum of the parameters, or the step at which the run diverged."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    diverged = re.search(r"error: (step \d+ diverged): ", done.stderr) if done.returncode == DIVERGED else None
    require(done.returncode == DONE or diverged, f"exit code {done.returncode}: {' '.join(command)}\n{done.stderr}")
    return diverged.group(1) if diverged else loads(done.stdout)["parameters.xxh3"]


def one_draw(arguments, rng, folder, counts, seen):
    kind, rows, files, shared = draw_data(rng, arguments.most_rows, folder)
    run = draw_run(rng, rows)
    program = arguments.program
    for number, (form, words) in enumerate(files.items()):
        source = words[0].split("=", 1)[1]
        convert = [program, "convert", source, str(folder / f"shards{number}"), "--shard_mb=1", "--quiet", "--json", *words[1:], *shared]
        counts["shards"] += report_of(convert)["shards"]
    for order in ("rows", "blocks"):
        ordered = run + draw_order(rng, order)
        wanted = None
        for number, (form, words) in enumerate(files.items()):
            in_memory = [program, "train", "--json", "--quiet", "--device=cpu", "--train.threads=1", *words, *shared, *ordered]
            hashed = outcome_of(in_memory)
            wanted = wanted or hashed
            require(hashed == wanted, f"{form}: {hashed}, {wanted} from another format: {' '.join(in_memory)}")
            for _ in range(2):
                reading = draw_reading(rng, arguments.devices)
                words_on_disk = [f"--data.train={folder}/shards{number}", shared[0]]
                stored = [program, "train", "--json", "--quiet", *words_on_disk, *ordered, *reading]
                got = outcome_of(stored)
                require(got == wanted, f"{kind}, order {order}: {got} from shards, {wanted} from {form}: {' '.join(stored)}")
                counts["equal runs"] += 1
        seen.add(wanted)
    counts[kind] += 1


def driver():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--devices", nargs="+", default=["cpu"], help="of the runs on shards; those in memory are on cpu")
    parser.add_argument("--most-rows", type=int, default=40_000, help="fewer where the device is slow")
    arguments = parser.parse_args()
    counts, seen = collections.Counter(), set()
    begin = time.monotonic()
    for i in range(arguments.draws):
        rng = random.Random(arguments.seed * 1_000_003 + i)
        with Scratch() as folder:
            one_draw(arguments, rng, folder, counts, seen)
    # A checksum that said nothing would be the same everywhere.
    require(len(seen) > arguments.draws, f"only {len(seen)} different parameters in {2 * arguments.draws} runs")
    told = ", ".join(f"{counts[what]} {what}" for what in ("f32", "u8", "sparse", "shards", "equal runs"))
    print(f"seed {arguments.seed}: {arguments.draws} draws in {time.monotonic() - begin:.0f} s: {told}, {len(seen)} different parameters")


main(driver)
