#pragma once
// Network: the layers of a model, their plan and the parameters; and Pass, the memory of one forward and
// backward pass.
#include <memory>
#include <vector>

#include "host/model/layer.hpp"
#include "host/model/model_users.hpp"
#include "host/model/objective.hpp"
#include "host/runtime/memory.hpp"
#include "kernels/base/touched.hpp"
#include "thalweg/model.hpp"

namespace thalweg {

class Network {
 public:
  /// Layers and plan alone, without memory.
  explicit Network(const ModelSpec& spec);
  Network(const Context& ctx, const ModelSpec& spec);

  const ModelSpec& spec() const { return spec_; }
  const Objective& objective() const { return objective_; }
  const ParameterPlan& plan() const { return plan_; }
  const std::vector<std::unique_ptr<Layer>>& layers() const { return layers_; }
  /// Whether the forward call of this layer, or its backward call, does the work of the activation beside it.
  bool fuses_next(std::size_t layer) const;
  bool fuses_previous(std::size_t layer) const;
  Buffer<float>& parameters() { return parameters_; }
  Buffer<float>& buffers() { return buffers_; }
  ModelUsers& users() const { return users_; }

  /// The fused path reads each row once: one linear layer with one output and an elementwise loss.
  bool is_single_output_linear() const;
  /// The layer whose weight a sparse batch touches in few columns; null: no layer reads sparse rows.
  const Layer* sparse_layer() const;
  /// Layers with parameters, which is what per-sample norms are counted by.
  std::int64_t parameter_layers() const;
  /// Throws UnsupportedLayer naming the first layer without a per-sample gradient, and the way out.
  void require_per_sample() const;
  bool has_bias() const { return spec_.config.bias; }
  /// Ends with the network: for those who refer to it and do not own it.
  std::weak_ptr<const Network> life() const { return life_; }

 private:
  void build();
  void add_normalization(const std::string& name, std::int64_t features);
  void add_hidden(std::size_t index, std::int64_t in, std::int64_t out);
  void add_linear(std::size_t index, std::int64_t in, std::int64_t out, float bound);
  void initialise(const Context& ctx);

  ModelSpec spec_;
  Objective objective_;
  std::vector<std::unique_ptr<Layer>> layers_;
  ParameterPlan plan_;
  Buffer<float> parameters_, buffers_;
  std::shared_ptr<const Network> life_{this, [](const Network*) {}};  // it owns nothing
  mutable ModelUsers users_;
};

/// The source of the rows of a call, and their position in the global batch.
struct PassInput {
  BatchSlices slices;
  const std::int64_t* ids = nullptr;
  const std::uint64_t* step = nullptr;
  bool training = true;
  Input input;
};

/// The purpose of a Pass, which sets its memory and its calls.
enum class PassUse {
  forward,     ///< forward alone
  backward,    ///< gradients of the layers share two buffers
  per_sample,  ///< every layer's output gradient is kept, so that norms come before parameter gradients
};

/// Output of the squared norms of the samples' gradients: [layers with parameters, stride], first layer
/// first.
struct SquaredNorms {
  float* values = nullptr;
  std::int64_t stride = 0;

  float* layer(std::int64_t index) const { return values + index * stride; }
};

/// Activations and gradients of up to max_rows rows, planned once.
class Pass {
 public:
  Pass(const Context& ctx, const Network& network, std::int64_t max_rows, PassUse use);

  /// The model's outputs for the rows of `input`; valid until the next forward.
  Matrix forward(const Context& ctx, const Network& network, const PassInput& input, const ArenaView& arenas);
  /// Parameter gradients from grad_output (memory of output_gradient()) into the arenas.
  void backward(const Context& ctx, const Network& network, const PassInput& input, const ArenaView& arenas,
                const SquaredNorms* norms = nullptr);

  // The parts of a per-sample pass, PassUse::per_sample, each from grad_output in memory of
  // output_gradient().

  /// Computes the gradients by every layer's output and, if requested, the samples' squared norms.
  void output_gradients(const Context& ctx, const Network& network, const PassInput& input,
                        const ArenaView& arenas, const SquaredNorms* norms);
  /// Scales row n of every parameter layer's output gradient by factors[layer * stride + n].
  void scale_gradients(const Context& ctx, const Network& network, std::int64_t rows, const float* factors,
                       std::int64_t stride);
  void parameter_gradients(const Context& ctx, const Network& network, const PassInput& input,
                           const ArenaView& arenas);
  /// Row n of `rows` [rows, arena size]: the gradient of row n of the input.
  void sample_gradients(const Context& ctx, const Network& network, const PassInput& input,
                        const ArenaView& arenas, Matrix rows);

  /// [rows, outputs] memory for the gradient by the outputs.
  Matrix output_gradient(const Network& network, std::int64_t rows) const;

 private:
  CallBase call_of(const Network& network, std::size_t layer, const PassInput& input,
                   const ArenaView& arenas) const;
  ForwardCall forward_call(const Network& network, std::size_t layer, const PassInput& input,
                           const ArenaView& arenas) const;
  /// The output of `layer` for the rows of the last forward.
  Matrix output_of(const Network& network, std::size_t layer, std::int64_t rows) const {
    return matrix(outputs_[layer], rows, network.layers()[layer]->out_features());
  }

  void plan_activations(const Context& ctx, const Network& network, std::int64_t max_rows);
  void plan_gradients(const Context& ctx, const Network& network, std::int64_t max_rows);
  BackwardCall backward_call(const Network& network, std::size_t layer, const PassInput& input,
                             const ArenaView& arenas) const;
  /// Goes from the last layer to the first: computes its squared norms, if requested, and calls run(index,
  /// call).
  template <class Run>
  void down_the_layers(const Context& ctx, const Network& network, const PassInput& input,
                       const ArenaView& arenas, const SquaredNorms* norms, const Run& run);

  PassUse use_;
  Buffer<float> activations_, kept_;
  std::vector<Buffer<float>> gradients_;
  std::vector<float*> outputs_, kept_of_;
  std::vector<float*> output_gradients_;  ///< output gradient of each layer
};

/// Host copies of a run of parameters.
std::vector<NamedTensor> download_tensors(const Context& ctx,
                                          const std::vector<ParameterPlan::Entry>& entries,
                                          const Buffer<float>& arena);
/// Uploads the tensors, whatever their order. Throws the errors of `matched`; nothing has changed then.
void upload_tensors(const Context& ctx, const std::vector<ParameterPlan::Entry>& entries,
                    const std::vector<NamedTensor>& tensors, Buffer<float>& arena);

}  // namespace thalweg
