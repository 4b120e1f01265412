"""Clipped per-sample steps by Opacus without noise. --mode hooks | ghost."""
import warnings

import networks
import protocol
import torch
from opacus import GradSampleModule
from opacus.grad_sample.grad_sample_module_fast_gradient_clipping import GradSampleModuleFastGradientClipping
from opacus.optimizers import DPOptimizer, DPOptimizerFastGradientClipping
from opacus.utils.fast_gradient_clipping_utils import DPLossFastGradientClipping

warnings.simplefilter("ignore")
torch.set_num_threads(protocol.threads())
CLIP = 1.0


def case(x, y, batch, ghost):
    model = networks.torch_network(x.shape[1])
    plain = torch.optim.SGD(model.parameters(), lr=1e-3)
    common = dict(noise_multiplier=0.0, max_grad_norm=CLIP, expected_batch_size=batch)
    loss_of = torch.nn.CrossEntropyLoss()
    if ghost:
        model = GradSampleModuleFastGradientClipping(model, max_grad_norm=CLIP, use_ghost_clipping=True)
        optimizer = DPOptimizerFastGradientClipping(plain, **common)
        loss_of = DPLossFastGradientClipping(model, optimizer, loss_of, loss_reduction="mean")
    else:
        model = GradSampleModule(model)
        optimizer = DPOptimizer(plain, **common)
    batches = protocol.Batches(len(x), batch)

    def step():
        rows = torch.from_numpy(batches.next())
        optimizer.zero_grad()
        loss_of(model(x[rows]), y[rows]).backward()
        optimizer.step()

    return step


def main():
    arguments = protocol.arguments()
    x, y = networks.torch_data(arguments.data)
    protocol.serve((f"batch={b}", lambda b=b: case(x, y, b, arguments.mode == "ghost"), b) for b in arguments.batch)


main()
