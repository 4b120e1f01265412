#include "host/data/shards/shard_layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "host/checkpoint/safetensors.hpp"

namespace thalweg {
namespace {

struct CellForm {
  std::string_view name;  ///< in a safetensors header
  std::int64_t bytes;
};

CellForm cell_form(const ShardForm& form) {
  if (form.dtype == DType::u8) return {"U8", 1};
  switch (form.floats) {
    case CellFloats::f16:
      return {"F16", 2};
    case CellFloats::bf16:
      return {"BF16", 2};
    case CellFloats::f32:
      break;
  }
  return {"F32", 4};
}

constexpr std::int64_t kBlockBytes = std::int64_t{1} << 17, kSparseBlockRows = 256;

/// Where each frame begins, and their end.
std::int64_t begins_of(const ShardForm& form, std::int64_t rows) {
  return (rows + packed_rows(form) - 1) / packed_rows(form) + 1;
}

std::vector<SafetensorsShape> tensors_of(const ShardForm& form, const ShardEntry& shard) {
  const std::int64_t rows = shard.rows, entries = shard.entries;
  std::vector<SafetensorsShape> tensors;
  if (form.targets) tensors.push_back({"y", "F32", {rows}});
  if (form.weights) tensors.push_back({"w", "F32", {rows}});
  if (form.sparse) tensors.push_back({"offsets", "I64", {rows + 1}});
  if (form.compress != ShardCompression::none) {
    tensors.push_back({"blocks", "I64", {begins_of(form, rows)}});
    tensors.push_back({"frames", "U8", {shard.packed}});
  } else if (form.sparse) {
    tensors.push_back({"columns", "I32", {entries}});
    tensors.push_back({"values", "F32", {entries}});
  } else {
    tensors.push_back({"x", std::string(cell_form(form).name), {rows, form.features}});
  }
  return tensors;
}

}  // namespace

std::string shard_name(std::int64_t index) { return fmt::format("shard-{:05}.safetensors", index); }

std::int64_t feature_bytes(const ShardForm& form, std::int64_t rows, std::int64_t entries) {
  return form.sparse ? 8 * rows + 8 * entries : rows * form.features * cell_form(form).bytes;
}

bool shard_is_possible(const ShardForm& form, std::int64_t rows, std::int64_t entries) {
  constexpr __int128 kMost = __int128{1} << 60;
  const __int128 cells = form.sparse ? __int128{8} * entries : __int128{4} * rows * form.features;
  return rows < kMost / 32 && entries < kMost / 8 && form.features < kMost / 4 && cells < kMost;
}

std::int64_t packed_rows(const ShardForm& form) {
  if (form.sparse) return kSparseBlockRows;
  const std::int64_t row_bytes = std::max<std::int64_t>(1, feature_bytes(form, 1, 0));
  return std::max<std::int64_t>(1, kBlockBytes / row_bytes);
}

std::int64_t packed_bytes(const ShardForm& form, std::int64_t rows, std::int64_t entries) {
  return form.sparse ? 8 * entries : feature_bytes(form, rows, 0);
}

ShardLayout shard_layout(const ShardForm& form, const ShardEntry& shard) {
  const std::int64_t rows = shard.rows, entries = shard.entries;
  ShardLayout layout;
  const std::int64_t y_bytes = form.targets ? 4 * rows : 0, w_bytes = form.weights ? 4 * rows : 0;
  const SafetensorsMetadata metadata{{"first_row", std::to_string(shard.first_row)},
                                     {"format", "thalweg shard"}};
  layout.header = safetensors_header(metadata, tensors_of(form, shard), kShardPage,
                                     static_cast<std::uint64_t>(y_bytes + w_bytes));
  layout.y = std::ssize(layout.header);
  layout.w = layout.y + y_bytes;
  const std::int64_t begin = layout.w + w_bytes;
  layout.offsets = form.sparse ? begin : 0;
  if (form.compress != ShardCompression::none) {
    layout.blocks = begin + (form.sparse ? 8 * (rows + 1) : 0);
    layout.frames = layout.blocks + 8 * begins_of(form, rows);
    layout.bytes = layout.frames + shard.packed;
  } else if (form.sparse) {
    layout.columns = layout.offsets + 8 * (rows + 1);
    layout.values = layout.columns + 4 * entries;
    layout.bytes = layout.values + 4 * entries;
  } else {
    layout.x = begin;
    layout.bytes = layout.x + feature_bytes(form, rows, entries);
  }
  return layout;
}

}  // namespace thalweg
