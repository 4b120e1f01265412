"""Runs on file systems of 64 sizes, from far too small to large enough: a full disk ends a run with exit code 74 and
never costs the last valid checkpoint; with room again the run goes on to the same bits. Mounts tmpfs: root only."""
import argparse
import os
import subprocess
import sys

from runs import DONE, IO, SPARSE, Run, Scratch, main, require

SETTINGS = SPARSE + ["--train.epochs=3", "--checkpoint.every_steps=2", "--checkpoint.keep=2",
                     "--train.log_every_steps=1", "--train.tensorboard=true"]


def size_of(folder):
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def mount(folder, kilobytes):
    return subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)],
                          capture_output=True, text=True)


def one_size(program, disk, kilobytes, most, expected, full):
    """True when the disk was too small; counts in `full` the runs that had a checkpoint by then."""
    mounted = mount(disk, kilobytes)
    require(mounted.returncode == 0, mounted.stderr)
    try:
        run = Run(program, SETTINGS, disk / "run")
        run.start()
        code, report, err = run.finish()
        if code == DONE:
            require(report["parameters.xxh3"] == expected, f"{kilobytes} KiB: other bits")
            return False
        require(code == IO, f"{kilobytes} KiB: exit code {code}, wanted 74\n{err}")
        require(str(disk) in err, f"{kilobytes} KiB: the message does not name the path: {err}")
        if run.newest() >= 0:
            full.append(run.newest())
            run.verify(program)
        room = subprocess.run(["mount", "-o", f"remount,size={most}k", str(disk)], capture_output=True, text=True)
        require(room.returncode == 0, room.stderr)
        require(run.complete() == expected, f"{kilobytes} KiB: other bits after going on")
        return True
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def driver():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--sizes", type=int, default=64)
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        print("skipped: mounting a tmpfs needs root", file=sys.stderr)
        return
    with Scratch() as folder:
        whole = Run(arguments.program, SETTINGS, folder / "whole")
        expected = whole.complete()
        enough = 2 * size_of(whole.out) // 1024 + 64
        disk = folder / "disk"
        disk.mkdir()
        probe = mount(disk, 64)
        if probe.returncode != 0:
            print(f"skipped: cannot mount a tmpfs: {probe.stderr.strip()}", file=sys.stderr)
            return
        subprocess.run(["umount", str(disk)], check=True)
        sizes = [max(4, enough * (i + 1) // arguments.sizes) for i in range(arguments.sizes)]
        full = []
        too_small = sum(one_size(arguments.program, disk, size, 4 * enough, expected, full) for size in sizes)
    print(f"{len(sizes)} sizes from {sizes[0]} to {sizes[-1]} KiB: {too_small} were too small, {len(full)} of these "
          f"filled up behind a checkpoint; every run went on to the same bits")
    require(too_small >= len(sizes) // 4 and full, "too few disks filled up")


main(driver)
