// Which settings may change between a checkpoint and the run that goes on from it.
#include "host/run/resume_check.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "tests/support/data_files.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using Change = std::pair<std::string, std::string>;  // a key and its new value

Config run() {
  Config config;
  config.out = "run";
  config.data.train = "rows.csv";
  return config;
}

/// Goes on from a run of `config` after the change.
void resume(Config config, const Change& change, const std::string& fingerprint = "abc") {
  CheckpointData checkpoint;
  checkpoint.config_toml = to_toml(config);
  checkpoint.data_fingerprint = "abc";
  set_config_value(config, change.first, change.second);
  require_same_run("run/step-000000007", checkpoint, config, fingerprint);
}

void expect_allowed(const Config& config, const Change& change) {
  EXPECT_NO_THROW(resume(config, change)) << change.first;
}

void expect_refused(const Config& config, const Change& change) {
  test::expect_error<ConfigError>([&] { resume(config, change); },
                                  {"cannot resume from run/step-000000007: " + change.first + " was"});
}

TEST(ResumeCheck, LetsWhereHowLongAndHowFastDiffer) {
  for (const Change& change : std::vector<Change>{{"out", "elsewhere"},
                                                  {"device", "cpu"},
                                                  {"train.epochs", "99"},
                                                  {"train.max_steps", "99"},
                                                  {"train.max_seconds", "99"},
                                                  {"train.threads", "3"},
                                                  {"train.micro_batch", "3"},
                                                  {"train.patience", "3"},
                                                  {"train.gradient_tolerance", "0.5"},
                                                  {"train.loss_tolerance", "0.5"},
                                                  {"train.log_every_steps", "3"},
                                                  {"checkpoint.every_steps", "3"},
                                                  {"checkpoint.every_epochs", "3"},
                                                  {"checkpoint.keep", "7"},
                                                  {"checkpoint.resume", "run"},
                                                  {"data.test", "test.csv"},
                                                  {"data.test_target", "labels"},
                                                  {"data.test_rows", "0:9"},
                                                  {"data.fingerprint", "full"},
                                                  {"data.memory", "1GB"},
                                                  {"data.readers", "3"},
                                                  {"data.unseen", "error"},
                                                  {"checkpoint.on_change", "allow"}})
    expect_allowed(run(), change);
}

TEST(ResumeCheck, TheSameFileMayBeNamedInAnotherWay) {
  expect_allowed(run(), {"data.train", "./rows.csv"});
  expect_allowed(run(), {"data.train", "folder/../rows.csv"});
  expect_allowed(run(), {"data.train", std::filesystem::current_path() / "rows.csv"});
  Config piped = run();
  piped.data.train = "/dev/fd/63", piped.data.target = "/dev/stdin", piped.data.weight = "/dev/fd/9";
  expect_allowed(piped, {"data.train", "/dev/fd/62"});
  expect_allowed(piped, {"data.train", "/dev/stdin"});
  expect_allowed(piped, {"data.train", "-"});
  expect_allowed(piped, {"data.target", "/dev/fd/5"});
  expect_allowed(piped, {"data.weight", "/dev/stdin"});
}

TEST(ResumeCheck, AnotherPathIsRefusedUnlessTheDataAreTheSame) {
  for (const Change& change : std::vector<Change>{{"data.train", "folder/rows.csv"},
                                                  {"data.weight", "w"},
                                                  {"data.target", "t"},
                                                  {"data.validation", "v"},
                                                  {"data.validation_target", "l"}}) {
    test::expect_error<ConfigError>([&] { resume(run(), change, "abd"); }, {change.first + " was"});
    expect_allowed(run(), change);
  }
}

TEST(ResumeCheck, RefusesWhatChangesTheBits) {
  for (const Change& change : std::vector<Change>{{"seed", "2"},
                                                  {"numerics", "fast"},
                                                  {"data.validation_fraction", "0.5"},
                                                  {"model.hidden", "3"},
                                                  {"model.dropout", "0.5"},
                                                  {"optimizer.lr", "0.5"},
                                                  {"schedule.gamma", "0.5"},
                                                  {"train.batch_size", "7"},
                                                  {"train.reduction_slices", "2"},
                                                  {"train.shuffle", "false"},
                                                  {"data.order", "blocks"},
                                                  {"data.block_bytes", "4096"},
                                                  {"data.window_bytes", "4096"},
                                                  {"train.on_spike", "skip"},
                                                  {"per_sample.clip_norm", "1"}}) {
    Config config = run();
    config.train.on_spike = SpikePolicy::rollback;
    expect_refused(config, change);
  }
}

