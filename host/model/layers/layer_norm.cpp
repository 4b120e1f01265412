#include "kernels/layer_norm/layer_norm.hpp"

#include "host/model/layer.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/per_sample/per_sample.hpp"

namespace thalweg {
namespace {

class LayerNormLayer final : public Layer {
 public:
  LayerNormLayer(const std::string& name, std::int64_t features) : Layer(name, features, features) {}

  void declare(ParameterPlan& plan) override {
    weight_ =
        plan.add_parameter({name() + ".weight", {in_features()}, ParameterKind::norm, {.constant = 1.0f}});
    bias_ = plan.add_parameter({name() + ".bias", {in_features()}, ParameterKind::norm, {}});
  }

  std::int64_t kept_floats(std::int64_t rows) const override { return 2 * rows; }

  void forward(const Context& ctx, const ForwardCall& call) const override {
    backend_of(ctx).layer_norm.forward(device_of(ctx), {.input = call.input.matrix(),
                                                        .weight = call.arenas.param + weight_,
                                                        .bias = call.arenas.param + bias_,
                                                        .output = call.output,
                                                        .mean = call.kept,
                                                        .rstd = call.kept + call.output.rows});
  }

  void backward(const Context& ctx, const BackwardCall& call) const override {
    gradients(ctx, call, call.slices, call.arenas.batch_sum(weight_), call.arenas.batch_sum(bias_));
  }

  bool has_parameters() const override { return true; }

  /// One op gives all three gradients; here the parameters' go into scratch memory, as if these rows were a
  /// batch. In the arena the chains of earlier rows may wait.
  void input_gradient(const Context& ctx, const BackwardCall& call) const override {
    const Scratch::Frame frame(device_of(ctx));
    gradients(ctx, call, whole_batch(call.slices.rows, call.slices.slices),
              {frame.take<float>(in_features())}, {frame.take<float>(in_features())});
  }
  void parameter_gradient(const Context& ctx, const BackwardCall& call) const override {
    backward(ctx, call);
  }

  void squared_norms(const Context& ctx, const BackwardCall& call, float* out) const override {
    backend_of(ctx).per_sample.layer_norm_squared_norms(device_of(ctx), {.grad_output = call.grad_output,
                                                                         .input = call.input.matrix(),
                                                                         .mean = call.kept,
                                                                         .rstd = call.kept + call.output.rows,
                                                                         .squared_norms = out});
  }

  void sample_gradients(const Context& ctx, const BackwardCall& call, Matrix rows) const override {
    backend_of(ctx).per_sample.layer_norm_gradients(
        device_of(ctx), {.grad_output = call.grad_output,
                         .input = call.input.matrix(),
                         .mean = call.kept,
                         .rstd = call.kept + call.output.rows,
                         .gradients = column_block(rows, weight_, in_features()),
                         .bias_gradients = column_block(rows, bias_, in_features())});
  }

 private:
  void gradients(const Context& ctx, const BackwardCall& call, const BatchSlices& slices,
                 const BatchSum& weight, const BatchSum& bias) const {
    backend_of(ctx).layer_norm.backward(device_of(ctx), {.grad_output = call.grad_output,
                                                         .input = call.input.matrix(),
                                                         .weight = call.arenas.param + weight_,
                                                         .mean = call.kept,
                                                         .rstd = call.kept + call.output.rows,
                                                         .grad_input = call.grad_input,
                                                         .slices = slices,
                                                         .grad_weight = weight,
                                                         .grad_bias = bias});
  }

  std::int64_t weight_ = 0, bias_ = 0;
};

}  // namespace

std::unique_ptr<Layer> make_layer_norm(const std::string& name, std::int64_t features) {
  return std::make_unique<LayerNormLayer>(name, features);
}

}  // namespace thalweg
