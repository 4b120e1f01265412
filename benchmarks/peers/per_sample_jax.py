"""Clipped per-sample steps by JAX: vmap over grad, compiled."""
import jax
import jax.numpy as jnp
import networks
import protocol

RATE, CLIP = 1e-3, 1.0


def case(x, y, batch):
    parameters, logits = networks.jax_network(x.shape[1])

    def loss(parameters, sample, label):
        return -jax.nn.log_softmax(logits(parameters, sample[None]))[0, label]

    @jax.jit
    def one(parameters, rows, x, y):
        gradients = jax.vmap(jax.grad(loss), in_axes=(None, 0, 0))(parameters, x[rows], y[rows])
        squares = sum(jnp.square(g).reshape(batch, -1).sum(1) for g in jax.tree.leaves(gradients))
        factors = jnp.minimum(1.0, CLIP / (jnp.sqrt(squares) + 1e-6))
        return jax.tree.map(lambda p, g: p - RATE / batch * jnp.tensordot(factors, g, 1), parameters, gradients)

    batches = protocol.Batches(len(x), batch)

    def step():
        nonlocal parameters
        parameters = jax.block_until_ready(one(parameters, batches.next(), x, y))

    return step


def main():
    arguments = protocol.arguments()
    x, y = protocol.dense(arguments.data)
    x, y = jnp.asarray(x), jnp.asarray(y, jnp.int32)
    protocol.serve((f"batch={b}", lambda b=b: case(x, y, b), b) for b in arguments.batch)


main()
