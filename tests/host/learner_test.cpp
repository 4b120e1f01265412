// One step at a time, on problems whose every number is known.
#include "thalweg/learner.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "host/run/lazy_note.hpp"
#include "host/step/sparse_batch.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/small_models.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using Floats = std::vector<float>;
using Rows = std::vector<std::int64_t>;

const Context& cpu() { return test::context_of("cpu"); }

LearnerOptions options(const OptimizerConfig& optimizer, std::int64_t max_batch = 4) {
  return {.optimizer = optimizer, .max_batch = max_batch};
}

const OptimizerConfig kSgd{.name = Rule::sgd};

/// y = 0, 3 and 6 at x = 1, 2 and 4.
Dataset three_points() { return test::number_data(1, {1, 2, 4}, {0, 3, 6}); }

Model proportional(const Dataset& data, float weight) {
  return test::model_with(cpu(), {.loss = Loss::squared, .bias = false}, data, {{weight}});
}

float weight_of(const Model& model) { return model.parameters()[0].values[0]; }

TEST(Learner, StepsByTheMeanGradientOfItsRows) {
  const Dataset data = three_points();
  Model model = proportional(data, 1);
  Learner learner(model, data, options(kSgd));
  // residuals 1 and -1, so losses 0.5 and 0.5, gradients 1 and -2, mean -0.5
  const StepResult result = learner.step(Rows{0, 1}, 0.5);
  EXPECT_EQ(result.loss_sum, 1);
  EXPECT_EQ(result.weight_sum, 2);
  EXPECT_EQ(result.gradient_norm, 0.5);
  EXPECT_EQ(weight_of(model), 1.25f);
  EXPECT_EQ(learner.steps(), 1);
}

/// The weight after one step from 1, whose mean gradient is -0.5, by an optimizer of learning rate 0.25.
template <class Step>
float weight_after(const Step& take) {
  const Dataset data = three_points();
  Model model = proportional(data, 1);
  const EpochBatches batches({0, 1}, 2, 1, false, false);
  LearnerOptions o = options({.name = Rule::sgd, .lr = 0.25});
  o.batches = &batches;
  Learner learner(model, data, o);
  take(learner, batches.at(0, 0));
  return weight_of(model);
}

TEST(Learner, AStepWithoutALearningRateTakesThatOfItsOptimizer) {
  EXPECT_EQ(weight_after([](Learner& l, const EpochBatch&) { l.step(Rows{0, 1}); }), 1.125f);
  EXPECT_EQ(weight_after([](Learner& l, const EpochBatch& batch) { l.step(batch); }), 1.125f);
  EXPECT_EQ(weight_after([](Learner& l, const EpochBatch&) { l.enqueue(Rows{0, 1}), l.collect(); }), 1.125f);
  EXPECT_EQ(weight_after([](Learner& l, const EpochBatch& batch) { l.enqueue(batch), l.collect(); }), 1.125f);
}

TEST(Learner, AStepWithALearningRateTakesThatEvenIfItIsZero) {
  EXPECT_EQ(weight_after([](Learner& l, const EpochBatch&) { l.step(Rows{0, 1}, 0.5); }), 1.25f);
  EXPECT_EQ(weight_after([](Learner& l, const EpochBatch&) { l.step(Rows{0, 1}, 0); }), 1.0f);
}

TEST(Learner, DividesByTheNumberOfRowsWhateverTheyWeigh) {
  Dataset data = three_points();
  data.weight = {2, 6, 0};
  Model model = proportional(data, 1);
  Learner learner(model, data, options(kSgd));
  const StepResult result = learner.step(Rows{0, 1}, 0.5);  // (2 * 1 - 6 * 2) / 2
  EXPECT_EQ(result.loss_sum, 4);
  EXPECT_EQ(result.weight_sum, 8);
  EXPECT_EQ(result.gradient_norm, 5);
  EXPECT_EQ(weight_of(model), 3.5f);
  std::vector<NamedTensor> gradients;
  learner.value_and_gradient({1, 2}, gradients);  // residual 4 of row 1, weight 6; row 2 weighs nothing
  EXPECT_EQ(gradients[0].values, Floats{6.0f * 4 * 2 / 2});
}

