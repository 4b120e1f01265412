// Objectives of the caller's own: what a call has, what it may leave undone, and what a gradient alone leaves
// as it was.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/backends.hpp"
#include "tests/support/data_files.hpp"
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

/// A model that the cpu trains in parts of 16 rows if it may choose: two outputs of 16,384 features.
struct WideModel {
  static constexpr std::int64_t kRows = 48, kFeatures = 16384;
  Dataset data =
      test::number_data(kFeatures, test::random_floats(kRows* kFeatures, 3), test::random_floats(kRows, 4));
  Model model;

  explicit WideModel(const Context& ctx) : model(ctx, spec(data)) {
    auto parameters = model.parameters();
    parameters[0].values = test::random_floats(2 * kFeatures, 5, -0.01f, 0.01f);
    model.set_parameters(parameters);
  }
  static ModelSpec spec(const Dataset& data) {
    ModelSpec spec = resolve_model({.loss = Loss::squared}, schema_of(data), 1);
    spec.outputs = 2;
    return spec;
  }
  Floats after_pairwise_step(LearnerOptions o) {
    Learner learner(model, data, o);
    learner.step(first_rows(kRows), 0.5, [&](const ObjectiveCall& call) { test::pairwise(data, call); });
    return joined(model.parameters());
  }
};

/// "first+rows of batch_rows" of each call of a step on all rows.
std::vector<std::string> calls_of(WideModel& wide, const LearnerOptions& o) {
  std::vector<std::string> calls;
  Learner learner(wide.model, wide.data, o);
  learner.step(first_rows(WideModel::kRows), 0, [&](const ObjectiveCall& call) {
    EXPECT_EQ(call.rows[0], call.first);
    calls.push_back(std::to_string(call.first) + "+" + std::to_string(call.output.rows) + " of " +
                    std::to_string(call.batch_rows));
    test::squared(wide.data, call);
  });
  return calls;
}

TEST(OwnObjective, SeesTheWholeBatchOnEveryDeviceUnlessMicroBatchesAreAskedFor) {
  for (const std::string& device : test::all_devices()) {
    WideModel wide(test::context_of(device));
    LearnerOptions o = learner_options(WideModel::kRows);
    EXPECT_EQ(calls_of(wide, o), std::vector<std::string>{"0+48 of 48"}) << device;
    o.micro_batch = 20;
    EXPECT_EQ(calls_of(wide, o), (std::vector<std::string>{"0+20 of 48", "20+20 of 48", "40+8 of 48"}))
        << device;
  }
}

TEST(OwnObjective, OfPairsGivesTheSameBitsOnEveryExactDeviceAndThoseOfOneMicroBatch) {
  Floats first;
  for (const std::string& device : test::exact_devices()) {
    const Context& ctx = test::context_of(device);
    LearnerOptions o = learner_options(WideModel::kRows);
    const Floats got = WideModel(ctx).after_pairwise_step(o);
    if (first.empty()) first = got;
    test::expect_same_bits(got, first, device);
    o.micro_batch = WideModel::kRows;
    test::expect_same_bits(WideModel(ctx).after_pairwise_step(o), first, device + ", one micro-batch");
  }
  const Floats reference =
      WideModel(test::context_of("reference")).after_pairwise_step(learner_options(WideModel::kRows));
  ASSERT_EQ(reference.size(), first.size());
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_NEAR(first[i], reference[i], 1e-4) << i;
}

TEST(OwnObjective, OfPairsStepsByTheGradientOfAllPairs) {
  // Outputs 1, 2, 4 and targets 0, 3, 6: residuals of the pairs 2, 3 and 1, so d loss / d output = 5, -1, -4.
  const Dataset data = three_points();
  for (const std::string& device : test::all_devices()) {
    Model model =
        test::model_with(test::context_of(device), {.loss = Loss::squared, .bias = false}, data, {{1}});
    Learner learner(model, data, learner_options(4));
    const StepResult result =
        learner.step(Rows{0, 1, 2}, 0.5, [&](const ObjectiveCall& call) { test::pairwise(data, call); });
    EXPECT_EQ(result.loss_sum, 7) << device;
    EXPECT_NEAR(result.gradient_norm, 13 / 3.0, 1e-6) << device;  // |5 - 2 - 16| / 3
    EXPECT_NEAR(model.parameters()[0].values[0], 1 + 0.5 * 13 / 3, 1e-6) << device;
  }
}

TEST(OwnObjective, IsClippedSampleBySampleAsAWholeBatch) {
  for (const std::string& device : test::exact_devices()) {
    const Context& ctx = test::context_of(device);
    LearnerOptions o = learner_options(WideModel::kRows), whole = o;
    whole.micro_batch = WideModel::kRows;
    o.per_sample = whole.per_sample = {.clip_norm = 0.5};
    test::expect_same_bits(WideModel(ctx).after_pairwise_step(o), WideModel(ctx).after_pairwise_step(whole),
                           device);
  }
}

