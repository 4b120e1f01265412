// Data: the readers on files of the same rows, the disk beside the readers of shards, and the order of an
// epoch. Rows of files are used where they lie in memory, so that a batch costs nothing but the list of its
// rows.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "host/bench/data_cases.hpp"
#include "host/checkpoint/files.hpp"
#include "host/config/keys.hpp"
#include "host/data/all_rows.hpp"
#include "thalweg/error.hpp"

namespace thalweg::bench {
namespace {

/// What --reader may name, in the order of the results.
constexpr std::string_view kReaders[] = {"npy",  "npz",    "csv",  "csv.gz", "libsvm",  "idx",
                                         "disk", "loader", "seek", "pass",   "convert", "order"};

/// Every value as it was made: the texts hold nine digits.
std::vector<Check> check_read(const SourceFile& source, const Dataset& made) {
  const Dataset got = read_training_data(source.config, TargetUse::automatic);
  const bool same_extents = got.rows == made.rows && got.features == made.features;
  double error = same_extents ? 0 : HUGE_VAL;
  const std::vector<float>& values = got.sparse ? got.values : got.dense_f32;
  for (std::size_t i = 0; same_extents && source.exact && i < made.dense_f32.size(); ++i)
    error = std::max(error, std::abs(static_cast<double>(values[i]) - made.dense_f32[i]));
  return {{"values of " + source.format, error, 0}};
}

Case reader_case(const SourceFile& source, const std::shared_ptr<const Dataset>& made) {
  const std::string path = source.config.train;
  const auto size = static_cast<std::int64_t>(std::filesystem::file_size(path));
  return {.workload = "data",
          .shape = {{"reader", source.format}, {"rows", made->rows}, {"features", made->features}},
          .samples = static_cast<double>(made->rows),
          .cost = {.bytes_read = size},
          .limit_amount = static_cast<double>(size),
          .limit = timed_limit("file", static_cast<double>(size), [path] { read_file(path); }),
          .run = [source] { read_training_data(source.config, TargetUse::automatic); },
          .finish = [] {},
          .check = [source, made] { return check_read(source, *made); }};
}

/// The rows of one batch of a shuffled epoch.
Case order_case(std::int64_t rows, std::int64_t batch) {
  const auto batches =
      std::make_shared<const EpochBatches>(all_rows(rows), batch, 1, /*shuffle=*/true, /*drop_last=*/true);
  const auto step = std::make_shared<std::int64_t>(0);
  return {.workload = "data",
          .shape = {{"reader", "order"}, {"rows", rows}, {"batch", batch}},
          .samples = static_cast<double>(batch),
          .cost = {.bytes_written = batch * 8},
          .run = [batches, step] { batches->at_step((*step)++).rows(); },
          .finish = [] {},
          .check = [] { return std::vector<Check>{}; }};
}

}  // namespace

WantedReaders::WantedReaders(std::vector<std::string> names) : names_(std::move(names)) {
  const std::vector<std::string> known(std::begin(kReaders), std::end(kReaders));
  for (const std::string& name : names_)
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw UsageError(fmt::format("--reader is \"{}\"; want of {}{}", name, fmt::join(known, ", "),
                                   did_you_mean(name, known)));
  if (names_.empty()) names_ = known;
}

bool WantedReaders::any(std::initializer_list<std::string_view> names) const {
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
    return std::find(names_.begin(), names_.end(), name) != names_.end();
  });
}

void data(const Bench& bench) {
  const WorkloadOptions& o = bench.options.workload;
  const WantedReaders wanted(o.reader);
  const ScratchFolder folder(o.scratch);
  if (wanted.any({"npy", "npz", "csv", "csv.gz", "libsvm", "idx", "convert"})) {
    const auto made = std::make_shared<const Dataset>(
        made_dense(bench.ctx, or_default(o.rows, 20'000), or_default(o.features, 100), 2));
    if (!o.write_data.empty()) write_arrays(*made, o.write_data);
    const std::vector<SourceFile> sources = write_sources(*made, folder, wanted);
    for (const SourceFile& source : sources)
      if (wanted.any({source.format})) bench.measure({reader_case(source, made)});
    if (wanted.any({"convert"})) measure_convert(bench, sources, folder);
  }
  measure_stored(bench, folder, wanted);
  for (const std::int64_t batch : or_default<std::int64_t>(o.batch, {256}))
    if (wanted.any({"order"})) bench.measure({order_case(or_default(o.rows, 100'000), batch)});
}

}  // namespace thalweg::bench
