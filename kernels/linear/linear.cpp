#include "kernels/linear/linear.hpp"

#include "kernels/common/backend.hpp"
#include "kernels/common/layer.hpp"

namespace thalweg {
namespace {

class LinearLayer final : public Layer {
 public:
  LinearLayer(const std::string& name, std::int64_t in, std::int64_t out, bool bias, ParameterInit init)
      : Layer(name, in, out), has_bias_(bias), init_(init) {}

  void declare(ParameterPlan& plan) override {
    weight_ = plan.add_parameter(
        {name() + ".weight", {out_features(), in_features()}, ParameterKind::weight, init_});
    if (has_bias_) bias_ = plan.add_parameter({name() + ".bias", {out_features()}, ParameterKind::bias, {}});
  }

  void forward(const Context& ctx, const LayerCall& call) const override {
    ctx.backend().linear.forward(ctx, {.input = call.input,
                                       .weight = call.arenas.param + weight_,
                                       .bias = has_bias_ ? call.arenas.param + bias_ : nullptr,
                                       .output = call.output,
                                       .activation = call.output_activation,
                                       .before_activation = call.before_activation});
  }

  void backward(const Context& ctx, const LayerCall& call) const override {
    parameter_gradient(ctx, call);
    input_gradient(ctx, call);
  }

  bool fuses_activations() const override { return true; }
  bool has_parameters() const override { return true; }

  void parameter_gradient(const Context& ctx, const LayerCall& call) const override {
    ctx.backend().linear.parameter_grad(ctx,
                                        {.input = call.input,
                                         .grad_output = call.grad_output,
                                         .slices = call.slices,
                                         .grad_weight = call.arenas.batch_sum(weight_),
                                         .grad_bias = has_bias_ ? call.arenas.batch_sum(bias_) : BatchSum{}});
  }

  void input_gradient(const Context& ctx, const LayerCall& call) const override {
    if (call.grad_input.data == nullptr) return;
    ctx.backend().linear.input_grad(ctx, {.grad_output = call.grad_output,
                                          .weight = call.arenas.param + weight_,
                                          .grad_input = call.grad_input,
                                          .activation = call.input_activation,
                                          .kept = call.input_activation_kept});
  }

  void squared_norms(const Context& ctx, const LayerCall& call, float* out) const override {
    const bool known = call.input_squares != nullptr;  // else a hidden layer, whose input is a plain matrix
    ctx.backend().per_sample.linear_squared_norms(ctx, {.grad_output = call.grad_output,
                                                        .input = known ? ConstMatrix{} : call.input_matrix(),
                                                        .input_squares = call.input_squares,
                                                        .ids = call.ids,
                                                        .bias = has_bias_,
                                                        .squared_norms = out});
  }

  void sample_gradients(const Context& ctx, const LayerCall& call, Matrix rows) const override {
    ctx.backend().per_sample.dense_gradients(
        ctx, {.input = call.input,
              .grad_output = call.grad_output,
              .gradients = column_block(rows, weight_, in_features() * out_features()),
              .bias_gradients = has_bias_ ? column_block(rows, bias_, out_features()) : Matrix{}});
  }

 private:
  bool has_bias_;
  ParameterInit init_;
  std::int64_t weight_ = 0, bias_ = 0;
};

}  // namespace

std::unique_ptr<Layer> make_linear(const std::string& name, std::int64_t in, std::int64_t out, bool bias,
                                   ParameterInit init) {
  return std::make_unique<LinearLayer>(name, in, out, bias, init);
}

}  // namespace thalweg
