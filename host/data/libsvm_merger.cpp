#include "host/data/libsvm_merger.hpp"

#include <algorithm>
#include <cmath>

#include "host/data/labels.hpp"
#include "host/runtime/huge_pages.hpp"

namespace thalweg {

SvmMerger::SvmMerger(const ReadRequest& request, RawData& data) : range_(request.range), data_(data) {
  data_.offsets.push_back(0);
}

bool SvmMerger::merge(SvmRows& block) {
  const std::int64_t from = std::clamp<std::int64_t>(range_.begin - seen_, 0, block.rows);
  const std::int64_t to = std::clamp<std::int64_t>(range_.end - seen_, from, block.rows);
  seen_ += block.rows;
  const std::int64_t first = from == 0 ? 0 : block.ends[static_cast<std::size_t>(from - 1)];
  const std::int64_t last = to == 0 ? 0 : block.ends[static_cast<std::size_t>(to - 1)];
  const std::size_t entries = data_.columns.size();
  append_entries(block, from, to, data_);
  find_extent(entries);
  if (!block.weight.empty()) {
    const auto weight = block.weight.begin();
    append_huge(data_.weight, weight + from, weight + to);
    weighs_ |= std::any_of(weight + from, weight + to, [](float each) { return each != 1; });
  }
  // mutant: lines-of-range
  data_.source_line.insert(data_.source_line.end(), block.lines.begin() + from, block.lines.begin() + to);
  for (const auto& [index, entries] : block.rounded)
    for (const auto& [entry, value] : entries)
      if (entry >= first && entry < last) data_.precise[index].push_back(value);
  data_.rows += to - from;
  const auto numbers = block.numbers.begin();
  unlabelled_ |= std::any_of(numbers + from, numbers + to, [](double label) { return std::isnan(label); });
  if (!unlabelled_) merge_labels(block, from, to);
  return seen_ < range_.end;
}

void SvmMerger::find_extent(std::size_t first_entry) {
  for (std::size_t e = first_entry; e < data_.columns.size(); ++e) {
    lowest_ = std::min(lowest_, data_.columns[e]);
    highest_ = std::max(highest_, data_.columns[e]);
  }
}

void SvmMerger::finish() {
  require_rows(data_.source, range_, seen_);
  data_.labels.present = !unlabelled_;
  if (unlabelled_) data_.labels.numbers.clear();
  if (unlabelled_ || too_many_) return;
  data_.labels.codes = std::move(codes_);
  data_.labels.texts = texts_.texts();
}

void SvmMerger::merge_labels(const SvmRows& block, std::int64_t from, std::int64_t to) {
  data_.labels.numbers.insert(data_.labels.numbers.end(), block.numbers.begin() + from,
                              block.numbers.begin() + to);
  too_many_ |= std::ssize(block.codes) < block.rows;
  std::vector<std::int32_t> map(block.texts.texts().size(), -1);
  for (std::int64_t r = from; r < to && !too_many_; ++r) {
    const auto code = static_cast<std::size_t>(block.codes[static_cast<std::size_t>(r)]);
    if (map[code] < 0) map[code] = texts_.code(block.texts.texts()[code]);
    codes_.push_back(map[code]);
    too_many_ = texts_.texts().size() > kMostClasses;
  }
}

}  // namespace thalweg
