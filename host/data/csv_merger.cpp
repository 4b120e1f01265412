#include "host/data/csv_merger.hpp"

#include <algorithm>
#include <cmath>

#include "host/data/precise.hpp"
#include "host/runtime/huge_pages.hpp"

namespace thalweg {
namespace {

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from, std::int64_t begin, std::int64_t end,
            std::int64_t width) {
  if (!from.empty()) append_huge(to, from.begin() + begin * width, from.begin() + end * width);
}

/// Codes of the block into codes of the file, for rows that are taken: other rows' texts must leave no trace.
template <class T>
void recode_texts(const TextCodes& block, TextCodes& all, T* codes, std::int64_t count, std::int64_t stride) {
  std::vector<std::int32_t> map(block.texts().size(), -1);
  for (std::int64_t i = 0; i < count; ++i) {
    T& code = codes[i * stride];
    if (std::isnan(static_cast<float>(code))) continue;
    std::int32_t& mapped = map[static_cast<std::size_t>(code)];
    if (mapped < 0) mapped = all.code(block.texts()[static_cast<std::size_t>(code)]);
    code = static_cast<T>(mapped);
  }
}

}  // namespace

CsvMerger::CsvMerger(const ReadRequest& request, const CsvLayout& layout, RawData& data)
    : range_(request.range),
      layout_(layout),
      problems_(request, layout),
      data_(data),
      texts_(layout.text_features.size()) {}

bool CsvMerger::merge(CsvRows& block) {
  const std::int64_t from = std::clamp<std::int64_t>(range_.begin - seen_, 0, block.rows);
  const std::int64_t to = std::clamp<std::int64_t>(range_.end - seen_, from, block.rows);
  seen_ += block.rows;
  if (from == to) return seen_ < range_.end;
  if (layout_.hash_bits > 0)
    append_entries(block.entries, from, to, data_);
  else
    merge_cells(block, from, to);
  recode_target(block, from, to);
  append(data_.source_line, block.lines, from, to, 1);
  append(data_.row_names, block.names, from, to, 1);
  append(data_.weight, block.weight, from, to, 1);
  append(data_.labels.numbers, block.target, from, to, 1);
  append(data_.labels.codes, block.target_codes, from, to, 1);
  data_.rows += to - from;
  return seen_ < range_.end;
}

void CsvMerger::finish() {
  require_rows(data_.source, range_, seen_);
  if (layout_.hash_bits == 0) data_.texts.resize(static_cast<std::size_t>(layout_.features));
  for (std::size_t i = 0; i < texts_.size() && layout_.hash_bits == 0; ++i) {
    const std::int32_t feature = layout_.text_features[i];
    problems_.check_categories(feature, texts_[i].texts().size(), data_.rows);
    data_.texts[static_cast<std::size_t>(feature)] = texts_[i].texts();
  }
  const bool text_target = data_.labels.numbers.empty() && !labels_.texts().empty();
  if (text_target) problems_.check_labels(labels_.texts().size(), data_.rows);
  if (drop_labels_)
    data_.labels.codes.clear();
  else
    data_.labels.texts = labels_.texts();
}

void CsvMerger::merge_cells(CsvRows& block, std::int64_t from, std::int64_t to) {
  append_precise(block.cells.data(), block.precise, from, to, data_);
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    const std::int64_t feature = layout_.text_features[i];
    float* const codes = block.cells.data() + feature;
    const std::int64_t width = layout_.features;
    // mutant: texts-of-range
    recode_texts(block.texts[i], texts_[i], codes + from * width, to - from, width);
    problems_.check_too_many(layout_.text_features[i], texts_[i].texts().size());
  }
  append(data_.cells, block.cells, from, to, layout_.features);
}

/// A block of numbers without a code for each row had too many texts for labels.
void CsvMerger::recode_target(CsvRows& block, std::int64_t from, std::int64_t to) {
  const bool numbers = !block.target.empty();
  drop_labels_ |= numbers && std::ssize(block.target_codes) < block.rows;
  if (drop_labels_) block.target_codes.clear();
  if (!block.target_codes.empty())
    recode_texts(block.target_texts, labels_, block.target_codes.data() + from, to - from, 1);
  drop_labels_ |= numbers && labels_.texts().size() > kMostKeptLabels;
}

}  // namespace thalweg
