"""LIBLINEAR's dual logistic regression to its own tolerance: the time of a whole fit, not of a pass."""
import protocol
import scipy.sparse
from liblinear.liblinearutil import parameter, problem, train

ROWS = 50000


def main():
    arguments = protocol.arguments()
    offsets, columns, values, y = protocol.sparse(arguments.data)
    x = scipy.sparse.csr_matrix((values.astype(float), columns, offsets), shape=(len(y), 1_000_000))[:ROWS]
    rows = problem(y[:ROWS], x)
    protocol.serve((f"batch={b}", lambda: lambda: train(rows, parameter("-s 7 -q")), ROWS) for b in arguments.batch)


main()
