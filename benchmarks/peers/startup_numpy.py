"""Softmax regression in numpy, from start to end of a process."""
import sys

import numpy
import startup

x = numpy.load(sys.argv[1] + "/x.npy")
y = numpy.load(sys.argv[1] + "/target.npy").astype(int)
w, b = numpy.zeros((startup.FEATURES, startup.CLASSES), numpy.float32), numpy.zeros(startup.CLASSES, numpy.float32)
random = numpy.random.default_rng(1)
for _ in range(startup.EPOCHS):
    order = random.permutation(len(x))
    for at in range(0, len(x), startup.BATCH):
        rows = order[at:at + startup.BATCH]
        z = x[rows] @ w + b
        p = numpy.exp(z - z.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        p[numpy.arange(len(rows)), y[rows]] -= 1
        w -= 0.1 / len(rows) * (x[rows].T @ p)
        b -= 0.1 / len(rows) * p.sum(0)
