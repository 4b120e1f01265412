"""SIGKILL at random moments of dense, sparse and MLP runs with a checkpoint every two steps: whatever moment it
is, the run goes on with the same bits. Half of the kills come at a random time, half at the first save that begins after
one. A kill counts as inside a save when the process left a temporary folder behind."""
import argparse
import random
import shutil
import signal
import time

from runs import DONE, KINDS, Run, Scratch, main, require

SETTINGS = ["--train.epochs=8", "--checkpoint.every_steps=2", "--checkpoint.keep=2", "--train.log_every_steps=1"]


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
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    count = Count()
    with Scratch() as folder:
        expected, seconds = {}, {}
        for kind, settings in KINDS.items():
            start = time.monotonic()
            expected[kind] = Run(arguments.program, settings + SETTINGS, folder / f"{kind}-whole").complete()
            seconds[kind] = time.monotonic() - start
        while count.kills < arguments.kills:
            for kind, settings in KINDS.items():
                run = Run(arguments.program, settings + SETTINGS, folder / kind)
                one_life(kind, run, expected[kind], seconds[kind], count, arguments.kills, rng)
                run.verify(arguments.program)
                shutil.rmtree(run.out)
    share = count.inside_save / count.kills
    print(f"seed {arguments.seed}: {count.kills} kills, {count.inside_save} of them ({share:.0%}) inside a save; "
          f"{count.lives} runs came to the same bits")
    require(share >= 0.2, "fewer than 20 % of the kills landed inside a save")


main(driver)
