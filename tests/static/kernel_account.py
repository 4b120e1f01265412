"""The static account of every CUDA kernel of ours, from the object files of the build: registers, memory, opcodes and bytes per
element on every architecture, against the rules of rules.py and the committed budget; docs/kernels.md is made from it.

  kernel_account.py BUILD_DIR [--update] [--self-test]"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import again
import nodes
import predict
import ratchet
import report
import rules
from objects import ARCHITECTURES, ROOT, kernel_objects, read_objects

HERE = pathlib.Path(__file__).resolve().parent
BUDGET = HERE / "budget.json"
DOCUMENT = ROOT / "docs" / "kernels.md"
FAULTS = {"double": "double precision", "local": "local memory", "spill": "local memory", "atomic": "float atomic",
          "approximate": "approximate function", "contraction": "contraction"}


def cost_functions(folder):
    program = pathlib.Path(folder) / "costs"
    subprocess.run(["g++", "-std=c++20", "-I", ROOT, "-I", ROOT / "include", HERE / "costs.cpp", "-o", program], check=True)
    lines = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    return {name: (int(first), int(second)) for name, first, second in (line.split() for line in lines)}


def compiler():
    text = subprocess.run(["nvcc", "--version"], capture_output=True, text=True, check=True).stdout
    return "nvcc " + re.search(r"V([\d.]+)", text)[1]


def measured(kernels):
    """kernel -> architecture -> [registers, bytes of static shared memory]"""
    return {kernel.name: {a: [kernel.code[a].registers, kernel.code[a].shared] for a in ARCHITECTURES if a in kernel.code}
            for kernel in kernels}


def budget_findings(budget, kernel):
    """(where, text) of what the kernel takes beyond the budget"""
    for architecture, (registers, shared) in measured([kernel])[kernel.name].items():
        allowed = budget.get(kernel.name, {}).get(architecture, [0, 0])
        if registers > allowed[0]:
            yield architecture, f"{registers} registers, budget {allowed[0]}"
        if shared > allowed[1]:
            yield architecture, f"{shared} bytes of shared memory, budget {allowed[1]}"


def findings_reader(costs, budget, conflict_of, launched):
    """kernel -> (where, text) of what its code holds beyond the rules, the budget (None: not compared) and the ratchet"""
    allowed = json.loads(ratchet.RATCHET.read_text())

    def findings_of(kernel):
        found = list(rules.findings(kernel, costs))
        if budget is None or kernel.name not in budget:
            return found
        loops = ratchet.measures([kernel], conflict_of, launched)
        return found + [*budget_findings(budget, kernel), *(("loops", text) for _, text in ratchet.findings(loops, allowed))]

    return findings_of


def write_budget(kernels):
    lines = [f"  {json.dumps(name)}: {json.dumps(codes)}" for name, codes in measured(kernels).items()]
    BUDGET.write_text('{\n  "compiler": ' + json.dumps(compiler()) + ",\n" + ",\n".join(lines) + "\n}\n")


def self_test(folder, conflict_of):
    """Every planted fault is found, and nothing in the kernel without one; that of a library is left out."""
    planted = pathlib.Path(folder) / "planted.fatbin"
    subprocess.run(["nvcc", "-std=c++20", "-gencode", "arch=compute_90,code=[sm_90,compute_90]", "-fatbin",
                    HERE / "planted.cu", "-o", planted], check=True)
    kernels = read_objects([planted])
    for kernel in kernels:
        fault = re.search(r"planted_(\w+)", kernel.name)[1]
        if fault != "contraction":
            kernel.contraction = False  # the file is compiled with it, for the sake of that one kernel
        found = [text for _, text in rules.findings(kernel, {})]
        wanted = FAULTS.get(fault)
        if wanted is None and found or wanted is not None and not any(text.startswith(wanted) for text in found):
            sys.exit(f"self-test: {kernel.name}: found {found or 'nothing'}, want {wanted or 'nothing'}")
    if problems := list(ratchet.planted_problems(kernels, conflict_of)):
        sys.exit("self-test: " + "; ".join(problems))
    tight = {name: {a: [registers - 1, shared] for a, (registers, shared) in codes.items()}
             for name, codes in measured(kernels).items()}
    if not all(list(budget_findings(tight, kernel)) for kernel in kernels):
        sys.exit("self-test: a register above the budget was not found")
    print(f"self-test: {len(FAULTS) + len(ratchet.PLANTED) + 1} planted faults and a broken budget were found")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("objects", type=pathlib.Path, help="a build folder of the cuda preset")
    parser.add_argument("--update", action="store_true", help="write the budget and docs/kernels.md anew")
    parser.add_argument("--self-test", action="store_true", help="also check that planted faults are found")
    args = parser.parse_args()
    kernels = read_objects(kernel_objects(args.objects))
    with tempfile.TemporaryDirectory() as folder:
        costs = cost_functions(folder)
        conflict_of = ratchet.layout_conflicts(folder)
        if args.self_test:
            self_test(folder, conflict_of)

    steps = nodes.read(nodes.GOLDEN.read_text())
    launched = predict.launched(steps)
    budget = json.loads(BUDGET.read_text())
    same_compiler = budget.pop("compiler") == compiler()
    if same_compiler:
        with tempfile.TemporaryDirectory() as folder:
            known = [kernel for kernel in kernels if kernel.name in budget]
            again.improve(known, args.objects, folder, findings_reader(costs, budget, conflict_of, launched))
    if args.update:
        write_budget(kernels)
        ratchet.RATCHET.write_text(ratchet.written(ratchet.measures(kernels, conflict_of, launched)))
        DOCUMENT.write_text(report.document(kernels, costs, compiler()))
        budget, same_compiler = measured(kernels), True

    findings_of = findings_reader(costs, budget if same_compiler else None, conflict_of, launched)
    problems = [(kernel.name, *finding) for kernel in kernels for finding in findings_of(kernel)]
    problems += [(kernel.name, "all", "not compiled for " + a) for kernel in kernels for a in ARCHITECTURES
                 if a not in kernel.code]
    slower = predict.check(kernels, steps, args.update)
    if same_compiler:
        names = {kernel.name for kernel in kernels}
        problems += [(name, "all", "not in the budget") for name in sorted(names - budget.keys())]
        problems += [(name, "all", "in the budget, but gone") for name in sorted(budget.keys() - names)]
        problems += [("model", "predictions.json", text) for text in slower]
    else:
        print("the budget is that of another compiler: registers are not compared")
    for name, where, text in problems:
        print(f"{name} ({where}): {text}")
    print(f"{len(kernels)} kernels on {len(ARCHITECTURES)} architectures: "
          + (f"{len(problems)} findings" if problems else "nothing found"))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
