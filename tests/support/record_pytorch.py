"""Records what PyTorch computes for the tests: optimizer trajectories, learning-rate schedules, clipping factors.

    python tests/support/record_pytorch.py        # rewrites tests/data/pytorch_*.json

Needs torch; everything is computed in float64 on the CPU, from inputs that float32 holds exactly.
"""
import json
import pathlib
import random

import torch

DATA = pathlib.Path(__file__).resolve().parent.parent / "data"
STEPS, BATCHES, ROWS, FEATURES = 50, 4, 6, 5


def write(name, content):
    """One line per entry, so that a change shows as a small difference."""
    lines = [f'  {json.dumps(key)}: {json.dumps(value)}' for key, value in content.items()]
    (DATA / name).write_text("{\n" + ",\n".join(lines) + "\n}\n")


def least_squares_problem():
    rng = random.Random(1)
    sixteenths = lambda count: [rng.randint(-24, 24) / 16 for _ in range(count)]
    return {
        "start": sixteenths(FEATURES),
        "inputs": [[sixteenths(FEATURES) for _ in range(ROWS)] for _ in range(BATCHES)],
        "targets": [sixteenths(ROWS) for _ in range(BATCHES)],
    }


def trajectory(problem, make_optimizer):
    """Parameters after each step on the loss mean((x w - y)^2) / 2, batches taken in turn."""
    param = torch.tensor(problem["start"], dtype=torch.float64, requires_grad=True)
    optimizer = make_optimizer([param])
    path = []
    for step in range(STEPS):
        x = torch.tensor(problem["inputs"][step % BATCHES], dtype=torch.float64)
        y = torch.tensor(problem["targets"][step % BATCHES], dtype=torch.float64)
        optimizer.zero_grad()
        (((x @ param - y) ** 2).mean() / 2).backward()
        optimizer.step()
        path.append(param.detach().tolist())
    return path


def record_trajectories():
    """Each case: our setting names, and the same settings in PyTorch's words."""
    o = torch.optim
    cases = {
        "sgd": ({"name": "sgd", "lr": 0.1}, lambda p: o.SGD(p, lr=0.1)),
        "sgd_l2": ({"name": "sgd", "lr": 0.1, "l2": 0.05}, lambda p: o.SGD(p, lr=0.1, weight_decay=0.05)),
        "momentum": ({"name": "momentum", "lr": 0.05, "momentum": 0.9},
                     lambda p: o.SGD(p, lr=0.05, momentum=0.9)),
        "nesterov": ({"name": "nesterov", "lr": 0.05, "momentum": 0.9},
                     lambda p: o.SGD(p, lr=0.05, momentum=0.9, nesterov=True)),
        "adagrad": ({"name": "adagrad", "lr": 0.3, "eps": 1e-10}, lambda p: o.Adagrad(p, lr=0.3, eps=1e-10)),
        "rmsprop": ({"name": "rmsprop", "lr": 0.01, "beta2": 0.99},
                    lambda p: o.RMSprop(p, lr=0.01, alpha=0.99, eps=1e-8)),
        "adam": ({"name": "adam", "lr": 0.05}, lambda p: o.Adam(p, lr=0.05)),
        "adam_l2": ({"name": "adam", "lr": 0.05, "l2": 0.1}, lambda p: o.Adam(p, lr=0.05, weight_decay=0.1)),
        "adamw": ({"name": "adamw", "lr": 0.05, "weight_decay": 0.1},
                  lambda p: o.AdamW(p, lr=0.05, weight_decay=0.1)),
        "amsgrad": ({"name": "amsgrad", "lr": 0.05}, lambda p: o.Adam(p, lr=0.05, amsgrad=True)),
    }
    problem = least_squares_problem()
    content = {"torch": torch.__version__, "problem": problem}
    for name, (settings, make_optimizer) in cases.items():
        content[name] = {"settings": settings, "path": trajectory(problem, make_optimizer)}
    write("pytorch_trajectories.json", content)


