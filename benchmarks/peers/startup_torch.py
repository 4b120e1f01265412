"""Softmax regression in PyTorch, from start to end of a process."""
import sys

import numpy
import startup
import torch

x = torch.from_numpy(numpy.load(sys.argv[1] + "/x.npy"))
y = torch.from_numpy(numpy.load(sys.argv[1] + "/target.npy")).long()
model = torch.nn.Linear(startup.FEATURES, startup.CLASSES)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(startup.EPOCHS):
    for rows in torch.randperm(len(x)).split(startup.BATCH):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
        optimizer.step()
