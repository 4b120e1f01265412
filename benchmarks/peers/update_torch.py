"""Optimizer steps of PyTorch on one tensor. --mode fused | foreach."""
import protocol
import torch

torch.set_num_threads(protocol.threads())


def case(optimizer, count, mode):
    parameter = torch.nn.Parameter(torch.rand(count))
    parameter.grad = torch.rand(count) - 0.5
    kind = {"fused": dict(fused=True), "foreach": dict(foreach=True)}[mode]
    if optimizer == "adam":
        rule = torch.optim.Adam([parameter], lr=1e-4, **kind)
    else:
        rule = torch.optim.SGD([parameter], lr=1e-4, momentum=0.9, **kind)
    return rule.step


def main():
    arguments = protocol.arguments()
    protocol.serve((f"{name} {count}", lambda name=name, count=count: case(name, count, arguments.mode), 0)
                   for name in arguments.optimizer for count in arguments.parameters)


main()
