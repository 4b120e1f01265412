"""Sparse logistic regression in JAX: gather of the entries' weights, scatter-add of their gradients, in one scan."""
import jax
import jax.numpy as jnp
import protocol

STEPS = 16  # of one call


def case(columns, values, y, features, batch):
    def one(parameters, rows, columns, values, y):
        w, b = parameters
        c, v = columns[rows], values[rows]
        z = (w[c] * v).sum(1) + b
        delta = (jax.nn.sigmoid(z) - y[rows]) / batch
        value = jnp.mean(jax.nn.softplus(z) - y[rows] * z)
        return (w.at[c].add(-0.5 * delta[:, None] * v), b - 0.5 * delta.sum()), value

    many = jax.jit(lambda parameters, order, *data: jax.lax.scan(lambda p, r: one(p, r, *data), parameters, order),
                   donate_argnums=0)
    parameters = (jnp.zeros(features, jnp.float32), jnp.float32(0))
    batches = protocol.Batches(len(columns), batch)

    def step():
        nonlocal parameters
        parameters, losses = many(parameters, batches.chunk(STEPS), columns, values, y)
        return losses.block_until_ready()

    return step


def main():
    arguments = protocol.arguments()
    offsets, columns, values, y = protocol.sparse(arguments.data)
    entries, features = int(offsets[1]), 1_000_000
    c = jnp.asarray(columns.reshape(-1, entries), jnp.int32)
    v, t = jnp.asarray(values.reshape(-1, entries)), jnp.asarray(y)
    protocol.serve((f"batch={b}", lambda b=b: case(c, v, t, features, b), b * STEPS) for b in arguments.batch)


main()