TEST(Learner, LeavesEverythingAsItIsWhereAllWeightsAreZero) {
  Dataset data = three_points();
  data.weight = {1, 0, 0};
  for (const auto& [hidden, seed] : {std::pair<Rows, int>{{}, 1}, {{3}, 2}}) {
    Model model(cpu(), resolve_model({.hidden = hidden, .loss = Loss::squared}, schema_of(data), seed));
    Learner learner(model, data, options(kSgd));
    const std::string before = parameters_xxh3(model.parameters());
    const StepResult result = learner.step(Rows{1, 2}, 0.5);
    EXPECT_EQ(result.diverged, "");
    EXPECT_EQ(result.loss_sum, 0);
    EXPECT_EQ(result.weight_sum, 0);
    EXPECT_EQ(result.gradient_norm, 0);
    EXPECT_EQ(parameters_xxh3(model.parameters()), before);
    EXPECT_EQ(learner.steps(), 1);
  }
}

TEST(Learner, AGradientIsNoStep) {
  const Dataset data = three_points();
  Model model = proportional(data, 1);
  Learner learner(model, data, options({.name = Rule::adam}));
  std::vector<NamedTensor> gradients;
  const StepResult result = learner.value_and_gradient({0, 1}, gradients);
  EXPECT_EQ(result.loss_sum, 1);
  EXPECT_EQ(gradients[0].name, "layers.0.weight");
  EXPECT_EQ(gradients[0].values, Floats{-0.5f});
  EXPECT_EQ(weight_of(model), 1);
  EXPECT_EQ(learner.steps(), 0);
  // The first step of Adam is lr, whatever the gradient's size, if its corrections are those of step 1.
  learner.step(Rows{0, 1}, 0.125);
  EXPECT_NEAR(weight_of(model), 1.125, 1e-6);
}

TEST(Learner, TakesAnObjectiveOfTheCallersOwn) {
  const Dataset data = three_points();
  Model model = proportional(data, 1);
  Learner learner(model, data, options(kSgd));
  Rows seen;
  Floats outputs;
  const StepResult result = learner.step(Rows{2, 0}, 0.5, [&](const ObjectiveCall& call) {
    seen.assign(call.rows, call.rows + call.output.rows);
    outputs.assign(call.output.data, call.output.data + call.output.rows);
    for (std::int64_t n = 0; n < 2; ++n) {
      call.losses[n] = static_cast<float>(n + 1);
      call.grad_output.row(n)[0] = call.scale * static_cast<float>(4 * n);
    }
  });
  EXPECT_EQ(seen, (Rows{2, 0}));
  EXPECT_EQ(outputs, (Floats{4, 1}));
  EXPECT_EQ(result.loss_sum, 3);
  EXPECT_EQ(weight_of(model), 0);  // the second row, x = 1: 1 - 0.5 * (4 * 1) / 2
}

TEST(Learner, RefusesBatchesOfNoRowsOrTooManyAndThoseOfOthers) {
  const Dataset data = three_points();
  Model model = proportional(data, 1);
  const EpochBatches batches({0, 1, 2}, 2, 1, true, false), others({0, 1, 2}, 2, 1, true, false);
  LearnerOptions o = options(kSgd, 2);
  o.batches = &batches;
  Learner learner(model, data, o);
  test::expect_error<ShapeError>([&] { learner.step(Rows{}, 1); }, {"takes 1 to 2 rows", "got 0"});
  test::expect_error<ShapeError>([&] { learner.step(Rows{0, 1, 2}, 1); }, {"got 3"});
  test::expect_error<UsageError>([&] { learner.step(others.at(0, 0), 1); }, {"LearnerOptions::batches"});
  EXPECT_NO_THROW(learner.step(batches.at(0, 0), 1));
  ASSERT_EQ(learner.burst_limit(), 1) << "the cpu has no steps that wait";
  learner.enqueue(Rows{0}, 1);
  test::expect_error<UsageError>([&] { learner.enqueue(Rows{0}, 1); }, {"collect", "after 1 steps"});
  EXPECT_EQ(learner.collect().size(), 1u);
  EXPECT_TRUE(learner.collect().empty());
}

