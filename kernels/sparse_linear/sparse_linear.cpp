#include "kernels/sparse_linear/sparse_linear.hpp"

#include "kernels/common/backend.hpp"
#include "kernels/common/layer.hpp"

namespace thalweg {
namespace {

/// The first layer of a model on CSR data; its weight is the first parameter of the model.
class SparseLinearLayer final : public Layer {
 public:
  SparseLinearLayer(const std::string& name, std::int64_t in, std::int64_t out, bool bias, ParameterInit init)
      : Layer(name, in, out), has_bias_(bias), init_(init) {}

  void declare(ParameterPlan& plan) override {
    weight_ = plan.add_parameter(
        {name() + ".weight", {out_features(), in_features()}, ParameterKind::weight, init_});
    if (has_bias_) bias_ = plan.add_parameter({name() + ".bias", {out_features()}, ParameterKind::bias, {}});
  }

  void forward(const Context& ctx, const LayerCall& call) const override {
    ctx.backend().sparse_linear.forward(ctx, {.input = call.sparse,
                                              .weight = call.arenas.param + weight_,
                                              .bias = has_bias_ ? call.arenas.param + bias_ : nullptr,
                                              .output = call.output});
  }

  void backward(const Context& ctx, const LayerCall& call) const override {
    ctx.backend().sparse_linear.parameter_grad(
        ctx, {.input = call.sparse,
              .touched = call.touched,
              .grad_output = call.grad_output,
              .slices = call.slices,
              .grad_weight = call.sparse_weight_sum,
              .grad_bias = has_bias_ ? call.arenas.batch_sum(bias_) : BatchSum{}});
  }

  bool has_parameters() const override { return true; }
  void input_gradient(const Context&, const LayerCall&) const override {}  // always the first layer
  void parameter_gradient(const Context& ctx, const LayerCall& call) const override { backward(ctx, call); }

  void squared_norms(const Context& ctx, const LayerCall& call, float* out) const override {
    ctx.backend().per_sample.linear_squared_norms(ctx, {.grad_output = call.grad_output,
                                                        .input_squares = call.input_squares,
                                                        .ids = call.ids,
                                                        .bias = has_bias_,
                                                        .squared_norms = out});
  }

  void sample_gradients(const Context& ctx, const LayerCall& call, Matrix rows) const override {
    ctx.backend().per_sample.sparse_gradients(
        ctx, {.input = call.sparse,
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

std::unique_ptr<Layer> make_sparse_linear(const std::string& name, std::int64_t in, std::int64_t out,
                                          bool bias, ParameterInit init) {
  return std::make_unique<SparseLinearLayer>(name, in, out, bias, init);
}

}  // namespace thalweg
