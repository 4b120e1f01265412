// Options that a program sets in the structs of a call: each is checked where it is used, by the rules of the
// config.
#include <gtest/gtest.h>

#include <limits>

#include "tests/support/backends.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/small_models.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using Ids = std::vector<std::int64_t>;
using Words = std::vector<std::string>;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t kHuge = std::int64_t{1} << 62;

Dataset numbers() { return test::number_data(2, {1, 2, 3, 4, 5, 6, 7, 8}, {1, 2, 3, 4}); }

ModelSpec spec_for(const Dataset& data, const ModelConfig& config = {}) {
  return resolve_model(config, schema_of(data), 1);
}

template <class E, class Change>
void options_refused(const Change& change, const Words& words) {
  const Dataset data = numbers();
  Model model(test::context_of("cpu"), spec_for(data));
  LearnerOptions options;
  change(options);
  expect_error<E>([&] { Learner(model, data, options); }, words);
}

template <class Change>
void optimizer_refused(const Change& change, const Words& words) {
  options_refused<ConfigError>([&](LearnerOptions& options) { change(options.optimizer); }, words);
  OptimizerConfig optimizer;
  change(optimizer);
  std::vector<float> point{1};
  const auto square = [](const auto& at, auto& gradient) { return gradient[0] = at[0]; };
  expect_error<ConfigError>([&] { minimize(test::context_of("cpu"), optimizer, point, 1, 0, square); },
                            words);
}

TEST(MisuseOptions, AnOptimizerIsCheckedByTheRulesOfTheConfig) {
  optimizer_refused([](OptimizerConfig& o) { o.beta1 = 1; },
                    {"optimizer.beta1", "1", "a number of at least 0 and less than 1"});
  optimizer_refused([](OptimizerConfig& o) { o.beta2 = 7; }, {"optimizer.beta2"});
  optimizer_refused([](OptimizerConfig& o) { o.eps = -5; }, {"optimizer.eps"});
  for (const Rule rule : {Rule::adagrad, Rule::rmsprop, Rule::adam, Rule::adamw, Rule::amsgrad})
    optimizer_refused([rule](OptimizerConfig& o) { o.name = rule, o.eps = 1e-50; },
                      {"optimizer.eps = 1e-50 is 0 in float32", name_of(rule).data()});
  optimizer_refused([](OptimizerConfig& o) { o.lr = kNaN; }, {"optimizer.lr", "nan"});
  optimizer_refused([](OptimizerConfig& o) { o.lr = -1; }, {"optimizer.lr"});
  optimizer_refused([](OptimizerConfig& o) { o.momentum = kNaN; }, {"optimizer.momentum"});
  optimizer_refused([](OptimizerConfig& o) { o.weight_decay = kInfinity; }, {"optimizer.weight_decay"});
  optimizer_refused([](OptimizerConfig& o) { o.clip_norm = -1; }, {"optimizer.clip_norm"});
  optimizer_refused([](OptimizerConfig& o) { o.ema_decay = 1; }, {"optimizer.ema_decay"});
}

TEST(MisuseOptions, ALearnersOptionsHaveRanges) {
  using O = LearnerOptions;
  options_refused<ConfigError>([](O& o) { o.max_batch = 0; }, {"LearnerOptions::max_batch", "at least 1"});
  options_refused<ConfigError>([](O& o) { o.max_batch = -5; }, {"LearnerOptions::max_batch"});
  options_refused<InternalError>([](O& o) { o.max_batch = kHuge; },
                                 {"out of memory: a batch of 4611686018427387904 rows"});
  options_refused<InternalError>([](O& o) { o.max_batch = std::int64_t{1} << 55; }, {"out of memory"});
  options_refused<ConfigError>([](O& o) { o.micro_batch = -7; }, {"LearnerOptions::micro_batch"});
  options_refused<ConfigError>([](O& o) { o.reduction_slices = 0; },
                               {"LearnerOptions::reduction_slices", "from 1 to 1024"});
  options_refused<ConfigError>([](O& o) { o.reduction_slices = -3; }, {"LearnerOptions::reduction_slices"});
  options_refused<ConfigError>([](O& o) { o.reduction_slices = 1025; }, {"LearnerOptions::reduction_slices"});
  options_refused<ConfigError>([](O& o) { o.ranks = 0; }, {"LearnerOptions::ranks", "from 1 to 64"});
  options_refused<ConfigError>([](O& o) { o.ranks = 65; }, {"LearnerOptions::ranks"});
  options_refused<ConfigError>([](O& o) { o.per_sample.clip_norm = kNaN; }, {"PerSampleOptions::clip_norm"});
  options_refused<ConfigError>([](O& o) { o.per_sample.noise_multiplier = -1; },
                               {"PerSampleOptions::noise_multiplier"});
  options_refused<ConfigError>([](O& o) { o.per_sample.divisor = kInfinity; }, {"PerSampleOptions::divisor"});
}