TEST(Learner, NamesTheFirstRowWhoseLossIsNotFiniteAndTheStep) {
  const Dataset data = test::number_data(1, {1, 1, 1}, {0, 3e38f, 3e38f});
  Model model = proportional(data, 1);
  Learner learner(model, data, options(kSgd));
  learner.step(Rows{0}, 0.5);
  const float before = weight_of(model);
  test::expect_error<DivergedError>(
      [&] {
        learner.step(Rows{0, 2, 1}, 0.5);
      },
      {"step 2 diverged", "the loss of rows by hand row 2 is not finite"});
  EXPECT_EQ(weight_of(model), before);
  EXPECT_EQ(learner.steps(), 1);
  // A loss of 5e19 is finite, the square of its gradient of 1e20 is not.
  const Dataset steep = test::number_data(1, {1e20f, 0}, {-1, 0});
  Model flat = proportional(steep, 0);
  Learner climber(flat, steep, options(kSgd));
  test::expect_error<DivergedError>(
      [&] {
        climber.step(Rows{1, 0}, 0.5);
      },
      {"step 1 diverged: the gradient of the batch that begins with rows by hand row 1 is not finite"});
}

/// Parameters after steps with a gradient of zero, which leaves to them what the optimizer does of itself.
std::vector<NamedTensor> left_alone(const OptimizerConfig& optimizer, int steps = 1) {
  Dataset data = three_points();
  data.weight = {0, 0, 1};
  Model model =
      test::model_with(cpu(), {.hidden = {1}, .loss = Loss::squared, .normalization = Normalization::layer},
                       data, {{4}, {2}, {1}, {2}, {-4}, {2}});
  Learner learner(model, data, options(optimizer));
  for (int step = 0; step < steps; ++step) learner.step(Rows{0, 1}, 0.5);
  return model.parameters();
}

void expect_values(const std::vector<NamedTensor>& parameters, const Floats& want) {
  for (std::size_t t = 0; t < want.size(); ++t)
    EXPECT_EQ(parameters[t].values, Floats{want[t]}) << parameters[t].name;
}

TEST(Optimizer, DecaysWeightsAloneUnlessBiasesAndNormsAreToDecayToo) {
  // weight, bias, norm weight, norm bias, weight, bias; decoupled: 1 - 0.5 * 0.5 of each
  expect_values(left_alone({.name = Rule::sgd, .weight_decay = 0.5}), {3, 2, 1, 2, -3, 2});
  expect_values(left_alone({.name = Rule::sgd, .weight_decay = 0.5, .decay_bias_and_norm = true}),
                {3, 1.5f, 0.75f, 1.5f, -3, 1.5f});
  expect_values(left_alone({.name = Rule::adamw, .weight_decay = 0.5}), {3, 2, 1, 2, -3, 2});
}

TEST(Optimizer, PenalisesAndConstrainsWeightsAlone) {
  expect_values(left_alone({.name = Rule::sgd, .l2 = 0.5}), {3, 2, 1, 2, -3, 2});
  expect_values(left_alone({.name = Rule::sgd, .l1 = 2}), {3, 2, 1, 2, -3, 2});
  expect_values(left_alone({.name = Rule::sgd, .constraint = Constraint::non_negative}), {4, 2, 1, 2, 0, 2});
  expect_values(left_alone({.name = Rule::sgd, .constraint = Constraint::box, .lower = -3, .upper = 0.5}),
                {0.5f, 2, 1, 2, -3, 2});
}

