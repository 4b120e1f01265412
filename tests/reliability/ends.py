"""Ends that tell the truth: standard output that cannot be written, standard descriptors that are closed, hang-ups,
broken pipes, signals that the parent ignores, limits of memory and of a file's size, a terminal of 20 columns."""
import argparse
import fcntl
import itertools
import json
import os
import pty
import re
import resource
import shutil
import signal
import struct
import subprocess
import termios
import time

from runs import DATA, DONE, INTERRUPTED, IO, SPARSE, Run, Scratch, main, require

INTERNAL = 70
LOGGED = ["--train.log_every_steps=1", "--checkpoint.every_steps=60", "--checkpoint.keep=2"]
SHORT = SPARSE + LOGGED + ["--train.epochs=12", "--data.features=123"]
TEST = [f"--data.test={DATA}/a9a.t", "--data.test_rows=0:10000"]  # more predictions than a pipe holds
PIPE_HOLDS = 65536


def call(command, **settings):
    """Exit code, stdout and stderr of a command."""
    settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, "timeout": 120,
                "text": True, **settings}
    done = subprocess.run(command, **settings)
    return done.returncode, done.stdout, done.stderr


def close(*descriptors):
    """What a child does before it begins."""
    def in_child():
        for descriptor in descriptors:
            os.close(descriptor)
    return in_child


def commands(program, folder, model):
    """Every command, by what it prints."""
    train = [program, "train", "--device=cpu", *SPARSE, "--train.epochs=1"]
    yield "train", train + [f"--out={folder / 'text'}"]
    yield "train --json", train + ["--json", f"--out={folder / 'json'}"]
    yield "evaluate", [program, "evaluate", model, *TEST]
    yield "evaluate --json", [program, "evaluate", model, "--json", *TEST]
    yield "predict", [program, "predict", model, *TEST]
    yield "gradients", [program, "gradients", model, f"--output={folder / 'g.npy'}", *TEST]
    yield "export", [program, "export", model, f"--to={folder / 'm.onnx'}"]
    yield "inspect", [program, "inspect", model]
    yield "inspect --verify", [program, "inspect", model, "--verify"]
    yield "watch", [program, "watch", folder / "text"]
    yield "verify", [program, "verify", "--second=reference", "--steps=2", *SPARSE]
    yield "info", [program, "info"]
    yield "info --json", [program, "info", "--json"]
    # measures for five minutes unless it stops at the first line that nobody gets
    yield "bench", [program, "bench", "update", "--parameters=1000", "--time=300", "--repetitions=1", "--memory=1",
                    "--optimizer=sgd", "--no-check"]
    yield "completion", [program, "completion", "bash"]
    yield "--version", [program, "--version"]
    yield "--help", [program, "--help"]
    yield "train --help", [program, "train", "--help"]


def lost_output(program, folder, model):
    """A full device, a closed descriptor and a pipe without a reader: exit code 74 and one line that says why."""
    reader, broken = os.pipe()
    os.close(reader)
    full = os.open("/dev/full", os.O_WRONLY)
    kinds = (("No space left on device", {"stdout": full}),
             ("Bad file descriptor", {"stdout": None, "preexec_fn": close(1)}),
             ("Broken pipe", {"stdout": broken}))
    count = 0
    for name, command in commands(program, folder, model):
        for reason, settings in kinds:
            code, _, err = call(command, **settings)
            require(code == IO, f"{name}: exit code {code}, wanted 74 ({reason})\n{err}")
            last = err.splitlines()[-1]
            require(last.startswith(f"thalweg: error: cannot write standard output: {reason}"), f"{name}: {err}")
            require(name != "train" or "text" in last,
                    f"{name}: does not say where the model is: {err}")
            count += 1
    os.close(broken)
    os.close(full)
    print(f"standard output that nobody gets: {count} commands ended with 74 and the reason")


def lost_summary(program, folder, expected):
    """The run itself is done: the model is there, and the same as ever."""
    run = Run(program, SHORT, folder / "summary")
    with open("/dev/full", "wb") as full:
        code, _, err = call(run.command, stdout=full)
    require(code == IO, f"summary: exit code {code}\n{err}")
    require(f"its model is saved in {run.out}" in err, f"summary: {err}")
    require(checksum(program, run.out) == expected, "summary: other bits")
    run.verify(program)


