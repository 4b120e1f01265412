#pragma once
// The rows of a libsvm file: blocks are parsed apart, and merged in order.
#include <cstdint>
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

 private:
  void merge_labels(const SvmRows& block, std::int64_t from, std::int64_t to);

  RowRange range_;
  RawData& data_;
  TextCodes texts_;
  std::vector<std::int32_t> codes_;
  std::int64_t seen_ = 0;
  bool unlabelled_ = false;
  bool too_many_ = false;  // distinct labels for classes
};

}  // namespace thalweg
