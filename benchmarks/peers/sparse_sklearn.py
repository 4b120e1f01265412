"""SGDClassifier with the logistic loss on CSR rows: one sample at a time, whatever the batch."""
import numpy
import protocol
import scipy.sparse
from sklearn.linear_model import SGDClassifier

ROWS = 50000  # of one call


def case(x, y):
    model = SGDClassifier(loss="log_loss", learning_rate="constant", eta0=0.5, penalty=None)
    parts = [(x[at:at + ROWS], y[at:at + ROWS]) for at in range(0, x.shape[0], ROWS)]
    at = 0

    def step():
        nonlocal at
        model.partial_fit(*parts[at], classes=numpy.array([0, 1]))  # shuffles the rows itself
        at = (at + 1) % len(parts)

    return step


def main():
    arguments = protocol.arguments()
    offsets, columns, values, y = protocol.sparse(arguments.data)
    x = scipy.sparse.csr_matrix((values, columns.astype(numpy.int32), offsets.astype(numpy.int32)),
                                shape=(len(y), 1_000_000))
    protocol.serve((f"batch={b}", lambda: case(x, y), min(ROWS, len(y))) for b in arguments.batch)


main()