def checksum(program, path):
    code, out, err = call([program, "inspect", str(path), "--json"])
    require(code == DONE, f"inspect {path}: exit code {code}\n{err}")
    return json.loads(out)["parameters.xxh3"]


def pipe_broken_in_the_middle(program, model):
    """As `predict ... | head -1` does it."""
    command = [program, "predict", model, *TEST]
    _, whole, _ = call(command)
    require(len(whole) > PIPE_HOLDS, "the predictions fit into a pipe: nothing is shown")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    first = process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    code = process.wait(timeout=60)
    require(whole.startswith(first) and first, "the first line is another one")
    require(code == IO and err == "thalweg: error: cannot write standard output: Broken pipe\n",
            f"a pipe broken in the middle: exit code {code}\n{err}")


def closed_descriptors(program, folder, expected):
    """No file of the run takes the number of a closed descriptor, and with it what is printed."""
    for count in (1, 2, 3):
        for closed in itertools.combinations((0, 1, 2), count):
            run = Run(program, SHORT, folder / "closed")
            shutil.rmtree(run.out, ignore_errors=True)
            # without --device=cpu the run has something to say on stderr
            command = [word for word in run.command if word != "--device=cpu"]
            streams = {name: None for fd, name in enumerate(("stdin", "stdout", "stderr")) if fd in closed}
            code, _, err = call(command, preexec_fn=close(*closed), **streams)
            require(code == (IO if 1 in closed else DONE), f"closed {closed}: exit code {code}\n{err}")
            require(checksum(program, run.out) == expected, f"closed {closed}: other bits")
            run.verify(program)
            for line in (run.out / "metrics.jsonl").read_text().splitlines():
                require(line.startswith("{\"") and json.loads(line), f"closed {closed}: metrics.jsonl holds {line}")


def lines(path):
    try:
        return path.read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def wait_for_steps(run, steps=5):
    require(run.wait_until(lambda: lines(run.out / "metrics.jsonl") >= steps), "the run was over before its signal")


def endless(program, out):
    """A run that only a signal ends; what it saves is named by its step."""
    return Run(program, SPARSE + ["--train.epochs=1000000", "--train.log_every_steps=1"], out)


def require_saved(program, run, code, err, name):
    require(code == INTERRUPTED, f"{name}: exit code {code}, wanted 75\n{err}")
    run.verify(program)
    require(run.newest() >= 5, f"{name}: nothing was saved")


def hang_up(program, folder):
    """SIGHUP saves as SIGTERM does."""
    run = endless(program, folder / "hup")
    run.start()
    wait_for_steps(run)
    run.send(signal.SIGHUP)
    code, _, err = run.finish()
    require_saved(program, run, code, err, "SIGHUP")


