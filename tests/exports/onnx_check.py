"""Trains a model of every kind, exports it, and compares onnxruntime with `thalweg predict` on rows with missing values and
unseen categories."""
import csv
import itertools
import json
import math
import pathlib
import random
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

TOLERANCE = 1e-6
ACTIVATIONS = ["relu", "tanh", "sigmoid", "gelu"]
NORMALIZATIONS = ["none", "layer", "batch"]
LOSSES_OF_NUMBERS = ["squared", "absolute", "huber", "quantile", "poisson"]
LOSSES_OF_CLASSES = ["logistic", "hinge", "squared_hinge", "softmax_cross_entropy"]
NUMBERS, TEXTS = ["size", "time", "date"], ["kind", "place"]


def thalweg(program, *words):
    result = subprocess.run([program, *words], capture_output=True, text=True)
    assert result.returncode == 0, f"thalweg {' '.join(words)}: exit {result.returncode}\n{result.stderr}"
    return result.stdout


def row(rng, train, holes):
    """Cells of one row. With holes, some are missing; a row to predict may also have a kind that training did not have."""
    cells = {"size": repr(rng.gauss(3, 2)), "time": repr(1764500000 + rng.randrange(100)),
             "date": repr(20260102 + 2 * rng.randrange(14)),
             "kind": rng.choice(["red", "blue", "a*b", "grün"]), "place": rng.choice(["x", "y", "back\\slash"])}
    if not train and rng.random() < 0.2:
        cells["kind"] = "new"
    if holes:
        for name in cells:
            if rng.random() < 0.15:
                cells[name] = ""
    return cells


def write_csv(path, columns, rows, targets=None):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns + (["target"] if targets else []))
        for at, cells in enumerate(rows):
            writer.writerow([cells[name] for name in columns] + ([targets[at]] if targets else []))


def inputs_of(session, columns, rows):
    """The tensors that the file asks for, from the cells."""
    given = {}
    types = {port.name: port.type for port in session.get_inputs()}
    if "numbers" in types:
        dtype = np.float64 if types["numbers"] == "tensor(double)" else np.float32
        names = [name for name in columns if name in NUMBERS]
        given["numbers"] = np.array([[float(cells[name] or "nan") for name in names] for cells in rows], dtype)
    if "texts" in types:
        names = [name for name in columns if name in TEXTS]
        given["texts"] = np.array([[cells[name] for name in names] for cells in rows], dtype=object)
    return given


def session_of(path):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def compare(outputs, lines, name):
    """Holds the outputs of onnxruntime to the JSON lines of predict; returns the largest difference."""
    largest = 0.0
    for at, line in enumerate(lines):
        want = json.loads(line)
        if "prediction" in want:
            pairs = [(outputs["prediction"][at], want["prediction"])]
        else:
            assert str(outputs["label"][at]) == want["class"], (name, at, outputs["label"][at], want["class"])
            key = "probabilities" if "probabilities" in want else "scores"
            values = list(want[key].values())
            assert outputs[key].shape == (len(lines), len(values)), (name, outputs[key].shape)
            pairs = list(zip(outputs[key][at], values))
        for got, value in pairs:
            difference = abs(float(got) - value) / max(1.0, abs(value))
            assert difference <= TOLERANCE, f"{name}, row {at}: {got} is not {value}"
            largest = max(largest, difference)
    return largest


def export_and_predict(program, folder, name, settings, test, inputs):
    run, path = str(folder / name), str(folder / f"{name}.onnx")
    thalweg(program, "train", f"--out={run}", "--quiet", "--train.epochs=3", "--seed=3", *settings)
    thalweg(program, "export", run, f"--to={path}")
    lines = thalweg(program, "predict", run, f"--data.test={test}", "--json", "--quiet").splitlines()
    session = session_of(path)
    values = session.run(None, inputs(session))
    outputs = dict(zip([port.name for port in session.get_outputs()], values))
    return compare(outputs, lines, name), len(lines)


def targets_of(rng, kind, count):
    if kind == "numbers":
        return [repr(rng.gauss(0, 1)) for _ in range(count)]
    if kind == "counts":
        return [str(rng.randrange(5)) for _ in range(count)]
    return [rng.choice(kind) for _ in range(count)]


