"""The network in JAX: several steps of Adam in one compiled scan."""
import jax
import jax.numpy as jnp
import networks
import protocol

STEPS = 4  # of one call
BETA1, BETA2, RATE, EPS = 0.9, 0.999, 1e-3, 1e-8


def case(x, y, batch):
    parameters, logits = networks.jax_network(x.shape[1])

    def loss(parameters, x, y, rows):
        scores = jax.nn.log_softmax(logits(parameters, x[rows]))
        return -jnp.mean(jnp.take_along_axis(scores, y[rows][:, None], axis=1))

    def one(state, rows, x, y):
        p, m, v, t = state
        value, g = jax.value_and_grad(loss)(p, x, y, rows)
        t = t + 1
        m = jax.tree.map(lambda m, g: m + (1 - BETA1) * (g - m), m, g)
        v = jax.tree.map(lambda v, g: v + (1 - BETA2) * (g * g - v), v, g)
        scale, root = RATE / (1 - BETA1**t), 1 / jnp.sqrt(1 - BETA2**t)
        p = jax.tree.map(lambda p, m, v: p - scale * m / (jnp.sqrt(v) * root + EPS), p, m, v)
        return (p, m, v, t), value

    many = jax.jit(lambda state, order, x, y: jax.lax.scan(lambda s, r: one(s, r, x, y), state, order),
                   donate_argnums=0)
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    state = (parameters, zeros, jax.tree.map(jnp.copy, zeros), jnp.float32(0))
    batches = protocol.Batches(len(x), batch)

    def step():
        nonlocal state
        state, values = many(state, batches.chunk(STEPS), x, y)
        return values.block_until_ready()

    return step


def main():
    arguments = protocol.arguments()
    x, y = protocol.dense(arguments.data)
    x, y = jnp.asarray(x), jnp.asarray(y, jnp.int32)
    protocol.serve((f"batch={b}", lambda b=b: case(x, y, b), b * STEPS) for b in arguments.batch)


main()
