// A gradient without a step, and steps that fail: what they give, and that they leave everything as it was.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/support/backends.hpp"
#include "tests/support/own_objectives.hpp"
#include "tests/support/small_models.hpp"
#include "thalweg/error.hpp"
#include "thalweg/learner.hpp"

namespace thalweg {
namespace {

using Floats = std::vector<float>;
using Rows = std::vector<std::int64_t>;
using test::first_rows;
using test::joined;
using test::learner_options;
using test::three_points;

/// A model with running statistics and dropout, its optimizer with states, after a step.
struct Trained {
  Dataset data = test::number_data(3, test::random_floats(36, 7), test::random_floats(12, 8));
  Model model;
  Learner learner;

  explicit Trained(const std::string& device)
      : model(
            test::context_of(device),
            resolve_model(
                {.hidden = {5}, .loss = Loss::squared, .dropout = 0.5, .normalization = Normalization::batch},
                schema_of(data), 1)),
        learner(model, data,
                learner_options(12, {.name = Rule::adam, .lr = 0.125, .average = Averaging::polyak})) {
    learner.step(first_rows(12));
  }
  /// All that training changes, and what the next step makes of it.
  std::vector<Floats> state() {
    std::vector<Floats> all{joined(model.parameters()), joined(model.buffers()), joined(learner.states())};
    learner.step(Rows{7, 3, 5, 1});
    for (const auto& tensors : {model.parameters(), model.buffers()}) all.push_back(joined(tensors));
    all.push_back({static_cast<float>(learner.steps())});
    return all;
  }
};

void expect_unchanged_by(const std::string& what, const std::function<void(Trained&)>& act) {
  for (const std::string& device : test::all_devices()) {
    Trained touched(device), untouched(device);
    act(touched);
    const auto got = touched.state(), want = untouched.state();
    for (std::size_t i = 0; i < want.size(); ++i)
      test::expect_same_bits(got[i], want[i], what + " on " + device + ", part " + std::to_string(i));
  }
}

TEST(GradientAlone, ChangesNothingOfModelAndLearner) {
  std::vector<NamedTensor> gradients;
  expect_unchanged_by("the model's own loss",
                      [&](Trained& t) { t.learner.value_and_gradient(first_rows(12), gradients); });
  expect_unchanged_by("an objective", [&](Trained& t) {
    t.learner.value_and_gradient(first_rows(12), gradients,
                                 [&](const ObjectiveCall& call) { test::squared(t.data, call); });
  });
  expect_unchanged_by("check_gradient", [&](Trained& t) {
    check_gradient(t.model, t.data, {1, 2}, [&](const ObjectiveCall& call) { test::squared(t.data, call); });
  });
}

TEST(FailedStep, WhoseObjectiveThrowsOrDivergesChangesNothing) {
  struct Mine {};
  std::vector<NamedTensor> gradients;
  const auto throwing = [](const ObjectiveCall&) { throw Mine(); };
  const auto infinite = [](const ObjectiveCall& call) {
    for (std::int64_t n = 0; n < call.output.rows; ++n)
      call.losses[n] = INFINITY, call.grad_output.row(n)[0] = 0;
  };
  const auto silent = [](const ObjectiveCall&) {};
  expect_unchanged_by("a throw in a step",
                      [&](Trained& t) { EXPECT_THROW(t.learner.step(first_rows(12), 1, throwing), Mine); });
  expect_unchanged_by("a throw in a gradient", [&](Trained& t) {
    EXPECT_THROW(t.learner.value_and_gradient(first_rows(12), gradients, throwing), Mine);
  });
  expect_unchanged_by("a loss that is not finite", [&](Trained& t) {
    EXPECT_THROW(t.learner.step(first_rows(12), 1, infinite), DivergedError);
    EXPECT_THROW(t.learner.value_and_gradient(first_rows(12), gradients, infinite), DivergedError);
  });
  expect_unchanged_by(
      "no loss", [&](Trained& t) { EXPECT_THROW(t.learner.step(first_rows(12), 1, silent), DivergedError); });
}

TEST(GradientAlone, OfAnObjectiveOfPairsIsThatOfAllPairs) {
  const Dataset data = three_points();
  for (const std::string& device : test::all_devices()) {
    Model model =
        test::model_with(test::context_of(device), {.loss = Loss::squared, .bias = false}, data, {{1}});
    Learner learner(model, data, learner_options(4));
    std::vector<NamedTensor> gradients;
    const StepResult result = learner.value_and_gradient(
        {0, 1, 2}, gradients, [&](const ObjectiveCall& call) { test::pairwise(data, call); });
    EXPECT_EQ(result.loss_sum, 7) << device;
    EXPECT_EQ(result.weight_sum, 3) << device;
    ASSERT_EQ(gradients.size(), 1u);
    EXPECT_NEAR(gradients[0].values[0], -13 / 3.0, 1e-6) << device;
    EXPECT_EQ(model.parameters()[0].values[0], 1) << device;
    EXPECT_EQ(learner.steps(), 0) << device;
  }
}

}  // namespace
}  // namespace thalweg
