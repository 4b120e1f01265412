// The gradient of a whole model is the derivative of its loss, whatever stands beside what: layers that take
// in their neighbours' activations, those that cannot, and what lies between them.
#include <gtest/gtest.h>

#include <numeric>

#include "tests/support/backends.hpp"
#include "thalweg/thalweg.hpp"

namespace thalweg {
namespace {

struct Kind {
  Activation activation = Activation::relu;
  Normalization normalization = Normalization::none;
  double dropout = 0;
  double clip_norm = 0;  ///< far above any norm: the per-sample pass, with nothing clipped
};

std::vector<Kind> kinds() {
  std::vector<Kind> all;
  for (const Activation activation : {Activation::tanh, Activation::sigmoid, Activation::gelu}) {
    all.push_back({.activation = activation});
    all.push_back({.activation = activation, .clip_norm = 1e6});
    all.push_back({.activation = activation, .dropout = 0.3});
    all.push_back({.activation = activation, .normalization = Normalization::layer});
    all.push_back({.activation = activation, .normalization = Normalization::batch});
    all.push_back(
        {.activation = activation, .normalization = Normalization::layer, .dropout = 0.3, .clip_norm = 1e6});
  }
  return all;
}

std::string name_of(const Kind& kind) {
  return std::string(name_of(kind.activation)) + "_" + std::string(name_of(kind.normalization)) +
         (kind.dropout > 0 ? "_dropout" : "") + (kind.clip_norm > 0 ? "_per_sample" : "");
}

constexpr std::int64_t kRows = 7, kFeatures = 5;

Dataset made_up_data() {
  Dataset data;
  data.rows = kRows, data.features = kFeatures, data.source = "made up";
  data.dense_f32 = test::random_floats(kRows * kFeatures, 1);
  data.target = test::random_floats(kRows, 2);
  return data;
}

class NetworkGradientTest : public testing::TestWithParam<Kind> {};

TEST_P(NetworkGradientTest, IsTheCentralDifferenceOfTheLoss) {
  const Context& ctx = test::context_of("reference");
  const Kind& kind = GetParam();
  const Dataset data = made_up_data();
  const ModelConfig config{.hidden = {12, 6, 10},
                           .activation = kind.activation,
                           .loss = Loss::squared,
                           .dropout = kind.dropout,
                           .normalization = kind.normalization};
  Model model(ctx, resolve_model(config, schema_of(data), 3));
  Learner learner(model, data, {.per_sample = {.clip_norm = kind.clip_norm}, .max_batch = kRows});
  std::vector<std::int64_t> rows(kRows);
  std::iota(rows.begin(), rows.end(), 0);
  std::vector<NamedTensor> gradient, unused;
  learner.value_and_gradient(rows, gradient);

  std::vector<NamedTensor> parameters = model.parameters();
  ASSERT_EQ(parameters.size(), gradient.size());
  const auto loss_at = [&](float& parameter, float value) {
    const float before = std::exchange(parameter, value);
    model.set_parameters(parameters);
    parameter = before;
    return learner.value_and_gradient(rows, unused).loss_sum / static_cast<double>(kRows);
  };
  // Losses of about 1, each op rounded to float: 1e-6 over 2h is 1.3e-4. Third derivatives up to some
  // hundreds, of batch norm over seven rows above all, by h^2 / 6: 1e-3 at most. What a wrong neighbour
  // changes is of order 0.1.
  constexpr float kStep = 0x1p-8f;
  for (std::size_t t = 0; t < parameters.size(); ++t) {
    for (std::size_t i = 0; i < parameters[t].values.size(); i += 3) {
      float& parameter = parameters[t].values[i];
      const double above = loss_at(parameter, parameter + kStep);
      const double below = loss_at(parameter, parameter - kStep);
      EXPECT_NEAR(gradient[t].values[i], (above - below) / (2.0 * kStep), 2e-3)
          << parameters[t].name << " " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, NetworkGradientTest, testing::ValuesIn(kinds()),
                         [](const auto& info) { return name_of(info.param); });

}  // namespace
}  // namespace thalweg