def start_on_terminal(command, columns=80):
    """The process and the other end of its terminal, which is its stdin, stdout and stderr."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def in_child():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, preexec_fn=in_child)
    os.close(slave)
    return process, master


def terminal_that_closes(program, folder):
    """The kernel sends SIGHUP, and neither stdout nor stderr can be written any more."""
    run = endless(program, folder / "terminal")
    run.process, master = start_on_terminal(run.command)
    wait_for_steps(run)
    os.close(master)
    code = run.process.wait(timeout=60)
    require_saved(program, run, code, "", "a terminal that closes")


def narrow_terminal(program, folder):
    """Every bar fits in one line of 20 columns. A run without out says that an interruption saves nothing."""
    run = endless(program, folder / "narrow")
    run.process, master = start_on_terminal([word for word in run.command if not word.startswith("--out=")], columns=20)
    shown = b""
    while shown.count(b"% loss") < 5:
        shown += os.read(master, PIPE_HOLDS)
    run.send(signal.SIGTERM)
    rest = b""
    while True:
        try:
            rest += os.read(master, PIPE_HOLDS)
        except OSError:  # EIO: the run has ended
            break
    os.close(master)
    require(run.process.wait(timeout=60) == INTERRUPTED, "a narrow terminal: another exit code than 75")
    require(b"nothing is saved, because the run has no out" in rest, f"a run without out: {rest}")
    bars = [bar for bar in re.split(rb"\r\x1b\[K|\r?\n", shown)[:-1] if b"% loss" in bar]
    require(len(bars) >= 4, f"no bars in {shown}")
    require(max(map(len, bars)) < 20, f"a bar that does not fit in 20 columns: {max(bars, key=len)}")


def broken_stderr(program, folder, expected):
    """Nobody reads the messages: the run goes on to its end."""
    run = Run(program, SHORT, folder / "stderr")
    reader, broken = os.pipe()
    os.close(reader)
    code, out, _ = call([word for word in run.command if word != "--device=cpu"], stderr=broken)
    os.close(broken)
    require(code == DONE and json.loads(out)["parameters.xxh3"] == expected, f"broken stderr: exit code {code}\n{out}")


def ignored_signals(program, folder):
    """What the parent ignores stays ignored (nohup; a background job of a script); the others are as ever."""
    def ignore():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    run = endless(program, folder / "ignored")
    run.process = subprocess.Popen(run.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   preexec_fn=ignore)
    wait_for_steps(run)
    run.send(signal.SIGINT)
    run.send(signal.SIGHUP)
    wait_for_steps(run, steps=2 * lines(run.out / "metrics.jsonl"))
    run.send(signal.SIGTERM)
    code, _, err = run.finish()
    require_saved(program, run, code, err, "SIGTERM beside ignored signals")


def second_signal(program, folder):
    """Two signals that a stopped run finds when it goes on: it cannot save between them."""
    for first, second in ((signal.SIGTERM, signal.SIGINT), (signal.SIGHUP, signal.SIGTERM)):
        run = endless(program, folder / f"second-{second}")
        run.start()
        wait_for_steps(run)
        run.send(signal.SIGSTOP)
        run.send(first)
        run.send(second)
        run.send(signal.SIGCONT)
        code, _, err = run.finish()
        # two that wait at the same time are delivered in an order of the system's
        require(code in (128 + first, 128 + second), f"second signal: exit code {code}\n{err}")


def limited(which, limit):
    return lambda: resource.setrlimit(which, (limit, limit))


def limit_of_file_size(program, folder, model):
    """A write beyond the limit is an I/O error, and no part of a file stays."""
    folder.mkdir()
    outputs = {"predict": ("p.csv", "p.npy"), "gradients": ("g.npy",)}
    for command, names in outputs.items():
        for name in names:
            line = [program, command, model, f"--output={folder / name}", *TEST]
            code, _, err = call(line, preexec_fn=limited(resource.RLIMIT_FSIZE, 4096))
            require(code == IO and "File too large" in err, f"{command} --output={name}: exit code {code}\n{err}")
    with open(folder / "p.txt", "wb") as file:
        code, _, err = call([program, "predict", model, *TEST], stdout=file,
                            preexec_fn=limited(resource.RLIMIT_FSIZE, 4096))
    require(code == IO and "standard output: File too large" in err, f"predict > file: exit code {code}\n{err}")
    (folder / "p.txt").unlink()
    run = Run(program, SHORT, folder / "run")
    code, _, err = call(run.command, preexec_fn=limited(resource.RLIMIT_FSIZE, 1024))
    require(code == IO and "File too large" in err, f"train: exit code {code}\n{err}")
    left = [str(path) for path in folder.rglob("*") if ".tmp-" in path.name]
    require(not left, f"temporary files are left: {left}")
    require({path.name for path in folder.iterdir()} == {"run"}, f"files are left: {list(folder.iterdir())}")


def unfinished_output(program, folder):
    """A signal removes what gradients has written; what kill -9 leaves is removed when the same file is written again."""
    folder.mkdir()
    model, output = folder / "model", folder / "g.npy"
    settings = ["--device=cpu", "--data.features=123", "--model.hidden=64", "--train.max_steps=1"]  # 8,000 gradients per row: a GB to write
    code, _, err = call([program, "train", *SPARSE, *settings, f"--out={model}"])
    require(code == DONE, f"train: exit code {code}\n{err}")
    line = [program, "gradients", str(model), f"--output={output}"]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL):
        process = subprocess.Popen([*line, f"--data.test={DATA}/a9a"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and not list(folder.glob(".tmp-*")):
            time.sleep(0.001)
        process.send_signal(number)
        require(process.wait(timeout=60) == -number, f"{number.name}: gradients ended before it")
        left = [path.name for path in folder.iterdir()]
        wanted = ["model"] if number != signal.SIGKILL else ["model", f".tmp-g.npy-{process.pid}"]
        require(sorted(left) == sorted(wanted), f"{number.name} leaves {left}")
    code, _, err = call([*line, *TEST[:1], "--data.test_rows=0:10"])
    require(code == DONE, f"gradients: exit code {code}\n{err}")
    require({path.name for path in folder.iterdir()} == {"model", "g.npy"}, f"files are left: {list(folder.iterdir())}")


def limit_of_memory(program):
    """Whatever the address space, a run is done or says what is short: memory, or memory and threads."""
    command = [program, "train", "--json", "--device=cpu", *SPARSE]
    shapes = (["--train.threads=8", "--train.epochs=1"],
              ["--train.threads=1", "--train.max_steps=1", "--model.hidden=1500,1500"])  # 2.4 million parameters
    mebibyte = 1 << 20
    if call([program, "info"], preexec_fn=limited(resource.RLIMIT_AS, 1024 * mebibyte))[0] != DONE:
        print("limits of memory: skipped, this build wants more than a GiB to begin (a sanitizer does)")
        return
    said = {"done": 0, "threads": 0, "memory": 0}
    for shape, size in itertools.product(shapes, range(16, 257, 8)):
        code, _, err = call(command + shape, preexec_fn=limited(resource.RLIMIT_AS, size * mebibyte))
        if code == 127 and "thalweg:" not in err:  # there is no room for the program itself
            continue
        require(code in (DONE, INTERNAL), f"{size} MiB: exit code {code}\n{err}")
        if code == DONE:
            said["done"] += 1
            continue
        named = re.search(r"cannot start thread \d+ of \d+: .*; memory or the number of threads is limited", err)
        require(named or "out of memory" in err, f"{size} MiB: does not say what is short: {err}")
        said["threads" if named else "memory"] += 1
    print(f"limits of memory from 16 to 256 MiB: {said['done']} runs were done, {said['memory']} ran out of memory, "
          f"{said['threads']} could not start a thread and said so")
    require(all(said.values()), "the limits were not those that matter")


def timed(name, act):
    begin = time.monotonic()
    act()
    print(f"{name}: as promised ({time.monotonic() - begin:.1f} s)")


def driver():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    program = parser.parse_args().program
    with Scratch() as folder:
        whole = Run(program, SHORT, folder / "whole")
        expected, model = whole.complete(), str(folder / "whole")
        for name, act in (
                ("lost output", lambda: lost_output(program, folder, model)),
                ("lost summary", lambda: lost_summary(program, folder, expected)),
                ("a pipe broken in the middle", lambda: pipe_broken_in_the_middle(program, model)),
                ("closed descriptors", lambda: closed_descriptors(program, folder, expected)),
                ("SIGHUP", lambda: hang_up(program, folder)),
                ("a terminal that closes", lambda: terminal_that_closes(program, folder)),
                ("a terminal of 20 columns", lambda: narrow_terminal(program, folder)),
                ("stderr that nobody reads", lambda: broken_stderr(program, folder, expected)),
                ("signals that the parent ignores", lambda: ignored_signals(program, folder)),
                ("a second signal", lambda: second_signal(program, folder)),
                ("a limit of a file's size", lambda: limit_of_file_size(program, folder / "limited", model)),
                ("output that a signal stops", lambda: unfinished_output(program, folder / "unfinished")),
                ("limits of memory", lambda: limit_of_memory(program))):
            timed(name, act)


main(driver)
