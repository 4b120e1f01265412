"""Logistic regression in JAX: many steps in one compiled scan, rows gathered by index."""
import jax
import jax.numpy as jnp
import protocol

STEPS = 16  # of one call


def case(x, y, batch):
    def loss(parameters, x, y, rows):
        z = x[rows] @ parameters[0] + parameters[1]
        return jnp.mean(jax.nn.softplus(z) - y[rows] * z)

    def one(parameters, rows, x, y):
        value, gradient = jax.value_and_grad(loss)(parameters, x, y, rows)
        return jax.tree.map(lambda p, g: p - 0.1 * g, parameters, gradient), value

    # The data are arguments: what a compiled function closes over becomes a constant of it.
    many = jax.jit(lambda parameters, order, x, y: jax.lax.scan(lambda p, r: one(p, r, x, y), parameters, order))
    parameters = (jnp.zeros(x.shape[1], jnp.float32), jnp.float32(0))
    batches = protocol.Batches(len(x), batch)

    def step():
        nonlocal parameters
        parameters, values = many(parameters, batches.chunk(STEPS), x, y)
        return values.block_until_ready()

    return step


def main():
    arguments = protocol.arguments()
    x, y = (jnp.asarray(array) for array in protocol.dense(arguments.data))
    protocol.serve((f"batch={b}", lambda b=b: case(x, y, b), b * STEPS) for b in arguments.batch)


main()
