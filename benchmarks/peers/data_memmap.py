"""Shuffled batches of rows on the disk through numpy.memmap: an epoch a step."""
import data_files
import protocol


def case(folder, batch):
    x, y = data_files.rows_on_disk(folder)
    batches = protocol.Batches(len(x), batch)

    def step():
        data_files.drop_from_cache(folder)
        for _ in range(len(x) // batch):
            rows = batches.next()
            x[rows], y[rows]

    return step, len(x) // batch * batch


def main():
    arguments = protocol.arguments()
    batch, = arguments.batch
    step, samples = case(arguments.data, batch)
    protocol.serve((name, lambda: step, samples) for name in ("rows", "blocks", "blocks, first epoch"))


main()
