#include "kernels/dropout/dropout.hpp"

#include <cmath>
#include <string>

#include "kernels/common/backend.hpp"
#include "kernels/common/layer.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

class DropoutLayer final : public Layer {
 public:
  DropoutLayer(const std::string& name, std::int64_t features, const DropoutArgs& args)
      : Layer(name, features, features), args_(args) {}

  void forward(const Context& ctx, const LayerCall& call) const override {
    apply_or_copy(ctx, call, call.input_matrix(), call.output);
  }

  void backward(const Context& ctx, const LayerCall& call) const override {
    apply_or_copy(ctx, call, call.grad_output, call.grad_input);
  }

 private:
  void apply_or_copy(const Context& ctx, const LayerCall& call, ConstMatrix from, Matrix to) const {
    if (!call.training) {
      const std::int64_t bytes = from.rows * from.cols * std::int64_t{sizeof(float)};
      ctx.backend().memory.copy(ctx, to.data, from.data, bytes);
      return;
    }
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

DropoutArgs dropout_args(double rate, std::uint64_t seed, std::uint32_t layer) {
  if (!(rate >= 0.0 && rate < 1.0)) {
    throw ConfigError("dropout rate of layer " + std::to_string(layer) + " is " + std::to_string(rate) +
                      "; expected 0 <= rate < 1");
  }
  // A rate within 2^-33 of 1 would round to 2^32, which no word reaches: it drops all but one word instead.
  // mutant: threshold-capped
  const double threshold = std::fmin(std::round(std::ldexp(rate, 32)), 4294967295.0);
  DropoutArgs args;
  args.key = philox_key(seed, RandomPurpose::dropout);
  args.layer = layer;
  args.drop_below = static_cast<std::uint32_t>(threshold);
  args.keep_scale = static_cast<float>(1.0 / (1.0 - rate));
  return args;
}

std::unique_ptr<Layer> make_dropout(const std::string& name, std::int64_t features, double rate,
                                    std::uint64_t seed, std::uint32_t layer) {
  return std::make_unique<DropoutLayer>(name, features, dropout_args(rate, seed, layer));
}

}  // namespace thalweg
