"""mlpack's logistic regression with ensmallen's mini-batch SGD, in double, as its Python binding takes the data."""
import mlpack
import numpy
import protocol

ROWS = 20000  # of one call, once over each; the binding copies them


def case(x, y, batch):
    part, labels = numpy.ascontiguousarray(x[:ROWS], dtype=float), y[:ROWS].astype(int)

    def step():
        mlpack.logistic_regression(training=part, labels=labels, optimizer="sgd", batch_size=batch, step_size=0.1 / batch,
                                   max_iterations=len(part), tolerance=0, copy_all_inputs=False)

    return step


def main():
    arguments = protocol.arguments()
    x, y = protocol.dense(arguments.data)
    protocol.serve((f"batch={b}", lambda b=b: case(x, y, b), min(ROWS, len(x))) for b in arguments.batch)


main()
