"""Clipped per-sample steps by hand in PyTorch operations, and the plain step. --mode plain | clipped.

Norms from |x|^2 |delta|^2, one reweighted product per layer (book-keeping, Bu et al. 2022).
"""
import networks
import protocol
import torch

torch.set_num_threads(protocol.threads())
RATE, CLIP = 1e-3, 1.0


def forward(layers, x):
    inputs = [x]
    for weight, bias in layers:
        x = torch.addmm(bias, inputs[-1], weight.t())
        inputs.append(torch.relu_(x) if weight is not layers[-1][0] else x)
    return inputs


def deltas_of(layers, inputs, y):
    delta = torch.softmax(inputs[-1], 1)
    delta[torch.arange(len(y)), y] -= 1
    deltas = [delta]
    for (weight, _), x in zip(layers[:0:-1], inputs[-2:0:-1]):
        delta = (delta @ weight) * (x > 0)
        deltas.insert(0, delta)
    return deltas


def case(x, y, batch, clipped):
    layers = [(m.weight.detach(), m.bias.detach()) for m in networks.torch_network(x.shape[1]) if hasattr(m, "weight")]
    batches = protocol.Batches(len(x), batch)

    @torch.no_grad()
    def step():
        rows = torch.from_numpy(batches.next())
        inputs = forward(layers, x[rows])
        deltas = deltas_of(layers, inputs, y[rows])
        if clipped:
            squares = sum((d * d).sum(1) * ((i * i).sum(1) + 1) for d, i in zip(deltas, inputs))
            factors = (CLIP / (squares.sqrt() + 1e-6)).clamp_(max=1)[:, None]
            deltas = [d * factors for d in deltas]
        for (weight, bias), delta, i in zip(layers, deltas, inputs):
            weight.addmm_(delta.t(), i, alpha=-RATE / batch)
            bias.sub_(delta.sum(0), alpha=RATE / batch)

    return step


def main():
    arguments = protocol.arguments()
    x, y = networks.torch_data(arguments.data)
    protocol.serve((f"batch={b}", lambda b=b: case(x, y, b, arguments.mode == "clipped"), b) for b in arguments.batch)


main()