TEST(MisuseOptions, TheRateOfAStepIsAFiniteNumberNotBelowZero) {
  const Dataset data = numbers();
  Model model(test::context_of("cpu"), spec_for(data));
  Learner learner(model, data, {});
  for (const double lr : {kNaN, kInfinity, -0.1, 1e300, 1.1e18}) {
    const Words words{"the learning rate of a step is"};
    expect_error<ConfigError>([&] { learner.step(Ids{0}, lr); }, words);
    expect_error<ConfigError>([&] { learner.enqueue(Ids{0}, lr); }, words);
    expect_error<ConfigError>([&] { learner.step({0}, lr, [](const ObjectiveCall&) {}); }, words);
  }
  EXPECT_EQ(model.parameters()[0].values, (std::vector<float>{0, 0})) << "no step was taken";
  EXPECT_NO_THROW(learner.step(Ids{0}, 0.0));
}

TEST(MisuseOptions, AModelIsCheckedByTheRulesOfTheConfig) {
  const auto refused = [](auto type, const auto& change, const Words& words) {
    ModelSpec spec = spec_for(numbers());
    change(spec);
    expect_error<decltype(type)>([&] { Model(test::context_of("cpu"), spec); }, words);
  };
  const ConfigError config("");
  const ShapeError shape("");
  const InternalError memory("");
  refused(config, [](ModelSpec& s) { s.config.hidden = {-3}; }, {"model.hidden", "-3", "at least 1"});
  refused(config, [](ModelSpec& s) { s.config.hidden = {4, 0}; }, {"model.hidden"});
  refused(config, [](ModelSpec& s) { s.config.huber_delta = -1; }, {"model.huber_delta", "above 0"});
  refused(config, [](ModelSpec& s) { s.config.quantile = 1; }, {"model.quantile"});
  refused(config, [](ModelSpec& s) { s.config.dropout = 1.5; }, {"model.dropout"});
  refused(config, [](ModelSpec& s) { s.config.dropout = 0.5; }, {"model.dropout", "model.hidden is empty"});
  refused(config, [](ModelSpec& s) { s.config.label_smoothing = kNaN; }, {"model.label_smoothing"});
  refused(config, [](ModelSpec& s) { s.config.loss = Loss::automatic; }, {"model.loss", "resolve_model"});
  refused(shape, [](ModelSpec& s) { s.outputs = 0; }, {"from 2 features to 0 outputs"});
  refused(shape, [](ModelSpec& s) { s.outputs = -1; }, {"to -1 outputs"});
  refused(shape, [](ModelSpec& s) { s.schema.features = 0; }, {"from 0 features"});
  refused(shape, [](ModelSpec& s) { s.schema.transform.scale = {1}; },
          {"the schema of the model has 1 scales"});
  refused(memory, [](ModelSpec& s) { s.config.hidden = {kHuge}; }, {"out of memory: a model of"});
  refused(memory, [](ModelSpec& s) { s.config.hidden = {std::int64_t{1} << 40}; }, {"out of memory"});
  refused(memory,
          [](ModelSpec& s) {
            s.config.hidden = {std::int64_t{1} << 32, std::int64_t{1} << 32};
          },
          {"out of memory: a model of 1.84e+19 parameters"});
}

/// Eight outputs are for an objective of the caller's; the loss squared takes one.
TEST(MisuseOptions, TheModelsOwnLossTakesItsOwnNumberOfOutputs) {
  const Dataset data = numbers();
  ModelSpec spec = spec_for(data);
  spec.outputs = 8;
  Model model(test::context_of("cpu"), spec);
  Learner learner(model, data, {});
  const Words words{"the model has 8 outputs, but its loss squared takes 1"};
  std::vector<NamedTensor> gradients;
  expect_error<ConfigError>([&] { learner.step(Ids{0}); }, words);
  expect_error<ConfigError>([&] { learner.enqueue(Ids{0}); }, words);
  expect_error<ConfigError>([&] { learner.value_and_gradient({0}, gradients); }, words);
  expect_error<ConfigError>([&] { learner.evaluate({0}); }, words);
  expect_error<ConfigError>([&] { evaluate(model, data); }, words);
  expect_error<ConfigError>([&] { per_sample_gradients(model, data, {0}); }, words);
  EXPECT_EQ(model.predict(data).columns, 8);
  const StepResult result = learner.step({0}, 0.0, [](const ObjectiveCall& call) {
    call.losses[0] = static_cast<float>(call.output.cols);
    std::fill_n(call.grad_output.row(0), 8, 0.0f);
  });
  EXPECT_EQ(result.loss_sum, 8);
  Dataset three = test::class_data(1, {1, 2, 3}, {0, 1, 2}, 3);
  ModelSpec two = spec_for(three);
  two.outputs = 2;
  expect_error<ConfigError>([&] { evaluate(Model(test::context_of("cpu"), two), three); },
                            {"2 outputs, but its loss softmax_cross_entropy takes 3"});
}