float scale_in(const LearnerOptions& o) {
  Dataset data = test::number_data(1, {1, 1, 1, 1}, {0, 0, 0, 4});
  data.weight = {1, 1, 1, 9};
  Model model = test::model_with(test::context_of("cpu"), {.loss = Loss::squared}, data, {{1}, {0}});
  Learner learner(model, data, o);
  float scale = 0;
  learner.step(Rows{0, 1, 2, 3}, 0, [&](const ObjectiveCall& call) {
    scale = call.scale;
    test::squared(data, call);
  });
  return scale;
}

TEST(OwnObjective, IsScaledByTheRowsOfTheBatchOrTheDivisorAndNotBeforeClipping) {
  LearnerOptions o = learner_options(8);
  EXPECT_EQ(scale_in(o), 0.25f) << "whatever the rows weigh";
  o.micro_batch = 2;
  EXPECT_EQ(scale_in(o), 0.25f);
  o.per_sample = {.divisor = 8, .statistics = true};
  EXPECT_EQ(scale_in(o), 0.125f);
  o.per_sample = {.clip_norm = 1, .divisor = 8};
  EXPECT_EQ(scale_in(o), 1.0f);
}

TEST(OwnObjective, MayNotBeEmptyNorComeBetweenAStepAndItsCollection) {
  const Dataset data = three_points();
  Model model =
      test::model_with(test::context_of("cpu"), {.loss = Loss::squared, .bias = false}, data, {{1}});
  Learner learner(model, data, learner_options(4));
  std::vector<NamedTensor> gradients;
  const ObjectiveFunction none;
  test::expect_error<UsageError>([&] { learner.step(Rows{0}, 1, none); }, {"empty std::function"});
  test::expect_error<UsageError>([&] { learner.value_and_gradient({0}, gradients, none); },
                                 {"empty std::function"});
  test::expect_error<UsageError>([&] { check_gradient(model, data, {0}, none); }, {"empty std::function"});
  learner.enqueue(Rows{0});
  test::expect_error<UsageError>([&] { learner.value_and_gradient({0}, gradients); },
                                 {"steps are queued", "Learner::value_and_gradient"});
  EXPECT_EQ(learner.collect().size(), 1u);
}

TEST(OwnObjective, AGradientThatIsNotFiniteNamesItsRowAndChangesNothing) {
  const Dataset data = three_points();
  for (const std::string& device : test::all_devices()) {
    Model model(test::context_of(device), resolve_model({.loss = Loss::squared}, schema_of(data), 1));
    Learner learner(model, data, learner_options(3));
    const Floats before = joined(model.parameters());
    const auto infinite_at_row_2 = [](const ObjectiveCall& call) {
      for (std::int64_t n = 0; n < call.output.rows; ++n) {
        call.losses[n] = 1;
        call.grad_output.row(n)[0] = call.rows[n] == 2 ? INFINITY : 1.0f;
      }
    };
    test::expect_error<DivergedError>(
        [&] {
          learner.step({0, 2, 1}, 0.1, infinite_at_row_2);
        },
        {"the objective's gradient of rows by hand row 2 is inf"});
    EXPECT_EQ(joined(model.parameters()), before) << device;
    EXPECT_EQ(learner.steps(), 0);
    EXPECT_NO_THROW(learner.step({0, 1}, 0.1)) << "the learner goes on";
  }
}

TEST(OwnObjective, ThatLeavesALossOrAGradientUnwrittenIsNamedWithItsRow) {
  const Dataset data = three_points();
  Model model = test::linear_outputs(test::context_of("cpu"), data, 2, {1, 1});
  Learner learner(model, data, learner_options(4));
  const auto write = [](const ObjectiveCall& call) {
    for (int n = 0; n < 3; ++n)
      call.losses[n] = 1, call.grad_output.row(n)[0] = call.grad_output.row(n)[1] = 0;
  };
  const auto refused = [&](const ObjectiveFunction& objective, const std::vector<std::string>& words) {
    test::expect_error<DivergedError>([&] { learner.step(Rows{2, 1, 0}, 1, objective); }, words);
  };
  refused([](const ObjectiveCall&) {}, {"did not write the loss of rows by hand row 2"});
  refused(
      [&](const ObjectiveCall& call) {
        const float before = call.losses[1];
        write(call);
        call.losses[1] = before + 1;
      },
      {"did not write the loss of rows by hand row 1"});
  refused(
      [&](const ObjectiveCall& call) {
        const float before = call.grad_output.row(1)[1];
        write(call);
        call.grad_output.row(1)[1] = before;
      },
      {"did not write the gradient of rows by hand row 1"});
  refused(
      [&](const ObjectiveCall& call) {
        write(call);
        call.losses[2] = NAN;
      },
      {"the loss of rows by hand row 0 is not finite"});
  EXPECT_EQ(learner.steps(), 0);
  EXPECT_EQ(model.parameters()[0].values[0], 1);
}

}  // namespace
}  // namespace thalweg
