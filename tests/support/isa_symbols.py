#!/usr/bin/env python3
"""isa_symbols.py NM BUILD ISA...: no object that is compiled for an instruction set offers the linker a function or variable
that it may share with the rest of the program (kernels/base/isa.hpp)."""
import pathlib
import re
import subprocess
import sys

SHARED = re.compile(r"^[0-9a-f]+ [WVu] (.*)$", re.MULTILINE)


def main():
    nm, build, isas = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    seen, shared = 0, []
    for isa in isas:
        for path in build.glob(f"**/*_{isa}.dir/**/*.o"):
            if "embed-test" in path.parts:  # a project of its own, for one instruction set alone
                continue
            seen += 1
            symbols = subprocess.run([nm, "--demangle", "--defined-only", path], check=True, capture_output=True,
                                     text=True).stdout
            shared += [f"{path.relative_to(build)}: {name}" for name in SHARED.findall(symbols)
                       if f"::{isa}::" not in name and not name.startswith("DW.ref.")]
    if not seen:
        sys.exit(f"no objects in {build}")
    if shared:
        sys.exit("compiled for one instruction set and shared with all:\n  " + "\n  ".join(shared))
    print(f"{seen} objects share nothing")


main()
