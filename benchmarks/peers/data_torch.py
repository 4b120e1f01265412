"""Shuffled batches of rows on the disk by PyTorch's DataLoader over numpy.memmap: an epoch a step. A batch is one read of the
data set by the list of its rows, which is faster than row by row."""
import data_files
import protocol
import torch
from torch.utils.data import BatchSampler, DataLoader, Dataset, RandomSampler


class Rows(Dataset):
    def __init__(self, folder):
        self.x, self.y = data_files.rows_on_disk(folder)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, rows):
        return torch.from_numpy(self.x[rows]), torch.from_numpy(self.y[rows])


def epochs(folder, batch, workers):
    data = Rows(folder)
    loader = DataLoader(data, sampler=BatchSampler(RandomSampler(data), batch, drop_last=False), batch_size=None,
                        num_workers=workers, persistent_workers=True)

    def step():
        data_files.drop_from_cache(folder)
        for _ in loader:
            pass

    return step, len(data)


def main():
    arguments = protocol.arguments()
    batch, = arguments.batch
    step, samples = epochs(arguments.data, batch, arguments.threads)
    protocol.serve((name, lambda: step, samples) for name in ("rows", "blocks", "blocks, first epoch"))


main()
