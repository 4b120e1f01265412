#!/usr/bin/env python3
"""Runs the fuzzers: fuzz.py BUILD [--runs 1000000] [--reader READER ...] [--coverage | --minimise]

A hang is a second, the memory 512 MB. What the fuzzers find lies in BUILD/found and what they learn in BUILD/corpus. On a
busy machine an input may take a second of which it had no part: one that takes less than half a second of processor
time when it is run again is no hang, and the fuzzer goes on. --coverage says how many functions of the readers' sources the
corpora reach; --minimise puts into tests/fuzz/corpus what the learned corpora need for theirs.
"""
import argparse
import collections
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SOURCES = {
    "npy": ["npy_header", "array_reader", "label_file"], "npz": ["zip", "npy_header", "npy_reader"],
    "csv": ["csv_reader", "csv_merger", "csv_hasher", "csv_crosses", "csv_cells", "csv_layout", "csv_roles", "text", "text_source", "transform"],
    "libsvm": ["libsvm_reader", "libsvm_merger"],
    "idx": ["idx_header", "idx_reader"], "gz": ["byte_source", "read_data"],
    "compressed": ["zstd_inflater", "bzip2_inflater", "xz_inflater", "inflater"],
    "vw": ["vw_reader", "vw_parser", "entry_rows", "hashing"],
    "safetensors": ["safetensors", "json"], "toml": ["config_text", "values", "keys", "validate"],
    "checkpoint": ["checkpoint", "manifest", "schema"],
    "manifest": ["shard_manifest", "manifest_rules", "shard_layout"],
    "arrow": ["arrow_table", "arrow_column", "prepare"],
    "shard": ["shard_store", "shard_file", "sparse_shard", "packed_rows", "open_shards"],
}
LIMITS = ["-timeout=1", "-rss_limit_mb=512", "-max_len=4096", "-entropic=0", "-print_final_stats=1"]
# Short stacks and a small quarantine: most of an input's time would go there.
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": "malloc_context_size=2:quarantine_size_mb=8"}


class Fuzzer:
    def __init__(self, build, reader):
        self.program = build / "tests/fuzz" / f"fuzz_{reader}"
        self.reader = reader
        self.found = build / "found"
        self.learned = build / "corpus" / reader
        self.corpus = HERE / "corpus" / reader
        self.dictionary = HERE / "dictionaries" / f"{reader}.dict"
        for folder in (self.found, self.learned):
            folder.mkdir(parents=True, exist_ok=True)

    def run(self, *arguments):
        return subprocess.run([self.program, *map(str, arguments)], env=ENVIRONMENT, capture_output=True, text=True,
                              errors="replace")

    def no_hang(self, finding):
        """Whether a reported hang, run again, takes little of the processor."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        ended = self.run("-runs=1", "-timeout=60", finding)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return ended.returncode == 0 and used < 0.5

    def fuzz(self, runs):
        """Executions and peak memory in MB; stops at the first finding."""
        done = memory = 0
        while done < runs:
            prefix = f"{self.found}/{self.reader}-"
            ended = self.run(self.learned, self.corpus, f"-dict={self.dictionary}", f"-runs={runs - done}",
                             f"-artifact_prefix={prefix}", *LIMITS)
            stats = dict(re.findall(r"stat::(\w+):\s+(\d+)", ended.stderr))
            done += int(stats.get("number_of_executed_units", 0))
            memory = max(memory, int(stats.get("peak_rss_mb", 0)))
            if ended.returncode == 0:
                continue
            written = re.findall(r"Test unit written to (\S+)", ended.stderr)
            if not written:
                sys.exit(f"{self.reader}: the fuzzer ended without an input\n{ended.stderr[-2000:]}")
            path = pathlib.Path(written[-1])  # before it are inputs that were slow, which ends nothing
            if not (path.name.startswith(f"{self.reader}-timeout") and self.no_hang(path)):
                sys.exit(f"{self.reader}: found {path}\n{ended.stderr[-4000:]}")
            path.unlink()
        return done, memory

    def coverage(self):
        """Source -> functions that the corpora reach, and those that they do not."""
        told = self.run("-runs=0", "-print_coverage=1", self.learned, self.corpus).stderr
        functions = collections.defaultdict(lambda: ([], []))
        for missed, name, path in re.findall(r"(UN)?COVERED_FUNC: hits: \d+ edges: \d+/\d+ (.*) (\S+):\d+", told):
            functions[pathlib.Path(path).stem][bool(missed)].append(name)
        return functions

    def minimise(self):
        """Makes the committed corpus anew: the seeds, and the fewest inputs that reach what these do not."""
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, HERE / "seeds.py", folder], check=True)
            small = pathlib.Path(folder) / self.reader
            seeds = {path.name for path in small.iterdir()}
            self.run("-merge=1", "-use_counters=0", small, self.corpus, self.learned)
            for old in self.corpus.iterdir():
                old.unlink()
            for new in small.iterdir():
                shutil.copy(new, self.corpus / (new.name if new.name in seeds else new.name[:12]))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("build", type=pathlib.Path)
    arguments.add_argument("--runs", type=int, default=1000000)
    arguments.add_argument("--reader", nargs="*", default=list(SOURCES), choices=list(SOURCES))
    arguments.add_argument("--coverage", action="store_true")
    arguments.add_argument("--minimise", action="store_true")
    options = arguments.parse_args()
    for reader in options.reader:
        fuzzer = Fuzzer(options.build.resolve(), reader)
        if options.coverage:
            functions = fuzzer.coverage()
            parts = [f"{name}.cpp {len(functions[name][0])} of {len(functions[name][0] + functions[name][1])}"
                     for name in SOURCES[reader]]
            print(f"{reader}: functions of " + ", ".join(parts), flush=True)
        elif options.minimise:
            fuzzer.minimise()
        else:
            begin = time.monotonic()
            processor = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
            done, memory = fuzzer.fuzz(options.runs)
            seconds = time.monotonic() - begin
            processor = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - processor
            print(f"{reader}: {done} executions in {seconds:.0f} s ({processor:.0f} s of a processor), at most {memory} MB, "
                  "nothing found", flush=True)


if __name__ == "__main__":
    main()
