#pragma once
// Shared by the layers with weights and a bias, on dense or sparse input: the parameters, their offsets and
// their gradients.
#include "host/model/layer.hpp"

namespace thalweg {

/// output = input * weight^T + bias, with weight [out_features, in_features] and bias [out_features], if any.
class AffineLayer : public Layer {
 public:
  AffineLayer(const std::string& name, std::int64_t in, std::int64_t out, bool bias, ParameterInit init)
      : Layer(name, in, out), has_bias_(bias), init_(init) {}

  void declare(ParameterPlan& plan) final {
    weight_ = plan.add_parameter(
        {name() + ".weight", {out_features(), in_features()}, ParameterKind::weight, init_});
    if (has_bias_) bias_ = plan.add_parameter({name() + ".bias", {out_features()}, ParameterKind::bias, {}});
  }

  bool has_parameters() const final { return true; }

 protected:
  bool has_bias() const { return has_bias_; }
  const float* weight(const CallBase& call) const { return call.arenas.param + weight_; }
  const float* bias(const CallBase& call) const { return has_bias_ ? call.arenas.param + bias_ : nullptr; }
  BatchSum grad_weight(const CallBase& call) const { return call.arenas.batch_sum(weight_); }
  BatchSum grad_bias(const CallBase& call) const {
    return has_bias_ ? call.arenas.batch_sum(bias_) : BatchSum{};
  }
  std::int64_t weight_offset() const { return weight_; }
  /// Columns of `rows` [rows, arena size] that hold each sample's gradient of the weight and of the bias.
  Matrix sample_weights(Matrix rows) const {
    return column_block(rows, weight_, in_features() * out_features());
  }
  Matrix sample_biases(Matrix rows) const {
    return has_bias_ ? column_block(rows, bias_, out_features()) : Matrix{};
  }

 private:
  bool has_bias_;
  ParameterInit init_;
  std::int64_t weight_ = 0, bias_ = 0;
};

}  // namespace thalweg
