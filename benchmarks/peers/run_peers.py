#!/usr/bin/env python3
"""Thalweg beside its peers: the same work on the same data, a repetition of each in turn, and a page of the results.

    run_peers.py THALWEG [WORKLOAD ...] [--out docs/benchmarks.md] [--threads 2] [--minutes 12]

A peer that is missing or fails keeps its row, which says why.
"""
import argparse
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import page
import startup
from groups import GROUPS
from processes import Failed, Program, peak_of

HERE = pathlib.Path(__file__).resolve().parent
BUSY_REPETITIONS = 3
KNOWN = sorted({group.workload for group in GROUPS})


def say(text):
    print(text, file=sys.stderr, flush=True)


class Run:
    def __init__(self, arguments, folder):
        self.arguments, self.folder = arguments, pathlib.Path(folder)
        self.cpus = sorted(os.sched_getaffinity(0))[:arguments.threads]
        self.end = time.monotonic() + 60 * arguments.minutes
        count = str(len(self.cpus))
        self.environment = dict(os.environ, OMP_NUM_THREADS=count, MKL_NUM_THREADS=count, OPENBLAS_NUM_THREADS=count,
                                JAX_PLATFORMS="cpu", CUDA_VISIBLE_DEVICES="", PYTHONPATH=str(HERE),
                                TORCHINDUCTOR_CACHE_DIR=str(self.folder / "inductor"), TMPDIR=str(self.folder))

    def out_of_time(self):
        return time.monotonic() > self.end

    def log(self):
        return tempfile.TemporaryFile(dir=self.folder)

    def thalweg(self, *words):
        return [str(self.arguments.thalweg.resolve()), *words]

    def ours(self, group, name, flags, data):
        words = ["bench", group.workload, *group.flags, *flags, f"--threads={len(self.cpus)}", "--memory=16", "--on-request"]
        if data is not None:
            words.append(f"--write-data={data}")
        return Program(name, self.thalweg(*words), self.environment, self.cpus, self.log())

    def peer(self, group, peer, data):
        command = [sys.executable, str(HERE / peer.script), *group.peer_flags, f"--threads={len(self.cpus)}"]
        if peer.mode:
            command.append(f"--mode={peer.mode}")
        if data is not None:
            command.append(f"--data={data}")
        return Program(peer.name, command, self.environment, self.cpus, self.log())

    def repetitions(self, programs, count):
        """{name: [rate of each repetition, None where there is none]}; a rate is samples, or steps, per second."""
        rates = {program.name: [] for program in programs}
        for _ in range(count):
            for program in programs:
                answer = program.repetition()
                rates[program.name].append(answer and (answer["samples_per_second"] or 1 / answer["seconds"]))
        return rates

    def busy_repetitions(self, programs):
        burner = subprocess.Popen([sys.executable, "-c", "while True: pass"],
                                  preexec_fn=lambda: os.sched_setaffinity(0, self.cpus[-1:]))
        try:
            return self.repetitions(programs, BUSY_REPETITIONS)
        finally:
            burner.kill()
            burner.wait()

    def group(self, group):
        """A list of {"case", "rates", "busy", "errors"}."""
        data = self.folder / group.workload if group.has_data else None
        programs = []
        try:
            for name, flags in group.variants.items():
                programs.append(self.ours(group, name, flags, data if not programs else None))
                programs[-1].next_case()
                if programs[-1].error:
                    raise Failed(f"thalweg bench {group.workload}: {programs[-1].error}")
            for peer in group.peers:
                say(f"  starting {peer.name}")
                programs.append(self.peer(group, peer, data))
                programs[-1].next_case()
                if programs[-1].error:
                    say(f"    {programs[-1].error}")
            return list(self.cases(group, programs))
        finally:
            for program in programs:
                program.end()

    def cases(self, group, programs):
        ours = programs[0]
        while ours.error is None:
            say(f"  {ours.case}")
            case = {"case": ours.case, "rates": self.repetitions(programs, self.arguments.repetitions), "busy": None}
            if group.busy:
                case["busy"] = self.busy_repetitions(programs)
            case["errors"] = {program.name: program.error for program in programs if program.error}
            yield case
            if self.out_of_time():
                return
            for program in programs:
                program.next_case()

    def startup(self):
        """{name: (seconds, peak bytes) or why not}, and the peak of ours over 400 MB of data."""
        folder = self.folder / "digits"
        subprocess.run(self.thalweg(*startup.made_by_thalweg(folder)), check=True, stdout=subprocess.DEVNULL)
        commands = {"Thalweg": self.thalweg(*startup.trained_by_thalweg(folder))}
        for name, script in startup.STARTUP.items():
            commands[name] = [sys.executable, str(HERE / script), str(folder)]
        rows = {}
        for name, command in commands.items():
            try:
                runs = [peak_of(command, self.environment, self.cpus, self.log()) for _ in range(3)]
                rows[name] = (sorted(seconds for seconds, _ in runs)[1], max(peak for _, peak in runs))
            except (Failed, OSError) as failure:
                rows[name] = str(failure)
        return rows

    def memory(self):
        """(bytes of the data, peak of training on them), on the data of the dense group."""
        folder = self.folder / "logistic"
        if not (folder / "x.npy").exists():
            return None
        data = sum((folder / name).stat().st_size for name in ("x.npy", "target.npy"))
        command = self.thalweg(*startup.trained_by_thalweg(folder, epochs=1, loss="logistic", batch=256))
        return data, peak_of(command, self.environment, self.cpus, self.log())[1]

    def losses(self):
        """{name: progressive loss of one pass over the sparse rows}; None where they were not made."""
        folder = self.folder / "sparse"
        if not (folder / "values.npy").exists():
            return None
        ours = self.thalweg("bench", "sparse", "--json", "--order=shuffled", "--batch=256", "--optimizer=adagrad", "--lr=0.4",
                            "--memory=1", "--time=0", "--repetitions=1", "--no-check")
        peer = [sys.executable, str(HERE / "sparse_loss_sklearn.py"), f"--data={folder}"]
        rows = {}
        for name, command, read in (("Thalweg, adagrad, lr 0.4, batch 256", ours, lambda row: row["progressive_loss"]),
                                    ("scikit-learn SGDClassifier, best of three rates", peer, lambda row: min(row.values()))):
            done = subprocess.run(command, capture_output=True, text=True, env=self.environment)
            rows[name] = read(json.loads(done.stdout.splitlines()[-1])) if done.returncode == 0 else "failed"
        return rows

    def own_figures(self):
        only = ["machine"] if self.arguments.no_own else self.arguments.only
        words = ["bench", "--json", f"--threads={len(self.cpus)}", *only]
        with contextlib.closing(self.log()) as out:
            subprocess.run(self.thalweg(*words), check=True, stdout=out, preexec_fn=lambda: os.sched_setaffinity(0, self.cpus))
            out.seek(0)
            return [json.loads(line) for line in out.read().decode().splitlines()]


