// What a run with the rule's rate and length says where the loss was still falling.
#include "host/run/falling_note.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/backends.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/small_models.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;

/// y is the sine of 3 x; the columns are x, x^2, ... x^5.
std::string powers() {
  std::string text = "x1,x2,x3,x4,x5,y\n";
  for (int n = 0; n < 200; ++n) {
    const double x = n / 66.0;
    for (int power = 1; power <= 5; ++power) text += std::to_string(std::pow(x, power)) + ",";
    text += std::to_string(std::sin(3 * x)) + "\n";
  }
  return text;
}

class FallingRun : public DataFiles {
 protected:
  TrainReport run(const Config& c) {
    messages_.clear();
    TrainObserver observer;
    observer.message = [this](const std::string& line) { messages_ += line + "\n"; };
    return train(c, observer);
  }
  std::string messages_;
};

TEST_F(FallingRun, SaysSoWhereColumnsNearlyFollowFromOthers) {
  Config c;
  c.device = "cpu";
  c.data.train = c.data.test = write("powers.csv", powers());
  const double loss = run(c).train_loss;
  EXPECT_GT(loss, 0.2) << "the optimum is 0.0136";
  EXPECT_THAT(messages_,
              testing::ContainsRegex("still falling at the end: about 0.2[0-9]* of its 0.2[0-9]* is left"));
  EXPECT_THAT(messages_, HasSubstr("try train.epochs = 1540, or leave"));
  for (void (*give)(Config&) :
       {+[](Config& given) { given.train.epochs = 250; },
        +[](Config& given) { given.train.max_steps = 2000; },
        +[](Config& given) { given.optimizer.lr = 0.05; }, +[](Config& given) { given.optimizer.l2 = 1e-9; },
        +[](Config& given) { given.data.standardize_target = Tristate::no; },
        +[](Config& given) { given.train.loss_tolerance = 1e9; }}) {
    Config given = c;
    give(given);
    run(given);
    EXPECT_THAT(messages_, testing::Not(HasSubstr("still falling")));
  }
}

/// The fall of a model of zeros; targets as if they were standardised.
double fall_of(Dataset data, const Config& config = {}, ModelConfig model = {.loss = Loss::squared}) {
  data.target_transform.deviation = 2;
  std::vector<std::int64_t> rows;
  for (std::int64_t row = 0; row < data.rows; ++row) rows.push_back(row);
  Model zeros(context_of("cpu"), resolve_model(model, schema_of(data), 1));
  std::vector<NamedTensor> parameters = zeros.parameters();
  for (NamedTensor& tensor : parameters) tensor.values.assign(tensor.values.size(), 0.0f);
  zeros.set_parameters(parameters);
  return fall_left(config, zeros, data, rows);
}

TEST(FallLeft, IsMeasuredForLinearModelsWithoutPenaltiesAlone) {
  const Dataset data = number_data(1, {1, 2, 3}, {2, 4, 6});
  EXPECT_NEAR(fall_of(data), 28.0 / 3, 1e-12);
  for (void (*give)(Config&) :
       {+[](Config& c) { c.optimizer.l1 = 0.1; }, +[](Config& c) { c.optimizer.l2 = 0.1; },
        +[](Config& c) { c.optimizer.weight_decay = 0.1; },
        +[](Config& c) { c.optimizer.constraint = Constraint::simplex; },
        +[](Config& c) { c.optimizer.average = Averaging::polyak; },
        +[](Config& c) { c.per_sample = {.clip_norm = 1, .noise_multiplier = 1}; }}) {
    Config config;
    give(config);
    EXPECT_EQ(fall_of(data, config), 0);
  }
  EXPECT_EQ(fall_of(data, {}, {.loss = Loss::absolute}), 0) << "it has no curvature";
  EXPECT_EQ(fall_of(data, {}, {.hidden = {2}, .loss = Loss::squared}), 0);
  const Model zeros(context_of("cpu"), resolve_model({.loss = Loss::squared}, schema_of(data), 1));
  EXPECT_EQ(fall_left({}, zeros, data, {0, 1, 2}), 0)
      << "in the unit of the data no number is large or small";
  const Dataset classes = class_data(1, {-1, 1}, {0, 1}, 2);
  EXPECT_NEAR(fall_of(classes, {}, {.loss = Loss::logistic}), 0.5, 1e-6) << "slopes 1/2, curvatures 1/4";
}

TEST(FallLeft, LooksAtAHundredAndTwentyEightFeaturesAndTenThousandRowsAtMost) {
  EXPECT_NEAR(fall_of(number_data(128, std::vector<float>(256, 1.0f), {1, 1})), 0.5, 1e-6);
  EXPECT_EQ(fall_of(number_data(129, std::vector<float>(258, 1.0f), {1, 1})), 0);
  Dataset thirds = number_data(1, std::vector<float>(30000), {});
  for (int row = 0; row < 30000; ++row) thirds.target.push_back(row % 3 == 0 ? 1.0f : 0.0f);
  EXPECT_NEAR(fall_of(thirds), 0.5, 1e-6) << "every third row is looked at";
}

TEST(FallingNote, IsOfARunWhoseRateAndLengthARuleChose) {
  EXPECT_TRUE(leaves_length_to_rule({}));
  Config config;
  config.train.epochs = 0;
  EXPECT_FALSE(leaves_length_to_rule(config));
}

TEST(FallingNote, IsOfAFallThatMattersAndIsNotNoise) {
  TrainReport report;
  report.epochs = 7;
  report.train_loss = 0.05;
  EXPECT_EQ(falling_note(0.01, report), "") << "a fifth, and little";
  report.train_loss = 0.1;
  EXPECT_THAT(falling_note(0.011, report), HasSubstr("about 0.011 of its 0.1 is left to gain"));
  EXPECT_THAT(falling_note(0.011, report), HasSubstr("train.epochs = 70,"));
  report.train_loss = 0.5;
  EXPECT_EQ(falling_note(0.04, report), "") << "less than a tenth";
  EXPECT_NE(falling_note(0.05, report), "") << "a tenth";
  EXPECT_THAT(falling_note(9, report), HasSubstr("about 0.5 of its 0.5")) << "a loss does not fall below 0";
}

}  // namespace
}  // namespace thalweg::test