TEST(Optimizer, ProjectsEveryWeightOfAModelNotOnlyTheFirst) {
  expect_values(left_alone({.name = Rule::sgd, .constraint = Constraint::l2_ball, .upper = 3}),
                {3, 2, 1, 2, -3, 2});
  expect_values(left_alone({.name = Rule::sgd, .constraint = Constraint::simplex, .upper = 3}),
                {3, 2, 1, 2, 3, 2});
}

TEST(Optimizer, StepsBiasesAndNormsAtTheirOwnRate) {
  const Dataset data = test::number_data(1, {1}, {0});
  Model model = test::model_with(cpu(), {.loss = Loss::squared}, data, {{1}, {1}});
  Learner learner(model, data, options({.name = Rule::sgd, .bias_lr_factor = 0.25}));
  learner.step(Rows{0}, 0.5);  // residual 2
  EXPECT_EQ(model.parameters()[0].values, Floats{0});
  EXPECT_EQ(model.parameters()[1].values, Floats{0.75f});
}

TEST(Optimizer, ClipsTheNormOfTheWholeGradient) {
  const Dataset data = test::number_data(1, {0.75f}, {-1});
  Model model = test::model_with(cpu(), {.loss = Loss::squared}, data, {{0}, {0}});
  Learner learner(model, data, options({.name = Rule::sgd, .clip_norm = 0.625}));
  // gradient (0.75, 1) of norm 1.25, halved but for the 1e-6 in the factor
  EXPECT_EQ(learner.step(Rows{0}, 1).gradient_norm, 1.25);
  EXPECT_NEAR(model.parameters()[0].values[0], -0.375, 1e-6);
  EXPECT_NEAR(model.parameters()[1].values[0], -0.5, 1e-6);
}

TEST(Learner, HasTheInitialParametersAsTheirAverageBeforeTheFirstStep) {
  const Dataset data = three_points();
  Model model = proportional(data, 3);
  Learner learner(model, data, options({.name = Rule::sgd, .average = Averaging::polyak}));
  learner.swap_average();
  EXPECT_EQ(weight_of(model), 3);
}

/// Rows (1, 0, 0), (0, 2, 0) and (0, 0, 4), with targets that a model of zeros misses by 1, 2 and 1.
Dataset sparse_diagonal() {
  Dataset data = test::number_data(3, Floats(9), {-1, -2, -1});
  data.dense_f32.clear();
  data.sparse = true;
  data.offsets = {0, 1, 2, 3}, data.columns = {0, 1, 2}, data.values = {1, 2, 4};
  return data;
}

/// Parameters after a step at rate 1/2 on row 1 of the diagonal.
std::vector<NamedTensor> after_row_1(const ModelConfig& config, const OptimizerConfig& optimizer,
                                     const std::vector<Floats>& start) {
  const Dataset data = sparse_diagonal();
  Model model = test::model_with(cpu(), config, data, start);
  Learner learner(model, data, options(optimizer));
  learner.step(Rows{1}, 0.5);
  return model.parameters();
}

