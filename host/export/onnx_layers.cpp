#include "host/export/onnx_layers.hpp"

#include <fmt/format.h>

#include <numbers>

#include "kernels/batch_norm/batch_norm.hpp"
#include "kernels/layer_norm/layer_norm.hpp"
#include "thalweg/error.hpp"

namespace thalweg::onnx {
namespace {

/// Layers of a model behind its inputs.
class LayerGraph {
 public:
  LayerGraph(const Model& model, Graph& graph)
      : config_(model.spec().config),
        parameters_(model.parameters()),
        buffers_(model.buffers()),
        graph_(graph) {}

  /// [N, outputs], before softmax, sigmoid or exp.
  Name build(Name value) {
    for (std::size_t layer = 0; layer < config_.hidden.size(); ++layer)
      value = activated(normalized(linear(value, layer), layer));
    return linear(value, config_.hidden.size());
  }

 private:
  static std::string layer_name(std::size_t layer) { return fmt::format("layers.{}", layer); }
  Name parameter(const std::string& name) { return tensor(parameters_, name); }
  Name buffer(const std::string& name) { return tensor(buffers_, name); }
  Name tensor(const std::vector<NamedTensor>& tensors, const std::string& name) {
    const NamedTensor& found = find(tensors, name);
    return graph_.constant(name, found.shape, found.values);
  }

  Name linear(const Name& value, std::size_t layer) {
    const std::string name = layer_name(layer);
    std::vector<Name> inputs{value, parameter(name + ".weight")};
    if (config_.bias) inputs.push_back(parameter(name + ".bias"));
    return graph_.node("Gemm", inputs, {{"transB", std::int64_t{1}}});
  }

  Name normalized(const Name& value, std::size_t layer) {
    const std::string name = layer_name(layer) + ".norm";
    switch (config_.normalization) {
      case Normalization::none:
        return value;
      case Normalization::layer:
        return graph_.node("LayerNormalization",
                           {value, parameter(name + ".weight"), parameter(name + ".bias")},
                           {{"epsilon", LayerNormForward{}.eps}});
      case Normalization::batch:
        return graph_.node("BatchNormalization",
                           {value, parameter(name + ".weight"), parameter(name + ".bias"),
                            buffer(name + ".running_mean"), buffer(name + ".running_var")},
                           {{"epsilon", BatchNormInference{}.eps}});
    }
    throw InternalError("a normalization that ONNX does not get");
  }

  Name activated(const Name& value) {
    switch (config_.activation) {
      case Activation::relu:
        return graph_.node("Relu", {value});
      case Activation::tanh:
        return graph_.node("Tanh", {value});
      case Activation::sigmoid:
        return graph_.node("Sigmoid", {value});
      case Activation::gelu:
        return gelu(value);
    }
    throw InternalError("an activation that ONNX does not get");
  }

  /// x (1 + erf(x / sqrt(2))) / 2: the operator Gelu is younger than the others.
  Name gelu(const Name& value) {
    const auto number = [&](float x) { return graph_.constant("number", {1}, std::vector<float>{x}); };
    const Name argument = graph_.node("Mul", {value, number(static_cast<float>(1 / std::numbers::sqrt2))});
    const Name twice = graph_.node("Add", {graph_.node("Erf", {argument}), number(1)});
    return graph_.node("Mul", {graph_.node("Mul", {value, twice}), number(0.5f)});
  }

  const ModelConfig& config_;
  std::vector<NamedTensor> parameters_, buffers_;
  Graph& graph_;
};

}  // namespace

Name add_layers(const Model& model, const Name& inputs, Graph& graph) {
  return LayerGraph(model, graph).build(inputs);
}

}  // namespace thalweg::onnx