def table_case(program, folder, name, columns, targets, settings, holes=False):
    rng = random.Random(name)
    train = [row(rng, True, holes) for _ in range(60)]
    test = [row(rng, False, holes) for _ in range(40)]
    write_csv(folder / f"{name}.csv", columns, train, targets_of(rng, targets, len(train)))
    write_csv(folder / f"{name}.test.csv", columns, test)
    settings = [f"--data.train={folder / name}.csv", *(["--data.impute=mean"] if holes else []), *settings]
    return export_and_predict(program, folder, name, settings, str(folder / f"{name}.test.csv"),
                              lambda session: inputs_of(session, columns, test))


def cases():
    """Name, columns, targets, settings and whether cells are missing."""
    numbers = ["size", "time"]
    mixed = ["kind", "size", "place", "time"]
    for activation, normalization in itertools.product(ACTIVATIONS, NORMALIZATIONS):
        yield (f"network-{activation}-{normalization}", numbers, "numbers",
               ["--model.hidden=9,6", f"--model.activation={activation}", f"--model.normalization={normalization}",
                "--model.dropout=0.3", "--model.loss=squared"], False)
    classes = {"integers": ["3", "-1"], "texts": ["yes", "no"], "three": ["1", "2", "10"], "words": ["a", "b", "c d"]}
    for loss, (kind, names) in itertools.product(LOSSES_OF_CLASSES, classes.items()):
        if loss == "logistic" and len(names) > 2:
            continue
        for hidden in ["", "5"]:
            yield (f"{loss}-{kind}-{hidden}", mixed, names, [f"--model.loss={loss}", f"--model.hidden={hidden}"], True)
    for loss, hidden in itertools.product(LOSSES_OF_NUMBERS, ["", "5"]):
        yield (f"{loss}-{hidden}", mixed, "counts" if loss == "poisson" else "numbers",
               [f"--model.loss={loss}", f"--model.hidden={hidden}"], True)
    yield "no-bias", numbers, "numbers", ["--model.bias=false", "--model.loss=squared"], False
    yield "raw-numbers", ["size"], "numbers", ["--data.standardize=false", "--model.loss=squared"], False
    yield "dates", ["date"], ["a", "b"], ["--model.loss=logistic"], False  # of a large mean and a small deviation
    yield "unit-of-the-target", mixed, "numbers", ["--data.standardize_target=true", "--model.loss=squared"], True
    yield "texts-alone", ["kind", "place"], "numbers", ["--model.loss=squared"], False
    for standardize in ["true", "false"]:
        yield (f"crosses-{standardize}", mixed, ["a", "b"],
               ["--data.crosses=kind*place", "--model.hidden=7", f"--data.standardize={standardize}"], True)


def array_cases(program, folder):
    """Arrays of floats and bytes, and sparse rows."""
    rng = np.random.default_rng(5)
    for name, x in {"floats": rng.normal(size=(50, 6)).astype(np.float32),
                    "bytes": rng.integers(0, 256, size=(50, 12), dtype=np.uint8)}.items():
        for standardize in ["true", "false"]:
            np.save(folder / f"{name}.npy", x)
            np.save(folder / f"{name}.y.npy", rng.integers(0, 3, size=50))
            settings = [f"--data.train={folder / name}.npy", f"--data.target={folder / name}.y.npy", "--model.hidden=5",
                        f"--data.standardize={standardize}", "--model.loss=softmax_cross_entropy"]
            yield export_and_predict(program, folder, f"{name}-{standardize}", settings, str(folder / f"{name}.npy"),
                                     lambda session: {"numbers": x.astype(np.float32)})
    dense = np.where(rng.random((50, 20)) < 0.3, rng.normal(size=(50, 20)), 0).astype(np.float32)
    lines = [f"{rng.choice(['+1', '-1'])} " + " ".join(f"{j + 1}:{x!r}" for j, x in enumerate(map(float, cells)) if x)
             for cells in dense]
    (folder / "rows.svm").write_text("\n".join(lines) + "\n")
    yield export_and_predict(program, folder, "sparse",
                             [f"--data.train={folder / 'rows.svm'}", "--data.features=20", "--model.hidden=4"],
                             str(folder / "rows.svm"), lambda session: {"numbers": dense})


def main():
    program = sys.argv[1]
    largest, rows, models = 0.0, 0, 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        results = itertools.chain((table_case(program, folder, *case) for case in cases()), array_cases(program, folder))
        for difference, count in results:
            largest, rows, models = max(largest, difference), rows + count, models + 1
    assert models >= 50 and rows >= 2000 and math.isfinite(largest)
    print(f"{models} models, {rows} rows: onnxruntime and predict differ by at most {largest:.2g}")


if __name__ == "__main__":
    main()
