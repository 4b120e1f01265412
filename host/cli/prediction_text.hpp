#pragma once
// Predictions as CSV and as JSON lines.
#include <cstdint>
#include <string>
#include <vector>

#include "thalweg/dataset.hpp"
#include "thalweg/model.hpp"

namespace thalweg::cli {

/// What is written of the predictions.
struct PredictionTable {
  const ModelSpec& spec;
  const Predictions& predictions;  ///< of all rows of the data
  const Dataset& data;
  const std::vector<std::int64_t>& rows;  ///< those that are written, in order
  bool with_target = false;
  std::int64_t top_k = 0;  ///< classes of a row, the likeliest first; 0: all, in their order
  bool begins = true;      ///< whether a header stands above the rows
};

/// A header, then a line for each row: its name (data.id), the target, the class, and what speaks for each
/// class.
std::string to_csv(const PredictionTable& table);
/// A JSON object for each row and line.
std::string to_json_lines(const PredictionTable& table);

}  // namespace thalweg::cli
