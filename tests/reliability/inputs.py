"""Inputs that are no plain file at rest: pipes, pipes that nobody writes, devices without end, files that change while they
are read; a run folder that another run has, or that is full of damaged checkpoints."""
import argparse
import json
import os
import select
import signal
import subprocess
import time

from runs import DATA, DONE, INTERRUPTED, IO, SPARSE, Run, Scratch, main, require

BAD_DATA, CONFIG = 65, 78
ADULT = DATA / "a9a"
LOGISTIC = ["--model.loss=logistic", "--train.epochs=1", "--device=cpu", "--json"]
WAITING = "waiting for {}: nothing was written yet\n"
SOON_S = 20  # on a machine that is busy with other things; what never ends takes for ever


def shell(program, line, timeout=SOON_S):
    """Runs a line of bash, in which $T is the program and $D the folder of data; gives exit code, stdout and stderr."""
    try:
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=timeout,
                              env={**os.environ, "T": program, "D": str(DATA)})
    except subprocess.TimeoutExpired:
        return "no end", "", ""
    return done.returncode, done.stdout, done.stderr


def parameters(program, line):
    """The checksum that a command line prints, in which %s is the program with its settings."""
    code, out, err = shell(program, f"{line % ('$T train ' + ' '.join(LOGISTIC))} | grep xxh3; exit ${{PIPESTATUS[-2]}}")
    require(code == DONE, f"{line}: exit code {code}\n{err}")
    return out


def pipes(program, folder):
    """The same bits from a pipe as from the file."""
    want = parameters(program, "%s --data.train=$D/a9a")
    os.mkfifo(folder / "fifo")
    ways = ["cat $D/a9a | %s --data.train=/dev/stdin", "gzip -c $D/a9a | %s --data.train=/dev/stdin",
            "%s --data.train=<(cat $D/a9a)", f"cat $D/a9a > {folder}/fifo & %s --data.train={folder}/fifo",
            "cat $D/a9a | %s --data.train=/dev/stdin --data.format=libsvm"]
    for way in ways:
        require(parameters(program, way) == want, f"{way}: other bits than from the file")

    model = folder / "model"
    shell(program, f"$T train --data.train=$D/a9a {' '.join(LOGISTIC)} --out={model}")
    for command in ("predict", "evaluate"):
        _, of_file, _ = shell(program, f"$T {command} {model} --data.test=$D/a9a.t")
        code, of_pipe, err = shell(program, f"cat $D/a9a.t | $T {command} {model} --data.test=/dev/stdin")
        require(code == DONE and of_pipe == of_file != "", f"{command} from a pipe: exit code {code}, other output\n{err}")

    for line in ("cat $D/a9a | $T train --data.train=/dev/stdin --data.test=/dev/stdin",
                 "echo seed=1 | $T train /dev/stdin --data.train=/dev/stdin",
                 "echo seed=1 | $T train /dev/stdin --data.train=$D/a9a --data.target=/dev/stdin",
                 "echo seed=1 | $T verify /dev/stdin --data.train=/dev/stdin"):
        code, _, err = shell(program, line)
        require(code == CONFIG and "wanted twice" in err, f"{line}: exit code {code}\n{err}")


def first_line(run):
    """Of stderr; a run that says nothing is ended."""
    if not select.select([run.stderr], [], [], SOON_S)[0]:
        run.kill()
    return run.stderr.readline()


