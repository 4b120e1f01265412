#include "host/data/passing_rows.hpp"

#include <utility>

namespace thalweg {
namespace {

/// The values of all blocks. Each block goes as it is taken.
template <class T>
std::vector<T> joined(std::vector<std::vector<T>>& blocks) {
  std::size_t size = 0;
  for (const std::vector<T>& block : blocks) size += block.size();
  std::vector<T> all;
  all.reserve(size);
  for (std::vector<T>& block : blocks) {
    all.insert(all.end(), block.begin(), block.end());
    block = {};
  }
  return all;
}

}  // namespace

RawData PassingRows::take_block(const std::string& path) {
  RawData block;
  block.layout = data_.layout;
  block.width = data_.width;
  std::swap(static_cast<RawCells&>(block), static_cast<RawCells&>(data_));
  // The doubles of sparse entries stay: they are few, and are judged together.
  if (block.layout == RawData::Layout::csr) {
    data_.offsets.assign(1, 0);
    std::swap(block.precise, data_.precise);
  }
  block.source = path;
  block.source_line = std::exchange(data_.source_line, {});
  data_.row_names.clear();
  block.column_names = data_.column_names;
  block.labels = std::exchange(data_.labels, {.present = data_.labels.present});
  block.weight = std::exchange(data_.weight, {});
  numbers_.push_back(block.labels.numbers);
  codes_.push_back(block.labels.codes);
  weight_.push_back(block.weight);
  rows_ += block.rows;
  return block;
}

void PassingRows::finish() {
  data_.rows = rows_;
  data_.labels.numbers = joined(numbers_);
  data_.labels.codes = joined(codes_);
  data_.weight = joined(weight_);
}

}  // namespace thalweg