def scheduled(make_schedule, steps, lr):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    schedule = make_schedule(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return rates


def plateau(metrics, lr, **settings):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **settings)
    rates = []
    for metric in metrics:
        schedule.step(metric)
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


def record_schedules():
    s, lr, steps = torch.optim.lr_scheduler, 0.5, 40
    cases = {
        "step": ({"name": "step", "step_size": 7, "gamma": 0.3}, lambda o: s.StepLR(o, 7, 0.3)),
        "exponential": ({"name": "exponential", "step_size": 1, "gamma": 0.93},
                        lambda o: s.ExponentialLR(o, 0.93)),
        "polynomial": ({"name": "polynomial", "power": 2.5},
                       lambda o: s.PolynomialLR(o, total_iters=steps, power=2.5)),
        "cosine": ({"name": "cosine", "min_lr": 0.02}, lambda o: s.CosineAnnealingLR(o, steps, eta_min=0.02)),
        "cosine_restarts": ({"name": "cosine", "min_lr": 0.02, "cycle_steps": 5, "cycle_factor": 2},
                            lambda o: s.CosineAnnealingWarmRestarts(o, 5, 2, eta_min=0.02)),
        "cosine_equal_restarts": ({"name": "cosine", "cycle_steps": 6},
                                  lambda o: s.CosineAnnealingWarmRestarts(o, 6)),
        "one_cycle": ({"name": "one_cycle", "rise_fraction": 0.3, "max_lr_start_factor": 25,
                       "max_lr_end_factor": 1e4},
                      lambda o: s.OneCycleLR(o, max_lr=lr, total_steps=steps + 1)),
        "warmup": ({"name": "constant", "warmup_steps": 9, "warmup_start": 0.25},
                   lambda o: s.LinearLR(o, start_factor=0.25, end_factor=1.0, total_iters=9)),
        "warmup_then_cosine": ({"name": "cosine", "warmup_steps": 8, "warmup_start": 0.125},
                               lambda o: s.SequentialLR(o, [s.LinearLR(o, 0.125, 1.0, 8),
                                                            s.CosineAnnealingLR(o, steps - 8)], [8])),
    }
    content = {"torch": torch.__version__, "lr": lr}
    for name, (settings, make_schedule) in cases.items():
        total = steps + 1 if name == "one_cycle" else steps
        content[name] = {"settings": settings, "total_steps": total,
                         "rates": scheduled(make_schedule, steps, lr)}
    metrics = [3.0, 2.0, 1.9999, 1.9998, 2.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.6, 1.7, 1.2, 1.3, 1.3, 1.3, 1.3, 1.3,
               1.3, 1.3, 1.3, 1.3, 1.3, 1.3, 1.3, 1.3, 1.3, 0.5, 0.6, 0.6, 0.6, 0.6]
    content["plateau"] = {
        "settings": {"name": "plateau", "gamma": 0.4, "patience": 2, "threshold": 1e-3, "min_lr": 0.01},
        "metrics": metrics,
        "rates": plateau(metrics, lr, factor=0.4, patience=2, threshold=1e-3, min_lr=0.01),
    }
    write("pytorch_schedules.json", content)


def record_clipping():
    """The norm and the factor that clip_grad_norm_ applies to two tensors at once."""
    rng = random.Random(2)
    tensors = [[rng.randint(-64, 64) / 16 for _ in range(size)] for size in (130, 7)]
    cases = []
    for max_norm in (0.5, 4.0, 20.0, 1000.0):
        params = [torch.zeros(len(t), dtype=torch.float64, requires_grad=True) for t in tensors]
        for param, grad in zip(params, tensors):
            param.grad = torch.tensor(grad, dtype=torch.float64)
        norm = torch.nn.utils.clip_grad_norm_(params, max_norm).item()
        cases.append({"clip_norm": max_norm, "norm": norm, "clipped": [p.grad.tolist() for p in params]})
    write("pytorch_clipping.json", {"torch": torch.__version__, "gradients": tensors, "cases": cases})


if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    record_trajectories()
    record_schedules()
    record_clipping()
