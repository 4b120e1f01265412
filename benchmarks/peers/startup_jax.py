"""Softmax regression in JAX, a compiled scan an epoch, from start to end of a process."""
import sys

import jax
import jax.numpy as jnp
import numpy
import startup

x = jnp.asarray(numpy.load(sys.argv[1] + "/x.npy"))
y = jnp.asarray(numpy.load(sys.argv[1] + "/target.npy"), jnp.int32)


def loss(parameters, rows):
    scores = jax.nn.log_softmax(x[rows] @ parameters[0] + parameters[1])
    return -jnp.mean(jnp.take_along_axis(scores, y[rows][:, None], axis=1))


@jax.jit
def epoch(parameters, order):
    def one(p, rows):
        return jax.tree.map(lambda a, g: a - 0.1 * g, p, jax.grad(loss)(p, rows)), None
    return jax.lax.scan(one, parameters, order)[0]


parameters = (jnp.zeros((startup.FEATURES, startup.CLASSES)), jnp.zeros(startup.CLASSES))
random = numpy.random.default_rng(1)
batches = len(x) // startup.BATCH
for _ in range(startup.EPOCHS):
    parameters = epoch(parameters, random.permutation(len(x))[:batches * startup.BATCH].reshape(batches, -1))
jax.block_until_ready(parameters)
