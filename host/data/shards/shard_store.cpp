#include "host/data/shards/shard_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "host/checkpoint/files.hpp"
#include "host/data/finite.hpp"
#include "host/data/shards/half_cells.hpp"
#include "host/data/shards/packed_rows.hpp"
#include "host/data/shards/shard_file.hpp"
#include "host/data/shards/shard_layout.hpp"
#include "host/data/shards/sparse_shard.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

StoredForm stored_form(const ShardManifest& m) {
  return {.rows = m.rows,
          .features = m.form.features,
          .sparse = m.form.sparse,
          .dtype = m.form.dtype,
          .entries = m.entries,
          .longest_row = m.longest_row};
}

RowSpan rows_of(const ShardEntry& shard) { return {shard.first_row, shard.rows}; }

void check_header(const ShardFile& file, const std::string& wanted, const ShardEntry& shard) {
  std::string header(wanted.size(), '\0');
  file.read(0, std::ssize(header), header.data(), rows_of(shard));
  if (header == wanted) return;
  throw DataError(fmt::format("{}: its header is not the one of rows {} to {} of this set", file.path(),
                              shard.first_row, shard.first_row + shard.rows - 1));
}

void fill(const std::vector<float>& impute, float* cells, std::int64_t rows) {
  for (std::int64_t r = 0; r < rows; ++r)
    for (const float number : impute) {
      if (std::isnan(*cells)) *cells = number;
      ++cells;
    }
}

/// As apply_scaling, so that the bits are those of rows in memory.
void scale(const FeatureTransform& transform, float* cells, std::int64_t rows) {
  const auto features = transform.scale.size();
  for (std::int64_t r = 0; r < rows; ++r, cells += features)
    for (std::size_t j = 0; j < features; ++j)
      cells[j] = std::fma(cells[j], transform.scale[j], transform.shift[j]);  // mutant: scaled-once
}

}  // namespace

ShardStore::ShardStore(const std::string& folder, ShardManifest manifest)
    : folder_(folder), manifest_(std::move(manifest)), form_(stored_form(manifest_)) {
  for (const ShardEntry& shard : manifest_.shards)
    files_.push_back(std::make_unique<ShardFile>(join_path(folder, shard.name), shard));
  for (std::size_t i = 0; i < files_.size(); ++i) {
    const ShardEntry& shard = manifest_.shards[i];
    ShardLayout layout = shard_layout(manifest_.form, shard);
    check_header(*files_[i], std::exchange(layout.header, {}), shard);
    layouts_.push_back(std::move(layout));
  }
}

ShardStore::~ShardStore() = default;

std::vector<float> ShardStore::read_column(std::int64_t ShardLayout::*begin) const {
  std::vector<float> column(static_cast<std::size_t>(manifest_.rows));
  for (std::size_t i = 0; i < files_.size(); ++i) {
    const ShardEntry& shard = manifest_.shards[i];
    files_[i]->read(layouts_[i].*begin, 4 * shard.rows, column.data() + shard.first_row, rows_of(shard));
  }
  return column;
}

std::vector<float> ShardStore::read_targets() const {
  return manifest_.form.targets ? read_column(&ShardLayout::y) : std::vector<float>();
}

std::vector<float> ShardStore::read_weights() const {
  return manifest_.form.weights ? read_column(&ShardLayout::w) : std::vector<float>();
}

void ShardStore::read(std::int64_t first, std::int64_t count, FeatureRows& to) const {
  if (first < 0 || count < 0 || count > form_.rows - first)
    throw ShapeError(
        fmt::format("{}: {} rows from row {} are wanted; it has {}", folder_, count, first, form_.rows));
  const auto behind =
      std::upper_bound(manifest_.shards.begin(), manifest_.shards.end(), first,
                       [](std::int64_t row, const ShardEntry& shard) { return row < shard.first_row; });
  for (auto i = static_cast<std::size_t>(behind - manifest_.shards.begin()) - 1; count > 0; ++i) {
    const ShardEntry& shard = manifest_.shards[i];
    const std::int64_t from_shard = std::min(count, shard.first_row + shard.rows - first);
    read_shard(i, first - shard.first_row, from_shard, to);
    to.rows += from_shard;
    first += from_shard;
    count -= from_shard;
  }
}

void ShardStore::read_shard(std::size_t index, std::int64_t row, std::int64_t count, FeatureRows& to) const {
  const ShardEntry& shard = manifest_.shards[index];
  const ShardFile& file = *files_[index];
  const ShardLayout& layout = layouts_[index];
  const RowSpan wanted{shard.first_row + row, count};
  const std::int64_t block_rows =
      manifest_.form.compress == ShardCompression::none ? 0 : packed_rows(manifest_.form);
  if (form_.sparse) return read_sparse_rows(file, {shard, layout, form_, block_rows}, row, count, to);
  const std::int64_t cells = count * form_.features;
  const auto read_cells = [&](void* into) {
    const std::int64_t row_bytes = feature_bytes(manifest_.form, 1, 0);
    if (block_rows == 0) return file.read(layout.x + row * row_bytes, count * row_bytes, into, wanted);
    unpack_rows({file, shard, layout, block_rows}, row, count, row_bytes, static_cast<std::byte*>(into));
  };
  if (form_.dtype == DType::u8) {
    to.u8.resize(to.u8.size() + static_cast<std::size_t>(cells));
    return read_cells(to.u8.data() + to.u8.size() - cells);
  }
  to.f32.resize(to.f32.size() + static_cast<std::size_t>(cells));
  float* const read = to.f32.data() + to.f32.size() - cells;
  if (manifest_.form.floats == CellFloats::f32) {
    read_cells(read);
  } else {
    std::vector<std::uint16_t> halves(static_cast<std::size_t>(cells));
    read_cells(halves.data());
    widen_halves(manifest_.form.floats, halves, read);
  }
  const FeatureTransform& transform = manifest_.facts.schema.transform;
  if (manifest_.facts.cells == ShardCells::unfilled) fill(transform.impute, read, count);
  if (is_scaled()) scale(transform, read, count);
  const std::int64_t bad = first_not_finite(read, cells, false);
  if (bad < cells) refuse(shard.first_row + row + bad / form_.features, bad % form_.features, read[bad]);
}

bool ShardStore::is_scaled() const {
  return manifest_.facts.cells != ShardCells::inputs && !manifest_.facts.schema.transform.scale.empty();
}

void ShardStore::refuse(std::int64_t row, std::int64_t feature, float value) const {
  const std::string where = fmt::format("{} row {}, feature {}", folder_, row, feature);
  if (is_scaled()) throw DataError(fmt::format("{}: too large to be scaled in float32", where));
  throw DataError(fmt::format("{}: the value is {}; want a finite number", where, value));
}

const ShardStore& shard_store_of(const Dataset& data) {
  const auto* const store = dynamic_cast<const ShardStore*>(data.store.get());
  if (store == nullptr) throw InternalError("a set of shards with a store of another kind");
  return *store;
}

}  // namespace thalweg
