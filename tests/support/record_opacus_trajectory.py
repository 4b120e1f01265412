"""Records 20 steps of Opacus' clipped SGD (hooks mode, float64, no noise) for tests/host/per_sample_opacus_test.cpp.

    python tests/support/record_opacus_trajectory.py      # rewrites tests/data/opacus_trajectory.json

Needs torch and opacus. Inputs and initial parameters are multiples of 1/16, which float32 holds exactly.
"""
import json
import pathlib
import random
import warnings

import opacus
import torch
from opacus import GradSampleModule
from opacus.optimizers import DPOptimizer

DATA = pathlib.Path(__file__).resolve().parent.parent / "data"
STEPS, BATCHES, ROWS, FEATURES, HIDDEN, CLASSES, CLIP, LR = 20, 4, 8, 6, 7, 3, 0.5, 0.5


def main():
    warnings.simplefilter("ignore")
    rng = random.Random(2)
    sixteenths = lambda *shape: torch.tensor(
        [rng.randint(-16, 16) / 16 for _ in range(torch.Size(shape).numel())], dtype=torch.float64).reshape(shape)
    inputs = sixteenths(BATCHES * ROWS, FEATURES)
    targets = torch.tensor([rng.randrange(CLASSES) for _ in range(BATCHES * ROWS)])
    net = torch.nn.Sequential(torch.nn.Linear(FEATURES, HIDDEN), torch.nn.Tanh(), torch.nn.Linear(HIDDEN, CLASSES))
    net = net.double()
    for parameter in net.parameters():
        parameter.data = sixteenths(*parameter.shape)
    start = [parameter.flatten().tolist() for parameter in net.parameters()]

    model = GradSampleModule(net)
    optimizer = DPOptimizer(torch.optim.SGD(model.parameters(), lr=LR), noise_multiplier=0.0, max_grad_norm=CLIP,
                            expected_batch_size=ROWS)
    losses = []
    for step in range(STEPS):
        rows = slice(step % BATCHES * ROWS, (step % BATCHES + 1) * ROWS)
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(inputs[rows]), targets[rows])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())

    content = {
        "opacus": opacus.__version__, "hidden": HIDDEN, "classes": CLASSES, "batch": ROWS, "clip_norm": CLIP, "lr": LR,
        "inputs": inputs.tolist(), "targets": targets.tolist(), "start": start, "losses": losses,
        "end": [parameter.flatten().tolist() for parameter in net.parameters()],
    }
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in content.items()]
    (DATA / "opacus_trajectory.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


main()
