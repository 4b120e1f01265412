// A loop of the caller's own that is interrupted, restored and goes on.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <limits>

#include "host/checkpoint/checkpoint.hpp"
#include "host/checkpoint/files.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/small_models.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

const Context& cpu() { return test::context_of("cpu"); }

Dataset wave(float phase = 0) {
  std::vector<float> x, y;
  for (int i = 0; i < 64; ++i) {
    x.push_back(static_cast<float>(i % 7) - 3), x.push_back(static_cast<float>(i % 5) - 2);
    y.push_back(x[x.size() - 2] * x.back() + phase);
  }
  return test::number_data(2, x, y);
}

/// Everything that has a state: dropout, running statistics, optimizer states and an average.
struct Loop {
  ModelConfig model_config = {
      .hidden = {5}, .loss = Loss::squared, .dropout = 0.25, .normalization = Normalization::batch};
  OptimizerConfig optimizer = {.name = Rule::adam, .average = Averaging::ema};
  Dataset data = wave();
  std::uint64_t seed = 3;
};

class LearnerCheckpoint : public ::testing::Test {
 protected:
  /// A program with a training loop, from its start.
  struct Program {
    explicit Program(const Loop& l = {})
        : loop(l),
          batches(rows_of(loop.data), 16, loop.seed, true, false),
          model(cpu(), resolve_model(loop.model_config, schema_of(loop.data), loop.seed)),
          learner(model, loop.data, {.optimizer = loop.optimizer, .max_batch = 16, .batches = &batches}) {}

    void train_to(std::int64_t steps) {
      while (learner.steps() < steps) learner.step(batches.at_step(learner.steps()), 0.05);
    }
    static std::vector<std::int64_t> rows_of(const Dataset& data) {
      return split_rows(data.rows, 0, 1).train;
    }
    std::string bits() const {
      std::vector<NamedTensor> all = model.parameters();
      for (NamedTensor& tensor : model.buffers()) all.push_back(std::move(tensor));
      for (NamedTensor& tensor : learner.states()) all.push_back(std::move(tensor));
      return parameters_xxh3(all);
    }

    Loop loop;
    EpochBatches batches;
    Model model;
    Learner learner;
  };

  /// Expects that a checkpoint of Loop{} is refused by another loop, in these words.
  template <class ExpectedError>
  void expect_refused(const Loop& loop, const std::string& words) const {
    Program other(loop);
    const std::string before = other.bits();
    test::expect_error<ExpectedError>([&] { other.learner.restore(out); },
                                      {"cannot restore from " + out, words});
    EXPECT_EQ(other.bits(), before);
    EXPECT_EQ(other.learner.steps(), 0);
  }

  test::ScratchFolder scratch;
  std::string out = scratch / "out";
};

TEST_F(LearnerCheckpoint, ARestoredLoopEndsWithTheBitsOfOneThatNeverStopped) {
  Program whole;
  whole.train_to(23);
  {
    Program first;
    first.train_to(9);
    EXPECT_EQ(first.learner.save(out), out + "/checkpoints/step-000000009");
  }
  Program second;
  const std::optional<Restored> restored = second.learner.restore(out);
  ASSERT_TRUE(restored);
  EXPECT_EQ(restored->folder, out + "/checkpoints/step-000000009");
  EXPECT_TRUE(restored->damaged.empty());
  EXPECT_EQ(second.learner.steps(), 9);
  second.train_to(23);
  EXPECT_EQ(second.bits(), whole.bits());
}

TEST_F(LearnerCheckpoint, ALoopWithoutACheckpointBegins) {
  Program program;
  program.train_to(2);
  const std::string before = program.bits();
  EXPECT_FALSE(program.learner.restore(out));
  EXPECT_EQ(program.bits(), before);
  EXPECT_EQ(program.learner.steps(), 2);
}

TEST_F(LearnerCheckpoint, TheNumbersOfTheLoopComeBackBitForBit) {
  Program program;
  const double infinity = std::numeric_limits<double>::infinity();
  program.learner.save(out, {.values = {{"best", 0.1}, {"worst", -infinity}}});
  const std::optional<Restored> restored = program.learner.restore(out);
  ASSERT_TRUE(restored);
  EXPECT_EQ(restored->values, (std::map<std::string, double>{{"best", 0.1}, {"worst", -infinity}}));
}

