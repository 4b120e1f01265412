"""SIGKILL at random moments of dense, sparse and MLP runs with a checkpoint every two steps: whatever moment it
is, the run goes on with the same bits. Half of the kills come at a random time, half at the first save that begins after
one. A kill counts as inside a save when the process left a temporary folder behind."""
import argparse
import random
import shutil
import signal
import subprocess
import time

from runs import DONE, KINDS, Run, Scratch, main, require

SETTINGS = ["--train.epochs=8", "--checkpoint.every_steps=2", "--checkpoint.keep=2", "--train.log_every_steps=1",
            "--train.tensorboard=true"]


# What convert decides; a run on shards has the other settings.
OF_CONVERSION = ("--data.target=", "--data.impute=", "--data.train_rows=")
BLOCKS = ["--data.order=blocks", "--data.block_bytes=4096", "--data.window_bytes=65536", "--data.memory=64kB"]


def on_shards(program, settings, folder):
    """The settings of a run on shards of the same data."""
    data = next(word for word in settings if word.startswith("--data.train="))
    words = [word for word in settings if word.startswith((*OF_CONVERSION, "--model.loss="))]
    subprocess.run([program, "convert", data.split("=", 1)[1], str(folder), "--quiet", *words], check=True, stdout=subprocess.DEVNULL)
    left = [word for word in settings if word != data and not word.startswith(OF_CONVERSION)]
    return [f"--data.train={folder}", *BLOCKS, *left]


class Count:
    kills = inside_save = lives = resumed_back = 0


def one_life(kind, run, expected, seconds, count, wanted, rng):
    """Kills and restarts one run until it is done; its parameters must be `expected`."""
    newest = -1
    while True:
        run.start()
        delay = rng.uniform(0, seconds)
        deadline = time.monotonic() + delay
        while run.alive() and time.monotonic() < deadline:
            time.sleep(min(0.001, max(0.0, deadline - time.monotonic())))
        if rng.random() < 0.5:
            run.wait_until(run.saving)
        if run.alive() and count.kills < wanted:
            run.send(signal.SIGKILL)
        code, report, err = run.finish()
        if code == -signal.SIGKILL:
            count.kills += 1
            count.inside_save += run.saving()
        else:
            require(code == DONE, f"{kind}: exit code {code}\n{err}")
        require(run.newest() >= newest, f"{kind}: step {newest} was saved, now {run.newest()} is the newest")
        newest = run.newest()
        if code == DONE:
            require(report["parameters.xxh3"] == expected,
                    f"{kind}: {report['parameters.xxh3']} after kills, {expected} without")
            count.lives += 1
            return


def driver():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shards", action="store_true", help="the runs read shards, in an order by blocks")
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    count = Count()
    with Scratch() as folder:
        expected, seconds = {}, {}
        kinds = dict(KINDS)
        if arguments.shards:
            for kind, settings in KINDS.items():
                kinds[kind] = on_shards(arguments.program, settings, folder / f"{kind}-shards")
        for kind, settings in kinds.items():
            start = time.monotonic()
            expected[kind] = Run(arguments.program, settings + SETTINGS, folder / f"{kind}-whole").complete()
            seconds[kind] = time.monotonic() - start
        while count.kills < arguments.kills:
            for kind, settings in kinds.items():
                run = Run(arguments.program, settings + SETTINGS, folder / kind)
                one_life(kind, run, expected[kind], seconds[kind], count, arguments.kills, rng)
                run.verify(arguments.program)
                shutil.rmtree(run.out)
    share = count.inside_save / count.kills
    print(f"seed {arguments.seed}: {count.kills} kills, {count.inside_save} of them ({share:.0%}) inside a save; "
          f"{count.lives} runs came to the same bits")
    require(share >= 0.2, "fewer than 20 % of the kills landed inside a save")


main(driver)
