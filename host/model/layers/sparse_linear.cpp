#include "kernels/sparse_linear/sparse_linear.hpp"

#include "host/model/layers/affine_layer.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/per_sample/per_sample.hpp"

namespace thalweg {
namespace {

/// Reads CSR rows, so it is a first layer.
class SparseLinearLayer final : public AffineLayer {
 public:
  using AffineLayer::AffineLayer;

  std::int64_t sparse_weight() const override { return weight_offset(); }

  void forward(const Context& ctx, const ForwardCall& call) const override {
    backend_of(ctx).sparse_linear.forward(device_of(ctx), {.input = call.input.sparse().rows,
                                                           .weight = weight(call),
                                                           .bias = bias(call),
                                                           .output = call.output});
  }

  void backward(const Context& ctx, const BackwardCall& call) const override {
    backend_of(ctx).sparse_linear.parameter_grad(device_of(ctx),
                                                 {.input = call.input.sparse().rows,
                                                  .touched = call.input.sparse().touched,
                                                  .grad_output = call.grad_output,
                                                  .slices = call.slices,
                                                  .grad_weight = call.input.sparse().weight_sum,
                                                  .grad_bias = grad_bias(call)});
  }

  void input_gradient(const Context&, const BackwardCall&) const override {
  }  // a first layer: nobody reads it
  void parameter_gradient(const Context& ctx, const BackwardCall& call) const override {
    backward(ctx, call);
  }

  void squared_norms(const Context& ctx, const BackwardCall& call, float* out) const override {
    backend_of(ctx).per_sample.linear_squared_norms(device_of(ctx), {.grad_output = call.grad_output,
                                                                     .input_squares = call.input.squares,
                                                                     .ids = call.input.square_ids,
                                                                     .bias = has_bias(),
                                                                     .squared_norms = out});
  }

  void sample_gradients(const Context& ctx, const BackwardCall& call, Matrix rows) const override {
    backend_of(ctx).per_sample.sparse_gradients(device_of(ctx), {.input = call.input.sparse().rows,
                                                                 .grad_output = call.grad_output,
                                                                 .gradients = sample_weights(rows),
                                                                 .bias_gradients = sample_biases(rows)});
  }
};

}  // namespace

std::unique_ptr<Layer> make_sparse_linear(const std::string& name, std::int64_t in, std::int64_t out,
                                          bool bias, ParameterInit init) {
  return std::make_unique<SparseLinearLayer>(name, in, out, bias, init);
}

}  // namespace thalweg
