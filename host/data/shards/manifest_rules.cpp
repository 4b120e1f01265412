#include "host/data/shards/manifest_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "host/data/shards/shard_layout.hpp"

namespace thalweg {
namespace {

std::string wrong(const char* key, const std::string& what) { return fmt::format("\"{}\": {}", key, what); }

template <class T, class U>
std::string differs(const char* key, const T& found, const U& expected) {
  return wrong(key, fmt::format("got {}, expected {}", found, expected));
}

std::string form_problem(const ShardManifest& m) {
  const DataSchema& schema = m.facts.schema;
  if (m.form.features > std::numeric_limits<std::int32_t>::max())
    return wrong("features", fmt::format("{} are too many; want at most 2^31 - 1", m.form.features));
  if (m.form.features != schema.features) return differs("features", m.form.features, schema.features);
  if (m.form.sparse != schema.sparse) return differs("sparse", m.form.sparse, schema.sparse);
  if (m.form.sparse && dtype_of(m.form) != name_of(CellFloats::f32))
    return differs("dtype", dtype_of(m.form), name_of(CellFloats::f32));
  const bool floats = !m.form.sparse && m.form.dtype == DType::f32;
  if (m.facts.cells == ShardCells::unscaled && (!floats || schema.transform.scale.empty()))
    return wrong("cells", "only dense float32 rows with a scale can be unscaled");
  const bool imputed = std::ssize(schema.transform.impute) == m.form.features;
  if (m.facts.cells == ShardCells::unfilled && (!floats || !imputed))
    return wrong("cells", "only dense float32 rows with an imputation of each column can be unfilled");
  return "";
}

std::string entries_problem(const ShardManifest& m) {
  if (!m.form.sparse) {
    if (m.entries != 0) return differs("entries", m.entries, 0);
    return m.longest_row != 0 ? differs("longest_row", m.longest_row, 0) : "";
  }
  if (m.longest_row > std::min(m.entries, m.form.features))
    return wrong("longest_row",
                 fmt::format("{} of {} entries and {} features", m.longest_row, m.entries, m.form.features));
  if (m.entries > __int128{m.rows} * m.longest_row)
    return wrong("entries", fmt::format("{} in {} rows of at most {}", m.entries, m.rows, m.longest_row));
  return "";
}

std::string sums_problem(const ShardManifest& m) {
  const bool positive = std::isfinite(m.weight_sum) && m.weight_sum > 0;
  if (m.form.weights ? !positive : m.weight_sum != 0)
    return wrong("weight_sum", fmt::format("{}{}", m.weight_sum, m.form.weights ? "" : " without weights"));
  const DataSchema& schema = m.facts.schema;
  const bool counted = m.form.targets && schema.target_kind == TargetKind::classes;
  const std::int64_t classes = counted ? std::ssize(schema.classes) : 0;
  if (std::ssize(m.class_rows) != classes)
    return wrong("class_rows", fmt::format("got {} numbers, expected {}", m.class_rows.size(), classes));
  std::int64_t left = counted ? m.rows : 0;
  for (const std::int64_t rows : m.class_rows) {
    if (rows < 0 || rows > left) return wrong("class_rows", fmt::format("{} of {} rows left", rows, left));
    left -= rows;
  }
  return left == 0 ? "" : wrong("class_rows", fmt::format("{} rows have no class", left));
}

/// zstd makes at most 2^15 bytes of one: a block of 2^17 takes at least 4. The rule allows twice
/// that, so it refuses no shard that was written, and a small file stands for a bounded amount of memory.
std::string packed_problem(const ShardForm& form, const ShardEntry& shard) {
  if (form.compress == ShardCompression::none) return "";
  const std::int64_t least = packed_bytes(form, shard.rows, shard.entries) >> 16;
  if (shard.packed >= least && shard.packed < std::int64_t{1} << 60) return "";
  return wrong("packed",
               fmt::format("{} bytes for {} rows, expected {} or more", shard.packed, shard.rows, least));
}

std::string shard_problem(const ShardManifest& m, const ShardEntry& shard, std::int64_t first_row) {
  if (shard.first_row != first_row) return differs("first_row", shard.first_row, first_row);
  if (shard.rows < 1 || shard.rows > m.rows - first_row)
    return wrong("rows", fmt::format("{} of {} rows left", shard.rows, m.rows - first_row));
  if (shard.entries > m.entries) return wrong("entries", fmt::format("{} of {}", shard.entries, m.entries));
  if (!shard_is_possible(m.form, shard.rows, shard.entries))
    return wrong("rows", fmt::format("{} rows of {} features are too many", shard.rows, m.form.features));
  if (const std::string problem = packed_problem(m.form, shard); !problem.empty()) return problem;
  const auto bytes = shard_layout(m.form, shard).bytes;
  if (std::cmp_not_equal(shard.bytes, bytes)) return differs("bytes", shard.bytes, bytes);
  const std::int64_t pieces = (bytes + kShardPiece - 1) / kShardPiece;
  if (std::ssize(shard.pieces) != pieces) return differs("xxh3", std::ssize(shard.pieces), pieces);
  return "";
}

std::string shards_problem(const ShardManifest& m) {
  std::int64_t rows = 0, entries = 0;
  for (std::size_t i = 0; i < m.shards.size(); ++i) {
    const ShardEntry& shard = m.shards[i];
    const std::string name = shard_name(static_cast<std::int64_t>(i));
    if (shard.name != name) return differs("shards", shard.name, name);
    const std::string problem = shard_problem(m, shard, rows);
    if (!problem.empty()) return wrong("shards", fmt::format("{}: {}", name, problem));
    rows += shard.rows;
    entries += shard.entries;  // each has its MiBs in the list, so the sum cannot overflow
  }
  if (rows != m.rows) return wrong("rows", fmt::format("got {}, the shards have {}", m.rows, rows));
  if (entries != m.entries)
    return wrong("entries", fmt::format("got {}, the shards have {}", m.entries, entries));
  return "";
}

}  // namespace

std::string manifest_problem(const ShardManifest& manifest) {
  if (manifest.rows < 1) return wrong("rows", "a set of no rows");
  for (const auto& problem_of : {form_problem, entries_problem, shards_problem, sums_problem})
    if (std::string problem = problem_of(manifest); !problem.empty()) return problem;
  return "";
}

}  // namespace thalweg
