"""What ends a job: lost ranks, signals, ranks that differ; and what a run does after it."""
import os
import random
import signal
import time

from jobs import LOST, MPIRUN, Job
from draws import OF_THE_PROCESS
from runs import DATA, DONE, INTERRUPTED, KINDS, require

CONFIG, DIVERGED, BAD_DATA, NO_INPUT, UNAVAILABLE = 78, 76, 65, 66, 69
TIMEOUT = 2
ENDLESS = ["--train.threads=1", "--train.epochs=100000", "--checkpoint.every_steps=50", "--train.log_every_steps=1",
           f"--ranks.timeout_seconds={TIMEOUT}"]
# mpirun then leaves the other ranks alone when one is killed, as schedulers may.
RECOVERY = MPIRUN + ["--enable-recovery"]


def lost_rank(program, folder, rng, number):
    """A rank is killed or stopped in a step: the others name it in time, and another number of ranks can go on."""
    ranks = rng.choice([2, 3, 4])
    victim = rng.randrange(ranks)
    settings = KINDS[rng.choice(sorted(KINDS))] + ENDLESS
    job = Job(program, settings, folder, ranks)
    job.start(RECOVERY)
    require(job.wait_for_steps(rng.randint(2, 60)), job.said())
    time.sleep(rng.uniform(0, 0.05))
    os.kill(job.pid(victim), number)
    others = [rank for rank in range(ranks) if rank != victim]
    seconds = job.wait_for_codes(others, TIMEOUT + 20)
    job.kill([victim])
    job.end()
    what = f"{number.name} of rank {victim}, {seconds:.2f} s\n{job.said()}"
    require(all(job.code(rank) == LOST for rank in others) and seconds < TIMEOUT + 2, what)
    for rank in others:
        said = job.text("err", rank).splitlines()[-1]
        require(f"rank {victim} (" in said and f") did not come within {TIMEOUT} s" in said and " and rank " not in said, what)
        require(said.startswith(f"rank {rank} (" if rank > 0 else "thalweg: error: "), what)
    Job(program, settings + ["--train.max_steps=1"], folder, rng.choice([0, 1, 2])).complete()


def report_of(job):
    return {key: value for key, value in job.complete().items() if key not in OF_THE_PROCESS | {"samples", "resumed_from"}}


def stopped(program, folder, rng):
    """A signal to one rank: all end at one step with 75, and any number of ranks goes on to the bits of one process."""
    settings = KINDS[rng.choice(sorted(KINDS))] + ["--train.threads=1", "--train.log_every_steps=1", "--train.epochs=150"]
    whole = Job(program, settings, folder / "whole", 0)
    wanted = report_of(whole)
    job = Job(program, settings, folder / "stopped", rng.choice([2, 3, 4]))
    job.start()
    if job.wait_for_steps(rng.randint(1, 40)):
        os.kill(job.pid(rng.randrange(job.ranks)), rng.choice([signal.SIGTERM, signal.SIGINT, signal.SIGUSR2]))
    job.finish()
    codes = set(job.codes())
    require(codes in ({INTERRUPTED}, {DONE}), job.said())
    resumed = Job(program, settings, folder / "stopped", rng.choice([0, 1, 2, 3, 4]))
    got = report_of(resumed)
    require(got == wanted, f"{got}\nwanted {wanted}")
    require(resumed.log() == whole.log(), f"the log of {folder}")
    return codes == {INTERRUPTED}


def diverged(program, folder):
    """A step that is not finite ends all ranks, when rank 0 has saved the last good one."""
    job = Job(program, [f"--data.train={DATA}/california_housing.csv", "--data.target=median_house_value", "--data.impute=median",
                        "--data.standardize=false", "--data.standardize_target=false", "--model.loss=squared",
                        "--optimizer.name=sgd", "--optimizer.lr=1", "--train.threads=1", "--data.train_rows=0:500"], folder, 2)
    job.start(RECOVERY)
    job.wait_for_codes([0, 1], 30)
    job.end()
    require(job.codes() == [DIVERGED, DIVERGED], job.said())
    require(list(job.folder.glob("run/checkpoints/step-*")), "the last good step is not saved")


