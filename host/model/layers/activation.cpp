#include "kernels/activation/activation.hpp"

#include "host/model/layer.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"

namespace thalweg {
namespace {

class ActivationLayer final : public Layer {
 public:
  ActivationLayer(const std::string& name, std::int64_t features, Activation kind)
      : Layer(name, features, features), kind_(kind) {}

  bool in_place() const override { return !backward_needs_input(kind_); }
  bool gradient_in_place() const override { return true; }
  FusedActivation activation() const override { return {true, kind_}; }

  void forward(const Context& ctx, const ForwardCall& call) const override {
    backend_of(ctx).activation.forward(device_of(ctx), {.kind = kind_,
                                                        .size = call.output.rows * call.output.cols,
                                                        .input = call.input.matrix().data,
                                                        .output = call.output.data});
  }

  void backward(const Context& ctx, const BackwardCall& call) const override {
    backend_of(ctx).activation.backward(device_of(ctx), {.kind = kind_,
                                                         .size = call.output.rows * call.output.cols,
                                                         .input = call.input.matrix().data,
                                                         .output = call.output.data,
                                                         .grad_output = call.grad_output.data,
                                                         .grad_input = call.grad_input.data});
  }

 private:
  Activation kind_;
};

}  // namespace

std::unique_ptr<Layer> make_activation(const std::string& name, std::int64_t features, Activation kind) {
  return std::make_unique<ActivationLayer>(name, features, kind);
}

}  // namespace thalweg
