"""Shuffled batches of rows on the disk by MosaicML Streaming, from its own shards (MDS): an epoch a step."""
import shutil

import data_files
import protocol
from streaming import MDSWriter, StreamingDataset
from torch.utils.data import DataLoader


def write_shards(folder):
    rows = data_files.DiskRows(folder)
    out = folder / "mds"
    shutil.rmtree(out, ignore_errors=True)
    with MDSWriter(out=str(out), columns={"x": f"ndarray:float32:{rows.x.shape[1]}", "y": "float32"}) as writer:
        for features, target in zip(rows.x, rows.y):
            writer.write({"x": features, "y": target})
    return out


def epochs(folder, batch, workers):
    shards = write_shards(folder)
    data = StreamingDataset(local=str(shards), shuffle=True, batch_size=batch)
    loader = DataLoader(data, batch_size=batch, num_workers=workers, persistent_workers=True)

    def step():
        for number, _ in enumerate(loader):
            if number % (data.size // data_files.SHARE // batch + 1) == 0:
                data_files.drop_from_cache(shards)

    return step, data.size


def main():
    arguments = protocol.arguments()
    batch, = arguments.batch
    step, samples = epochs(arguments.data, batch, arguments.threads)
    protocol.serve((name, lambda: step, samples) for name in ("rows", "blocks", "blocks, first epoch"))


main()