def saved_on_demand(program, folder):
    """SIGUSR1 to one rank: a checkpoint is there, and the run goes on."""
    job = Job(program, KINDS["sparse"] + ["--train.threads=1", "--train.log_every_steps=1", "--train.epochs=300",
                                          "--checkpoint.every_epochs=0"], folder, 2)
    job.start()
    require(job.wait_for_steps(5), job.said())
    os.kill(job.pid(1), signal.SIGUSR1)
    end = time.monotonic() + 20
    while not list(job.folder.glob("run/checkpoints/step-*")):
        require(time.monotonic() < end and not job.text("code", 0), f"no checkpoint\n{job.said()}")
        time.sleep(0.01)
    os.kill(job.pid(0), signal.SIGTERM)
    job.finish()
    require(set(job.codes()) == {INTERRUPTED}, job.said())


def differing(program, folder, settings, other, code, *words):
    """Rank 1 of two has other settings, too: it, or both, end by that before the first step."""
    job = Job(program, settings + ["--train.threads=1", "--train.epochs=2"], folder, 2)
    job.settings[1] = job.settings[1] + other
    job.start(RECOVERY)
    job.wait_for_codes([0, 1], 30)
    job.end()
    require(code in job.codes() and set(job.codes()) <= {code, LOST}, job.said())
    for word in words:
        require(word in job.said(), f"no \"{word}\"\n{job.said()}")
    require(not list(job.folder.glob("run/checkpoints/*")), "a step was taken")


def mismatches(program, folder):
    rows = copy_of(folder / "rows", 900)
    plain = [f"--data.train={rows}", "--model.loss=logistic", "--train.batch_size=100"]
    differing(program, folder / "config", plain, ["--train.batch_size=50"], CONFIG, "train.batch_size = 50, and rank 0 (", "has 100")
    differing(program, folder / "seed", plain, ["--seed=3"], CONFIG, "seed = 3")
    differing(program, folder / "fewer", plain, ["--data.train=" + copy_of(folder / "few", 800)], BAD_DATA,
              "rows of training data 800, and rank 0 (", "has 900")
    differing(program, folder / "others", plain, ["--data.train=" + copy_of(folder / "flipped", 900, flipped=450)], BAD_DATA,
              "data with the fingerprint")
    differing(program, folder / "missing", plain, ["--data.train=/nowhere/a9a"], NO_INPUT, "stopped: ", "/nowhere/a9a")
    same = Job(program, plain + ["--train.threads=1", "--train.epochs=2"], folder / "same", 2)
    same.settings[1] = same.settings[1] + ["--data.train=" + copy_of(folder / "copy", 900), "--train.threads=2"]
    same.complete()


def copy_of(path, rows, flipped=None):
    """The first rows of a9a, one of them with the other label."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (DATA / "a9a").read_bytes().splitlines(keepends=True)[:rows]
    if flipped is not None:
        lines[flipped] = (b"-" if lines[flipped][:1] == b"+" else b"+") + lines[flipped][1:]
    path.write_bytes(b"".join(lines))
    return str(path)


def without_module(program, folder):
    """No number of runs over one folder."""
    before = os.environ.get("THALWEG_PLUGINS")
    os.environ["THALWEG_PLUGINS"] = "/nowhere"
    job = Job(program, KINDS["sparse"], folder, 2)
    job.start()
    job.finish()
    os.environ.pop("THALWEG_PLUGINS") if before is None else os.environ.update(THALWEG_PLUGINS=before)
    require(job.codes() == [UNAVAILABLE, UNAVAILABLE], job.said())
    require("OMPI_COMM_WORLD_SIZE = 2" in job.said() and "./run mpi" in job.said(), job.said())
    require(not (folder / "run").exists(), "a run began")


def refused_together(program, folder, settings, word):
    job = Job(program, KINDS["sparse"] + settings, folder, 2)
    job.start()
    job.finish()
    require(job.codes() == [CONFIG, CONFIG] and word in job.said(), job.said())


def check(program, folder, times, seed):
    rng = random.Random(seed)
    interrupted = 0
    for i in range(times):
        lost_rank(program, folder / f"killed{i}", rng, signal.SIGKILL)
        lost_rank(program, folder / f"frozen{i}", rng, signal.SIGSTOP)
        interrupted += stopped(program, folder / f"signal{i}", rng)
    diverged(program, folder / "diverged")
    saved_on_demand(program, folder / "saved")
    mismatches(program, folder / "mismatch")
    without_module(program, folder / "module")
    refused_together(program, folder / "threads", ["--train.ranks=2"], "train.ranks = 2: a process is one rank")
    refused_together(program, folder / "slices", ["--train.reduction_slices=1"], "at most 1 ranks")
    refused_together(program, folder / "folds", ["--data.folds=3"], "data.folds = 3")
    return (f"{times} killed and {times} stopped ranks are named in time, {interrupted} of {times} signals stop all ranks at one "
            "step, and ranks that differ are refused")
