#include "kernels/batch_norm/batch_norm.hpp"

#include "host/model/layer.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"

namespace thalweg {
namespace {

class BatchNormLayer final : public Layer {
 public:
  BatchNormLayer(const std::string& name, std::int64_t features) : Layer(name, features, features) {}

  void declare(ParameterPlan& plan) override {
    weight_ =
        plan.add_parameter({name() + ".weight", {in_features()}, ParameterKind::norm, {.constant = 1.0f}});
    bias_ = plan.add_parameter({name() + ".bias", {in_features()}, ParameterKind::norm, {}});
    running_mean_ = plan.add_buffer({name() + ".running_mean", {in_features()}, ParameterKind::norm, {}});
    running_variance_ =
        plan.add_buffer({name() + ".running_var", {in_features()}, ParameterKind::norm, {.constant = 1.0f}});
  }

  std::int64_t kept_floats(std::int64_t) const override { return 2 * in_features(); }
  std::string whole_batch_reason() const override {
    return "batch norm takes its statistics over the whole batch";
  }

  bool has_parameters() const override { return true; }
  std::optional<NotDefined> per_sample_refusal() const override {
    return NotDefined{"batch statistics mix the samples; use model.normalization=layer"};
  }

  void forward(const Context& ctx, const ForwardCall& call) const override {
    const ArenaView& arenas = call.arenas;
    if (!call.training) {
      backend_of(ctx).batch_norm.inference(device_of(ctx),
                                           {.input = call.input.matrix(),
                                            .weight = arenas.param + weight_,
                                            .bias = arenas.param + bias_,
                                            .running_mean = arenas.buffers + running_mean_,
                                            .running_variance = arenas.buffers + running_variance_,
                                            .output = call.output});
      return;
    }
    backend_of(ctx).batch_norm.forward(device_of(ctx),
                                       {.input = call.input.matrix(),
                                        .weight = arenas.param + weight_,
                                        .bias = arenas.param + bias_,
                                        .slices = call.slices.slices,
                                        .output = call.output,
                                        .mean = call.kept,
                                        .rstd = call.kept + in_features(),
                                        .running_mean = arenas.buffers + running_mean_,
                                        .running_variance = arenas.buffers + running_variance_});
  }

  void backward(const Context& ctx, const BackwardCall& call) const override {
    backend_of(ctx).batch_norm.backward(device_of(ctx), {.grad_output = call.grad_output,
                                                         .input = call.input.matrix(),
                                                         .weight = call.arenas.param + weight_,
                                                         .mean = call.kept,
                                                         .rstd = call.kept + in_features(),
                                                         .slices = call.slices.slices,
                                                         .grad_input = call.grad_input,
                                                         .grad_weight = call.arenas.grad + weight_,
                                                         .grad_bias = call.arenas.grad + bias_});
  }

 private:
  std::int64_t weight_ = 0, bias_ = 0, running_mean_ = 0, running_variance_ = 0;
};

}  // namespace

std::unique_ptr<Layer> make_batch_norm(const std::string& name, std::int64_t features) {
  return std::make_unique<BatchNormLayer>(name, features);
}

}  // namespace thalweg
