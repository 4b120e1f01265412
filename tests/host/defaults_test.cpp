// What a run makes of the settings that are left open (docs/defaults.md).
#include "host/run/defaults.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/data_files.hpp"
#include "tests/support/run_support.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;

Config network() {
  Config config;
  config.model.hidden = {64, 64};
  return config;
}

TEST(Defaults, OfALinearModelTakeTwoThousandStepsOfAdamwWithACosine) {
  // 15,480 rows of 13 standardised features: |x|^2 is 13, 61 batches an epoch
  const Config c = with_run_defaults({}, {.rows = 15480, .entries = 13, .square_norm = 13});
  EXPECT_EQ(c.optimizer.name, Rule::adamw);
  EXPECT_EQ(c.optimizer.lr, 0.028);  // 0.1 / sqrt(13)
  EXPECT_EQ(c.optimizer.weight_decay, 0);
  EXPECT_EQ(c.optimizer.beta2, 0.999);
  EXPECT_EQ(c.schedule.name, ScheduleKind::cosine);
  EXPECT_EQ(c.train.batch_size, 256);
  EXPECT_EQ(c.train.epochs, 33);
}

TEST(Defaults, OfANetworkDecayTheMoreTheFewerRowsThereAre) {
  const Config large = with_run_defaults(network(), {.rows = 15000, .entries = 13, .square_norm = 13});
  EXPECT_EQ(large.optimizer.lr, 0.005);
  EXPECT_EQ(large.optimizer.weight_decay, 0.2);
  EXPECT_EQ(large.train.epochs, 43);  // 2500 steps of 59 an epoch
  const Config small = with_run_defaults(network(), {.rows = 100, .entries = 4, .square_norm = 4});
  EXPECT_EQ(small.optimizer.weight_decay, 2);
  EXPECT_EQ(small.train.batch_size, 8);
  Config narrow;
  narrow.model.hidden = {8};
  EXPECT_EQ(with_run_defaults(narrow, {.rows = 100}).optimizer.lr, 0.01) << "as of 16 units";
}

TEST(Defaults, OfMillionsOfRowsAreAFewEpochs) {
  EXPECT_EQ(with_run_defaults({}, {.rows = 5'000'000}).train.epochs, 3);
  EXPECT_EQ(with_run_defaults(network(), {.rows = 5'000'000}).train.epochs, 10);
}

TEST(Defaults, MakeABatchOfAFewRowsThatIsNotLargerThanTheData) {
  EXPECT_EQ(with_run_defaults({}, {.rows = 1}).train.batch_size, 1);
  EXPECT_EQ(with_run_defaults({}, {.rows = 12}).train.batch_size, 4);
  EXPECT_EQ(with_run_defaults({}, {.rows = 128}).train.batch_size, 16);
  EXPECT_EQ(with_run_defaults({}, {.rows = 2047}).train.batch_size, 128);
  EXPECT_EQ(with_run_defaults({}, {.rows = 2048}).train.batch_size, 256);
}

TEST(Defaults, MakeABatchThatAMicroBatchDoesNotChange) {
  Config config;
  config.train.micro_batch = 48;
  const TrainConfig train = with_run_defaults(config, {.rows = 100}).train;
  EXPECT_EQ(train.batch_size, 8);
  EXPECT_EQ(train.micro_batch, 48) << "as it was given";
}

TEST(Defaults, LowerTheRateWithTheUnitOfTheInputs) {
  const RunShape ones{.rows = 100, .entries = 100, .square_norm = 100};
  const RunShape thousands{.rows = 100, .entries = 100, .square_norm = 100e6};
  EXPECT_EQ(with_run_defaults({}, ones).optimizer.lr, 0.01);
  EXPECT_EQ(with_run_defaults({}, thousands).optimizer.lr, 1e-5);
}

TEST(Defaults, RaiseTheRateOfTheWeightsForTinyInputsAndNotThatOfTheBias) {
  const RunShape tiny{.rows = 100, .entries = 3, .square_norm = 4e-12};  // rows of length 2e-6
  const OptimizerConfig weights = with_run_defaults({}, tiny).optimizer;
  EXPECT_EQ(weights.lr, 38000);  // 0.1 / 3^(1/4) / 2e-6
  EXPECT_EQ(weights.bias_lr_factor, 2e-6);
  Config given;
  given.optimizer.lr = 0.1;
  EXPECT_EQ(with_run_defaults(given, tiny).optimizer.bias_lr_factor, 1);
  Config gradient;
  gradient.optimizer.name = Rule::sgd;
  EXPECT_EQ(with_run_defaults(gradient, tiny).optimizer.lr, 0.5);
  EXPECT_EQ(with_run_defaults(gradient, tiny).optimizer.bias_lr_factor, 1);
  EXPECT_EQ(with_run_defaults(network(), tiny).optimizer.bias_lr_factor, 1);
}

