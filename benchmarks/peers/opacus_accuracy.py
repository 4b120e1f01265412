"""Accuracy that Opacus reaches with DP-SGD at epsilon 3, delta 1e-5: the settings of docs/per-sample.md.

    python benchmarks/peers/opacus_accuracy.py a9a|mnist [seed]

Needs torch and opacus. Poisson sampling, flat clipping, hooks mode, PRV accountant, plain SGD.
"""
import gzip
import pathlib
import sys
import warnings

import numpy
import torch
from opacus import PrivacyEngine

DATA = pathlib.Path(__file__).resolve().parents[2] / "data"
EPSILON, DELTA, CLIP = 3.0, 1e-5, 1.0


def libsvm(path, features):
    rows, labels = [], []
    for line in path.read_text().splitlines():
        parts = line.split()
        row = numpy.zeros(features, numpy.float32)
        for part in parts[1:]:
            index, value = part.split(":")
            row[int(index) - 1] = float(value)
        rows.append(row)
        labels.append(int(float(parts[0]) > 0))
    return torch.tensor(numpy.stack(rows)), torch.tensor(labels, dtype=torch.float32)


def a9a():
    train, test = libsvm(DATA / "a9a", 123), libsvm(DATA / "a9a.t", 123)
    return train, test, torch.nn.Sequential(torch.nn.Linear(123, 1), torch.nn.Flatten(0)), dict(batch=512, lr=1.0, epochs=10)


def mnist():
    images = numpy.frombuffer(gzip.open(DATA / "mnist10k-images-idx3-ubyte.gz").read(), numpy.uint8, offset=16)
    labels = numpy.frombuffer(gzip.open(DATA / "mnist10k-labels-idx1-ubyte.gz").read(), numpy.uint8, offset=8)
    x = torch.tensor(images.reshape(-1, 784).astype(numpy.float32) / 255)
    y = torch.tensor(labels.astype(numpy.int64))
    net = torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.Tanh(), torch.nn.Linear(128, 10))
    return (x[:8000], y[:8000]), (x[8000:], y[8000:]), net, dict(batch=512, lr=1.0, epochs=20)


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    torch.manual_seed(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    train, test, net, run = {"a9a": a9a, "mnist": mnist}[sys.argv[1]]()
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*train), batch_size=run["batch"])
    engine = PrivacyEngine(accountant="prv")
    model, optimizer, loader = engine.make_private_with_epsilon(
        module=net, optimizer=torch.optim.SGD(net.parameters(), lr=run["lr"]), data_loader=loader,
        target_epsilon=EPSILON, target_delta=DELTA, epochs=run["epochs"], max_grad_norm=CLIP)
    multi = train[1].dtype == torch.int64
    loss = torch.nn.functional.cross_entropy if multi else torch.nn.functional.binary_cross_entropy_with_logits
    for _ in range(run["epochs"]):
        for x, y in loader:
            optimizer.zero_grad()
            loss(model(x), y).backward()
            optimizer.step()
    with torch.no_grad():
        outputs = net(test[0])
        predicted = outputs.argmax(1) if outputs.dim() == 2 else (outputs > 0).float()
        accuracy = (predicted == test[1]).double().mean().item()
    print(f"{sys.argv[1]}: accuracy {accuracy:.4f}, epsilon {engine.get_epsilon(DELTA):.3f}, "
          f"noise multiplier {optimizer.noise_multiplier:.3f}, {run}")


main()
