"""MLPClassifier: an epoch over a part of the rows a call."""
import numpy
import protocol
from sklearn.neural_network import MLPClassifier

ROWS = 4096


def case(x, y, batch):
    model = MLPClassifier((512, 512), batch_size=batch, learning_rate_init=1e-3)
    part, labels = x[:ROWS], y[:ROWS].astype(int)
    classes = numpy.arange(10)
    return lambda: model.partial_fit(part, labels, classes=classes)


def main():
    arguments = protocol.arguments()
    x, y = protocol.dense(arguments.data)
    protocol.serve((f"batch={b}", lambda b=b: case(x, y, b), min(ROWS, len(x))) for b in arguments.batch)


main()
