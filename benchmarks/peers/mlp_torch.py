"""The network 784-512-512-10 in PyTorch with fused Adam. --mode eager | compiled."""
import networks
import protocol
import torch

torch.set_num_threads(protocol.threads())


def case(x, y, batch, compiled):
    model = networks.torch_network(x.shape[1])
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    forward = torch.compile(model) if compiled else model
    batches = protocol.Batches(len(x), batch)

    def step():
        rows = torch.from_numpy(batches.next())
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(forward(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def main():
    arguments = protocol.arguments()
    x, y = networks.torch_data(arguments.data)
    compiled = arguments.mode == "compiled"
    protocol.serve((f"batch={b}", lambda b=b: case(x, y, b, compiled), b) for b in arguments.batch)


main()
