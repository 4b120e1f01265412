#include "host/data/passing_rows.hpp"

#include <utility>

namespace thalweg {
namespace {

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
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
  block.index_base = data_.index_base;
  block.labels = std::exchange(data_.labels, {.present = data_.labels.present});
  block.weight = std::exchange(data_.weight, {});
  append(numbers_, block.labels.numbers);
  append(codes_, block.labels.codes);
  append(weight_, block.weight);
  rows_ += block.rows;
  return block;
}

void PassingRows::finish() {
  data_.rows = rows_;
  data_.labels.numbers = std::move(numbers_);
  data_.labels.codes = std::move(codes_);
  data_.weight = std::move(weight_);
}

}  // namespace thalweg
