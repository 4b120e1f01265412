"""The time of real steps on known GPUs, predicted from the object files of the build (docs/performance_model.md), against the
committed predictions.

  predict.py BUILD_DIR [--update] [--nodes WORKLOAD GPU]"""
import argparse
import functools
import json
import pathlib
import sys

import devices
import model
import nodes
import objects
import sass
import work

PREDICTIONS = pathlib.Path(__file__).resolve().parent / "predictions.json"
SLOWER = 0.03  # a prediction may be this much above the committed one


def launched(steps):
    """Names of kernels that the steps launch."""
    return {node.kernel for step in steps.values() for node in step.nodes} - {"thrust"}


def code_reader(kernels):
    """(kernel, architecture) -> (Code, Flow); `kernels` from objects.read_objects."""
    known = {kernel.name.partition(": ")[2]: kernel for kernel in kernels}

    @functools.cache
    def code_of(name, architecture):
        if name not in known:
            raise KeyError(f"no object holds {name}: build the preset cuda, or nodes.golden is older than the kernels")
        code = known[name].code[architecture]
        return code, sass.Flow(code.lines)
    return code_of


def predictions(steps, kernels, gpus):
    """(workload, GPU) -> Prediction"""
    code_of, by_name = code_reader(kernels), {gpu.name: gpu for gpu in gpus}
    return {(workload, gpu): model.predict(by_name[gpu], step, work.SHAPES[workload], code_of)
            for (workload, gpu), step in steps.items()}


def table(found):
    """workload -> GPU -> [microseconds, percent of the roofline, what binds], in the order of the tables"""
    rows, order = {}, [gpu.name for gpu in devices.NOMINAL]
    for workload, gpu in sorted(found, key=lambda key: (list(work.SHAPES).index(key[0]), order.index(key[1]))):
        prediction = found[workload, gpu]
        rows.setdefault(workload, {})[gpu] = [float(f"{prediction.microseconds:.4g}"), float(f"{prediction.share * 100:.3g}"),
                                              prediction.binds]
    return rows


def written(rows):
    lines = []
    for workload, of in rows.items():
        cells = ",\n".join(f"    {json.dumps(gpu)}: {json.dumps(row)}" for gpu, row in of.items())
        lines.append(f"  {json.dumps(workload)}: {{\n{cells}\n  }}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def findings(now, budget):
    """What is slower than committed, or not committed."""
    for workload, of in now.items():
        for gpu, (microseconds, _, binds) in of.items():
            allowed = budget.get(workload, {}).get(gpu)
            if allowed is None:
                yield f"{workload} on {gpu}: no committed prediction"
            elif microseconds > allowed[0] * (1 + SLOWER):
                yield f"{workload} on {gpu}: {microseconds} us predicted, {allowed[0]} committed; {binds} takes longest"
    for workload in budget.keys() - now.keys():
        yield f"{workload}: a committed prediction, but no such workload"


def printed(rows):
    yield f"{'workload':<13}" + "".join(f"{gpu:>32}" for gpu in next(iter(rows.values())))
    for workload, of in rows.items():
        yield f"{workload:<13}" + "".join(f"{f'{us:.4g} us {share:.3g} %':>32}" for us, share, _ in of.values())
        yield f"{'':<13}" + "".join(f"{binds:>32}" for _, _, binds in of.values())


def node_table(prediction):
    for node, time in prediction.nodes:
        yield f"{time.microseconds:9.2f} us  {time.binds:8} {node.kernel.split(',')[0]:45.45} {node.blocks} x {node.threads}"


def check(kernels, steps, update):
    """Prints the predictions and returns what is wrong with them."""
    found = predictions(steps, kernels, devices.gpus())
    rows = table(found)
    print("\n".join(printed(rows)))
    if update:
        PREDICTIONS.write_text(written(rows))
    return list(findings(rows, json.loads(PREDICTIONS.read_text())))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("objects", type=pathlib.Path, help="a build folder of the cuda preset")
    parser.add_argument("--update", action="store_true", help="write the predictions anew")
    parser.add_argument("--nodes", nargs=2, metavar=("WORKLOAD", "GPU"), help="print the nodes of one step")
    args = parser.parse_args()
    steps = nodes.read(nodes.GOLDEN.read_text())
    kernels = objects.read_objects(objects.kernel_objects(args.objects))
    if args.nodes:
        found = predictions({tuple(args.nodes): steps[tuple(args.nodes)]}, kernels, devices.gpus())
        print("\n".join(node_table(found[tuple(args.nodes)])))
        return 0
    problems = check(kernels, steps, args.update)
    print("\n".join(problems), end="\n" if problems else "")
    print(f"{len(steps)} predictions: " + (f"{len(problems)} findings" if problems else "none is slower than committed"))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
