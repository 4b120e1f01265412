"""Shuffled batches of rows on the disk by PyTorch's DataLoader over numpy.memmap: an epoch a step. A batch is one read of the
data set by the list of its rows, which is faster than row by row."""
import data_files
import protocol
import torch
from torch.utils.data import BatchSampler, DataLoader, Dataset, RandomSampler


class Rows(Dataset):
    """Each worker opens the files for itself, and ends with the epoch."""

    def __init__(self, folder):
        self.folder, self.rows = folder, len(data_files.DiskRows(folder))
        self.data = None

    def __len__(self):
        return self.rows

    def __getitem__(self, rows):
        self.data = self.data or data_files.DiskRows(self.folder)
        x, y = self.data.take(rows)
        return torch.from_numpy(x), torch.from_numpy(y)


def epochs(folder, batch, workers):
    data = Rows(folder)
    loader = DataLoader(data, sampler=BatchSampler(RandomSampler(data), batch, drop_last=False), batch_size=None, num_workers=workers)

    def step():
        for _ in loader:
            pass

    return step, len(data)


def main():
    arguments = protocol.arguments()
    batch, = arguments.batch
    step, samples = epochs(arguments.data, batch, arguments.threads)
    protocol.serve((name, lambda: step, samples) for name in ("rows", "blocks", "blocks, first epoch"))


main()
