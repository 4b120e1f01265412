#include "kernels/sparse_linear/sparse_linear.hpp"

#include "host/model/layers/affine_layer.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/per_sample/per_sample.hpp"

namespace thalweg {
namespace {

/// The first layer of a model on CSR data; its weight is the first parameter of the model.
class SparseLinearLayer final : public AffineLayer {
 public:
  using AffineLayer::AffineLayer;

  void forward(const Context& ctx, const LayerCall& call) const override {
    backend_of(ctx).sparse_linear.forward(
        device_of(ctx),
        {.input = call.sparse, .weight = weight(call), .bias = bias(call), .output = call.output});
  }

  void backward(const Context& ctx, const LayerCall& call) const override {
    backend_of(ctx).sparse_linear.parameter_grad(device_of(ctx), {.input = call.sparse,
                                                                  .touched = call.touched,
                                                                  .grad_output = call.grad_output,
                                                                  .slices = call.slices,
                                                                  .grad_weight = call.sparse_weight_sum,
                                                                  .grad_bias = grad_bias(call)});
  }

  void input_gradient(const Context&, const LayerCall&) const override {}  // always the first layer
  void parameter_gradient(const Context& ctx, const LayerCall& call) const override { backward(ctx, call); }

  void squared_norms(const Context& ctx, const LayerCall& call, float* out) const override {
    backend_of(ctx).per_sample.linear_squared_norms(device_of(ctx), {.grad_output = call.grad_output,
                                                                     .input_squares = call.input_squares,
                                                                     .ids = call.ids,
                                                                     .bias = has_bias(),
                                                                     .squared_norms = out});
  }

  void sample_gradients(const Context& ctx, const LayerCall& call, Matrix rows) const override {
    backend_of(ctx).per_sample.sparse_gradients(device_of(ctx), {.input = call.sparse,
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