def silent_pipes(program, folder):
    """A pipe that nobody writes is told of after a second; a signal ends the wait."""
    fifo, model = folder / "silent", folder / "model"
    os.mkfifo(fifo)
    train, predict = [program, "train"], [program, "predict", str(model)]
    cases = [(train + [f"--data.train={fifo}"], signal.SIGTERM, INTERRUPTED),
             (train + [f"--data.train={fifo}"], signal.SIGINT, INTERRUPTED),
             (train + [str(fifo)], signal.SIGTERM, INTERRUPTED),
             (predict + [f"--data.test={fifo}"], signal.SIGTERM, -signal.SIGTERM)]
    for command, number, want in cases:
        run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        said = first_line(run)
        require(said == WAITING.format(fifo), f"{command[1]}: said {said!r} of a silent pipe")
        run.send_signal(number)
        run.communicate(timeout=SOON_S)
        require(run.returncode == want, f"{command[1]}: exit code {run.returncode} after {number.name}, wanted {want}")

    run = subprocess.Popen(train + LOGISTIC + [f"--data.train={fifo}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    require(first_line(run) == WAITING.format(fifo), "nothing is said of a late writer")
    fifo.write_bytes(ADULT.read_bytes())
    out, err = run.communicate(timeout=SOON_S)
    require(run.returncode == DONE and "xxh3" in out, f"a late writer: exit code {run.returncode}\n{err}")


def without_end(program):
    cases = [("$T train --data.train=/dev/zero", BAD_DATA, "/dev/zero"),
             ("$T train --data.train=/dev/zero --data.format=csv", BAD_DATA, "/dev/zero line 1: a record of more than"),
             ("$T train --data.train=$D/mnist10k-images-idx3-ubyte.gz --data.target=/dev/zero", BAD_DATA, "/dev/zero"),
             ("$T train /dev/zero", CONFIG, "more than 64 MiB"),
             ("yes | $T train /dev/stdin", CONFIG, "more than 64 MiB"),
             ("cat /dev/zero | $T train --data.train=/dev/stdin --data.format=libsvm", BAD_DATA, "line 1: a record of more than"),
             ("yes '1,\"' | tr -d '\\n' | $T train --data.train=/dev/stdin", BAD_DATA, "line 1: a record of more than")]
    for line, want, words in cases:
        code, _, err = shell(program, f"ulimit -v 4000000; {line}")
        require(code == want and words in err, f"{line}: exit code {code}, wanted {want}\n{err}")


def changing_files(program, folder):
    """Rows are added as long as the run reads."""
    for name, header, row, rows in (("grows.csv", "a,b,y\n", "1,2,3\n", 2_000_000), ("grows.libsvm", "", "1 1:2 3:4\n", 1_000_000)):
        file = folder / name
        file.write_text(header + row * rows)
        run = subprocess.Popen([program, "train", f"--data.train={file}", "--train.max_steps=1"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while run.poll() is None:
            with open(file, "a") as more:
                more.write(row)
            time.sleep(0.0005)
        _, err = run.communicate()
        require(run.returncode == BAD_DATA and "changed while it was read" in err,
                f"{name}: exit code {run.returncode}, wanted 65\n{err}")
        file.unlink()


def two_runs(program, folder):
    """Started at once in one folder: one trains and the other refuses, and the files are those of the one."""
    settings = SPARSE + ["--train.log_every_steps=1", "--checkpoint.every_epochs=25", "--train.epochs=100000"]
    for attempt in range(2):
        out = folder / f"both-{attempt}"
        runs = [Run(program, settings + [f"--seed={seed}"], out) for seed in (1, 2)]
        for run in runs:
            run.start()
        # The one that trains goes on until the other has ended, however late that one starts.
        require(runs[0].wait_until(lambda: not runs[1].alive()) or runs[1].alive(), "both of two runs at once have ended")
        first = 0 if runs[0].alive() else 1
        require(runs[first].wait_until(lambda: runs[first].newest() > 0), "the run that trains has ended")
        runs[first].send(signal.SIGTERM)
        ends = [run.finish() for run in runs]
        codes = [ends[first][0], ends[1 - first][0]]
        require(codes == [INTERRUPTED, IO], f"two runs at once: exit codes {codes}\n{ends[0][2]}{ends[1][2]}")
        err = ends[1 - first][2]
        require(f"another run writes to {out}" in err, f"the second run: {err}")
        require(f"seed = {first + 1}\n" in (out / "config.toml").read_text(), "config.toml is of the run that was refused")
        records = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
        steps = [record["step"] for record in records if "epoch" not in record]
        require(steps == list(range(1, runs[first].newest() + 1)), "metrics.jsonl does not have each step once")
        runs[first].verify(program)

    run = Run(program, settings, folder / "killed")
    run.start()
    require(run.wait_until(lambda: run.newest() >= 300), "the run to be killed has ended")
    for command in ("inspect", "evaluate"):
        test = "" if command == "inspect" else "--data.test=$D/a9a.t --data.test_rows=0:1000"
        code, _, err = shell(program, f"$T {command} {run.out} {test}")
        require(code == DONE, f"{command} beside a run: exit code {code}\n{err}")
    run.send(signal.SIGKILL)
    run.finish()
    code, _, err = shell(program, f"$T train {run.out}/config.toml --train.epochs=1 --out={run.out}")
    require(code == DONE, f"after kill -9: exit code {code}\n{err}")


def damaged_checkpoints(program, folder):
    """Two damaged ones of later steps and many empty ones push out no valid one."""
    run = Run(program, SPARSE + ["--train.epochs=8", "--checkpoint.every_epochs=1", "--checkpoint.keep=3"], folder / "kept")
    run.complete()
    steps = sorted(int(name[5:]) for name in run.names() if name.startswith("step-"))
    require(steps == [90, 105, 120], f"the run kept {steps}")
    for step in steps[1:]:
        with open(run.checkpoints / f"step-{step:09}" / "model.safetensors", "r+b") as model:
            model.seek(-1, os.SEEK_END)
            model.write(b"?")
    empty = 200
    for i in range(empty):
        (run.checkpoints / f"step-{1000 + i:09}").mkdir()
    run.command.append("--train.max_steps=97")
    run.start()
    code, _, err = run.finish()
    require(code == DONE, f"beside damaged checkpoints: exit code {code}\n{err}")
    require(err.count("\n") < 12 and f"{empty + 2 - 5} more damaged checkpoints" in err, f"{err.count(chr(10))} lines are printed:\n{err}")
    _, out, _ = shell(program, f"$T inspect --verify {run.out}")
    require(out == f"3 valid, {empty + 2} damaged\n", f"90 and 97 were not kept: {out}")


def driver():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    program = parser.parse_args().program
    with Scratch() as folder:
        for promise, act in (
                ("pipes give the bits of the file or a plain refusal", lambda: pipes(program, folder)),
                ("silent pipes are told of, and read or ended by a signal", lambda: silent_pipes(program, folder)),
                ("inputs without end are refused", lambda: without_end(program)),
                ("files that change are noticed", lambda: changing_files(program, folder)),
                ("a folder is one run's", lambda: two_runs(program, folder)),
                ("damaged checkpoints push out no valid one", lambda: damaged_checkpoints(program, folder))):
            act()
            print(promise)


main(driver)
