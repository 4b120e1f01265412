"""A CSV of numbers by the readers of pandas and pyarrow, into one float32 matrix: a whole file a step."""
import data_files
import protocol


def pandas_reader(path):
    import pandas
    return lambda: pandas.read_csv(path, dtype="float32").to_numpy()


def pyarrow_reader(path):
    import numpy
    from pyarrow import csv, float32
    names = path.open().readline().strip().split(",")
    options = csv.ConvertOptions(column_types={name: float32() for name in names})
    return lambda: numpy.column_stack([column.to_numpy() for column in csv.read_csv(path, convert_options=options).columns])


def main():
    arguments = protocol.arguments()
    path = data_files.csv(arguments.data)
    rows = len(data_files.DiskRows(arguments.data))
    make = {"pandas": pandas_reader, "pyarrow": pyarrow_reader}[arguments.mode]
    protocol.serve([("csv", lambda: make(path), rows)])


main()