TEST(Defaults, OfInputsThatAreAllZeroHaveTheRateOfABias) {
  const OptimizerConfig zeros = with_run_defaults({}, {.rows = 9, .square_norm = 0}).optimizer;
  EXPECT_EQ(zeros.lr, 0.1);
  EXPECT_EQ(zeros.bias_lr_factor, 1);
}

TEST(Defaults, OfOtherRulesAreTheirMultiplesOfAdamsRateOrOfTheGradients) {
  const auto rate = [](Rule rule) {
    Config config;
    config.optimizer.name = rule;
    return with_run_defaults(config, {.rows = 100, .entries = 4, .square_norm = 4}).optimizer.lr;
  };
  EXPECT_EQ(rate(Rule::adam), 0.05);
  EXPECT_EQ(rate(Rule::rmsprop), 0.025);
  EXPECT_EQ(rate(Rule::lion), 0.01);
  EXPECT_EQ(rate(Rule::adagrad), 0.2);
  EXPECT_EQ(rate(Rule::sgd), 0.1);  // 0.5 / (1 + 4)
  EXPECT_EQ(rate(Rule::adams_bashforth), 0.05);
  EXPECT_EQ(rate(Rule::nesterov), 0.01);
}

TEST(Defaults, OfANetworkFollowItsWidestLayerAndNoMoreThanSixteenUnits) {
  const auto rate = [](std::vector<std::int64_t> hidden, Rule rule = Rule::adamw) {
    Config config;
    config.model.hidden = std::move(hidden);
    config.optimizer.name = rule;
    return with_run_defaults(config, {.rows = 100, .square_norm = 4, .loss = Loss::logistic}).optimizer.lr;
  };
  EXPECT_EQ(rate({256, 64}), 0.0025);  // 0.04 / 16
  EXPECT_EQ(rate({4}), 0.01);          // as 16 units
  EXPECT_EQ(rate({4}, Rule::sgd), 0.1) << "the loss of a network bends as the squared one";
}

TEST(Defaults, DecayTheWeightsOfANetworkOnManyRowsByAHundredth) {
  EXPECT_EQ(with_run_defaults(network(), {.rows = 5'000'000}).optimizer.weight_decay, 0.01);
}

TEST(Defaults, OfGradientDescentStayBelowTheCurvature) {
  Config config;
  config.optimizer.name = Rule::sgd;
  RunShape shape{.rows = 100, .entries = 9, .square_norm = 9};
  EXPECT_EQ(with_run_defaults(config, shape).optimizer.lr, 0.05);
  shape.loss = Loss::logistic;
  EXPECT_EQ(with_run_defaults(config, shape).optimizer.lr, 0.2);
  config.optimizer.name = Rule::momentum;
  EXPECT_EQ(with_run_defaults(config, shape).optimizer.lr, 0.02);
}

TEST(Defaults, OfFtrlKeepTheRateOfWhichItMakesEachWeight) {
  Config config;
  config.optimizer.name = Rule::ftrl;
  const Config c = with_run_defaults(config, {.rows = 100, .entries = 4, .square_norm = 4});
  EXPECT_EQ(c.schedule.name, ScheduleKind::constant);
  EXPECT_EQ(c.optimizer.lr, 0.2);
}

TEST(Defaults, LeaveWhatIsGiven) {
  Config given = network();
  given.optimizer.lr = 0.5;
  given.train.epochs = 7;
  given.train.batch_size = 3;
  const Config c = with_run_defaults(given, {.rows = 1000});
  EXPECT_EQ(c.optimizer.lr, 0.5);
  EXPECT_EQ(c.optimizer.weight_decay, 0) << "measured with the rate of the rule alone";
  EXPECT_EQ(c.schedule.name, ScheduleKind::constant) << "a rate that is given is the rate of every step";
  EXPECT_EQ(c.train.epochs, 7);
  EXPECT_EQ(c.train.batch_size, 3);
}

TEST(Defaults, LeaveAStandardizedTargetThatIsGiven) {
  Config given;
  given.data.standardize_target = Tristate::yes;
  RunShape classes{.rows = 100, .loss = Loss::logistic, .target_by_rule = false};
  EXPECT_EQ(with_run_defaults(given, classes).data.standardize_target, Tristate::yes);
  classes.target_by_rule = true;
  EXPECT_EQ(with_run_defaults(given, classes).data.standardize_target, Tristate::no) << "the rule's own";
}