TEST(ResumeCheck, HoldsTheLengthWhereTheScheduleReadsIt) {
  for (const char* key : {"train.epochs", "train.max_steps"}) {
    for (const ScheduleKind name :
         {ScheduleKind::polynomial, ScheduleKind::one_cycle, ScheduleKind::cosine}) {
      Config config = run();
      config.schedule.name = name;
      expect_refused(config, {key, "99"});
    }
    for (const ScheduleKind name : {ScheduleKind::constant, ScheduleKind::inverse_time, ScheduleKind::step,
                                    ScheduleKind::exponential, ScheduleKind::plateau}) {
      Config config = run();
      config.schedule.name = name;
      expect_allowed(config, {key, "99"});
    }
    Config cycles = run();
    cycles.schedule.name = ScheduleKind::cosine;
    cycles.schedule.cycle_steps = 50;
    expect_allowed(cycles, {key, "99"});
    Config solved = run();
    solved.per_sample.target_epsilon = 0.5;
    expect_refused(solved, {key, "99"});
    solved.checkpoint.on_change = OnChange::allow;
    expect_refused(solved, {key, "99"});
  }
  Config polynomial = run();
  polynomial.schedule.name = ScheduleKind::polynomial;
  expect_allowed(polynomial, {"train.max_seconds", "99"});
}

TEST(ResumeCheck, HoldsTheCheckpointsThatARollbackGoesBackTo) {
  Config config = run();
  config.train.on_spike = SpikePolicy::rollback;
  expect_refused(config, {"checkpoint.every_steps", "3"});
  expect_allowed(config, {"checkpoint.keep", "9"});
}

TEST(ResumeCheck, LetsARunThatWouldHaveStoppedPassOverSpikes) {
  for (const char* policy : {"skip", "rollback"}) expect_allowed(run(), {"train.on_spike", policy});
}

TEST(ResumeCheck, RefusesOtherDataUnlessTheFingerprintIsOfAnotherKind) {
  test::expect_error<DataError>(
      [] {
        resume(run(), {"out", "run"}, "xyz");
      },
      {"the training data has changed", "abc", "xyz"});
  EXPECT_NO_THROW(resume(run(), {"data.fingerprint", "full"}, "xyz"));
}

TEST(ResumeCheck, OtherDataAreNamedRatherThanWhatARuleFindsInThem) {
  for (const Change& change : std::vector<Change>{{"optimizer.lr", "0.5"},
                                                  {"optimizer.weight_decay", "1"},
                                                  {"optimizer.bias_lr_factor", "0.25"},
                                                  {"train.batch_size", "8"},
                                                  {"data.standardize_target", "true"}}) {
    test::expect_error<DataError>([&] { resume(run(), change, "other"); }, {"the training data has changed"});
    expect_refused(run(), change);
  }
  // refused by itself only where the schedule reads it
  Config cosine = run();
  cosine.schedule.name = ScheduleKind::cosine;
  test::expect_error<DataError>(
      [&] {
        resume(cosine, {"train.epochs", "99"}, "other");
      },
      {"the training data has changed"});
}

TEST(ResumeCheck, OnRequestTheRateTheScheduleAndTheMetricMayDiffer) {
  Config config = run();
  config.checkpoint.on_change = OnChange::allow;
  for (const Change& change : std::vector<Change>{{"optimizer.lr", "0.5"},
                                                  {"optimizer.weight_decay", "1"},
                                                  {"optimizer.bias_lr_factor", "0.25"},
                                                  {"schedule.name", "step"},
                                                  {"schedule.gamma", "0.5"},
                                                  {"schedule.warmup_steps", "3"},
                                                  {"train.metric", "rmse"}})
    expect_allowed(config, change);
  expect_refused(config, {"optimizer.beta1", "0.5"});
  expect_refused(config, {"train.batch_size", "7"});
}

}  // namespace
}  // namespace thalweg
