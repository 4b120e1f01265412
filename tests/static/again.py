"""Kernels with findings are compiled again, because a compiler may make one of several codes from one source.

cicc of nvcc 13.0 merges vector loads in an order that depends on the addresses of its own memory, which the kernel of the
operating system draws at random. Of 24 compilations of linear_forward_converted_cuda.cu for sm_75, three took 148 registers
for a tile and the others 128. The budget is that of the best code: a finding stands when no compilation is without it."""
import json
import pathlib
import shlex
import subprocess
import sys

import objects

TRIES = 24  # a code that comes up one time in four is missed once in 1,300 checks; six tries were seen to fail in a row


def commands(build):
    """object -> its command, as lists of arguments, from the build's compile_commands.json"""
    entries = json.loads((build / "compile_commands.json").read_text())
    split = [(pathlib.Path(entry["directory"]), shlex.split(entry["command"])) for entry in entries]
    return {(folder / words[words.index("-o") + 1]).resolve(): (folder, words) for folder, words in split if "-o" in words}


def compiled(path, build, folder):
    """The kernels of an object, from a new compilation of its source."""
    directory, words = commands(build)[pathlib.Path(path).resolve()]
    again = pathlib.Path(folder) / pathlib.Path(path).name
    words = words[:]
    words[words.index("-o") + 1] = str(again)
    if "-MF" in words:
        words[words.index("-MF") + 1] = f"{again}.d"
    run = subprocess.run(words, cwd=directory, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{path}: a second compilation failed:\n{run.stderr}")
    return objects.read_object(str(again), objects.enumerators())


def better(kernel, other, findings_of):
    """Gives the kernel the code of another compilation where it has fewer findings with it."""
    for architectures in [[a] for a in other.code] + [list(other.code)]:
        kept, before = dict(kernel.code), len(findings_of(kernel))
        kernel.code.update({a: other.code[a] for a in architectures})
        if before == 0 or len(findings_of(kernel)) >= before:
            kernel.code = kept


def improve(kernels, build, folder, findings_of):
    """Compiles kernels with findings again, until they have none or TRIES are over; `findings_of` gives a kernel's."""
    for _ in range(TRIES):
        faulty = {kernel.name: kernel for kernel in kernels if findings_of(kernel)}
        if not faulty:
            return
        for path in sorted({kernel.object for kernel in faulty.values()}):
            print(f"{pathlib.Path(path).name}: findings, compiled again")
            for other in compiled(path, build, folder):
                if other.name in faulty:
                    better(faulty[other.name], other, findings_of)
