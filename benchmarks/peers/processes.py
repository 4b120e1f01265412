"""Programs that answer one repetition at a time: `thalweg bench --on-request` and the peers.

All but the one that is measured are stopped, so that their threads cannot spin into its time.
"""
import json
import os
import selectors
import signal
import subprocess
import time

ANSWER_SECONDS = 180


class Failed(Exception):
    """Why a program has no figure."""


class Program:
    def __init__(self, name, command, environment, cpus, log):
        self.name, self.log = name, log
        self.case, self.error = None, None
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                                        env=environment, start_new_session=True,
                                        preexec_fn=lambda: os.sched_setaffinity(0, cpus))
        os.set_blocking(self.process.stdout.fileno(), False)
        self.buffer = b""

    def signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def read_line(self, seconds):
        """The next line of JSON; lines of another kind are the libraries' own and passed over."""
        end = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while True:
                while b"\n" in self.buffer:
                    line, self.buffer = self.buffer.split(b"\n", 1)
                    if line.startswith(b"{"):
                        return json.loads(line)
                if not selector.select(max(end - time.monotonic(), 0)):
                    raise Failed(f"no answer in {seconds} s")
                more = self.process.stdout.read()
                if not more:
                    raise Failed(f"ended with code {self.process.wait()}{self.last_words()}")
                self.buffer += more

    def last_words(self):
        self.log.seek(0)
        lines = [line.strip() for line in self.log.read().decode(errors="replace").splitlines() if line.strip()]
        return ": " + lines[-1][:160] if lines else ""

    def ask(self, line, seconds=ANSWER_SECONDS):
        self.signal(signal.SIGCONT)
        try:
            if line is not None:
                self.process.stdin.write(line + b"\n")
                self.process.stdin.flush()
            return self.read_line(seconds)
        except BrokenPipeError:
            raise Failed(f"ended with code {self.process.wait()}{self.last_words()}") from None
        finally:
            self.signal(signal.SIGSTOP)

    def next_case(self):
        """Waits until the next case is warm. After a failure of the program itself there is none."""
        if self.process.poll() is not None:
            return
        try:
            answer = self.ask(b"end" if self.case is not None else None)
            self.case, self.error = answer["ready"], answer.get("error")
        except Failed as failure:
            self.fail(str(failure))

    def repetition(self):
        """Seconds of a step and samples per second; None after a failure."""
        if self.error is not None:
            return None
        try:
            return self.ask(b"go")
        except Failed as failure:
            self.fail(str(failure))
            return None

    def fail(self, why):
        self.error = why
        self.end()

    def end(self):
        if self.process.poll() is None:
            self.signal(signal.SIGKILL)
            self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def peak_of(command, environment, cpus, log):
    """Runs a command to its end: wall seconds and peak resident bytes."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log, env=environment,
                               preexec_fn=lambda: os.sched_setaffinity(0, cpus))
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        log.seek(0)
        lines = log.read().decode(errors="replace").strip().splitlines()
        raise Failed(f"ended with code {process.returncode}: {lines[-1][:160] if lines else ''}")
    return seconds, usage.ru_maxrss * 1024
