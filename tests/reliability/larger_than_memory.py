"""Rows that are many times a limit of memory: thalweg convert and thalweg train under it, and the most memory that each of
them had resident. The limit is that of a memory cgroup where one can be made (root), else of the address space."""
import argparse
import array
import json
import os
import random
import resource
import subprocess
from pathlib import Path

import repeated_shards
from runs import DONE, Scratch, main, require

MIB = 1 << 20
CGROUP_V1, CGROUP_V2 = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")
ROW_BYTES = 1000
ENTRIES = 120  # 8 bytes each: rows as long as the dense ones
SETTINGS = ["--model.loss=logistic", "--optimizer.name=sgd", "--optimizer.lr=0.1", "--train.epochs=1", "--train.batch_size=1000",
            "--device=cpu", "--quiet", "--json"]


class Limit:
    """Runs commands that may have so much memory."""

    def __init__(self, mebibytes):
        self.bytes = mebibytes * MIB
        self.folder = None
        v1 = (CGROUP_V1 / "memory.limit_in_bytes").exists()
        root, name = (CGROUP_V1, "memory.limit_in_bytes") if v1 else (CGROUP_V2, "memory.max")
        folder = root / f"thalweg-{os.getpid()}"
        try:
            folder.mkdir()
            (folder / name).write_text(str(self.bytes))
            self.folder = folder
        except OSError:
            if folder.exists():
                folder.rmdir()

    def close(self):
        if self.folder is not None:
            self.folder.rmdir()

    def kind(self):
        return "memory cgroup" if self.folder is not None else "address space"

    def enter(self):
        if self.folder is not None:
            (self.folder / "cgroup.procs").write_text(str(os.getpid()))
        else:
            resource.setrlimit(resource.RLIMIT_AS, (self.bytes, self.bytes))

    def run(self, command):
        """The report of a command, and its resident memory at the most, in MiB."""
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=self.enter) as process:
            out = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        require(process.returncode == DONE, f"exit code {process.returncode}: {' '.join(command)}")
        return json.loads(out), usage.ru_maxrss / 1024


class Unlimited(Limit):
    """Any memory."""

    def __init__(self):
        self.folder = None

    def enter(self):
        pass


def write_array(path, type_name, rows, width, block):
    """A npy file; its rows are those of the block, again and again."""
    shape = f"({rows}, {width})" if width else f"({rows},)"
    header = f"{{'descr': '{type_name}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    size = rows * max(width, 1) * int(type_name[2:])
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode())
        for at in range(0, size, len(block)):
            file.write(block[:size - at])


def dense(folder, kind, gigabytes):
    """Files of features and labels, as the words that convert wants."""
    rows = int(gigabytes * 1e9) // ROW_BYTES
    rng = random.Random(1)
    if kind == "u8":
        block, type_name, width = rng.randbytes(4093 * ROW_BYTES), "|u1", ROW_BYTES
    else:
        numbers = array.array("f", (rng.gauss(3, 2) for _ in range(1021 * ROW_BYTES // 4)))
        block, type_name, width = numbers.tobytes(), "<f4", ROW_BYTES // 4
    write_array(folder / "x.npy", type_name, rows, width, block)
    write_array(folder / "y.npy", "<f4", rows, 0, array.array("f", [0, 1, 1, 0, 1]).tobytes() * 1000)
    return [str(folder / "x.npy"), f"--data.target={folder}/y.npy"]


def sparse(folder, gigabytes):
    rng = random.Random(2)
    lines = []
    for _ in range(7000):
        columns = sorted(rng.sample(range(1, 100001), ENTRIES))
        lines.append(f"{rng.randint(0, 1)} " + " ".join(f"{c}:{rng.randint(1, 9)}" for c in columns) + "\n")
    text = "".join(lines).encode()
    with open(folder / "d.svm", "wb") as file:
        for _ in range(max(int(gigabytes * 1e9) // len(text), 1)):
            file.write(text)
    return [str(folder / "d.svm"), "--data.features=100000"]


def one_kind(program, kind, folder, gigabytes, limit):
    repeated = kind == "sparse" and gigabytes > 1  # a text of many gigabytes takes long to write
    source = sparse(folder, 0.02 if repeated else gigabytes) if kind == "sparse" else dense(folder, kind, gigabytes)
    shards = folder / "shards"
    command = [program, "convert", source[0], str(shards), *source[1:], "--model.loss=logistic", "--shard_mb=32", "--quiet", "--json"]
    report, resident = (limit if kind != "sparse" else Unlimited()).run(command)
    if repeated:
        copies = int(gigabytes * 1e9) // report["bytes"]
        report["rows"], report["bytes"] = repeated_shards.repeat(shards, copies)
        line = f"{kind}: {report['bytes'] / 1e9:.2f} GB, one shard {copies} times"
    else:
        line = f"{kind}: {report['bytes'] / 1e9:.2f} GB, convert {report['megabytes_per_second']:.0f} MB/s"
    most = limit.bytes / MIB + 64
    if kind != "sparse":
        line += f", {resident:.0f} MiB"
        require(resident <= most, f"{kind}: convert had {resident:.0f} MiB resident")
    train = [program, "train", f"--data.train={shards}", *SETTINGS]
    trained, resident = limit.run([*train, "--data.order=blocks"])
    line += f"; train {trained['samples_per_second'] * report['bytes'] / report['rows'] / 1e6:.0f} MB/s, {resident:.0f} MiB"
    require(resident <= most, f"{kind}: train had {resident:.0f} MiB resident")
    if gigabytes <= 1:
        rows, _ = limit.run([*train, "--data.order=rows"])
        memory = subprocess.run([program, "train", f"--data.train={source[0]}", *source[1:], *SETTINGS, "--data.order=rows"],
                                capture_output=True, text=True, check=True)
        require(json.loads(memory.stdout)["parameters.xxh3"] == rows["parameters.xxh3"], f"{kind}: other bits than in memory")
        line += "; the bits of the rows in memory"
    print(line)
    for file in [*folder.glob("*.*"), *shards.glob("*")]:
        if file.is_file():
            file.unlink()
    shards.rmdir()


def driver():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--gigabytes", type=float, default=6)
    parser.add_argument("--limit", type=int, default=256, help="MiB")
    parser.add_argument("--kinds", default="u8,f32,sparse")
    arguments = parser.parse_args()
    limit = Limit(arguments.limit)
    print(f"at most {arguments.limit} MiB of {limit.kind()}")
    try:
        with Scratch() as folder:
            for kind in arguments.kinds.split(","):
                one_kind(arguments.program, kind, folder, arguments.gigabytes, limit)
    finally:
        limit.close()


main(driver)
