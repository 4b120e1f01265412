#pragma once
// A layer: what the model is made of. It declares its parameters once, when the model is planned, and then
// only passes pointers to its op table; it owns no memory.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "host/data/input.hpp"
#include "host/model/parameter_plan.hpp"
#include "kernels/base/activation_kind.hpp"
#include "kernels/base/required.hpp"
#include "kernels/base/slices.hpp"
#include "thalweg/context.hpp"
#include "thalweg/tensor.hpp"

namespace thalweg {

/// The arenas a pass works on, in the backend's memory.
struct ArenaView {
  const float* param = nullptr;
  float* grad = nullptr;
  /// Slice 0 of the partial sums over the batch; null where each call brings all rows of its slices. Of a
  /// single slice it may be `grad`.
  float* partials = nullptr;
  std::int64_t partial_stride = 0;
  float* buffers = nullptr;

  BatchSum batch_sum(std::int64_t offset) const {
    return {.sum = grad + offset,
            .partials = partials ? partials + offset : nullptr,
            .partial_stride = partial_stride};
  }
};

/// Columns [offset, offset + cols) of the rows of a matrix.
inline Matrix column_block(Matrix rows, std::int64_t offset, std::int64_t cols) {
  return {rows.data + offset, rows.rows, cols, rows.stride};
}

/// What all calls of one pass share: the arenas, and how the rows sit in the global batch.
struct CallBase {
  ArenaView arenas;
  BatchSlices slices;
  const std::int64_t* ids = nullptr;    ///< sample ids of the rows
  const std::uint64_t* step = nullptr;  ///< [1] in the backend's memory
  bool training = true;
  Input input;
  Matrix output;
  float* kept = nullptr;  ///< what forward keeps for backward: kept_floats(rows)
};

struct ForwardCall : CallBase {
  // A layer that fuses_activations() applies the activation that follows it, whose output is then `output`.
  FusedActivation output_activation = {};
  Matrix before_activation = {};  ///< the layer's own output; data == null: nobody reads it
};

struct BackwardCall : CallBase {
  ConstMatrix grad_output = {};
  Matrix grad_input = {};  ///< data == null: not wanted
  // A layer that fuses_activations() applies the derivative of the activation before it, too: grad_input is
  // then that layer's.
  FusedActivation input_activation = {};
  ConstMatrix input_activation_kept = {};  ///< its input or output, as backward_needs_input says
};

class Layer {
 public:
  Layer(std::string name, std::int64_t in_features, std::int64_t out_features)
      : name_(std::move(name)), in_features_(in_features), out_features_(out_features) {}
  virtual ~Layer() = default;

  const std::string& name() const { return name_; }
  std::int64_t in_features() const { return in_features_; }
  std::int64_t out_features() const { return out_features_; }

  virtual void declare(ParameterPlan&) {}
  /// Floats that forward keeps for backward, besides input and output.
  virtual std::int64_t kept_floats(std::int64_t /*rows*/) const { return 0; }
  /// Whether output may overwrite input.
  virtual bool in_place() const { return false; }
  /// Whether grad_input may overwrite grad_output.
  virtual bool gradient_in_place() const { return in_place(); }
  /// Set where the layer is an activation and nothing else.
  virtual FusedActivation activation() const { return {}; }
  /// Offset of the weight, in the arena, whose gradient a sparse batch touches in few columns; -1: none.
  virtual std::int64_t sparse_weight() const { return -1; }
  /// Whether the layer takes the activations beside it into its own kernels (ForwardCall, BackwardCall).
  virtual bool fuses_activations() const { return false; }
  /// Why the layer needs the whole batch at once; empty: it does not.
  virtual std::string whole_batch_reason() const { return {}; }

  virtual void forward(const Context& ctx, const ForwardCall& call) const = 0;
  virtual void backward(const Context& ctx, const BackwardCall& call) const = 0;

  // The per-sample rule (kernels/per_sample): all of a layer with parameters, or a reason.

  virtual bool has_parameters() const { return false; }
  /// Why one sample has no gradient of its own here, and what to use instead.
  virtual std::optional<NotDefined> per_sample_refusal() const { return std::nullopt; }
  /// backward in two parts. The first gives grad_input and leaves the gradient arena alone ...
  virtual void input_gradient(const Context& ctx, const BackwardCall& call) const { backward(ctx, call); }
  /// ... the second the parameter gradients of a grad_output that was scaled in between. grad_input is then
  /// memory that may be clobbered.
  virtual void parameter_gradient(const Context&, const BackwardCall&) const {}
  /// squared_norms[n]: of row n's gradient by this layer's parameters.
  virtual void squared_norms(const Context&, const BackwardCall&, float* /*squared_norms*/) const {}
  /// Row n of `rows` [rows, arena size], at this layer's offsets: row n's gradient.
  virtual void sample_gradients(const Context&, const BackwardCall&, Matrix /*rows*/) const {}

 private:
  std::string name_;
  std::int64_t in_features_, out_features_;
};

std::unique_ptr<Layer> make_linear(const std::string& name, std::int64_t in, std::int64_t out, bool bias,
                                   ParameterInit init);
std::unique_ptr<Layer> make_sparse_linear(const std::string& name, std::int64_t in, std::int64_t out,
                                          bool bias, ParameterInit init);
std::unique_ptr<Layer> make_activation(const std::string& name, std::int64_t features, Activation kind);
std::unique_ptr<Layer> make_dropout(const std::string& name, std::int64_t features, double rate,
                                    std::uint64_t seed, std::uint32_t layer);
std::unique_ptr<Layer> make_layer_norm(const std::string& name, std::int64_t features);
std::unique_ptr<Layer> make_batch_norm(const std::string& name, std::int64_t features);

}  // namespace thalweg
