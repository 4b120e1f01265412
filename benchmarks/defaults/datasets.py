"""The data sets of `./run defaults`: real tables of the repository, scikit-learn and statsmodels."""
import gzip
import pathlib
import warnings
from dataclasses import dataclass

import numpy
import pandas
from sklearn import datasets as bundled
import statsmodels.api as statsmodels

warnings.simplefilter("ignore")
DATA = pathlib.Path(__file__).resolve().parents[2] / "data"


@dataclass
class Table:
    name: str
    features: object  # a pandas frame; text columns are categories. A scipy matrix: sparse.
    target: numpy.ndarray  # numbers, or class names
    classes: bool
    split: int = 0  # rows before this one train, the others test; 0: a random quarter tests


def named(classes):
    return numpy.array([f"c{label}" for label in classes])


def from_sklearn(name, classes):
    data = getattr(bundled, f"load_{name}")(as_frame=True)
    frame = data.data.copy()
    frame.columns = [f"x{i}" for i in range(frame.shape[1])]
    return Table(name, frame, named(data.target) if classes else data.target.to_numpy(float), classes)


def from_statsmodels(name, target, drop=(), rule=None, label=None):
    frame = getattr(statsmodels.datasets, name).load_pandas().data.dropna()
    y = frame[target].to_numpy()
    y = named(rule(y)) if rule else y.astype(float)
    return Table(label or name, frame.drop(columns=[target, *drop]), y, rule is not None)


def sunspots():
    """The next year's number from the eleven years before."""
    series = statsmodels.datasets.sunspots.load_pandas().data["SUNACTIVITY"].to_numpy()
    lags = numpy.lib.stride_tricks.sliding_window_view(series, 12)
    return Table("sunspots", pandas.DataFrame(lags[:, :-1], columns=[f"lag{i}" for i in range(11, 0, -1)]), lags[:, -1], False)


def star98():
    """The share of the pupils of a district who are above the median."""
    table = from_statsmodels("star98", "NABOVE")
    table.target = table.target / (table.target + table.features.pop("NBELOW").to_numpy())
    return table


def housing():
    frame = pandas.read_csv(DATA / "california_housing.csv")
    frame["total_bedrooms"] = frame["total_bedrooms"].fillna(frame["total_bedrooms"].median())
    return Table("housing", frame.drop(columns="median_house_value"), frame["median_house_value"].to_numpy(), False)


def mnist():
    def values(name, header):
        raw = gzip.open(DATA / f"mnist10k-{name}-ubyte.gz").read()
        return numpy.frombuffer(raw, numpy.uint8, offset=header)

    images = values("images-idx3", 16).reshape(-1, 784)
    return Table("mnist10k", images, named(values("labels-idx1", 8)), True, split=8000)


def a9a():
    from scipy.sparse import vstack

    (x, y), (x_test, y_test) = (bundled.load_svmlight_file(str(DATA / name), n_features=123) for name in ("a9a", "a9a.t"))
    return Table("a9a", vstack([x, x_test]).tocsr(), named(numpy.r_[y, y_test].astype(int)), True, split=x.shape[0])


def all_tables():
    numbers = lambda y: y.astype(int)
    yield from_sklearn("diabetes", False)
    yield housing()
    yield from_statsmodels("longley", "TOTEMP")
    yield from_statsmodels("engel", "foodexp")
    yield from_statsmodels("copper", "WORLDCONSUMPTION")
    yield from_statsmodels("randhie", "mdvis")
    yield star98()
    yield from_statsmodels("statecrime", "murder")
    yield from_statsmodels("fair", "affairs")
    yield sunspots()
    yield from_sklearn("breast_cancer", True)
    yield from_sklearn("wine", True)
    yield from_sklearn("iris", True)
    yield from_sklearn("digits", True)
    yield from_statsmodels("spector", "GRADE", rule=numbers)
    yield from_statsmodels("anes96", "PID", rule=numbers)
    yield from_statsmodels("modechoice", "choice", drop=["individual"], rule=numbers)
    yield from_statsmodels("fair", "affairs", rule=lambda y: numbers(y > 0), label="fair_any")
    yield a9a()
    yield mnist()