def measured(run, only):
    results = {"groups": [], "own": [], "startup": None, "memory": None, "losses": None}
    say("thalweg bench")
    results["own"] = run.own_figures()
    for group in GROUPS:
        if only and group.workload not in only:
            continue
        if run.out_of_time():
            say(f"no time left for {group.title}")
            continue
        say(group.title)
        try:
            results["groups"].append((group, run.group(group)))
        except Failed as failure:
            say(f"  {failure}")
    if not only:
        say("start-up and memory")
        results["startup"] = run.startup()
        results["memory"] = run.memory()
    results["losses"] = run.losses()
    return results


def main():
    parser = argparse.ArgumentParser(description="Thalweg beside its peers on the same work.")
    parser.add_argument("thalweg", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--no-own", action="store_true", help="without the table of thalweg bench")
    parser.add_argument("only", nargs="*", metavar="WORKLOAD", help="all without one: " + ", ".join(KNOWN))
    arguments = parser.parse_args()
    for name in arguments.only:
        if name not in KNOWN:
            parser.error(f"no peers of \"{name}\"; want of {', '.join(KNOWN)}")
    begin = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that the programs are ended
    with tempfile.TemporaryDirectory(prefix="thalweg-peers-") as folder:
        results = measured(Run(arguments, folder), arguments.only)
    text = page.text_of(results, arguments.threads)
    if arguments.out is None:
        print(text)
    else:
        arguments.out.write_text(text, encoding="utf-8")
    say(f"done in {(time.monotonic() - begin) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
