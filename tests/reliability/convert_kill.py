"""SIGKILL at random moments of thalweg convert, of a text, an array and compressed shards: the next command goes on with
what the killed one left, and the set has the bytes of one that was never killed."""
import argparse
import hashlib
import random
import signal
import subprocess
import time

from runs import DONE, Scratch, main, require

ROWS, FEATURES = 60000, 40
KINDS = {"text": [], "compressed": ["--compress=zstd"], "medians": ["--data.impute=median"]}


def table(path, rng):
    """Numbers with gaps; the last column is the target."""
    lines = [",".join(["" if c == 3 and r % 50 == 7 else f"{rng.randrange(1000) / 8}" for c in range(FEATURES)]) + f",{r % 7}\n"
             for r in range(500)]
    with open(path, "w") as file:
        file.write(",".join(f"x{c}" for c in range(FEATURES)) + ",y\n")
        for _ in range(ROWS // 500):
            file.write("".join(lines))


def sums(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def driver():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    kills = goes_on = reused = 0
    with Scratch() as folder:
        data = folder / "d.csv"
        table(data, rng)
        whole, seconds = {}, {}

        def command(kind, out):
            impute = [] if kind == "medians" else ["--data.impute=mean"]
            return [arguments.program, "convert", str(data), str(out), "--shard_mb=1", "--data.target=y", *impute, *KINDS[kind]]

        for kind in KINDS:
            start = time.monotonic()
            subprocess.run(command(kind, folder / f"whole-{kind}"), check=True, capture_output=True)
            seconds[kind] = time.monotonic() - start
            whole[kind] = sums(folder / f"whole-{kind}")
        while kills < arguments.kills:
            kind = rng.choice(list(KINDS))
            out = folder / f"out-{kills}"
            process = subprocess.Popen(command(kind, out), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            time.sleep(rng.uniform(0, seconds[kind]))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            if process.returncode != -signal.SIGKILL:
                require(process.returncode == DONE, f"exit code {process.returncode}")
            kills += process.returncode == -signal.SIGKILL
            if not out.exists():
                ended = subprocess.run(command(kind, out), capture_output=True, text=True)
                require(ended.returncode == DONE, f"{kind}: exit code {ended.returncode}\n{ended.stderr}")
                goes_on += 1
                reused += "were there already" in ended.stderr
            require(sums(out) == whole[kind], f"{kind}: other bytes after kill {kills}")
            left = [path.name for path in folder.iterdir() if path.name.startswith(".tmp-")]
            require(not left, f"{kind}: left {left}")
            subprocess.run(["rm", "-r", str(out)], check=True)
        require(reused > 0, "no shard of a killed conversion was used")
    print(f"{kills} kills of convert, {goes_on} conversions that went on, {reused} of them with shards that were there: "
          "all sets have the bytes of whole conversions")


main(driver)
