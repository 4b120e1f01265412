// What the processes of a run have in common: the first difference is named with both values and ranks.
#include "host/run/preflight.hpp"

#include <gmock/gmock.h>

#include <limits>

#include "host/run/run_start.hpp"
#include "thalweg/config.hpp"

namespace thalweg {
namespace {

const std::vector<std::string> kNames{"rank 0 (a)", "rank 1 (b)", "rank 2 (c)"};

std::vector<SharedFact> facts(const std::string& version, const Config& config, const std::string& rows) {
  return {{SharedFact::text, ExitCode::config, "the version", version},
          {SharedFact::config, ExitCode::config, "", to_toml(config)},
          {SharedFact::text, ExitCode::bad_data, "rows of training data", rows}};
}

/// "CODE message" of the refusal where rank 2 has `other`; "" where there is none.
std::string refusal(const std::vector<SharedFact>& common, const std::string& other) {
  try {
    require_equal_facts(common, {to_text(common), to_text(common), other}, kNames);
  } catch (const Error& error) {
    return std::to_string(static_cast<int>(error.code())) + " " + error.what();
  }
  return "";
}

TEST(Preflight, EqualRanksPass) {
  const auto common = facts("1", {}, "10");
  EXPECT_EQ(refusal(common, to_text(common)), "");
}

TEST(Preflight, TheFirstDifferenceIsNamedWithItsExitCode) {
  const auto common = facts("1", {}, "10");
  EXPECT_EQ(refusal(common, to_text(facts("1", {}, "9"))),
            "65 rank 2 (c) has rows of training data 9, and rank 0 (a) has 10; all ranks want the same");
  EXPECT_EQ(refusal(common, to_text(facts("2", {}, "9"))),
            "78 rank 2 (c) has the version 2, and rank 0 (a) has 1; all ranks want the same");
  Config other;
  other.train.batch_size = 64;
  EXPECT_EQ(refusal(common, to_text(facts("1", other, "9"))),
            "78 rank 2 (c) has train.batch_size = 64, and rank 0 (a) has \"auto\"; all ranks want the same");
  EXPECT_EQ(
      refusal(common, "1"),
      "78 rank 2 (c) has fewer facts to compare: its program is of another version than that of rank 0 (a)");
}

TEST(Preflight, MachinesMayDifferInTheirSizeAndInWhereTheDataLie) {
  Config other;
  other.train.threads = 7;
  other.data.train = "/mnt/copy/a9a";
  other.data.memory = "4GB";
  EXPECT_EQ(refusal(facts("1", {}, "10"), to_text(facts("1", other, "10"))), "");
}

TEST(RunStart, KeepsEveryBit) {
  RunStart start;
  start.state.step = 12;
  start.state.epoch_loss = 0.1;
  start.state.epoch_weight = 1e-310;
  start.state.best_validation = -std::numeric_limits<double>::infinity();
  start.state.plateau.started = true;
  start.ended = "epochs";
  start.metric = "auc";
  start.patience = 3;
  const RunStart read = run_start_from(to_text(start));
  EXPECT_EQ(to_text(read), to_text(start));
  EXPECT_EQ(read.state.step, 12);
  EXPECT_EQ(read.state.epoch_loss, 0.1);
  EXPECT_EQ(read.state.epoch_weight, 1e-310);
  EXPECT_EQ(read.state.best_validation, start.state.best_validation);
  EXPECT_NE(read.state.last_epoch_loss, read.state.last_epoch_loss) << "not a number yet";
  EXPECT_EQ(read.ended + read.metric, "epochsauc");
  EXPECT_EQ(read.patience, 3);
}

TEST(RunStart, OfARunThatBeginsHasNoWords) {
  const RunStart read = run_start_from(to_text(RunStart{}));
  EXPECT_EQ(read.ended, "");
  EXPECT_EQ(read.state.gradient_norm, std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace thalweg
