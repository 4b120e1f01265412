#include "host/data/feature_rows.hpp"

#include <algorithm>
#include <future>
#include <utility>

namespace thalweg {
namespace {

template <class T>
void append(const std::vector<T>& from, std::int64_t begin, std::int64_t end, std::vector<T>& to) {
  to.insert(to.end(), from.begin() + begin, from.begin() + end);
}

/// Rows [begin, end) of dense ones.
template <class T>
void append_cells(const std::vector<T>& from, std::int64_t rows, std::int64_t begin, std::int64_t end,
                  std::vector<T>& to) {
  if (from.empty()) return;
  const std::int64_t features = std::ssize(from) / rows;
  append(from, begin * features, end * features, to);
}

/// A disk answers so many requests at once in little more time than one; fewer rows are not worth a thread.
constexpr std::int64_t kMostReaders = 8, kLeastRows = 16;

bool follows(const std::int64_t* ids, std::int64_t n) { return ids[n] == ids[n - 1] + 1; }

/// Rows that do not follow the one before them.
std::int64_t count_jumps(const std::int64_t* ids, std::int64_t count) {
  std::int64_t jumps = 0;
  for (std::int64_t n = 1; n < count; ++n) jumps += follows(ids, n) ? 0 : 1;
  return jumps;
}

void read_in_order(const RowStore& store, const std::int64_t* ids, std::int64_t count, FeatureRows& to) {
  for (std::int64_t n = 0; n < count;) {
    std::int64_t end = n + 1;
    while (end < count && follows(ids, end)) ++end;
    store.read(ids[n], end - n, to);
    n = end;
  }
}

}  // namespace

StoredForm form_of_rows(const Dataset& data) {
  if (data.store != nullptr) return data.store->form();
  return {.rows = data.rows,
          .features = data.features,
          .sparse = data.sparse,
          .dtype = holds_bytes(data) ? DType::u8 : DType::f32,
          .entries = data.sparse ? data.offsets.back() : 0};
}

void read_rows(const RowStore& store, const std::int64_t* ids, std::int64_t count, FeatureRows& to) {
  to.clear();
  const std::int64_t parts = std::min(kMostReaders, count_jumps(ids, count) / kLeastRows);
  if (parts < 2) return read_in_order(store, ids, count, to);
  std::vector<std::future<FeatureRows>> read;
  for (std::int64_t p = 0; p < parts; ++p) {
    const std::int64_t begin = p * count / parts, end = (p + 1) * count / parts;
    read.push_back(std::async([&store, first = ids + begin, some = end - begin] {
      FeatureRows rows;
      read_in_order(store, first, some, rows);
      return rows;
    }));
  }
  for (std::future<FeatureRows>& part : read) append_rows(part.get(), to);
}

void swap_features(Dataset& data, FeatureRows& rows) {
  std::swap(data.rows, rows.rows);
  data.dense_f32.swap(rows.f32);
  data.dense_u8.swap(rows.u8);
  data.offsets.swap(rows.offsets);
  data.columns.swap(rows.columns);
  data.values.swap(rows.values);
}

void append_rows(const FeatureRows& from, std::int64_t begin, std::int64_t count, FeatureRows& to) {
  const std::int64_t end = begin + count;
  to.rows += count;
  append_cells(from.f32, from.rows, begin, end, to.f32);
  append_cells(from.u8, from.rows, begin, end, to.u8);
  if (from.offsets.size() < 2) return;  // dense
  const auto offset = [&](std::int64_t row) { return from.offsets[static_cast<std::size_t>(row)]; };
  const std::int64_t shift = to.offsets.back() - offset(begin);
  append(from.columns, offset(begin), offset(end), to.columns);
  append(from.values, offset(begin), offset(end), to.values);
  for (std::int64_t row = begin; row < end; ++row) to.offsets.push_back(offset(row + 1) + shift);
}

void append_rows(FeatureRows&& from, FeatureRows& to) {
  if (to.rows == 0) {
    std::swap(from, to);
  } else {
    append_rows(from, 0, from.rows, to);
  }
}

std::int64_t rows_within(const StoredForm& form, std::int64_t bytes) {
  return std::max<std::int64_t>(1, bytes / std::max<std::int64_t>(1, form.row_bytes()));
}

}  // namespace thalweg
