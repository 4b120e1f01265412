"""Optimizer steps in JAX, compiled, arrays donated."""
import jax
import jax.numpy as jnp
import protocol

RATE, BETA1, BETA2, EPS = 1e-4, 0.9, 0.999, 1e-8


def adam(p, g, m, v, t):
    m = m + (1 - BETA1) * (g - m)
    v = v + (1 - BETA2) * (g * g - v)
    return p - RATE / (1 - BETA1**t) * m / (jnp.sqrt(v) / jnp.sqrt(1 - BETA2**t) + EPS), m, v


def momentum(p, g, m, v, t):
    m = BETA1 * m + g
    return p - RATE * m, m, v


def case(name, count):
    rule = jax.jit({"adam": adam, "momentum": momentum}[name], donate_argnums=(0, 2, 3))
    g = jax.random.uniform(jax.random.key(1), (count,), jnp.float32) - 0.5
    p, m = jnp.ones(count, jnp.float32), jnp.zeros(count, jnp.float32)
    v = jnp.zeros(count if name == "adam" else 1, jnp.float32)

    def step():
        nonlocal p, m, v
        p, m, v = jax.block_until_ready(rule(p, g, m, v, 10.0))

    return step


def main():
    arguments = protocol.arguments()
    protocol.serve((f"{name} {count}", lambda name=name, count=count: case(name, count), 0)
                   for name in arguments.optimizer for count in arguments.parameters)


main()
