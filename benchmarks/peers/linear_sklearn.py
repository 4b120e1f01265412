"""SGDClassifier with the logistic loss: one sample at a time, whatever the batch."""
import numpy
import protocol
from sklearn.linear_model import SGDClassifier

ROWS = 20000  # of one call


def case(x, y):
    model = SGDClassifier(loss="log_loss", learning_rate="constant", eta0=1e-3, penalty=None)
    at = 0

    def step():
        nonlocal at
        rows = slice(at, at + min(ROWS, len(x)))
        model.partial_fit(x[rows], y[rows], classes=numpy.array([0, 1]))  # shuffles the rows itself
        at = at + ROWS if at + 2 * ROWS <= len(x) else 0

    return step


def main():
    arguments = protocol.arguments()
    x, y = protocol.dense(arguments.data)
    protocol.serve((f"batch={b}", lambda: case(x, y), min(ROWS, len(x))) for b in arguments.batch)


main()
