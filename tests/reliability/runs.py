"""Training runs as processes, for the drivers beside this file. Python 3.9 or later, nothing else."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
DATA = SOURCE / "data"

DENSE = [f"--data.train={DATA}/california_housing.csv", "--data.target=median_house_value", "--data.impute=median",
         "--data.train_rows=0:1500", "--data.validation_fraction=0.1", "--data.standardize_target=false", "--model.loss=huber",
         "--optimizer.name=momentum", "--optimizer.lr=10", "--train.batch_size=100"]
SPARSE = [f"--data.train={DATA}/a9a", "--data.train_rows=0:1500", "--model.loss=logistic",
          "--optimizer.name=adagrad", "--optimizer.lr=0.1", "--optimizer.l2=1e-4", "--train.batch_size=100"]
MLP = [f"--data.train={DATA}/mnist10k-images-idx3-ubyte.gz", f"--data.target={DATA}/mnist10k-labels-idx1-ubyte.gz",
       "--data.train_rows=0:300", "--model.hidden=40,24", "--model.dropout=0.25", "--model.normalization=layer",
       "--optimizer.name=adamw", "--optimizer.lr=0.001", "--optimizer.clip_norm=1", "--train.batch_size=64"]
KINDS = {"dense": DENSE, "sparse": SPARSE, "mlp": MLP}

DONE, IO, INTERRUPTED = 0, 74, 75


class Failure(Exception):
    """What a driver found to be wrong."""


def require(condition, message):
    if not condition:
        raise Failure(message)


class Run:
    """One run folder and the command that goes on with it."""
    started = []  # every process, so that a driver that fails leaves none behind

    def __init__(self, program, settings, out):
        self.out = Path(out)
        self.checkpoints = self.out / "checkpoints"
        self.command = [program, "train", "--json", "--device=cpu", "--train.threads=1", f"--out={out}", *settings]
        self.process = None

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        Run.started.append(self.process)

    def finish(self, timeout=120):
        """Waits; gives the exit code (negative: a signal), the report (or None) and stderr."""
        out, err = self.process.communicate(timeout=timeout)
        return self.process.returncode, json.loads(out) if out.strip() else None, err

    def complete(self):
        """Runs to the end; gives parameters.xxh3."""
        self.start()
        code, report, err = self.finish()
        require(code == DONE, f"exit code {code}, wanted 0: {' '.join(self.command)}\n{err}")
        return report["parameters.xxh3"]

    def send(self, number):
        self.process.send_signal(number)

    def names(self):
        try:
            return os.listdir(self.checkpoints)
        except FileNotFoundError:
            return []

    def saving(self):
        """Whether this process writes or removes a checkpoint (or did, when it died)."""
        ending = f"-{self.process.pid}"
        return any(name.startswith(".tmp-") and name.endswith(ending) for name in self.names())

    def newest(self):
        """The step of the newest checkpoint; -1 without any."""
        return max((int(name[5:]) for name in self.names() if name.startswith("step-")), default=-1)

    def alive(self):
        return self.process.poll() is None

    def handles(self, number):
        """Whether the process has its own handler for a signal (from /proc)."""
        try:
            with open(f"/proc/{self.process.pid}/status") as status:
                for line in status:
                    if line.startswith("SigCgt:"):
                        return bool(int(line.split()[1], 16) >> (number - 1) & 1)
        except (FileNotFoundError, ProcessLookupError):
            pass
        return False

    def wait_until(self, condition, timeout=60):
        """Polls without a pause, because what is waited for may last for microseconds; False if the run ended."""
        end = time.monotonic() + timeout
        while self.alive():
            if condition():
                return True
            require(time.monotonic() < end, "waited too long for a phase of the run")
        return False

    def verify(self, program):
        """Every checkpoint in the folder is whole."""
        done = subprocess.run([program, "inspect", str(self.out), "--verify"], capture_output=True, text=True)
        require(done.returncode == 0, f"inspect --verify: exit code {done.returncode}: {done.stderr}{done.stdout}")


class Scratch:
    """A folder for runs, removed at the end; kept when something failed, so that it can be looked at."""

    def __enter__(self):
        self.path = Path(tempfile.mkdtemp(prefix="thalweg-reliability-"))
        return self.path

    def __exit__(self, kind, value, trace):
        if kind is None:
            shutil.rmtree(self.path)
        else:
            print(f"the folders of the runs are kept: {self.path}", file=sys.stderr)


def main(driver):
    """Runs a driver: 0 when all holds, 1 with the reason when something does not."""
    # a parent that ignores them would have every run ignore them too
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        driver()
    except Failure as failure:
        print(f"FAILED: {failure}", file=sys.stderr)
        sys.exit(1)
    finally:
        for process in Run.started:
            process.kill()  # nothing happens to those that have ended
