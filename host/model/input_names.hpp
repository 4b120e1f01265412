#pragma once
#include <cstddef>
#include <string>

#include "thalweg/dataset.hpp"

namespace thalweg {

/// The name of a model input: "age", "color=red" for a one-hot input, or "feature 7" by the index that the
/// data file has.
std::string input_name(const DataSchema& schema, std::size_t input);

/// A raw column and the inputs that are made of it.
struct ColumnInputs {
  std::string name;
  std::int64_t first = 0, count = 1;  ///< inputs
};
std::vector<ColumnInputs> raw_columns(const DataSchema& schema);

}  // namespace thalweg
