#pragma once
// The rows of a libsvm file: blocks are parsed apart, and merged in order.
#include <cstdint>
#include <limits>
#include <vector>

#include "host/data/entry_rows.hpp"
#include "host/data/precise.hpp"
#include "host/data/raw_data.hpp"
#include "host/data/text.hpp"

namespace thalweg {

/// The rows of one block; codes refer to the block's own texts.
struct SvmRows : EntryRows {
  std::int64_t rows = 0;
  std::vector<double> numbers;      // NaN: the row has no label
  std::vector<std::int32_t> codes;  // fewer than rows where the texts are too many for classes
  TextCodes texts;
  RoundedEntries rounded;
  std::vector<std::int64_t> lines;
  std::vector<float> weight;  // empty: the format has none
};

/// Takes the blocks' rows in order until the row range is full. A row without a label takes all labels away.
class SvmMerger {
 public:
  SvmMerger(const ReadRequest& request, RawData& data);

  /// Returns whether more rows are needed.
  bool merge(SvmRows& block);
  void finish();
  std::int64_t seen() const { return seen_; }  ///< rows, taken or not
  /// Of the entries taken: the file's lowest index, beyond all others where there is none; the highest, or
  /// -1.
  std::int32_t lowest() const { return lowest_; }
  std::int32_t highest() const { return highest_; }
  /// Whether a row was taken whose weight is not 1.
  bool weighs() const { return weighs_; }

 private:
  void find_extent(std::size_t first_entry);
  void merge_labels(const SvmRows& block, std::int64_t from, std::int64_t to);

  RowRange range_;
  RawData& data_;
  TextCodes texts_;
  std::vector<std::int32_t> codes_;
  std::int64_t seen_ = 0;
  std::int32_t lowest_ = std::numeric_limits<std::int32_t>::max(), highest_ = -1;
  bool weighs_ = false;
  bool unlabelled_ = false;
  bool too_many_ = false;  // distinct labels for classes
};

}  // namespace thalweg