TEST(Learner, UpdatesTheTouchedFeaturesAndTheBiasOfSparseRowsUnlessAllAreAskedFor) {
  // Row 1 gives 2 * 2 + 0 against -2: residual 6, gradients 12 and 6; decay halves what it reaches.
  const ModelConfig linear{.loss = Loss::squared};
  const std::vector<Floats> start{{4, 2, 8}, {0}};
  const auto after = [&](OptimizerConfig optimizer, Tristate lazy) {
    optimizer.lazy = lazy;
    const auto got = after_row_1(linear, optimizer, start);
    EXPECT_EQ(got[1].values, Floats{-3}) << name_of(lazy);
    return got[0].values;
  };
  const OptimizerConfig decay{.name = Rule::sgd, .weight_decay = 1};
  EXPECT_EQ(after(decay, Tristate::yes), (Floats{4, 1 - 6, 8}));
  EXPECT_EQ(after(decay, Tristate::no), (Floats{2, 1 - 6, 4}));
  EXPECT_EQ(after(decay, Tristate::automatic), (Floats{2, 1 - 6, 4})) << "the decay is that of every step";
  EXPECT_EQ(after({.name = Rule::sgd, .l2 = 1}, Tristate::automatic), (Floats{2, 1 - 6, 4}));
  EXPECT_EQ(after({.name = Rule::sgd, .l1 = 1}, Tristate::automatic), (Floats{3.5f, -3.5f, 7.5f}));
  const OptimizerConfig box{.name = Rule::sgd, .constraint = Constraint::box, .lower = -9, .upper = 5};
  EXPECT_EQ(after(box, Tristate::automatic), (Floats{4, 2 - 6, 5})) << "every weight is in the box";
}

TEST(Learner, UpdatesOnlyTouchedFeaturesWhereNothingElseChangesTheOthers) {
  // momentum would go on moving feature 0 in the step on row 1; ftrl has l1 and l2 in its sums
  const Dataset data = sparse_diagonal();
  const auto moved = [&](OptimizerConfig optimizer, Tristate lazy) {
    optimizer.lazy = lazy;
    Model model = test::model_with(cpu(), {.loss = Loss::squared}, data, {{4, 2, 8}, {0}});
    Learner learner(model, data, options(optimizer));
    learner.step(Rows{0}, 0.5);
    const float before = model.parameters()[0].values[0];
    learner.step(Rows{1}, 0.25);
    return model.parameters()[0].values[0] != before;
  };
  const OptimizerConfig momentum{.name = Rule::momentum}, ftrl{.name = Rule::ftrl, .l1 = 0.1, .l2 = 1};
  for (const OptimizerConfig& optimizer : {momentum, ftrl}) {
    EXPECT_FALSE(moved(optimizer, Tristate::automatic)) << name_of(optimizer.name);
    EXPECT_TRUE(moved(optimizer, Tristate::no)) << name_of(optimizer.name);
  }
}

TEST(Learner, ARunSaysThatItUpdatesEveryWeightOfSparseDataAndHowNotTo) {
  const Dataset sparse = sparse_diagonal();
  const std::string note = lazy_note({.l2 = 1}, sparse);
  EXPECT_NE(note.find("all 3 features"), std::string::npos) << note;
  EXPECT_NE(note.find("optimizer.lazy = true"), std::string::npos) << note;
  EXPECT_EQ(lazy_note({}, sparse), "");
  EXPECT_EQ(lazy_note({.name = Rule::ftrl, .l1 = 1, .l2 = 1}, sparse), "");
  EXPECT_EQ(lazy_note({.l2 = 1, .lazy = Tristate::no}, sparse), "") << "it was asked for";
  EXPECT_EQ(lazy_note({.l2 = 1}, three_points()), "") << "the rows are dense";
}

TEST(Learner, UpdatesTheDenseLayersBehindASparseOneWhole) {
  // One relu unit: 2 * 2 + 1 = 5, output 5 + 0.5 against -2: residual 7.5, gradients 37.5, 7.5, then 7.5 of
  // the unit's bias and 15 of its touched weight.
  const auto got =
      after_row_1({.hidden = {1}, .loss = Loss::squared}, {.name = Rule::sgd}, {{4, 2, 8}, {1}, {1}, {0.5f}});
  EXPECT_EQ(got[0].values, (Floats{4, 2 - 7.5f, 8}));
  EXPECT_EQ(got[1].values, Floats{1 - 3.75f});
  EXPECT_EQ(got[2].values, Floats{1 - 18.75f});
  EXPECT_EQ(got[3].values, Floats{0.5f - 3.75f});
}

