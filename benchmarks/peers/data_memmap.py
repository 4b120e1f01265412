"""Shuffled batches of rows on the disk through numpy.memmap: an epoch a step."""
import data_files
import protocol


def main():
    arguments = protocol.arguments()
    batch, = arguments.batch
    data = data_files.DiskRows(arguments.data)
    batches, count = protocol.Batches(len(data), batch), len(data) // batch

    def step():
        for _ in range(count):
            data.take(batches.next())

    protocol.serve((name, lambda: step, count * batch) for name in ("rows", "blocks", "blocks, first epoch"))


main()
