"""SIGTERM, SIGINT and SIGHUP in each phase of a run (load, train, evaluate, save): exit code 75, whole checkpoints, and the same
bits after going on. SIGUSR1 saves and goes on; a second signal ends the run at once and harms nothing."""
import argparse
import random
import shutil
import signal
import time

from runs import DATA, DONE, INTERRUPTED, MLP, SPARSE, Run, Scratch, main, require

PHASES = ("load", "train", "evaluate", "save")
LOGGED = ["--train.log_every_steps=1", "--checkpoint.every_steps=4", "--checkpoint.keep=2"]
SHORT = SPARSE + LOGGED + ["--train.epochs=12"]
# evaluation takes long enough to be hit: a wide model on all images, after few steps
EVALUATED = MLP + LOGGED + ["--train.epochs=1", "--model.hidden=800,800", "--data.test_rows=0:10000",
                            f"--data.test_target={DATA}/mnist10k-labels-idx1-ubyte.gz"]


AT_ONCE_S = 5  # on a machine that is busy with other things; a run that went on would take as long as it takes


def wait_for_phase(run, phase, rng):
    """Returns within the phase; False if the run was done before."""
    if not run.wait_until(lambda: run.handles(signal.SIGTERM)):
        return False
    if phase == "load":
        time.sleep(rng.uniform(0, 0.01))
        return run.alive() and not run.out.exists()
    if phase == "train":
        steps = rng.randint(1, 100)
        return run.wait_until(lambda: lines(run.out / "metrics.jsonl") >= steps)
    if phase == "save":
        step = rng.randint(1, 25) * 4
        return run.wait_until(lambda: run.newest() >= step) and run.wait_until(run.saving)
    inside = run.wait_until((run.out / "model.safetensors").exists)
    time.sleep(rng.uniform(0, 0.05))
    return inside and run.alive()


def lines(path):
    try:
        return path.read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def interrupt(program, phase, folder, expected, rng):
    """One run, one signal; False when the run was over before the signal came, and nothing was shown."""
    run = Run(program, EVALUATED if phase == "evaluate" else SHORT, folder / phase)
    shutil.rmtree(run.out, ignore_errors=True)
    number = rng.choice((signal.SIGTERM, signal.SIGINT, signal.SIGHUP))
    run.start()
    if not wait_for_phase(run, phase, rng):
        run.finish()
        return False
    run.send(number)
    code, _, err = run.finish()
    if code == DONE:
        return False
    require(code == INTERRUPTED, f"{phase}: exit code {code} after {number.name}, wanted 75\n{err}")
    if phase == "load":
        require(not run.out.exists() or run.newest() >= 0, "load: a run folder without a checkpoint is left")
    else:
        run.verify(program)
    require(run.complete() == expected, f"{phase}: other bits after {number.name}")
    return True


def save_and_go_on(program, folder, expected, rng):
    """SIGUSR1 at a step that has no checkpoint of its own."""
    settings = [setting for setting in SHORT if "every_steps=4" not in setting]
    run = Run(program, settings, folder / "usr1")
    shutil.rmtree(run.out, ignore_errors=True)
    run.start()
    steps = rng.randint(1, 60)
    if not run.wait_until(lambda: lines(run.out / "metrics.jsonl") >= steps):
        run.finish()
        return False
    before = set(run.names())
    run.send(signal.SIGUSR1)
    epoch = 15
    between = run.wait_until(lambda: any(
        name.startswith("step-") and int(name[5:]) % epoch for name in set(run.names()) - before))
    code, report, err = run.finish()
    require(code == DONE, f"SIGUSR1: exit code {code}\n{err}")
    require(report["parameters.xxh3"] == expected, "SIGUSR1: other bits")
    run.verify(program)
    return between


def second_signal(program, phase, folder, expected, rng):
    """The second follows the first within two milliseconds; True when it was the second that ended the run. While data
    are read the first one does, and the second must change nothing about that."""
    run = Run(program, EVALUATED if phase == "evaluate" else SHORT, folder / "second")
    shutil.rmtree(run.out, ignore_errors=True)
    run.start()
    if not wait_for_phase(run, phase, rng):
        run.finish()
        return False
    first, second = rng.choice((signal.SIGTERM, signal.SIGINT)), rng.choice((signal.SIGTERM, signal.SIGINT))
    run.send(first)
    time.sleep(rng.uniform(0, 0.002))
    sent = time.monotonic()
    run.send(second)
    code, _, err = run.finish()
    if code == DONE:
        return False
    # two that wait at the same time are delivered in the order of their numbers
    at_once = (128 + first, 128 + second, -first, -second)
    require(code in (INTERRUPTED, *at_once), f"second signal ({phase}): exit code {code}\n{err}")
    if code in at_once:
        require(time.monotonic() - sent < AT_ONCE_S, f"second signal ({phase}): the run went on")
    if run.newest() >= 0:
        run.verify(program)
    require(run.complete() == expected, f"second signal ({phase}): other bits")
    return code == INTERRUPTED if phase == "load" else code in at_once


def repeat(times, name, act):
    """Until `act` has landed `times` times; a signal that comes too late is sent again to a new run."""
    landed = tried = 0
    while landed < times:
        landed += bool(act())
        tried += 1
        require(tried < 20 * times + 20, f"{name}: {landed} of {tried} signals landed")
    print(f"{name}: {landed} of {landed} as promised ({tried - landed} more came after the end of the run)")


def driver():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng, program = random.Random(arguments.seed), arguments.program
    with Scratch() as folder:
        short = Run(program, SHORT, folder / "short").complete()
        evaluated = Run(program, EVALUATED, folder / "evaluated").complete()
        for phase in PHASES:
            expected = evaluated if phase == "evaluate" else short
            repeat(arguments.times, phase, lambda: interrupt(program, phase, folder, expected, rng))
        repeat(arguments.times, "SIGUSR1", lambda: save_and_go_on(program, folder, short, rng))
        for phase in PHASES:
            expected = evaluated if phase == "evaluate" else short
            repeat(arguments.times, f"second signal ({phase})",
                   lambda: second_signal(program, phase, folder, expected, rng))


main(driver)
