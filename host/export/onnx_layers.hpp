#pragma once
// The layers of a model in an ONNX graph.
#include "host/export/onnx_graph.hpp"
#include "thalweg/model.hpp"

namespace thalweg::onnx {

/// Adds the layers as they predict, that is without dropout. `inputs`: [N, features]. Gives the value
/// [N, outputs], before softmax, sigmoid or exp.
Name add_layers(const Model& model, const Name& inputs, Graph& graph);

}  // namespace thalweg::onnx
