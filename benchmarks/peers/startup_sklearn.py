"""SGDClassifier, from start to end of a process."""
import sys

import numpy
import startup
from sklearn.linear_model import SGDClassifier

x = numpy.load(sys.argv[1] + "/x.npy")
y = numpy.load(sys.argv[1] + "/target.npy").astype(int)
SGDClassifier(loss="log_loss", max_iter=startup.EPOCHS, tol=None).fit(x, y)
