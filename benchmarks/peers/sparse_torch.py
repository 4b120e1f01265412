"""Sparse logistic regression in PyTorch: EmbeddingBag with sparse gradients and plain SGD."""
import protocol
import torch

torch.set_num_threads(protocol.threads())


def case(columns, values, y, features, batch):
    weight = torch.nn.EmbeddingBag(features, 1, mode="sum", sparse=True)
    torch.nn.init.zeros_(weight.weight)
    bias = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([*weight.parameters(), bias], lr=0.5)
    loss_of = torch.nn.BCEWithLogitsLoss()
    batches = protocol.Batches(len(columns), batch)

    def step():
        rows = torch.from_numpy(batches.next())
        optimizer.zero_grad()
        z = weight(columns[rows], per_sample_weights=values[rows]).squeeze(1) + bias
        loss = loss_of(z, y[rows])
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def main():
    arguments = protocol.arguments()
    offsets, columns, values, y = protocol.sparse(arguments.data)
    entries = int(offsets[1])
    c, v = torch.from_numpy(columns.reshape(-1, entries)), torch.from_numpy(values.reshape(-1, entries))
    t = torch.from_numpy(y)
    protocol.serve((f"batch={b}", lambda b=b: case(c, v, t, 1_000_000, b), b) for b in arguments.batch)


main()
