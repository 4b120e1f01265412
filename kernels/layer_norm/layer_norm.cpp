#include "kernels/layer_norm/layer_norm.hpp"

#include "kernels/common/backend.hpp"
#include "kernels/common/layer.hpp"

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

  void forward(const Context& ctx, const LayerCall& call) const override {
    ctx.backend().layer_norm.forward(ctx, {.input = call.input_matrix(),
                                           .weight = call.arenas.param + weight_,
                                           .bias = call.arenas.param + bias_,
                                           .output = call.output,
                                           .mean = call.kept,
                                           .rstd = call.kept + call.output.rows});
  }

  void backward(const Context& ctx, const LayerCall& call) const override {
    ctx.backend().layer_norm.backward(ctx, {.grad_output = call.grad_output,
                                            .input = call.input_matrix(),
                                            .weight = call.arenas.param + weight_,
                                            .mean = call.kept,
                                            .rstd = call.kept + call.output.rows,
                                            .grad_input = call.grad_input,
                                            .slices = call.slices,
                                            .grad_weight = call.arenas.batch_sum(weight_),
                                            .grad_bias = call.arenas.batch_sum(bias_)});
  }

 private:
  std::int64_t weight_ = 0, bias_ = 0;
};

}  // namespace

std::unique_ptr<Layer> make_layer_norm(const std::string& name, std::int64_t features) {
  return std::make_unique<LayerNormLayer>(name, features);
}

}  // namespace thalweg
