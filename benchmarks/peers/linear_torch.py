"""Logistic regression in PyTorch: rows gathered by index, autograd, plain SGD. --mode eager | compiled."""
import protocol
import torch

torch.set_num_threads(protocol.threads())


def case(x, y, batch, compiled):
    model = torch.nn.Linear(x.shape[1], 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss_of = torch.nn.BCEWithLogitsLoss()

    def loss(rows):
        return loss_of(model(x[rows]).squeeze(1), y[rows])

    if compiled:
        loss = torch.compile(loss)
    batches = protocol.Batches(len(x), batch)

    def step():
        optimizer.zero_grad()
        value = loss(torch.from_numpy(batches.next()))
        value.backward()
        optimizer.step()
        return value.item()  # training reports its loss

    return step


def main():
    arguments = protocol.arguments()
    x, y = (torch.from_numpy(array) for array in protocol.dense(arguments.data))
    compiled = arguments.mode == "compiled"
    protocol.serve((f"batch={b}", lambda b=b: case(x, y, b, compiled), b) for b in arguments.batch)


main()
