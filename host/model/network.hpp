#pragma once
// Network: the layers of a model, their plan and the parameters; and Pass, the memory of one forward and
// backward pass.
#include <memory>
#include <vector>

#include "host/model/objective.hpp"
#include "host/runtime/memory.hpp"
#include "kernels/common/layer.hpp"
#include "thalweg/model.hpp"

namespace thalweg {

class Network {
 public:
  Network(const Context& ctx, const ModelSpec& spec);

  const ModelSpec& spec() const { return spec_; }
  const Objective& objective() const { return objective_; }
  const ParameterPlan& plan() const { return plan_; }
  const std::vector<std::unique_ptr<Layer>>& layers() const { return layers_; }
  Buffer<float>& parameters() { return parameters_; }
  Buffer<float>& buffers() { return buffers_; }

  /// The fused path reads each row once: one linear layer with one output and an elementwise loss.
  bool is_single_output_linear() const;
  bool sparse() const { return spec_.schema.sparse; }
  bool has_bias() const { return spec_.config.bias; }

 private:
  void build();
  void add_hidden(std::size_t index, std::int64_t in, std::int64_t out);
  void add_linear(std::size_t index, std::int64_t in, std::int64_t out, float bound);
  void initialise(const Context& ctx);

  ModelSpec spec_;
  Objective objective_;
  std::vector<std::unique_ptr<Layer>> layers_;
  ParameterPlan plan_;
  Buffer<float> parameters_, buffers_;
};

/// Where the rows of a call come from, and how they sit in the global batch.
struct PassInput {
  BatchSlices slices;
  const std::int64_t* ids = nullptr;
  const std::uint64_t* step = nullptr;
  bool training = true;
  DenseRows dense;
  SparseRows sparse;
  TouchedFeatures touched;
  BatchSum sparse_weight_sum;
};

/// Activations and gradients of up to max_rows rows, planned once.
class Pass {
 public:
  Pass(const Context& ctx, const Network& network, std::int64_t max_rows, bool backward);

  /// The model's outputs for the rows of `input`; valid until the next forward.
  Matrix forward(const Context& ctx, const Network& network, const PassInput& input, const ArenaView& arenas);
  /// Parameter gradients from grad_output (memory of output_gradient()) into the arenas.
  void backward(const Context& ctx, const Network& network, const PassInput& input, const ArenaView& arenas);
  /// [rows, outputs] memory for the gradient by the outputs.
  Matrix output_gradient(const Network& network, std::int64_t rows) const;

 private:
  LayerCall call_of(const Network& network, std::size_t layer, const PassInput& input,
                    const ArenaView& arenas) const;

  Buffer<float> activations_, kept_, gradients_[2];
  std::vector<float*> outputs_, kept_of_;
};

/// Host copies of a run of parameters.
std::vector<NamedTensor> download_tensors(const Context& ctx,
                                          const std::vector<ParameterPlan::Entry>& entries,
                                          const Buffer<float>& arena);
/// Throws ShapeError naming the first tensor that is missing or differs in shape.
void upload_tensors(const Context& ctx, const std::vector<ParameterPlan::Entry>& entries,
                    const std::vector<NamedTensor>& tensors, Buffer<float>& arena);

}  // namespace thalweg
