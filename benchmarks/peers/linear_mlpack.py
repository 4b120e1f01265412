"""mlpack's logistic regression with ensmallen's mini-batch SGD, in double, as its Python binding takes the data."""
import numpy
import protocol
from mlpack import LogisticRegression

ROWS, PASSES = 20000, 5  # of one call


def case(x, y, batch):
    part, labels = numpy.ascontiguousarray(x[:ROWS], dtype=float), y[:ROWS].astype(int)
    model = LogisticRegression(optimizer="sgd", batch_size=batch, step_size=0.1 / batch, max_iterations=PASSES * len(part),
                               tolerance=1e-30)
    return lambda: model.fit(training=part, labels=labels)


def main():
    arguments = protocol.arguments()
    x, y = protocol.dense(arguments.data)
    protocol.serve((f"batch={b}", lambda b=b: case(x, y, b), PASSES * min(ROWS, len(x))) for b in arguments.batch)


main()
