// The memory plan of a run against the device memory that the run really takes, to the byte. With
// THALWEG_DRAWS=N in the environment N drawn configurations are compared, too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <simt/calls.hpp>

#include <random>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "host/cli/cli.hpp"
#include "tests/support/run_support.hpp"
#include "thalweg/error.hpp"

namespace thalweg::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Words = std::vector<std::string>;

constexpr int kDone = 0, kInternal = 70;

struct Outcome {
  int code;
  std::string err;
  std::int64_t most_bytes;  ///< of device memory
};

/// With so much device memory; -1: enough.
Outcome train_within(std::int64_t bytes, const Words& settings) {
  Words arguments = {"train", "--device=cuda", "--train.threads=1", "--train.max_steps=3"};
  arguments.insert(arguments.end(), settings.begin(), settings.end());
  std::ostringstream out, err;
  if (bytes >= 0) setenv("THALWEG_SIMT_MEMORY", std::to_string(bytes).c_str(), 1);
  simt::watch_device_bytes();
  const int code = cli::run(arguments, {out, err});
  unsetenv("THALWEG_SIMT_MEMORY");
  return {code, err.str(), simt::most_device_bytes()};
}

/// The bytes that a refusal names.
std::int64_t planned_bytes(const std::string& refusal) {
  std::smatch found;
  const std::regex pattern(R"(it takes [^(]*\((\d+) bytes\))");
  return std::regex_search(refusal, found, pattern) ? std::stoll(found[1]) : -1;
}

/// A part of the plan, in KiB as it is told.
double part_of(const std::string& text, const std::string& name) {
  std::smatch found;
  const std::regex pattern("memory: .*" + name + R"( ([0-9.]+) KiB)");
  return std::regex_search(text, found, pattern) ? std::stod(found[1]) : -1;
}

/// The plan is what the run takes; with a byte less it is refused before it takes any.
void expect_plan_of_what_is_taken(const Words& settings) {
  SCOPED_TRACE(testing::PrintToString(settings));
  const Outcome none = train_within(0, settings), all = train_within(-1, settings);
  const std::int64_t planned = planned_bytes(none.err);
  ASSERT_EQ(none.code, kInternal) << none.err;
  ASSERT_EQ(all.code, kDone) << all.err;
  EXPECT_EQ(planned, all.most_bytes);
  EXPECT_EQ(train_within(planned, settings).code, kDone);
  const Outcome less = train_within(planned - 1, settings);
  EXPECT_EQ(less.code, kInternal);
  EXPECT_THAT(less.err, HasSubstr("the run does not fit on cuda"));
  EXPECT_EQ(less.most_bytes, 0);
}

/// Data of each kind: floats, bytes with test rows, and sparse ones.
std::vector<Words> data_sets() {
  return {{"--data.train=" + data_file("california_housing.csv"), "--data.target=median_house_value",
           "--data.impute=median", "--data.train_rows=0:500"},
          {"--data.train=" + data_file("mnist10k-images-idx3-ubyte.gz"),
           "--data.target=" + data_file("mnist10k-labels-idx1-ubyte.gz"), "--data.train_rows=0:200",
           "--data.test_rows=200:300"},
          {"--data.train=" + data_file("a9a"), "--data.train_rows=0:400"}};
}