TEST(Defaults, LetMaxStepsDecideTheLengthWhereItIsGiven) {
  Config config;
  config.train.max_steps = 1000;
  config.train.batch_size = 10;
  EXPECT_EQ(with_run_defaults(config, {.rows = 100}).train.epochs, 100);
  EXPECT_EQ(with_run_defaults(config, {.rows = 109}).train.epochs, 91) << "of 11 batches";
  config.train.max_steps = 5;
  EXPECT_EQ(with_run_defaults(config, {.rows = 100}).train.epochs, 1);
  config.train.max_steps = 1000;
  config.train.drop_last = true;
  EXPECT_EQ(with_run_defaults(config, {.rows = 109}).train.epochs, 100) << "of 10 batches";
  EXPECT_EQ(with_run_defaults(config, {.rows = 9}).train.epochs, 1000)
      << "a run without a batch is refused later";
}

TEST(Defaults, OfPrivateTrainingReadNothingOfTheTargets) {
  Config config;
  config.per_sample.clip_norm = 1;
  config.per_sample.noise_multiplier = 1;
  EXPECT_EQ(with_data_defaults(config).data.standardize_target, Tristate::no);
  const Config c = with_run_defaults(config, {.rows = 1000});
  EXPECT_EQ(c.optimizer.lr, 1e-3);
  EXPECT_EQ(c.schedule.name, ScheduleKind::constant);
  EXPECT_EQ(c.train.batch_size, 256);
  EXPECT_EQ(c.train.epochs, 10);
}

TEST(Defaults, StandardizeTheTargetsOfEveryRegressionButPoisson) {
  const auto target_of = [](Loss loss) {
    Config config;
    config.model.loss = loss;
    return with_data_defaults(config).data.standardize_target;
  };
  for (const Loss loss : {Loss::automatic, Loss::squared, Loss::absolute, Loss::huber, Loss::quantile})
    EXPECT_EQ(target_of(loss), Tristate::yes) << name_of(loss);
  for (const Loss loss : {Loss::poisson, Loss::logistic, Loss::hinge})
    EXPECT_EQ(target_of(loss), Tristate::no) << name_of(loss);
}

TEST(Defaults, AreSaidWithTheirValuesInOneLine) {
  Config asked;
  asked.train.epochs = 2;
  Config resolved = asked;
  resolved.optimizer.lr = 0.25;
  resolved.train.batch_size = 16;
  EXPECT_EQ(describe_defaults(asked, resolved),
            "by rule: optimizer.lr = 0.25, train.batch_size = 16 (docs/defaults.md)");
  resolved.optimizer.beta2 = 0.999;
  resolved.optimizer.weight_decay = 0;
  resolved.schedule.name = ScheduleKind::constant;
  resolved.data.standardize_target = Tristate::no;
  EXPECT_EQ(describe_defaults(asked, resolved).size(), 70u) << "what changes nothing is not said";
  EXPECT_EQ(describe_defaults(asked, asked), "");
}

TEST(Defaults, LookAtTheRowsThatTrainAlone) {
  Dataset data;
  data.rows = 3, data.features = 2;
  data.dense_f32 = {1, 2, 100, 100, 3, 4};
  const RunShape dense = run_shape(data, {0, 2}, {});
  EXPECT_EQ(dense.rows, 2);
  EXPECT_EQ(dense.entries, 2);
  EXPECT_EQ(dense.square_norm, 15);  // (1 + 4 + 9 + 16) / 2
  EXPECT_EQ(run_shape(data, {2}, {}).entries, 2);
  EXPECT_EQ(run_shape(data, {2}, {}).square_norm, 25);
  Dataset sparse;
  sparse.rows = 2, sparse.features = 9, sparse.sparse = true;
  sparse.offsets = {0, 1, 4};
  sparse.values = {3, 1, 1, 1};
  const RunShape shape = run_shape(sparse, {0, 1}, {});
  EXPECT_EQ(shape.entries, 2);
  EXPECT_EQ(shape.square_norm, 6);
}

TEST(Defaults, LookAtNoRowOfWeightZeroAndNoRowOfZeros) {
  Dataset data;
  data.rows = 4, data.features = 2;
  data.dense_f32 = {1, 2, 99999, -99999, 0, 0, 3, 4};
  data.weight = {1, 0, 1, 2};
  const RunShape shape = run_shape(data, {0, 1, 2, 3}, {});
  EXPECT_EQ(shape.rows, 3);
  EXPECT_EQ(shape.square_norm, 15);  // (1 + 4 + 9 + 16) / 2
  data.dense_f32 = {0, 0, 99999, -99999, 0, 0, 0, 0};
  EXPECT_EQ(run_shape(data, {0, 1, 2, 3}, {}).square_norm, 0);
}

