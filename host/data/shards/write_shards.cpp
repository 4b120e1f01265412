#include "host/data/shards/write_shards.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "host/checkpoint/files.hpp"
#include "host/data/feature_checks.hpp"
#include "host/data/feature_rows.hpp"
#include "host/data/memory_rows.hpp"
#include "host/data/shards/shard_writer.hpp"
#include "host/data/validate_data.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kBlockBytes = std::int64_t{8} << 20;

ShardForm form_of(const Dataset& data, const ConvertOptions& options) {
  return {.features = data.features,
          .sparse = data.sparse,
          .dtype = holds_bytes(data) ? DType::u8 : DType::f32,
          .targets = !data.target.empty(),
          .weights = !data.weight.empty(),
          .floats = options.floats,
          .compress = options.compress};
}

/// The features of some rows, wherever they are. Those of a store nobody has checked yet.
void read_block(const Dataset& data, std::int64_t first, std::int64_t count, FeatureRows& to) {
  to.clear();
  if (data.store) {
    data.store->read(first, count, to);
    std::vector<std::int64_t> ids(static_cast<std::size_t>(count));
    std::iota(ids.begin(), ids.end(), first);
    return check_read_rows(data, ids.data(), to, MissingValues::refused);
  }
  to.rows = count;
  const auto copy = [&](const auto& from, auto& into) {
    if (!from.empty())
      into.assign(from.begin() + first * data.features, from.begin() + (first + count) * data.features);
  };
  copy(data.dense_f32, to.f32);
  copy(data.dense_u8, to.u8);
  if (!data.sparse) return;
  const auto offsets = data.offsets.begin() + first;
  const std::int64_t begin = offsets[0], end = offsets[count];
  to.offsets.assign(offsets, offsets + count + 1);
  for (std::int64_t& offset : to.offsets) offset -= begin;
  to.columns.assign(data.columns.begin() + begin, data.columns.begin() + end);
  to.values.assign(data.values.begin() + begin, data.values.begin() + end);
}

}  // namespace

std::string note_of_row_names(const std::string& source, const std::string& column) {
  return fmt::format("{}: shards keep no names of rows ({}); predictions on them number the rows", source,
                     column);
}

ConvertReport write_shards(const Dataset& data, const std::string& folder, const ConvertOptions& options) {
  return write_shards(data, folder, options, {.filled = data.filled, .id = data.row_name_column});
}

ConvertReport write_shards(const Dataset& data, const std::string& folder, const ConvertOptions& options,
                           const ConversionNotes& notes) {
  validate_data(data, MissingValues::refused, options.reading.threads);
  if (data.features > std::numeric_limits<std::int32_t>::max())
    throw DataError(
        fmt::format("{}: {} features; shards hold at most 2^31 - 1", source_of(data), data.features));
  ShardWriter writer(folder, form_of(data, options), options.shard_bytes);
  const std::int64_t block = rows_within(form_of_rows(data), kBlockBytes);
  FeatureRows rows;
  for (std::int64_t first = 0; first < data.rows; first += block) {
    if (options.reading.progress) options.reading.progress(folder, first, data.rows);
    const std::int64_t count = std::min(block, data.rows - first);
    read_block(data, first, count, rows);
    writer.append(rows, part_of(data.target, first, count), part_of(data.weight, first, count));
  }
  if (options.reading.progress) options.reading.progress(folder, data.rows, data.rows);
  ConvertReport report = writer.finish({.schema = schema_of(data),
                                        .target_reason = data.target_reason,
                                        .source = name_of(source_of(data)),
                                        .source_fingerprint = data.store ? "" : fingerprint(data, false),
                                        .notes = notes});
  if (!data.row_names.empty())
    report.notes.push_back(note_of_row_names(source_of(data), data.row_name_column));
  return report;
}

}  // namespace thalweg
