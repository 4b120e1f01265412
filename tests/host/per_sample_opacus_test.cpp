// Twenty steps of clipped SGD beside Opacus (hooks mode, float64, no noise), as recorded by
// tests/support/record_opacus_trajectory.py.
#include <gtest/gtest.h>

#include <numeric>

#include "tests/support/backends.hpp"
#include "tests/support/json_data.hpp"
#include "thalweg/thalweg.hpp"

namespace thalweg {
namespace {

Dataset data_of(const nlohmann::json& recorded) {
  Dataset data;
  for (const auto& row : recorded["inputs"]) {
    for (const float x : row) data.dense_f32.push_back(x);
  }
  data.rows = static_cast<std::int64_t>(recorded["inputs"].size());
  data.features = static_cast<std::int64_t>(recorded["inputs"][0].size());
  data.target_kind = TargetKind::classes;
  for (int c = 0; c < recorded["classes"].get<int>(); ++c) data.classes.push_back(std::to_string(c));
  data.target = recorded["targets"].get<std::vector<float>>();
  return data;
}

class OpacusTest : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Devices, OpacusTest, testing::ValuesIn(test::all_devices()),
                         [](const auto& info) { return test::test_name(info.param); });

TEST_P(OpacusTest, TwentyClippedStepsEndWhereOpacusEnds) {
  const auto recorded = test::read_test_data("opacus_trajectory.json");
  const Context& ctx = test::context_of(GetParam());
  const Dataset data = data_of(recorded);
  Model model(
      ctx, resolve_model({.hidden = {recorded["hidden"].get<std::int64_t>()}, .activation = Activation::tanh},
                         schema_of(data), 1));
  auto parameters = model.parameters();
  ASSERT_EQ(parameters.size(), recorded["start"].size());
  for (std::size_t p = 0; p < parameters.size(); ++p) recorded["start"][p].get_to(parameters[p].values);
  model.set_parameters(parameters);

  const auto batch = recorded["batch"].get<std::int64_t>();
  LearnerOptions options;
  options.optimizer.name = Rule::sgd;
  options.per_sample.clip_norm = recorded["clip_norm"].get<double>();
  options.max_batch = batch;
  Learner learner(model, data, options);
  for (std::size_t step = 0; step < recorded["losses"].size(); ++step) {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(batch));
    std::iota(rows.begin(), rows.end(), static_cast<std::int64_t>(step) * batch % data.rows);
    const StepResult result = learner.step(rows, recorded["lr"].get<double>());
    EXPECT_NEAR(result.loss_sum / result.weight_sum, recorded["losses"][step].get<double>(), 1e-5) << step;
  }
  const auto got = model.parameters();
  for (std::size_t p = 0; p < got.size(); ++p) {
    const auto want = recorded["end"][p].get<std::vector<double>>();
    for (std::size_t i = 0; i < want.size(); ++i) {
      EXPECT_NEAR(got[p].values[i], want[i], 1e-5) << got[p].name << " " << i;
    }
  }
}

}  // namespace
}  // namespace thalweg
