// The page about a model that `thalweg export RUN --to=README.md` writes.
#include "host/export/model_card.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/checkpoint/files.hpp"
#include "tests/support/training_run_support.hpp"
#include "thalweg/error.hpp"
#include "thalweg/version.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class ModelCard : public TrainingRunTest {
 protected:
  std::string card(const std::string& name) const {
    return model_card(Model::load(Context({.device = "cpu", .threads = 1}), folder_.path(name)),
                      folder_.path(name));
  }
};

TEST_F(ModelCard, SaysWhatDataWhatSettingsWhatItScoresAndItsLimits) {
  Config c = validated(0.5);
  c.train.epochs = 2;
  const TrainReport report = run(c, "run");
  // The error is 1/4 after the second step: its half square is 1/32.
  EXPECT_EQ(
      card("run").substr(0, card("run").find("## Settings")),
      std::string(kCardMark) + "# \"run\"\n\nA linear model of numbers, trained by Thalweg " + kVersion +
          " with the loss `squared`. Checksum of its parameters: `" + report.parameters_xxh3 +
          "`.\n\n## Data\n\n| | |\n|---|---|\n| training data | \"" + c.data.train +
          "\" |\n| target | \"y\" |\n| columns | 1 |\n| names | \"x\" |\n| missing values | an error |\n\n");
  EXPECT_THAT(card("run"), HasSubstr("\noptimizer.lr = 0.5\n"));
  EXPECT_THAT(card("run"), HasSubstr("\ntrain.epochs = 2\n"));
  EXPECT_THAT(card("run"),
              HasSubstr("\nAfter epoch 2:\n\n| metric | value |\n|---|---|\n| train.loss | 0.125 |\n"));
  EXPECT_THAT(card("run"), HasSubstr("| validation.loss | 0.03125 |\n"));
  EXPECT_THAT(card("run"),
              testing::EndsWith("## Limits\n\n- The scores hold for rows like those it was trained on, "
                                "and say nothing of others.\n- It takes no missing values.\n"));
}

TEST_F(ModelCard, HasTheScoresOfTheEpochWhoseModelItIs) {
  Config c = validated(2.5);  // each step multiplies the error by -3/2
  c.train.epochs = 9, c.train.patience = 2;
  run(c, "run");
  EXPECT_THAT(card("run"), HasSubstr("After epoch 1:"));
  EXPECT_THAT(card("run"), HasSubstr("| validation.loss | 1.125 |"));
  EXPECT_THAT(card("run"),
              HasSubstr("- The held-out rows chose the epoch, so their scores are a little too good.\n"));
}

TEST_F(ModelCard, PassesOverDamagedLinesAndScoresThatAreNoNumbers) {
  Config c = validated(0.5);
  c.train.epochs = 1;
  run(c, "run");
  write_file_atomically(folder_.path("run/metrics.jsonl"),
                        "{\"epoch\":1,\"step\":1,\"train.loss\":0.5,\"validation.loss\":null}\ngarbage\n");
  EXPECT_THAT(card("run"),
              HasSubstr("After epoch 1:\n\n| metric | value |\n|---|---|\n| train.loss | 0.5 |\n"));
  EXPECT_THAT(card("run"), HasSubstr("\nThe log has no scores of held-out rows.\n"));
}

TEST_F(ModelCard, SaysThatNoRowsWereHeldOut) {
  run(config(0.5), "run");
  EXPECT_THAT(card("run"), HasSubstr("| train.loss | 0.0078125 |\n\nThe run held out no rows: "));
  remove_path(folder_.path("run/metrics.jsonl"));
  EXPECT_THAT(card("run"), HasSubstr("## Scores\n\nThe log has no scores of held-out rows.\n"));
}

TEST_F(ModelCard, SaysThatTestRowsWaitForTheirScores) {
  Config c = config(0.5);
  c.data.test = c.data.train;
  run(c, "run");
  EXPECT_THAT(card("run"),
              HasSubstr("\nThe log has no scores of the test rows; `thalweg evaluate` gives them.\n"));
}

TEST_F(ModelCard, NamesClassesColumnsAndWhatBecomesOfOddCells) {
  std::string header, row;
  for (int column = 0; column < 40; ++column)
    header += "c" + std::to_string(column) + ",", row += std::to_string(column) + ",";
  Config c = config(0.5);
  c.data.train =
      folder_.write("t.csv", header + "a|b,y\n" + row + "red,no\n" + row + "blue,yes\n" + row + ",no\n");
  c.data.impute = Imputation::median;
  c.model.loss = Loss::hinge;
  c.model.hidden = {4, 3};
  c.train.epochs = 1;
  run(c, "run");
  EXPECT_THAT(card("run"),
              HasSubstr("\n\nA multilayer perceptron (hidden layers: 4, 3; relu) of 2 classes, trained"));
  EXPECT_THAT(card("run"), HasSubstr("| classes | \"no\", \"yes\" |\n| columns | 41 |\n| names | \"c0\", "));
  EXPECT_THAT(card("run"),
              HasSubstr("\"c29\" and 11 more |\n| missing values | replaced: `data.impute = median` |\n"));
  EXPECT_THAT(card("run"), HasSubstr("- A category that training did not have counts as none.\n"));
  EXPECT_THAT(card("run"), HasSubstr("- Its scores rank rows and are not probabilities.\n"));
  EXPECT_THAT(card("run"), Not(HasSubstr("It takes no missing values")));
  EXPECT_THAT(card("run"), Not(HasSubstr("hashed")));
}

TEST_F(ModelCard, BreaksNoTableByANameAndTellsOfHashing) {
  Config c = config(0.5);
  c.data.train = folder_.write("t.csv", "a|b,c,y\nred,5,1\nblue,6,2\nred,7,3\n");
  c.train.epochs = 1;
  run(c, "names");
  EXPECT_THAT(card("names"), HasSubstr("| names | \"a\\|b\", \"c\" |\n"));
  c.data.hash_bits = 4;
  run(c, "hashed");
  EXPECT_THAT(card("hashed"), HasSubstr("- Its features are hashed: several may share a weight.\n"));
  EXPECT_THAT(card("hashed"), HasSubstr("| columns | 2, sparse |\n"));
  EXPECT_THAT(card("hashed"), HasSubstr("| entries that are not there | 0 |\n"));
  EXPECT_THAT(card("hashed"), Not(HasSubstr("missing values")));
}

TEST_F(ModelCard, SaysInWhichUnitTheScoresOfAStandardisedTargetAre) {
  Config c = config(0.5);
  c.data.train = folder_.write("t.csv", "x,y\n1,10\n2,30\n3,20\n4,70\n");
  c.data.standardize_target = Tristate::yes;
  run(c, "run");
  const std::string unit =
      "Losses are those of the standardised target; the other metrics are in its own unit.\n";
  EXPECT_THAT(card("run"), HasSubstr(unit));
  run(config(0.5), "raw");
  EXPECT_THAT(card("raw"), Not(HasSubstr(unit)));
}

TEST_F(ModelCard, IsThatOfARun) {
  run(config(0.5), "run");
  const std::string file = folder_.path("run/model.safetensors");
  try {
    model_card(Model::load(Context({.device = "cpu", .threads = 1}), file), file);
    FAIL() << "want UsageError";
  } catch (const UsageError& error) {
    EXPECT_EQ(error.what(),
              file + " has no config.toml, which a model card tells of; want the folder of a run");
  }
}

}  // namespace
}  // namespace thalweg::test
