#!/usr/bin/env python3
"""Processes of an MPI job train to the bits of one process, name a rank that is lost, and end together.

    check.py PROGRAM [--draws N] [--faults N] [--seed N]

Needs mpirun and the module thalweg_mpi.so, which PROGRAM finds itself or by THALWEG_PLUGINS.
"""
import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests/reliability"))
import draws
import faults
from runs import Scratch, main


def driver():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--draws", type=int, default=8, help="runs drawn at random")
    parser.add_argument("--faults", type=int, default=2, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    program = os.path.abspath(arguments.program)
    with Scratch() as folder:
        print(draws.check(program, folder / "draws", arguments.draws, arguments.seed))
        print(faults.check(program, folder / "faults", arguments.faults, arguments.seed))


main(driver)
