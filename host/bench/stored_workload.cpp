// Rows on the disk: what the disk gives, and beside it what the readers of shards make of it. Each run opens
// a loader of its own, so that nothing lies ready when its time begins.
#include <algorithm>
#include <cmath>
#include <string_view>

#include "host/bench/data_cases.hpp"
#include "host/bench/disk.hpp"
#include "host/checkpoint/files.hpp"
#include "host/data/block_reader.hpp"
#include "host/data/feature_rows.hpp"
#include "host/data/shards/shard_store.hpp"
#include "host/step/row_loader.hpp"
#include "thalweg/shards.hpp"

namespace thalweg::bench {
namespace {

constexpr std::int64_t kPage = 4096, kBlock = 128 << 10;
/// As data.readers; the disk is read by as many.
constexpr int kReaders = 16;
/// Pages that are read in a measurement for each block: they take about as long.
constexpr std::int64_t kPagesForABlock = 8;
/// Rows of a run that reads them singly.
constexpr std::int64_t kSingleRows = 8192;

/// A set of shards, and its files as the disk has them.
struct StoredSet {
  std::string folder;
  Dataset made;    ///< targets and features in memory, to compare with
  Dataset stored;  ///< the same rows in the folder
  std::shared_ptr<const Disk> disk;
  std::int64_t block_reads;  ///< of a measurement of the disk
};
using Set = std::shared_ptr<const StoredSet>;

std::vector<std::string> shard_files(const Dataset& stored, const std::string& folder) {
  std::vector<std::string> paths;
  for (const ShardEntry& shard : shard_store_of(stored).manifest().shards)
    paths.push_back(join_path(folder, shard.name));
  return paths;
}

/// 32 MiB of blocks, or fewer where the caller wants small measurements.
std::int64_t block_reads_of(const Options& options) {
  return std::min<std::int64_t>(options.memory_mib, 256);
}

Set write_set(Dataset made, const std::string& folder, std::int64_t block_reads) {
  write_shards(made, folder);
  Dataset stored = open_shards(folder);
  auto disk = std::make_shared<const Disk>(shard_files(stored, folder), kReaders);
  StoredSet set{folder, std::move(made), std::move(stored), std::move(disk), block_reads};
  return std::make_shared<const StoredSet>(std::move(set));
}

std::int64_t row_bytes(const StoredSet& set) { return set.stored.store->form().row_bytes(); }

Case disk_case(const Set& set, DiskOrder order, std::int64_t wanted, std::int64_t reads) {
  const std::int64_t block = set->disk->block_bytes(wanted);
  return {.workload = "data",
          .shape = {{"reader", "disk"},
                    {"order", order == DiskOrder::random ? "random" : "sequential"},
                    {"block", block},
                    {"reads", reads}},
          .cost = {.bytes_read = block * reads},
          .run = [set, order, block, reads] { set->disk->read(order, block, reads); },
          .finish = [] {},
          .check = [] { return std::vector<Check>{}; }};
}

/// How a loader goes through an epoch.
struct LoaderShape {
  const char* reader;  ///< "loader"; "seek": one batch in the middle
  const char* order;   ///< data.order
  const char* epoch;   ///< "first" compares checksums; "later" does not
  std::int64_t batch, batches;
  BlockOrder blocks = {};
  std::int64_t memory = 0;
  std::int64_t first = 0;  ///< batch that it begins with
};

/// Small windows, so that little is read for the next epoch when the run ends.
LoaderShape by_blocks(const StoredSet& set, const char* epoch, std::int64_t batch) {
  constexpr std::int64_t kWindowBlocks = 4, kSlices = 8;
  const std::int64_t block_rows = std::max<std::int64_t>(kBlock / row_bytes(set), 1);
  return {.reader = "loader",
          .order = "blocks",
          .epoch = epoch,
          .batch = batch,
          .batches = (set.made.rows + batch - 1) / batch,
          .blocks = {.block_rows = block_rows, .window_blocks = kWindowBlocks, .slices = kSlices},
          .memory = 4 * kWindowBlocks * kSlices * kBlock};
}

/// The first batch of a run that goes on in the middle of an epoch.
LoaderShape seek(const StoredSet& set, std::int64_t batch) {
  LoaderShape shape = by_blocks(set, "later", batch);
  shape.reader = "seek";
  shape.first = shape.batches / 2;
  shape.batches = 1;
  return shape;
}

/// Bytes of the rows of a window, all slices together.
std::int64_t window_bytes(const StoredSet& set, const BlockOrder& blocks) {
  const std::int64_t rows = blocks.block_rows * blocks.window_blocks * blocks.slices;
  return std::min(rows, set.made.rows) * row_bytes(set);
}

LoaderShape by_rows(const StoredSet& set, std::int64_t batch) {
  constexpr std::int64_t kReady = 8, kIdsAndPlaces = 40;
  const std::int64_t epoch = (set.made.rows + batch - 1) / batch, most = (kSingleRows + batch - 1) / batch;
  return {.reader = "loader",
          .order = "rows",
          .epoch = "later",
          .batch = batch,
          .batches = std::min(epoch, most),
          .memory = (kReady + 1) * batch * (row_bytes(set) + kIdsAndPlaces)};
}

/// Gives each batch of an epoch, with the ids of its rows, to `take`.
template <class Take>
void load(const Dataset& stored, const LoaderShape& shape, std::int64_t epoch, const Take& take) {
  const EpochBatches batches(RowSet::all(stored.rows), shape.batch, 1, /*shuffle=*/true, /*drop_last=*/false,
                             shape.blocks);
  RowLoader loader(stored.store, {.memory = shape.memory, .readers = kReaders}, shape.batch, &batches);
  EpochBatch batch = batches.at(epoch, shape.first);
  for (std::int64_t b = 0; b < shape.batches; ++b, batch = batch.next())
    take(loader.take(batch), loader.rows());
}

/// The largest difference of a feature; infinity where rows are missing.
double difference(const Dataset& made, const FeatureRows& rows, const std::vector<std::int64_t>& ids) {
  if (rows.rows != std::ssize(ids) || std::ssize(rows.f32) != rows.rows * made.features) return HUGE_VAL;
  double most = 0;
  for (std::size_t i = 0; i < rows.f32.size(); ++i) {
    const std::int64_t features = made.features, n = static_cast<std::int64_t>(i);
    const std::int64_t at = ids[static_cast<std::size_t>(n / features)] * features + n % features;
    most =
        std::max(most, std::abs(double{rows.f32[i]} - double{made.dense_f32[static_cast<std::size_t>(at)]}));
  }
  return most;
}

std::vector<Check> check_load(const StoredSet& set, const LoaderShape& shape) {
  double error = 0;
  load(set.stored, shape, 0, [&](const FeatureRows& rows, const std::vector<std::int64_t>& ids) {
    error = std::max(error, difference(set.made, rows, ids));
  });
  return {{std::string("rows in the order ") + shape.order, error, 0}};
}

/// Blocks are held against blocks at random places, single rows against as many pages as they lie in, a seek
/// against the window that it reads.
Case loader_case(const Set& set, const LoaderShape& shape) {
  const bool single = shape.blocks.block_rows == 0, first = shape.epoch == std::string_view("first");
  const std::int64_t rows = std::min(shape.batches * shape.batch, set->made.rows), bytes = row_bytes(*set);
  const std::int64_t page = set->disk->block_bytes(kPage), block = set->disk->block_bytes(kBlock);
  const std::int64_t moved = single ? rows * ((bytes + kPage - 1) / kPage * kPage)
                             : shape.reader == std::string_view("seek") ? window_bytes(*set, shape.blocks)
                                                                        : rows * bytes;
  const auto epoch = std::make_shared<std::int64_t>(0);
  return {.workload = "data",
          .shape = {{"reader", shape.reader},
                    {"order", shape.order},
                    {"epoch", shape.epoch},
                    {"rows", rows},
                    {"features", set->made.features},
                    {"batch", shape.batch}},
          .samples = static_cast<double>(rows),
          .cost = {.bytes_read = rows * bytes},
          .limit_amount = static_cast<double>(moved),
          .limit = disk_limit(set->disk, DiskOrder::random, single ? page : block,
                              single ? kPagesForABlock * set->block_reads : set->block_reads),
          .run =
              [set, shape, epoch, first] {
                const auto nothing = [](const FeatureRows&, const std::vector<std::int64_t>&) {};
                load(first ? open_shards(set->folder) : set->stored, shape, (*epoch)++, nothing);
              },
          .finish = [] {},
          .check = [set, shape] { return check_load(*set, shape); }};
}

std::vector<Check> check_pass(const StoredSet& set) {
  double error = 0;
  const std::int64_t rows = set.made.rows;
  BlockReader reader(set.stored, nullptr, rows_within(set.stored.store->form(), kReadBytes), std::nullopt);
  for (std::int64_t first = 0; first < rows;) {
    const FeatureRows& block = reader.next();
    std::vector<std::int64_t> ids;
    for (std::int64_t r = 0; r < block.rows; ++r) ids.push_back(first + r);
    error = std::max(error, difference(set.made, block, ids));
    first += block.rows;
  }
  return {{"rows of a pass", error, 0}};
}

/// As evaluate and predict read.
Case pass_case(const Set& set) {
  const std::int64_t rows = set->made.rows, bytes = rows * row_bytes(*set);
  return {
      .workload = "data",
      .shape = {{"reader", "pass"}, {"rows", rows}, {"features", set->made.features}},
      .samples = static_cast<double>(rows),
      .cost = {.bytes_read = bytes},
      .limit_amount = static_cast<double>(bytes),
      .limit = disk_limit(set->disk, DiskOrder::sequential, set->disk->block_bytes(kBlock), set->block_reads),
      .run =
          [set, rows] {
            BlockReader reader(set->stored, nullptr, rows_within(set->stored.store->form(), kReadBytes),
                               std::nullopt);
            for (std::int64_t read = 0; read < rows;) read += reader.next().rows;
          },
      .finish = [] {},
      .check = [set] { return check_pass(*set); }};
}

}  // namespace

void measure_stored(const Bench& bench, const ScratchFolder& folder, const WantedReaders& wanted) {
  if (!wanted.any({"disk", "loader", "seek", "pass"})) return;
  const WorkloadOptions& o = bench.options.workload;
  const Set set =
      write_set(made_dense(bench.ctx, or_default(o.rows, 320'000), or_default(o.features, 100), 2),
                folder.file("shards"), block_reads_of(bench.options));
  if (!o.write_data.empty()) write_arrays(set->made, o.write_data);
  if (wanted.any({"disk"})) {
    bench.measure({disk_case(set, DiskOrder::sequential, kBlock, set->block_reads)});
    bench.measure({disk_case(set, DiskOrder::random, kBlock, set->block_reads)});
    bench.measure({disk_case(set, DiskOrder::random, kPage, kPagesForABlock * set->block_reads)});
  }
  const std::vector<std::int64_t> batches = or_default<std::int64_t>(o.batch, {256});
  for (const std::int64_t batch : batches) {
    if (!wanted.any({"loader"})) break;
    bench.measure({loader_case(set, by_rows(*set, batch))});
    bench.measure({loader_case(set, by_blocks(*set, "later", batch))});
    bench.measure({loader_case(set, by_blocks(*set, "first", batch))});
  }
  for (const std::int64_t batch : batches)
    if (wanted.any({"seek"})) bench.measure({loader_case(set, seek(*set, batch))});
  if (wanted.any({"pass"})) bench.measure({pass_case(set)});
}

}  // namespace thalweg::bench
