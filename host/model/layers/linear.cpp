#include "kernels/linear/linear.hpp"

#include "host/model/layers/affine_layer.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/per_sample/per_sample.hpp"

namespace thalweg {
namespace {

class LinearLayer final : public AffineLayer {
 public:
  using AffineLayer::AffineLayer;

  void forward(const Context& ctx, const ForwardCall& call) const override {
    backend_of(ctx).linear.forward(device_of(ctx), {.input = call.input.dense(),
                                                    .weight = weight(call),
                                                    .bias = bias(call),
                                                    .output = call.output,
                                                    .activation = call.output_activation,
                                                    .before_activation = call.before_activation});
  }

  void backward(const Context& ctx, const BackwardCall& call) const override {
    parameter_gradient(ctx, call);
    input_gradient(ctx, call);
  }

  bool fuses_activations() const override { return true; }

  void parameter_gradient(const Context& ctx, const BackwardCall& call) const override {
    backend_of(ctx).linear.parameter_grad(device_of(ctx), {.input = call.input.dense(),
                                                           .grad_output = call.grad_output,
                                                           .slices = call.slices,
                                                           .grad_weight = grad_weight(call),
                                                           .grad_bias = grad_bias(call)});
  }

  void input_gradient(const Context& ctx, const BackwardCall& call) const override {
    if (call.grad_input.data == nullptr) return;
    backend_of(ctx).linear.input_grad(device_of(ctx), {.grad_output = call.grad_output,
                                                       .weight = weight(call),
                                                       .grad_input = call.grad_input,
                                                       .activation = call.input_activation,
                                                       .kept = call.input_activation_kept});
  }

  void squared_norms(const Context& ctx, const BackwardCall& call, float* out) const override {
    const bool known = call.input.squares != nullptr;  // else a hidden layer, whose input is a plain matrix
    backend_of(ctx).per_sample.linear_squared_norms(device_of(ctx),
                                                    {.grad_output = call.grad_output,
                                                     .input = known ? ConstMatrix{} : call.input.matrix(),
                                                     .input_squares = call.input.squares,
                                                     .ids = call.input.square_ids,
                                                     .bias = has_bias(),
                                                     .squared_norms = out});
  }

  void sample_gradients(const Context& ctx, const BackwardCall& call, Matrix rows) const override {
    backend_of(ctx).per_sample.dense_gradients(device_of(ctx), {.input = call.input.dense(),
                                                                .grad_output = call.grad_output,
                                                                .gradients = sample_weights(rows),
                                                                .bias_gradients = sample_biases(rows)});
  }
};

}  // namespace

std::unique_ptr<Layer> make_linear(const std::string& name, std::int64_t in, std::int64_t out, bool bias,
                                   ParameterInit init) {
  return std::make_unique<LinearLayer>(name, in, out, bias, init);
}

}  // namespace thalweg
