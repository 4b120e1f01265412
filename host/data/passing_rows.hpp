#pragma once
// Rows of a text format that pass by in blocks on their way into shards.
#include <cstdint>
#include <vector>

#include "host/data/raw_data.hpp"

namespace thalweg {

/// Labels and weights of rows that passed by. They are few bytes a row, and only all of them tell what they
/// are.
class PassingRows {
 public:
  /// `data` is what the merger appends rows to; it is empty after each block.
  explicit PassingRows(RawData& data) : data_(data) {}

  /// Takes the rows out of `data`, as rows of the file `path`.
  RawData take_block(const std::string& path);
  /// Gives `data` the labels and weights of all rows.
  void finish();

 private:
  RawData& data_;
  std::int64_t rows_ = 0;
  // By block: one vector that grows is in memory twice at times.
  std::vector<std::vector<double>> numbers_;
  std::vector<std::vector<std::int32_t>> codes_;
  std::vector<std::vector<float>> weight_;
};

}  // namespace thalweg
