#include "kernels/common/backend.hpp"
#include "kernels/common/layer.hpp"
#include "kernels/dropout/dropout.hpp"

namespace thalweg {
namespace {

class DropoutLayer final : public Layer {
 public:
  DropoutLayer(const std::string& name, std::int64_t features, const DropoutArgs& args)
      : Layer(name, features, features), args_(args) {}

  void forward(const Context& ctx, const LayerCall& call) const override {
    if (call.training) {
      apply(ctx, call, call.input_matrix(), call.output);
    } else {
      const std::int64_t bytes = call.output.rows * call.output.cols * std::int64_t{sizeof(float)};
      ctx.backend().memory.copy(ctx, call.output.data, call.input.data, bytes);
    }
  }

  void backward(const Context& ctx, const LayerCall& call) const override {
    apply(ctx, call, call.grad_output, call.grad_input);
  }

 private:
  void apply(const Context& ctx, const LayerCall& call, ConstMatrix from, Matrix to) const {
    DropoutArgs args = args_;
    args.input = from;
    args.output = to;
    args.ids = call.ids;
    args.step = call.step;
    ctx.backend().dropout.apply(ctx, args);
  }

  DropoutArgs args_;
};

}  // namespace

std::unique_ptr<Layer> make_dropout(const std::string& name, std::int64_t features, double rate,
                                    std::uint64_t seed, std::uint32_t layer) {
  return std::make_unique<DropoutLayer>(name, features, dropout_args(rate, seed, layer));
}

}  // namespace thalweg
