#pragma once
// The part of an ONNX graph that makes the inputs of a model from the columns of the data.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "host/export/onnx_graph.hpp"
#include "thalweg/dataset.hpp"

namespace thalweg::onnx {

/// The columns of the data by what they hold, in their order; those of crosses are made of text columns.
struct RawColumns {
  explicit RawColumns(const DataSchema& schema);

  std::vector<std::size_t> numbers, texts, crosses;
  std::vector<std::size_t> first_input;  ///< of each column, of the model's inputs
};

/// Adds the inputs of the file and what the schema makes of them. Gives the value [N, schema.features].
Name add_inputs(const DataSchema& schema, Graph& graph);

}  // namespace thalweg::onnx
