"""Training runs as MPI jobs, for the drivers beside this file."""
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests/reliability"))
from runs import DONE, INTERRUPTED, require  # noqa: E402  (the path comes first)

LOST = 68
AS_ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
MPIRUN = ["mpirun", "--oversubscribe", "--bind-to", "none"]
# Each rank writes its process number, its exit code and what it said; mpirun sees a code of 0, and so ends no other rank.
ONE_RANK = 'r=$OMPI_COMM_WORLD_RANK; "$@" >out.$r 2>err.$r & echo $! >pid.$r; wait $!; echo $? >code.$r'


class Job:
    """One run in `folder`, which so many ranks share; 0: without MPI."""

    def __init__(self, program, settings, folder, ranks):
        self.folder, self.ranks = Path(folder), ranks
        self.folder.mkdir(parents=True, exist_ok=True)
        for old in self.folder.glob("*.[0-9]*"):
            old.unlink()
        self.settings = {r: list(settings) for r in range(max(ranks, 1))}
        self.program = program
        self.process = None

    def words_of(self, rank):
        return [self.program, "train", "--json", "--device=cpu", "--out=run", *self.settings[rank]]

    def start(self, launcher=MPIRUN):
        words = self.words_of(0)
        if self.ranks > 0:
            words = list(launcher)
            for rank in range(self.ranks):
                words += ([":"] if rank > 0 else []) + ["-n", "1", "sh", "-c", ONE_RANK, "sh", *self.words_of(rank)]
        self.process = subprocess.Popen(words, cwd=self.folder, env=os.environ | AS_ROOT, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)

    def finish(self, timeout=120):
        out, err = self.process.communicate(timeout=timeout)
        if self.ranks == 0:
            (self.folder / "out.0").write_text(out), (self.folder / "err.0").write_text(err)
            (self.folder / "code.0").write_text(str(self.process.returncode))
        return err

    def end(self):
        """Ends mpirun, which may wait for a rank that was killed."""
        self.process.terminate()
        return self.finish()

    def text(self, name, rank):
        path = self.folder / f"{name}.{rank}"
        return path.read_text() if path.exists() else ""

    def code(self, rank):
        return int(self.text("code", rank) or -1)

    def codes(self):
        return [self.code(rank) for rank in self.settings]

    def said(self):
        return "\n".join(f"rank {rank}: exit code {self.code(rank)}: {self.text('err', rank)}" for rank in self.settings)

    def pid(self, rank):
        return int(self.text("pid", rank))

    def complete(self):
        """Runs to the end; gives the report of rank 0."""
        self.start()
        err = self.finish()
        require(all(code == DONE for code in self.codes()), f"{self.words_of(0)}\n{self.said()}\n{err}")
        require(all(not self.text("out", r) and not self.text("err", r) for r in self.settings if r > 0), self.said())
        return json.loads(self.text("out", 0))

    def steps(self):
        """Lines of the log."""
        log = self.folder / "run/metrics.jsonl"
        return log.read_bytes().count(b"\n") if log.exists() else 0

    def wait_for_steps(self, count, timeout=60):
        """False if the run ended before."""
        end = time.monotonic() + timeout
        while self.steps() < count:
            if self.process.poll() is not None or self.text("code", 0):
                return False
            require(time.monotonic() < end, f"no step {count} in {timeout} s\n{self.said()}")
            time.sleep(0.002)
        return True

    def wait_for_codes(self, ranks, timeout):
        """Seconds until these ranks have ended."""
        begin = time.monotonic()
        while any(not self.text("code", rank) for rank in ranks):
            require(time.monotonic() < begin + timeout, f"ranks {ranks} have not ended in {timeout} s\n{self.said()}")
            time.sleep(0.01)
        return time.monotonic() - begin

    def kill(self, ranks):
        for rank in ranks:
            try:
                os.kill(self.pid(rank), signal.SIGKILL)
            except (ProcessLookupError, ValueError):
                pass

    def files(self):
        """The bytes of the model and of every checkpoint, by name."""
        paths = [self.folder / "run/model.safetensors", *sorted(self.folder.glob("run/checkpoints/step-*/*"))]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in paths if path.is_file()}

    def log(self):
        """The lines of the log but for their times."""
        lines = (self.folder / "run/metrics.jsonl").read_text().splitlines()
        timeless = lambda line: {key: value for key, value in json.loads(line).items() if "second" not in key}
        return [timeless(line) for line in lines]
