"""Progressive loss of SGDClassifier over one pass: of each 4096 rows before they are learnt, at the best of a few rates."""
import json

import numpy
import protocol
import scipy.sparse
from sklearn.linear_model import SGDClassifier

RATES, ROWS = (0.2, 0.5, 1.0), 4096


def progressive_loss(x, y, rate):
    model = SGDClassifier(loss="log_loss", learning_rate="constant", eta0=rate, penalty=None)
    total = len(y[:ROWS]) * numpy.log(2)
    for at in range(0, len(y), ROWS):
        rows, labels = x[at:at + ROWS], y[at:at + ROWS]
        if at > 0:
            scores = model.decision_function(rows)
            total += (numpy.logaddexp(0, scores) - labels * scores).sum()
        model.partial_fit(rows, labels, classes=numpy.array([0, 1]))
    return total / len(y)


def main():
    arguments = protocol.arguments()
    offsets, columns, values, y = protocol.sparse(arguments.data)
    x = scipy.sparse.csr_matrix((values, columns.astype(numpy.int32), offsets.astype(numpy.int32)),
                                shape=(len(y), 1_000_000))
    losses = {rate: progressive_loss(x, y, rate) for rate in RATES}
    print(json.dumps(losses))


main()