TEST_F(LearnerCheckpoint, TheCheckpointHoldsTheSettingsThatALearnerKnows) {
  Program program;
  program.train_to(9);
  const CheckpointData data = read_checkpoint(program.learner.save(out));
  EXPECT_EQ(data.step, 9);
  EXPECT_EQ(data.epoch, 2);  // of 4 batches each
  EXPECT_EQ(data.seed, 3U);
  EXPECT_EQ(data.data_fingerprint, fingerprint(program.loop.data, false));
  for (const char* line : {"seed = 3\n", "name = \"adam\"\n", "average = \"ema\"\n", "hidden = [5]\n"})
    EXPECT_NE(data.config_toml.find(line), std::string::npos) << line << data.config_toml;
}

TEST_F(LearnerCheckpoint, AModelIsLoadedFromTheFolder) {
  Program program;
  program.train_to(3);
  program.learner.save(out);
  const Model model = Model::load(cpu(), out);
  EXPECT_EQ(model.predict(program.loop.data).values, program.model.predict(program.loop.data).values);
}

TEST_F(LearnerCheckpoint, TheNewestCheckpointsStay) {
  Program program;
  for (std::int64_t step = 1; step <= 4; ++step) {
    program.train_to(step);
    program.learner.save(out, {.keep = 2});
  }
  std::vector<std::string> names = names_in(out + "/checkpoints");
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"step-000000003", "step-000000004"}));
}

TEST_F(LearnerCheckpoint, ACheckpointIsRestoredByItsOwnPath) {
  Program program;
  program.train_to(1);
  const std::string first = program.learner.save(out);
  const std::string bits = program.bits();
  program.train_to(2);
  program.learner.save(out);
  ASSERT_TRUE(program.learner.restore(first));
  EXPECT_EQ(program.learner.steps(), 1);
  EXPECT_EQ(program.bits(), bits);
}

TEST_F(LearnerCheckpoint, ADamagedCheckpointIsPassedOverAndNamed) {
  Program program;
  program.train_to(1);
  const std::string first = program.learner.save(out);
  program.train_to(2);
  const std::string second = program.learner.save(out);
  std::filesystem::resize_file(second + "/state.safetensors", 10);
  const std::optional<Restored> restored = program.learner.restore(out);
  ASSERT_TRUE(restored);
  EXPECT_EQ(restored->folder, first);
  ASSERT_EQ(restored->damaged.size(), 1U);
  EXPECT_NE(restored->damaged[0].find(second + "/state.safetensors: has 10 bytes"), std::string::npos);
  EXPECT_EQ(program.learner.steps(), 1);
  std::filesystem::resize_file(first + "/state.safetensors", 20);
  test::expect_error<CorruptCheckpoint>([&] { program.learner.restore(out); }, {second, "has 10 bytes"});
}

TEST_F(LearnerCheckpoint, ACheckpointOfAnotherLoopIsRefused) {
  Program().learner.save(out);
  Loop rule, average, layer, seed, data;
  rule.optimizer.name = Rule::lion;
  average.optimizer.average = Averaging::polyak;
  layer.model_config.activation = Activation::tanh;
  seed.seed = 4;
  data.data = wave(0.5);
  expect_refused<ConfigError>(rule, "optimizer.name was adam and is now lion");
  expect_refused<ConfigError>(average, "optimizer.average was ema and is now polyak");
  expect_refused<ConfigError>(layer, "model.activation was \"relu\" and is now \"tanh\"");
  expect_refused<ConfigError>(seed, "the seed was 3 and is now 4");
  expect_refused<DataError>(data, "the training data have changed");
}

TEST_F(LearnerCheckpoint, QueuedStepsAreCollectedFirst) {
  Program program;
  program.learner.enqueue(program.batches.at_step(0), 0.05);
  test::expect_error<UsageError>([&] { program.learner.save(out); }, {"collect"});
  test::expect_error<UsageError>([&] { program.learner.restore(out); }, {"collect"});
  program.learner.collect();
  EXPECT_NO_THROW(program.learner.save(out));
}

}  // namespace
}  // namespace thalweg
