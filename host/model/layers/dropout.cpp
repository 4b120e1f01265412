#include "kernels/dropout/dropout.hpp"

#include "host/model/layer.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"

namespace thalweg {
namespace {

class DropoutLayer final : public Layer {
 public:
  DropoutLayer(const std::string& name, std::int64_t features, const DropoutArgs& args)
      : Layer(name, features, features), args_(args) {}

  void forward(const Context& ctx, const ForwardCall& call) const override {
    apply_or_copy(ctx, call, call.input.matrix(), call.output);
  }

  void backward(const Context& ctx, const BackwardCall& call) const override {
    apply_or_copy(ctx, call, call.grad_output, call.grad_input);
  }

 private:
  void apply_or_copy(const Context& ctx, const CallBase& call, ConstMatrix from, Matrix to) const {
    if (!call.training) {
      const std::int64_t bytes = from.rows * from.cols * std::int64_t{sizeof(float)};
      backend_of(ctx).memory.copy(device_of(ctx), to.data, from.data, bytes);
      return;
    }
    DropoutArgs args = args_;
    args.input = from;
    args.output = to;
    args.ids = call.ids;
    args.step = call.step;
    backend_of(ctx).dropout.apply(device_of(ctx), args);
  }

  DropoutArgs args_;
};

}  // namespace

std::unique_ptr<Layer> make_dropout(const std::string& name, std::int64_t features, double rate,
                                    std::uint64_t seed, std::uint32_t layer) {
  return std::make_unique<DropoutLayer>(name, features, dropout_args(rate, seed, layer));
}

}  // namespace thalweg