Words with(const Words& words, const Words& more) {
  Words all = words;
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

class MemoryPlan : public testing::Test {
 protected:
  const std::vector<Words> data_ = data_sets();
  const Words dense_ = data_[0], bytes_ = data_[1], sparse_ = data_[2];
};

TEST_F(MemoryPlan, OfALinearModelIsWhatTheRunTakes) {
  expect_plan_of_what_is_taken(dense_);
  expect_plan_of_what_is_taken(with(dense_, {"--data.validation_fraction=0.2", "--train.micro_batch=7"}));
}

TEST_F(MemoryPlan, OfALayeredModelIsWhatTheRunTakes) {
  expect_plan_of_what_is_taken(
      with(bytes_, {"--model.hidden=40", "--model.normalization=batch", "--optimizer.average=ema"}));
  expect_plan_of_what_is_taken(with(bytes_, {"--model.hidden=33,9", "--model.normalization=layer",
                                             "--model.dropout=0.2", "--train.micro_batch=16"}));
}

TEST_F(MemoryPlan, OfSparseRowsIsWhatTheRunTakes) {
  expect_plan_of_what_is_taken(with(sparse_, {"--data.test=" + data_file("a9a.t"), "--train.batch_size=90"}));
  expect_plan_of_what_is_taken(with(sparse_, {"--model.hidden=20", "--data.validation_fraction=0.3"}));
}

TEST_F(MemoryPlan, OfClippedSamplesAndOfFastNumericsIsWhatTheRunTakes) {
  expect_plan_of_what_is_taken(with(bytes_, {"--model.hidden=30", "--per_sample.clip_norm=1"}));
  expect_plan_of_what_is_taken(with(bytes_, {"--model.hidden=64", "--numerics=fast"}));
}

TEST_F(MemoryPlan, OfRowsThatStayOnTheDiskIsWhatTheRunTakes) {
  const TemporaryFolder folder;
  const auto convert = [&](const std::string& name, const Words& settings) {
    std::ostringstream out, err;
    const Words command =
        with({"convert", "--quiet", settings[0], folder.path(name)}, {settings.begin() + 1, settings.end()});
    EXPECT_EQ(cli::run(command, {out, err}), kDone) << err.str();
    return Words{"--data.train=" + folder.path(name), "--model.hidden=8", "--data.memory=1KB"};
  };
  const std::string csv =
      folder.write("rows.csv", "a,b,y\n1,2,3\n4,5,6\n7,8,9\n2,3,4\n5,4,3\n1,1,2\n3,1,2\n");
  const Words floats = convert("floats", {csv}), sparse = convert("sparse", {data_file("a9a")});
  const Words bytes = convert(
      "bytes", {data_file("mnist10k-images-idx3-ubyte.gz"),
                "--data.target=" + data_file("mnist10k-labels-idx1-ubyte.gz"), "--data.standardize=true"});
  expect_plan_of_what_is_taken(with(floats, {"--data.validation_fraction=0.3", "--train.batch_size=2"}));
  expect_plan_of_what_is_taken(sparse);
  expect_plan_of_what_is_taken(bytes);
}

TEST_F(MemoryPlan, OfValidationAndTestRowsOfTheirOwnIsWhatTheRunTakes) {
  const TemporaryFolder folder;
  const std::string more = folder.write("more.libsvm", "+1 1:1 3:2\n-1 2:1\n+1 1:3 4:1\n-1 3:1\n");
  expect_plan_of_what_is_taken(with(sparse_, {"--data.validation=" + more, "--data.test=" + more}));
  expect_plan_of_what_is_taken(with(sparse_, {"--data.validation=" + more, "--train.batch_size=8"}));
}

TEST_F(MemoryPlan, OfDrawnRunsIsWhatTheyTake) {
  const char* const draws = std::getenv("THALWEG_DRAWS");
  std::mt19937 random(19);
  const auto one_of = [&](const Words& words) { return words[random() % words.size()]; };
  for (int draw = 0; draw < (draws != nullptr ? std::atoi(draws) : 2) && !HasFailure(); ++draw) {
    const std::string hidden = one_of({"", "5", "70", "128,40", "16,16,16"});
    const std::string clip = one_of({"0", "0", "1"});
    const std::string norm =
        hidden.empty() ? "none" : one_of({"none", "layer", clip == "0" ? "batch" : "layer"});
    expect_plan_of_what_is_taken(with(
        data_[random() % data_.size()],
        {"--model.hidden=" + hidden, "--model.normalization=" + norm,
         "--model.dropout=" + (hidden.empty() ? "0" : one_of({"0", "0.3"})), "--per_sample.clip_norm=" + clip,
         "--train.micro_batch=" + (norm == "batch" ? "0" : one_of({"0", "1", "20", "33"})),
         "--optimizer.name=" + one_of({"sgd", "momentum", "adamw", "amsgrad", "adagrad"}),
         "--optimizer.average=" + one_of({"none", "ema", "polyak"}),
         "--optimizer.clip_norm=" + one_of({"0", "2"}), "--train.batch_size=" + one_of({"1", "32", "150"}),
         "--train.reduction_slices=" + one_of({"1", "8", "13"}),
         "--data.validation_fraction=" + one_of({"0", "0.25"}), "--optimizer.weight_decay=0"}));
  }
}

TEST_F(MemoryPlan, CountsTheDataOfEverySetThatARunPlaces) {
  // 300 rows of 784 bytes with a target, and scale and shift of 784 floats of either set.
  EXPECT_NEAR(part_of(train_within(-1, bytes_).err, "data"), (300 * 788 + 2 * 2 * 784 * 4) / 1024.0, 0.06);
  const TemporaryFolder folder;
  std::string lines;
  for (int i = 0; i < 500; ++i) lines += "+1 1:1 3:2\n-1 2:1\n";
  const double alone = part_of(train_within(-1, sparse_).err, "data");
  const Words validated = with(sparse_, {"--data.validation=" + folder.write("more.libsvm", lines)});
  // 1000 rows: offsets, 1500 entries, targets.
  EXPECT_NEAR(part_of(train_within(-1, validated).err, "data") - alone, (1001 * 8 + 1500 * 8 + 4000) / 1024.0,
              0.11);
}

TEST_F(MemoryPlan, IsLoggedBeforeTheFirstStep) {
  EXPECT_THAT(train_within(-1, dense_).err,
              AllOf(HasSubstr("memory: "), HasSubstr("parameters"), HasSubstr("working memory")));
}

TEST_F(MemoryPlan, ARunThatDoesNotFitNamesItsPartsAndTheMicroBatchThatWould) {
  const Words wide =
      with(dense_, {"--model.hidden=100", "--train.batch_size=400", "--train.reduction_slices=1"});
  const std::int64_t whole = planned_bytes(train_within(0, wide).err);
  const std::int64_t of_128 = planned_bytes(train_within(0, with(wide, {"--train.micro_batch=128"})).err);
  ASSERT_GT(of_128, 0);
  ASSERT_LT(of_128, whole);
  const std::string refused = train_within(of_128, wide).err;
  for (const char* part :
       {"parameters", "gradients", "optimizer states", "activations", "data", "working memory"})
    EXPECT_THAT(refused, HasSubstr(part));
  EXPECT_THAT(refused, HasSubstr("(" + std::to_string(whole) + " bytes)"));
  EXPECT_THAT(refused, HasSubstr("(" + std::to_string(of_128) + ") are free"));
  EXPECT_THAT(refused, HasSubstr("train.micro_batch = 128 would fit: "));
  EXPECT_THAT(train_within(of_128 - 1, wide).err, HasSubstr("train.micro_batch = 64 would fit: "));
}

TEST_F(MemoryPlan, ARunThatDoesNotFitNamesTheBatchThatWould) {
  const Words run =
      with(bytes_, {"--model.hidden=200", "--model.normalization=batch", "--train.batch_size=128"});
  const std::int64_t of_32 = planned_bytes(train_within(0, with(run, {"--train.batch_size=32"})).err);
  EXPECT_THAT(train_within(of_32, run).err, HasSubstr("train.batch_size = 32 would fit: "));
  EXPECT_THAT(train_within(of_32 - 1, run).err, HasSubstr("train.batch_size = 16 would fit: "));
  EXPECT_THAT(train_within(1000, run).err, HasSubstr("train.batch_size = 1 would not fit either: "));
}

TEST_F(MemoryPlan, ARunWhoseChainsDoNotFitNamesTheSlicesThatWould) {
  const Words run =
      with(dense_, {"--model.hidden=200", "--train.batch_size=2", "--train.reduction_slices=6"});
  const std::int64_t of_2 = planned_bytes(train_within(0, with(run, {"--train.reduction_slices=2"})).err);
  const std::string refused = train_within(of_2, run).err;
  EXPECT_THAT(refused, HasSubstr("train.micro_batch = 1 would not fit either: "));
  EXPECT_THAT(refused, HasSubstr("train.batch_size = 1 would not fit either: "));
  EXPECT_THAT(refused, HasSubstr(". train.reduction_slices = 2 would fit: "));
  EXPECT_THAT(train_within(of_2 - 1, run).err, HasSubstr("train.reduction_slices = 1 would fit: "));
}

TEST_F(MemoryPlan, ARunOfSingleRowsThatDoesNotFitIsToldOfItsData) {
  const std::string refused =
      train_within(1000, with(dense_, {"--train.batch_size=1", "--train.reduction_slices=1"})).err;
  EXPECT_THAT(refused, HasSubstr(". Fewer rows or uint8 features take less"));
  EXPECT_THAT(refused, Not(HasSubstr("would")));
}

TEST_F(MemoryPlan, OfPoissonSamplesIsWhatTheRunTakesAndNoBatchSizeIsAdvised) {
  const Words run = with(sparse_, {"--train.batch_size=40", "--per_sample.clip_norm=1",
                                   "--per_sample.sampling=poisson", "--per_sample.noise_multiplier=1"});
  expect_plan_of_what_is_taken(run);
  EXPECT_THAT(train_within(1000, run).err, HasSubstr("train.micro_batch = 1 would not fit either: "));
}

}  // namespace
}  // namespace thalweg::test