TEST(Learner, TakesTheNormOfTheTouchedGradientAlone) {
  const Dataset data = sparse_diagonal();
  Model model = test::model_with(cpu(), {.loss = Loss::squared}, data, {{0, 0, 0}, {0}});
  Learner learner(model, data, options(kSgd));
  EXPECT_EQ(learner.step(Rows{2}, 0).gradient_norm, std::sqrt(17.0));  // (4, 1)
  EXPECT_EQ(learner.step(Rows{0}, 0).gradient_norm, std::sqrt(2.0));   // (1, 1): that of row 2 is gone
  std::vector<NamedTensor> gradients;
  learner.value_and_gradient({1}, gradients);
  EXPECT_EQ(gradients[0].values, (Floats{0, 4, 0}));
  EXPECT_EQ(gradients[1].values, Floats{2});
}

TEST(Learner, ExchangesParametersAndTheirAverage) {
  const Dataset data = test::number_data(1, {1}, {1});
  Model model = proportional(data, 0);
  Learner learner(model, data, options({.name = Rule::sgd, .average = Averaging::ema, .ema_decay = 0.75}));
  ASSERT_TRUE(learner.averages());
  learner.step(Rows{0}, 0.5);
  learner.step(Rows{0}, 0.5);
  EXPECT_EQ(weight_of(model), 0.75f);
  learner.swap_average();
  EXPECT_EQ(weight_of(model), 0.5625f);  // 0.5 after the first step, then a quarter of the way to 0.75
  learner.swap_average();
  EXPECT_EQ(weight_of(model), 0.75f);
  EXPECT_FALSE(Learner(model, data, options(kSgd)).averages());
}

TEST(Learner, StatesAreNamedByParameterAndComeBack) {
  const Dataset data = test::number_data(1, {1}, {1});
  OptimizerConfig adam{.name = Rule::adam, .average = Averaging::polyak};
  Model model = test::model_with(cpu(), {.loss = Loss::squared}, data, {{0}, {0}});
  Learner learner(model, data, options(adam));
  learner.step(Rows{0}, 0.5);
  const auto states = learner.states();
  std::vector<std::string> names;
  for (const NamedTensor& state : states) names.push_back(state.name);
  EXPECT_EQ(names, (std::vector<std::string>{"layers.0.weight/first_moment", "layers.0.bias/first_moment",
                                             "layers.0.weight/second_moment", "layers.0.bias/second_moment",
                                             "layers.0.weight/average", "layers.0.bias/average"}));
  EXPECT_NEAR(states[0].values[0], -0.1, 1e-7);   // (1 - beta1) g
  EXPECT_NEAR(states[2].values[0], 0.001, 1e-9);  // (1 - beta2) g^2
  EXPECT_NEAR(states[4].values[0], 0.5, 1e-6);    // the parameter after the first step
  Model other = test::model_with(cpu(), {.loss = Loss::squared}, data, {{0}, {0}});
  Learner heir(other, data, options(adam));
  heir.set_states(states);
  for (std::size_t s = 0; s < states.size(); ++s)
    EXPECT_EQ(heir.states()[s].values, states[s].values) << states[s].name;
  auto missing = states;
  missing.erase(missing.begin() + 3);
  EXPECT_THROW(heir.set_states(missing), ShapeError);
}

TEST(Optimizer, KeepsAveragesAndLazyUpdatesApart) {
  Dataset data = three_points();
  data.dense_f32.clear();
  data.sparse = true;
  data.offsets = {0, 1, 2, 3}, data.columns = {0, 0, 0}, data.values = {1, 2, 4};
  Model model = proportional(data, 1);
  const auto learner = [&](Tristate lazy, Averaging average) {
    Learner(model, data, options({.name = Rule::sgd, .average = average, .lazy = lazy}));
  };
  test::expect_error<ConfigError>([&] { learner(Tristate::yes, Averaging::ema); },
                                  {"optimizer.average = ema", "optimizer.lazy = false"});
  for (const Tristate lazy : {Tristate::automatic, Tristate::no})
    EXPECT_NO_THROW(learner(lazy, Averaging::ema)) << name_of(lazy);
  EXPECT_NO_THROW(learner(Tristate::automatic, Averaging::none));
  LearnerOptions noisy = options({.name = Rule::sgd, .lazy = Tristate::yes});
  noisy.per_sample = {.clip_norm = 1, .noise_multiplier = 1};
  test::expect_error<ConfigError>([&] { Learner(model, data, noisy); }, {"optimizer.lazy = true", "noise"});
  noisy.optimizer.lazy = Tristate::automatic;
  EXPECT_NO_THROW(Learner(model, data, noisy));
}

