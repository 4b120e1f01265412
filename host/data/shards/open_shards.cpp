#include <fmt/format.h>

#include <utility>

#include "host/checkpoint/files.hpp"
#include "host/data/labels.hpp"
#include "host/data/shards/shard_store.hpp"
#include "thalweg/error.hpp"
#include "thalweg/shards.hpp"

namespace thalweg {
namespace {

Dataset described_by(const ShardManifest& m) {
  Dataset data;
  data.rows = m.rows;
  data.features = m.form.features;
  data.sparse = m.form.sparse;
  data.target_kind = m.facts.schema.target_kind;
  data.target_transform = m.facts.schema.target_transform;
  data.classes = m.facts.schema.classes;
  data.transform = m.facts.schema.transform;
  data.target_column = m.facts.schema.target_column;
  data.index_base = m.facts.schema.index_base;
  data.target_reason = m.facts.target_reason;
  data.filled = m.facts.notes.filled;
  return data;
}

void check_class_rows(const Dataset& data, const std::vector<std::int64_t>& expected) {
  std::vector<std::int64_t> rows(expected.size());
  for (std::int64_t r = 0; r < std::ssize(data.target); ++r) {
    const float target = data.target[static_cast<std::size_t>(r)];
    const bool index = target >= 0 && target < static_cast<float>(rows.size());
    if (!index || target != static_cast<float>(static_cast<std::int64_t>(target)))
      throw DataError(fmt::format("{}: the class is {}; want a whole number from 0 to {}", data.where(r),
                                  target, rows.size() - 1));
    ++rows[static_cast<std::size_t>(target)];
  }
  for (std::size_t c = 0; c < rows.size(); ++c)
    if (rows[c] != expected[c])
      throw DataError(fmt::format("{}: {} rows are of class {}; \"class_rows\" of its manifest has {}",
                                  data.source, rows[c], c, expected[c]));
}

void check_weight_sum(const Dataset& data, double expected) {
  double sum = 0;
  for (const float weight : data.weight) sum += weight;
  if (sum != expected)
    throw DataError(fmt::format("{}: its weights add up to {}; \"weight_sum\" of its manifest is {}",
                                data.source, sum, expected));
}

[[noreturn]] void refuse_without_manifest(const std::string& folder, const std::string& path) {
  if (path_exists(join_path(folder, shard_name(0))))
    throw DataError(fmt::format(
        "{}: the manifest of this set of shards is missing; bring it back, or convert the data anew", path));
  throw NoInputError(fmt::format("{}: has no {}; want a folder that convert wrote", folder, kShardManifest));
}

}  // namespace

ShardManifest read_shard_manifest(const std::string& folder) {
  const std::string path = join_path(folder, kShardManifest);
  if (!is_folder(folder)) throw NoInputError(fmt::format("{}: no such folder", folder));
  if (!path_exists(path)) refuse_without_manifest(folder, path);
  const std::uint64_t bytes = file_size(path).value_or(0);
  if (std::cmp_greater(bytes, kMostManifestBytes))
    throw DataError(fmt::format("{}: has {} bytes; allowed are {}", path, bytes, kMostManifestBytes));
  return parse_shard_manifest(read_file(path), path);
}

Dataset open_shards(const std::string& folder) {
  auto store = std::make_shared<const ShardStore>(folder, read_shard_manifest(folder));
  const ShardManifest& manifest = store->manifest();
  Dataset data = described_by(manifest);
  data.source = folder;
  data.target = store->read_targets();
  data.weight = store->read_weights();
  if (!data.weight.empty()) check_weights(data);
  check_weight_sum(data, manifest.weight_sum);
  if (data.target_kind == TargetKind::number) check_finite_targets(data);
  if (data.target_kind == TargetKind::classes && !data.target.empty())
    check_class_rows(data, manifest.class_rows);
  data.store = std::move(store);
  return data;
}

}  // namespace thalweg
