"""Trains and scores a table: thalweg as a program with no settings but data and model, scikit-learn with its defaults."""
import pathlib
import subprocess
import time

import numpy
import pandas
from sklearn.compose import TransformedTargetRegressor, make_column_selector, make_column_transformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelBinarizer, MaxAbsScaler, OneHotEncoder, StandardScaler
from sklearn.datasets import dump_svmlight_file


def rows_of(x, ids):
    return x.iloc[ids] if isinstance(x, pandas.DataFrame) else x[ids]


def splits(table):
    """Small tables are split again and again: one split of them says little."""
    count = len(table.target)
    if table.split:
        yield numpy.arange(table.split), numpy.arange(table.split, count)
        return
    for seed in range(20 if count < 100 else 5 if count < 2000 else 1):
        yield train_test_split(numpy.arange(count), random_state=seed, stratify=table.target if table.classes else None)


def score(table, truth, predicted):
    """R2, or the AUC of each class against the others; `predicted` has a column per class, in order."""
    if not table.classes:
        return r2_score(truth, predicted)
    one_of = LabelBinarizer().fit(numpy.unique(table.target)).transform(truth)
    if one_of.shape[1] == 1:
        return roc_auc_score(one_of[:, 0], predicted[:, 1])
    return numpy.mean([roc_auc_score(one_of[:, c], predicted[:, c]) for c in range(one_of.shape[1]) if 0 < one_of[:, c].mean() < 1])


def peer(table, network):
    if table.classes:
        model = MLPClassifier(random_state=0) if network else LogisticRegression(max_iter=5000)
    else:
        model = MLPRegressor(random_state=0) if network else Ridge()
        model = TransformedTargetRegressor(model, transformer=StandardScaler())
    if isinstance(table.features, pandas.DataFrame):
        text = make_column_selector(dtype_include=[object, "str", "category"])
        scale = make_column_transformer((OneHotEncoder(sparse_output=False), text), remainder=StandardScaler())
    else:
        scale = MaxAbsScaler()
    return make_pipeline(scale, model)


def peer_score(table, network, train, test):
    model = peer(table, network).fit(rows_of(table.features, train), table.target[train])
    x = rows_of(table.features, test)
    return score(table, table.target[test], model.predict_proba(x) if table.classes else model.predict(x))


def write(table, ids, file):
    x, y = rows_of(table.features, ids), table.target[ids]
    if isinstance(x, pandas.DataFrame):
        x.assign(TARGET=y).to_csv(file, index=False)
    elif isinstance(x, numpy.ndarray):
        numpy.savez(file, x=x, y=numpy.array([int(label[1:]) for label in y]))
    else:
        dump_svmlight_file(x, [int(label[1:]) for label in y], str(file), zero_based=False)


def data_flags(table, folder, train, test):
    kind = {pandas.DataFrame: "csv", numpy.ndarray: "npz"}.get(type(table.features), "libsvm")
    paths = [pathlib.Path(folder) / f"{part}.{kind}" for part in ("train", "test")]
    write(table, train, paths[0]), write(table, test, paths[1])
    return [f"--data.train={paths[0]}", f"--data.test={paths[1]}", *(["--data.target=TARGET"] if kind == "csv" else [])]


def thalweg_score(program, table, network, folder, train, test, flags=()):
    """Score, seconds of the training, and what the run said."""
    out = pathlib.Path(folder) / "run"
    words = data_flags(table, folder, train, test) + (["--model.hidden=64,64"] if network else []) + list(flags)
    begin = time.perf_counter()
    done = subprocess.run([program, "train", "--checkpoint.resume=never", f"--out={out}", *words], capture_output=True, text=True)
    seconds = time.perf_counter() - begin
    if done.returncode != 0:
        raise RuntimeError(f"{table.name}: {done.stderr}")
    subprocess.run([program, "predict", out, "--quiet", f"--output={folder}/predicted.csv"], check=True)
    predicted = pandas.read_csv(f"{folder}/predicted.csv")
    columns = [name for name in predicted.columns if name.startswith("probability")]
    values = predicted[columns].to_numpy() if table.classes else predicted.iloc[:, -1].to_numpy()
    return score(table, table.target[test], values), seconds, done.stderr
