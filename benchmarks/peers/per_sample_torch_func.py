"""Clipped per-sample steps by torch.func: vmap over grad."""
import networks
import protocol
import torch
from torch.func import functional_call, grad, vmap

torch.set_num_threads(protocol.threads())
RATE, CLIP = 1e-3, 1.0


def case(x, y, batch):
    model = networks.torch_network(x.shape[1])
    parameters = {name: p.detach() for name, p in model.named_parameters()}

    def loss(parameters, sample, label):
        return torch.nn.functional.cross_entropy(functional_call(model, parameters, (sample[None],)), label[None])

    gradients_of = vmap(grad(loss), in_dims=(None, 0, 0))
    batches = protocol.Batches(len(x), batch)

    @torch.no_grad()
    def step():
        rows = torch.from_numpy(batches.next())
        gradients = gradients_of(parameters, x[rows], y[rows])
        norms = sum(g.flatten(1).square().sum(1) for g in gradients.values()).sqrt()
        factors = (CLIP / (norms + 1e-6)).clamp(max=1)
        for name, g in gradients.items():
            parameters[name] -= RATE / batch * torch.einsum("n,n...->...", factors, g)

    return step


def main():
    arguments = protocol.arguments()
    x, y = networks.torch_data(arguments.data)
    protocol.serve((f"batch={b}", lambda b=b: case(x, y, b), b) for b in arguments.batch)


main()
