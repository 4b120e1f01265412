"""Logistic regression by hand in numpy: two products and an update."""
import numpy
import protocol


def case(x, y, batch):
    w, b = numpy.zeros(x.shape[1], numpy.float32), numpy.float32(0)
    batches = protocol.Batches(len(x), batch)
    rate = numpy.float32(0.1 / batch)

    def step():
        nonlocal b
        rows = batches.next()
        xb, yb = x[rows], y[rows]
        z = xb @ w + b
        delta = 1 / (1 + numpy.exp(-z)) - yb
        numpy.subtract(w, rate * (delta @ xb), out=w)
        b -= rate * delta.sum()
        return float((numpy.logaddexp(numpy.float32(0), z) - yb * z).mean())

    return step


def main():
    arguments = protocol.arguments()
    x, y = protocol.dense(arguments.data)
    protocol.serve((f"batch={b}", lambda b=b: case(x, y, b), b) for b in arguments.batch)


main()
