"""The network that mlp and per-sample peers share, in their own words."""
import protocol

HIDDEN, CLASSES = 512, 10


def torch_network(features):
    import torch
    return torch.nn.Sequential(torch.nn.Linear(features, HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, HIDDEN),
                               torch.nn.ReLU(), torch.nn.Linear(HIDDEN, CLASSES))


def torch_data(folder):
    import torch
    x, y = protocol.dense(folder)
    return torch.from_numpy(x), torch.from_numpy(y).long()


def jax_network(features):
    """Parameters [(weight, bias), ...] and the logits of a batch by them."""
    import jax
    import jax.numpy as jnp
    keys = jax.random.split(jax.random.key(0), 3)
    widths = [features, HIDDEN, HIDDEN, CLASSES]
    parameters = [(jax.random.normal(key, (i, o), jnp.float32) * (2 / i) ** 0.5, jnp.zeros(o, jnp.float32))
                  for key, i, o in zip(keys, widths, widths[1:])]

    def logits(parameters, x):
        for weight, bias in parameters[:-1]:
            x = jax.nn.relu(x @ weight + bias)
        return x @ parameters[-1][0] + parameters[-1][1]

    return parameters, logits
