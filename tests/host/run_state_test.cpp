#include "host/run/run_state.hpp"

#include <gtest/gtest.h>

#include "tests/support/data_files.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

RunState known() {
  RunState state;
  state.step = 99;
  state.epoch_loss = 1.5, state.epoch_weight = 2.5, state.last_epoch_loss = 3.5;
  state.small_changes = 4, state.gradient_norm = 5.5, state.best_validation = 6.5;
  state.best_step = 7, state.epochs_without_improvement = 8, state.spikes_in_a_row = 9;
  state.plateau.factor = 10.5, state.plateau.best = 11.5, state.plateau.bad_epochs = 12;
  state.plateau.started = true;
  return state;
}

// The names are part of a checkpoint's meaning.
const std::map<std::string, double> kNumbers{{"epoch_loss", 1.5},      {"epoch_weight", 2.5},
                                             {"last_epoch_loss", 3.5}, {"small_changes", 4},
                                             {"gradient_norm", 5.5},   {"best_validation", 6.5},
                                             {"best_step", 7},         {"epochs_without_improvement", 8},
                                             {"spikes_in_a_row", 9},   {"plateau.factor", 10.5},
                                             {"plateau.best", 11.5},   {"plateau.bad_epochs", 12},
                                             {"plateau.started", 1}};

TEST(RunState, IsSavedAsThirteenNumbersByName) { EXPECT_EQ(known().numbers(), kNumbers); }

TEST(RunState, ComesBackFromThem) {
  const RunState state = RunState::from(kNumbers, 99, "folder");
  EXPECT_EQ(state.step, 99);
  EXPECT_EQ(state.epoch_loss, 1.5);
  EXPECT_EQ(state.epoch_weight, 2.5);
  EXPECT_EQ(state.last_epoch_loss, 3.5);
  EXPECT_EQ(state.small_changes, 4);
  EXPECT_EQ(state.gradient_norm, 5.5);
  EXPECT_EQ(state.best_validation, 6.5);
  EXPECT_EQ(state.best_step, 7);
  EXPECT_EQ(state.epochs_without_improvement, 8);
  EXPECT_EQ(state.spikes_in_a_row, 9);
  EXPECT_EQ(state.plateau.factor, 10.5);
  EXPECT_EQ(state.plateau.best, 11.5);
  EXPECT_EQ(state.plateau.bad_epochs, 12);
  EXPECT_TRUE(state.plateau.started);
}

TEST(RunState, NamesTheNumberThatIsMissing) {
  for (const auto& [name, value] : kNumbers) {
    if (name == "small_changes") continue;
    auto numbers = kNumbers;
    numbers.erase(name);
    test::expect_error<CorruptCheckpoint>([&] { RunState::from(numbers, 1, "run/step"); },
                                          {"run/step", "no \"" + name + "\""});
  }
}

TEST(RunState, CountsSmallChangesAnewWhereACheckpointIsOlderThanTheCount) {
  auto numbers = kNumbers;
  numbers.erase("small_changes");
  EXPECT_EQ(RunState::from(numbers, 99, "folder").small_changes, 0);
}

}  // namespace
}  // namespace thalweg
