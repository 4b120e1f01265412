#pragma once
// The rows of a CSV file: blocks are parsed apart, and merged in order.
#include <cstdint>
#include <string>
#include <vector>

#include "host/data/csv_layout.hpp"
#include "host/data/csv_problems.hpp"
#include "host/data/entry_rows.hpp"
#include "host/data/raw_data.hpp"
#include "host/data/text.hpp"

namespace thalweg {

/// Distinct texts of a target of numbers; with more of them the numbers alone are kept.
constexpr std::size_t kMostKeptLabels = 1000;

/// The rows of one block; codes refer to the block's own texts.
struct CsvRows {
  std::int64_t rows = 0;
  std::vector<float> cells;
  EntryRows entries;             // instead of cells and texts where the layout hashes
  std::vector<TextCodes> texts;  // per text feature
  std::vector<double> target;
  std::vector<std::int32_t> target_codes;
  TextCodes target_texts;
  PreciseColumns precise;
  std::vector<float> weight;
  std::vector<std::string> names;
  std::vector<std::int64_t> lines;
};

/// Takes the blocks' rows in order, texts recoded, until the row range is full.
class CsvMerger {
 public:
  CsvMerger(const ReadRequest& request, const CsvLayout& layout, RawData& data);

  /// Returns whether more rows are needed.
  bool merge(CsvRows& block);
  void finish();
  std::int64_t seen() const { return seen_; }  ///< rows, taken or not

 private:
  void merge_cells(CsvRows& block, std::int64_t from, std::int64_t to);
  void recode_target(CsvRows& block, std::int64_t from, std::int64_t to);

  RowRange range_;
  const CsvLayout& layout_;
  CsvProblems problems_;
  RawData& data_;
  std::vector<TextCodes> texts_;
  TextCodes labels_;
  bool drop_labels_ = false;
  std::int64_t seen_ = 0;
};

}  // namespace thalweg