TEST(Optimizer, RefusesWhatItsRuleOrConstraintDoesNotTake) {
  const Dataset data = three_points();
  Model model = proportional(data, 1);
  const auto learner = [&](const OptimizerConfig& config) { Learner(model, data, options(config)); };
  test::expect_error<ConfigError>([&] { learner({.name = Rule::ftrl, .weight_decay = 0.5}); },
                                  {"optimizer.weight_decay", "ftrl", "use optimizer.l2"});
  EXPECT_NO_THROW(learner({.name = Rule::sgd, .weight_decay = 0.5}));
  test::expect_error<ConfigError>([&] { learner({.constraint = Constraint::simplex, .upper = 0}); },
                                  {"optimizer.upper = 0", "optimizer.constraint = simplex"});
}

TEST(SparseBatch, HasRoomForTheEntriesOfTheLongestRowsOfABatch) {
  Dataset data;
  data.rows = 5, data.features = 8, data.sparse = true;
  data.offsets = {0, 1, 5, 7, 10, 10};  // lengths 1, 4, 2, 3 and 0
  const auto layer = make_sparse_linear("linear", 8, 1, true, {});
  const auto view = [&](std::int64_t max_batch) {
    Input input{.rows = SparseInput{}};
    SparseBatch(cpu(), *layer, data, max_batch, 0).extend(input, nullptr, 0);
    return input.sparse().touched;
  };
  EXPECT_EQ(view(1).entries_capacity, 4);
  EXPECT_EQ(view(2).entries_capacity, 7);
  EXPECT_EQ(view(2).capacity, 7);
  EXPECT_EQ(view(3).entries_capacity, 9);
  EXPECT_EQ(view(3).capacity, 8) << "there are no more features";
  EXPECT_EQ(view(9).entries_capacity, 10) << "a batch larger than the data";
}

TEST(ClippingLearner, DividesTheClippedSumByTheNumberAskedFor) {
  // gradients 1 and -2, cut by the bound but for the 1e-6 in the factors: sums -1, -1, 0 and -0.5
  const Dataset data = three_points();
  for (const auto& [clip, divisor, want] :
       {std::tuple{4.0, 0.0, 1.25}, {4.0, 8.0, 1.0625}, {1.0, 2.0, 1.0}, {1.5, 1.0, 1.25}}) {
    Model model = proportional(data, 1);
    LearnerOptions o = options(kSgd);
    o.per_sample = {.clip_norm = clip, .divisor = divisor};
    Learner learner(model, data, o);
    learner.step(Rows{0, 1}, 0.5);
    EXPECT_NEAR(weight_of(model), want, 2e-6) << clip << " " << divisor;
  }
  Model model = proportional(data, 1);
  LearnerOptions o = options(kSgd);
  o.per_sample = {.clip_norm = 1, .divisor = 2};
  Learner learner(model, data, o);
  EXPECT_NO_THROW(learner.step(Rows{}, 0.5)) << "Poisson sampling may draw no row";
  EXPECT_EQ(weight_of(model), 1);
}