TEST(MisuseOptions, BatchesOfALearnerAreOfItsData) {
  const EpochBatches beyond({0, 1, 4}, 2, 1, true, false), large({0, 1, 2, 3}, 4, 1, true, false);
  options_refused<ShapeError>([&](LearnerOptions& o) { o.batches = &beyond; },
                              {"row id 4 at position 2: rows by hand has the rows 0 to 3"});
  const EpochBatches more(RowSet::all(5), 2, 1, true, false);
  options_refused<ShapeError>(
      [&](LearnerOptions& o) { o.batches = &more; },
      {"LearnerOptions::batches has the rows 0 to 4; rows by hand has the rows 0 to 3"});
  options_refused<ConfigError>([&](LearnerOptions& o) { o.batches = &large, o.max_batch = 3; },
                               {"LearnerOptions::batches has batches of 4 rows; max_batch is 3"});
}

TEST(MisuseOptions, EpochBatchesHaveRowsAndASize) {
  const auto make = [](const Ids& rows, std::int64_t size) { EpochBatches(rows, size, 1, true, false); };
  expect_error<ShapeError>([&] { make({}, 16); }, {"EpochBatches of 0 rows in batches of 16"});
  expect_error<ShapeError>([&] { make({1}, 0); }, {"in batches of 0; expected 1 or more"});
  expect_error<ShapeError>([&] { make({1}, -4); }, {"in batches of -4"});
  expect_error<ShapeError>([&] { make({1, -2}, 1); }, {"row id -2 at position 1"});
  const EpochBatches batches({0, 1, 2}, 2, 1, true, false);
  const Words words{"an epoch has the batches 0 to 1"};
  expect_error<ShapeError>([&] { batches.at(0, 2); }, words);
  expect_error<ShapeError>([&] { batches.at(0, -1); }, words);
  expect_error<ShapeError>([&] { batches.at(-1, 0); }, words);
  expect_error<ShapeError>([&] { batches.at_step(-3); }, words);
  EXPECT_EQ(batches.at(5, 1).count(), 1);
  EpochBatches moved = batches;
  const EpochBatches taken = std::move(moved);
  EXPECT_EQ(moved.at(0, 0), taken.at(0, 0)) << "nothing is empty";  // NOLINT(bugprone-use-after-move)
}

TEST(MisuseOptions, AScheduleIsOfAStepThatMayBe) {
  ScheduleConfig schedule;
  schedule.warmup_steps = 10;
  expect_error<ConfigError>([&] { scheduled_lr(schedule, 0.1, {}, -3); }, {"at step -3"});
  expect_error<ConfigError>([&] { scheduled_lr(schedule, kNaN, {}, 1); }, {"from the rate nan"});
  expect_error<ConfigError>([&] { scheduled_lr(schedule, -1, {}, 1); }, {"from the rate -1"});
  schedule.gamma = 2;
  expect_error<ConfigError>([&] { scheduled_lr(schedule, 0.1, {}, 1); }, {"schedule.gamma"});
}

TEST(MisuseOptions, AVerificationTakesSteps) {
  for (const std::int64_t steps : {0, -3})
    expect_error<ConfigError>([&] { verify({}, {.steps = steps}); }, {"VerifyOptions::steps is"});
}

TEST(MisuseOptions, MinimizeTellsAFaultFromAMinimum) {
  const Context& ctx = test::context_of("cpu");
  std::vector<float> point{1, 2};
  using Gradient = std::vector<float>;
  const auto run = [&](const std::function<double(const std::vector<float>&, Gradient&)>& function,
                       std::int64_t steps = 10, double tolerance = 1e-6) {
    return minimize(ctx, {}, point, steps, tolerance, function);
  };
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto constant = [](const auto&, Gradient& g) { return g[0] = g[1] = 1; };
  expect_error<DivergedError>([&] { run([&](const auto&, Gradient& g) { return g[0] = g[1] = nan, 5.0; }); },
                              {"element 0 of the gradient after step 0 is nan"});
  expect_error<DivergedError>(
      [&] { run([&](const auto&, Gradient& g) { return g[0] = 1, g[1] = nan, 5.0; }); },
      {"element 1 of the gradient"});
  expect_error<DivergedError>([&] { run([&](const auto&, Gradient& g) { return g[0] = g[1] = 0, kNaN; }); },
                              {"the value after step 0 is nan"});
  int calls = 0;
  expect_error<DivergedError>(
      [&] { run([&](const auto&, Gradient& g) { return g[0] = g[1] = 1, ++calls < 3 ? 1 : -kInfinity; }); },
      {"the value after step 2 is -inf"});
  expect_error<ShapeError>([&] { run([](const auto&, Gradient& g) { return g.resize(1), 5.0; }); },
                           {"a gradient of 1 elements, the point has 2"});
  expect_error<UsageError>([&] { run(nullptr); }, {"the function is empty"});
  expect_error<ConfigError>([&] { run(constant, -1); }, {"the number of steps is -1"});
  expect_error<ConfigError>([&] { run(constant, 1, kNaN); }, {"the tolerance is nan"});
  OptimizerConfig fast;
  fast.lr = 1e300;
  expect_error<ConfigError>([&] { minimize(ctx, fast, point, 1, 0, constant); },
                            {"learning rate of a step is 1e+300"});
  point.clear();
  expect_error<ShapeError>([&] { run(constant); }, {"the point has no element"});
}

}  // namespace
}  // namespace thalweg
