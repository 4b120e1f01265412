#include "host/step/checked_store.hpp"

#include <algorithm>

#include "host/data/feature_checks.hpp"
#include "host/data/finite.hpp"
#include "host/data/memory_rows.hpp"
#include "host/data/shards/shard_store.hpp"

namespace thalweg {
namespace {

RowOrigin origin_of(const Dataset& data) {
  RowOrigin origin = data;
  origin.source = source_of(data);
  return origin;
}

/// Position behind `begin` of the first value that is not finite; -1: none.
std::int64_t first_bad(const std::vector<float>& values, std::int64_t begin) {
  const std::int64_t count = std::ssize(values) - begin;
  const std::int64_t bad = first_not_finite(values.data() + begin, count, false);
  return bad < count ? bad : -1;
}

}  // namespace

CheckedStore::CheckedStore(const Dataset& data) : store_(data.store), origin_(origin_of(data)) {}

void CheckedStore::read(std::int64_t first, std::int64_t count, FeatureRows& to) const {
  const std::int64_t cells = std::ssize(to.f32), entries = std::ssize(to.values);
  const std::int64_t rows = std::ssize(to.offsets) - 1;
  store_->read(first, count, to);
  if (!form().sparse) return check_cells(first, cells, to);
  const std::int64_t bad = first_bad(to.values, entries);
  if (bad < 0) return;
  const auto at = static_cast<std::size_t>(entries + bad);
  const auto end_of_row = std::upper_bound(to.offsets.begin(), to.offsets.end(), entries + bad);
  const std::int64_t row = first + (end_of_row - to.offsets.begin()) - 1 - rows;
  refuse_value(origin_.where(row), to.columns[at], to.values[at]);
}

void CheckedStore::check_cells(std::int64_t first, std::int64_t cells, const FeatureRows& to) const {
  const std::int64_t bad = first_bad(to.f32, cells), features = form().features;
  if (bad < 0) return;
  refuse_value(origin_.where(first + bad / features), bad % features,
               to.f32[static_cast<std::size_t>(cells + bad)]);
}

std::shared_ptr<const RowStore> checked_store(const Dataset& data) {
  const bool of_shards = dynamic_cast<const ShardStore*>(data.store.get()) != nullptr;
  if (of_shards) return data.store;
  return std::make_shared<CheckedStore>(data);
}

}  // namespace thalweg