TEST(ClippingLearner, AddsNoiseOfTheMultiplierTimesTheBoundOverTheDivisor) {
  constexpr std::size_t kWeights = 20000;
  const Dataset data = test::number_data(kWeights, Floats(kWeights), {0});
  const auto noise = [&](double multiplier, std::uint64_t seed) {
    Model model(cpu(), resolve_model({.loss = Loss::squared, .bias = false}, schema_of(data), 1));
    LearnerOptions o = options(kSgd);
    o.per_sample = {.clip_norm = 2, .noise_multiplier = multiplier, .noise_seed = seed, .divisor = 4};
    Learner learner(model, data, o);
    learner.step(Rows{}, 1);
    return model.parameters()[0].values;
  };
  for (const double multiplier : {0.5, 3.0}) {
    double sum = 0, squares = 0;
    for (const float z : noise(multiplier, 1)) sum += z, squares += double{z} * z;
    const double deviation = multiplier * 2 / 4, n = kWeights;
    EXPECT_NEAR(sum / n, 0, 5 * deviation / std::sqrt(n));
    EXPECT_NEAR(squares / n, deviation * deviation, 5 * deviation * deviation * std::sqrt(2 / n));
  }
  EXPECT_EQ(noise(0, 1), Floats(kWeights, 0.0f));
  EXPECT_EQ(noise(1, 1), noise(1, 1));
  EXPECT_NE(noise(1, 1), noise(1, 2));
}

TEST(ClippingLearner, AddsOtherNoiseToEachParameterAndInEachStep) {
  const Dataset data = test::class_data(8, Floats(8), {0}, 8);
  Model model = test::model_with(cpu(), {.hidden = {8}, .bias = false}, data, {Floats(64), Floats(64)});
  LearnerOptions o = options(kSgd);
  o.per_sample = {.clip_norm = 1, .noise_multiplier = 1, .divisor = 1};
  Learner learner(model, data, o);
  learner.step(Rows{}, 1);
  const auto first = model.parameters();
  EXPECT_NE(first[0].values, first[1].values);
  model.set_parameters(
      {{first[0].name, first[0].shape, Floats(64)}, {first[1].name, first[1].shape, Floats(64)}});
  learner.step(Rows{}, 1);
  EXPECT_NE(model.parameters()[0].values, first[0].values);
}

TEST(ClippingLearner, MeasuresEveryRowBeforeTheDivisionByTheBatch) {
  Dataset data = three_points();
  data.weight = {2, 1, 1};
  for (const double clip : {0.0, 0.5}) {
    Model model = proportional(data, 1);
    LearnerOptions o = options(kSgd);
    o.per_sample = {.clip_norm = clip, .statistics = true};
    Learner learner(model, data, o);
    const StepResult result = learner.step(Rows{2, 0, 1}, 0.5);
    // residuals -2, 1 and -1
    EXPECT_EQ(result.losses, (Floats{2, 1, 0.5f})) << clip;
    ASSERT_EQ(result.norms.size(), 3u);
    EXPECT_NEAR(result.norms[0], 8, 8 * 4 * 0x1p-24) << clip;
    EXPECT_NEAR(result.norms[1], 2, 2 * 4 * 0x1p-24) << clip;
    EXPECT_NEAR(result.norms[2], 2, 2 * 4 * 0x1p-24) << clip;
  }
}

TEST(Learner, RefusesMicroBatchesWhereBatchNormNeedsTheWholeBatch) {
  const Dataset data = three_points();
  Model model(cpu(),
              resolve_model({.hidden = {2}, .normalization = Normalization::batch}, schema_of(data), 1));
  LearnerOptions o = options(kSgd);
  o.micro_batch = 2;
  test::expect_error<ConfigError>([&] { Learner(model, data, o); },
                                  {"train.micro_batch", "layers.0.norm", "model.normalization=layer"});
  o.micro_batch = 4;
  EXPECT_NO_THROW(Learner(model, data, o)) << "one part is the whole";
  o.reduction_slices = 65;
  test::expect_error<ConfigError>([&] { Learner(model, data, o); },
                                  {"train.reduction_slices is above 64", "layers.0.norm"});
}

}  // namespace
}  // namespace thalweg
