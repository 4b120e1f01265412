#include "host/data/entry_rows.hpp"

#include <algorithm>

#include "host/runtime/huge_pages.hpp"

namespace thalweg {

void append_entries(const EntryRows& block, std::int64_t from, std::int64_t to, RawData& data) {
  const std::int64_t first = from == 0 ? 0 : block.ends[static_cast<std::size_t>(from - 1)];
  const std::int64_t last = to == 0 ? 0 : block.ends[static_cast<std::size_t>(to - 1)];
  const std::int64_t shift = static_cast<std::int64_t>(data.columns.size()) - first;
  append_huge(data.columns, block.columns.begin() + first, block.columns.begin() + last);
  append_huge(data.values, block.values.begin() + first, block.values.begin() + last);
  for (std::int64_t r = from; r < to; ++r)
    data.offsets.push_back(block.ends[static_cast<std::size_t>(r)] + shift);
}

void end_row(std::vector<std::pair<std::int32_t, float>>& entries, EntryRows& rows) {
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < entries.size();) {
    const std::int32_t column = entries[i].first;
    float sum = 0;
    for (; i < entries.size() && entries[i].first == column; ++i) sum += entries[i].second;
    if (sum == 0) continue;
    rows.columns.push_back(column);
    rows.values.push_back(sum);
  }
  rows.ends.push_back(static_cast<std::int64_t>(rows.columns.size()));
  entries.clear();
}

}  // namespace thalweg