class RunWithDefaults : public DataFiles {
 protected:
  /// y = 1000 x + 5e6, which no step of a usual size reaches.
  Config config() {
    std::string text = "x,y\n";
    for (int n = 0; n < 64; ++n)
      text += std::to_string(n) + "," + std::to_string(5'000'000 + 1000 * n) + "\n";
    Config c;
    c.device = "cpu";
    c.data.train = write("far.csv", text);
    c.data.test = c.data.train;
    return c;
  }
  TrainReport run(const Config& c) {
    TrainObserver observer;
    observer.message = [this](const std::string& line) { messages_ += line + "\n"; };
    return train(c, observer);
  }

  std::string messages_;
};

TEST_F(RunWithDefaults, FindsTargetsInAnyUnit) {
  const TrainReport report = run(config());
  EXPECT_GT((*report.test)["r2"], 0.999);
  EXPECT_THAT(messages_, HasSubstr("by rule: data.standardize_target = \"true\", optimizer.lr = 0.1"));
  EXPECT_THAT(messages_, testing::Not(HasSubstr("would be better")));
  EXPECT_THAT(messages_, testing::Not(HasSubstr("still falling")));
}

TEST_F(RunWithDefaults, ReportsTheLossInTheUnitOfTheTargetToo) {
  Config c = config();
  c.optimizer.lr = 1e-9;  // so that the loss stays that of the mean: half the variance
  c.train.epochs = 1;
  const TrainReport report = run(c);
  const double variance = 1e6 * (64 * 64 - 1) / 12.0;
  EXPECT_NEAR(report.train_loss, 0.5, 1e-5);
  EXPECT_NEAR(report.train_loss_in_target_unit.value(), variance / 2, variance * 1e-5);
  EXPECT_NEAR((*report.test)["loss_in_target_unit"], variance / 2, variance * 1e-5);
}

TEST_F(RunWithDefaults, SaysThatAModelIsWorseThanTheMean) {
  Config c = config();
  c.data.standardize_target = Tristate::no;
  c.model.bias_init = BiasInit::zero;
  c.optimizer.lr = 1e-3;
  c.train.epochs = 1;
  run(c);
  EXPECT_THAT(messages_, HasSubstr("on the test rows: predicting the mean would be better"));
}

TEST_F(RunWithDefaults, LearnsNothingOfRowsOfWeightZero) {
  std::string counted = "x,y,w\n", all;
  for (int n = 0; n < 64; ++n) counted += fmt::format("{},{},1\n", n, 3 * n + 7);
  all = counted;
  for (int n = 0; n < 8; ++n) all += fmt::format("{},{},0\n", n % 2 == 0 ? 99999 : -99999, 5 - n);
  Config c;
  c.device = "cpu";
  c.data.target = "y", c.data.weight = "w";
  c.data.test = write("counted.csv", counted);
  c.data.train = write("all.csv", all);
  EXPECT_GT((*run(c).test)["r2"], 0.999);
  EXPECT_THAT(messages_, HasSubstr("optimizer.lr = 0.1, "));
  EXPECT_THAT(messages_, HasSubstr("train.epochs = 250, train.batch_size = 8"));
}

TEST_F(RunWithDefaults, PredictTheSharesOfTheClassesFromConstantInputs) {
  std::string text = "a,b,y\n";
  for (int n = 0; n < 60; ++n) text += n % 3 == 0 ? "5,0.1,yes\n" : "5,0.1,no\n";
  Config c;
  c.device = "cpu";
  c.data.train = c.data.test = write("constant.csv", text);
  EXPECT_NEAR((*run(c).test)["log_loss"], 0.6365, 1e-3);  // -(1/3 ln 1/3 + 2/3 ln 2/3)
}

TEST_F(RunWithDefaults, LearnsFromTinyInputsAsTheyAre) {
  std::string text = "a,b,y\n";
  for (int n = 0; n < 200; ++n)
    text += fmt::format("{}e-6,{}e-6,{}\n", n % 11 - 5, n % 7 - 3, 2.5 * (n % 11 - 5) - (n % 7 - 3) + 40);
  Config c;
  c.device = "cpu";
  c.data.standardize = Tristate::no;
  c.data.train = c.data.test = write("tiny.csv", text);
  EXPECT_GT((*run(c).test)["r2"], 0.999);
}

TEST_F(RunWithDefaults, WritesWhatItChoseIntoTheConfigOfTheRun) {
  Config c = config();
  c.out = path("run");
  const std::string first = run(c).parameters_xxh3;
  Config written;
  read_config_file(path("run/config.toml"), written);
  EXPECT_EQ(written.optimizer.lr, 0.1);
  EXPECT_EQ(written.train.batch_size, 8);
  EXPECT_EQ(written.train.epochs, 250);
  EXPECT_EQ(written.schedule.name, ScheduleKind::cosine);
  written.out = path("again");
  EXPECT_EQ(run(written).parameters_xxh3, first);
}

}  // namespace
}  // namespace thalweg::test
