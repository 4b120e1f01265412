// The range of every setting, from both ends, and every name that a setting may take.
#include <gtest/gtest.h>

#include <set>
#include <type_traits>

#include "host/config/keys.hpp"
#include "thalweg/config.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using Values = std::vector<const char*>;
using Settings = std::vector<std::pair<const char*, const char*>>;

/// What validate_config says; "" when it accepts. The other settings leave room for each one alone.
std::string problem(const Settings& settings) {
  Config config;
  config.out = "run";
  config.model.hidden = {4};
  try {
    for (const auto& [key, value] : settings) set_config_value(config, key, value);
    validate_config(config);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

struct Bounds {
  const char* key;
  Values fits, fails;
  Settings with;
};

constexpr const char* kBelowOne = "0.9999999999999999";    // 1 - 2^-53
constexpr const char* kAboveOne = "1.0000000000000002";    // 1 + 2^-52
constexpr const char* kLeast = "4.9406564584124654e-324";  // 2^-1074
constexpr const char* kNegative = "-4.9406564584124654e-324";
constexpr const char* kMost = "1.7976931348623157e308";
constexpr const char* kMostInteger = "9223372036854775807";

Bounds count_from(const char* key, const char* least, const char* below, Settings with = {}) {
  return {key, {least, kMostInteger}, {below, "-9223372036854775808"}, std::move(with)};
}
Bounds not_negative(const char* key, Settings with = {}) {
  return {key, {"0", "-0.0", kLeast, kMost}, {kNegative, "-inf", "inf", "nan"}, std::move(with)};
}
Bounds positive(const char* key, Settings with = {}) {
  return {key, {kLeast, kMost}, {"0", "-0.0", "-1", "-inf", "inf", "nan"}, std::move(with)};
}
Bounds below_one(const char* key, Settings with = {}) {
  return {key, {"0", kBelowOne}, {kNegative, "1", "2", "inf", "-inf", "nan"}, std::move(with)};
}
Bounds at_least_one(const char* key) { return {key, {"1", kMost}, {kBelowOne, "0", "-1", "inf", "nan"}, {}}; }

std::vector<Bounds> ranges() {
  const Settings clipped{{"per_sample.clip_norm", "1"}};
  return {
      count_from("seed", "0", "-1"),
      count_from("data.features", "0", "-1"),
      below_one("data.validation_fraction"),
      count_from("data.folds", "0", "-1"),
      count_from("data.block_bytes", "1", "0"),
      count_from("data.window_bytes", "1", "0"),
      {"data.readers", {"1", "256"}, {"0", "-1", "257"}, {}},
      {"data.hash_bits", {"0", "30"}, {"-1", "31", "9223372036854775807"}, {}},
      {"model.hidden", {"1", "1,9223372036854775807", "[]"}, {"0", "4,0", "-1,4"}, {}},
      positive("model.huber_delta"),
      {"model.quantile", {kLeast, kBelowOne}, {"0", "1", "-1", "2", "inf", "nan"}, {}},
      below_one("model.label_smoothing"),
      below_one("model.dropout"),
      positive("optimizer.lr"),
      below_one("optimizer.momentum"),
      below_one("optimizer.beta1"),
      below_one("optimizer.beta2"),
      not_negative("optimizer.eps", {{"optimizer.name", "sgd"}}),
      {"optimizer.eps", {"1.5e-45", kMost}, {"0", kLeast, "-1", "nan"}, {{"optimizer.name", "adam"}}},
      not_negative("optimizer.beta"),
      not_negative("optimizer.weight_decay"),
      not_negative("optimizer.l1"),
      not_negative("optimizer.l2"),
      not_negative("optimizer.clip_norm"),
      {"optimizer.lower", {"-inf", "0", "1"}, {"nan", kAboveOne, "inf"}, {{"constraint", "box"}}},
      {"optimizer.upper",
       {"inf", "0", "-1"},
       {"nan", "-1.0000000000000002", "-inf"},
       {{"constraint", "box"}}},
      positive("optimizer.upper", {{"constraint", "l2_ball"}}),
      positive("optimizer.upper", {{"constraint", "simplex"}}),
      {"optimizer.upper", {"-5", "0", "inf"}, {"nan"}, {{"constraint", "non_negative"}}},
      {"optimizer.lower", {"5", "0", "-inf"}, {"nan"}, {}},
      not_negative("optimizer.bias_lr_factor"),
      below_one("optimizer.ema_decay"),
      count_from("optimizer.average_from", "0", "-1"),
      count_from("schedule.warmup_steps", "0", "-1"),
      {"schedule.warmup_start", {"0", "1"}, {kNegative, kAboveOne, "inf", "nan"}, {}},
      not_negative("schedule.decay"),
      {"schedule.gamma", {kLeast, "1"}, {"0", "-1", kAboveOne, "nan"}, {}},
      {"schedule.gamma", {kLeast, kBelowOne}, {"0", "1"}, {{"schedule", "plateau"}}},
      count_from("schedule.step_size", "0", "-1"),
      positive("schedule.power"),
      not_negative("schedule.min_lr"),
      {"schedule.min_lr",
       {"0", "0.001"},
       {"0.0010000000000000002", kNegative},
       {{"schedule", "polynomial"}, {"lr", "0.001"}}},
      {"schedule.min_lr",
       {"0", "0.001"},
       {"0.0010000000000000002", kNegative},
       {{"schedule", "cosine"}, {"lr", "0.001"}}},
      {"schedule.min_lr",
       {"0", "0.001"},
       {"0.0010000000000000002", kNegative},
       {{"schedule", "plateau"}, {"lr", "0.001"}}},
      count_from("schedule.cycle_steps", "0", "-1"),
      at_least_one("schedule.cycle_factor"),
      at_least_one("schedule.max_lr_start_factor"),
      at_least_one("schedule.max_lr_end_factor"),
      {"schedule.rise_fraction", {"0", "1"}, {kNegative, kAboveOne, "inf", "nan"}, {}},
      count_from("schedule.patience", "0", "-1"),
      not_negative("schedule.threshold"),
      count_from("train.epochs", "1", "-1"),
      count_from("train.epochs", "0", "-1", {{"max_steps", "1"}}),
      count_from("train.max_steps", "0", "-1"),
      count_from("train.batch_size", "1", "0"),
      {"train.micro_batch", {"0", "1", "257"}, {"-1"}, {{"batch_size", "256"}}},
      {"train.micro_batch",
       {"0", "256", "257"},
       {"1", "255"},
       {{"normalization", "batch"}, {"batch_size", "256"}}},
      {"train.reduction_slices", {"1", "1024"}, {"0", "1025", "-1"}, {}},
      {"train.ranks", {"1", "64"}, {"0", "65", "-1"}, {{"reduction_slices", "64"}}},
      {"train.ranks", {"1", "8"}, {"9"}, {}},
      {"train.threads", {"0", "4096"}, {"-1", "4097"}, {}},
      count_from("train.patience", "0", "-1", {{"data.validation_fraction", "0.5"}}),
      not_negative("train.gradient_tolerance"),
      not_negative("train.loss_tolerance"),
      not_negative("train.max_seconds"),
      count_from("train.log_every_steps", "0", "-1"),
      not_negative("per_sample.clip_norm"),
      not_negative("per_sample.noise_multiplier", clipped),
      not_negative("per_sample.target_epsilon", clipped),
      below_one("per_sample.delta", clipped),
      count_from("checkpoint.every_steps", "0", "-1"),
      count_from("checkpoint.every_epochs", "-1", "-2"),
      count_from("checkpoint.keep", "1", "0"),
      {"ranks.timeout_seconds", {"1", "86400"}, {"0", "-1", "86401"}, {}},
  };
}

TEST(ConfigBounds, EachRangeEndsWhereItIsSaidToEnd) {
  for (const Bounds& range : ranges()) {
    for (const char* value : range.fits) {
      Settings settings = range.with;
      settings.emplace_back(range.key, value);
      EXPECT_EQ(problem(settings), "") << range.key << " = " << value;
    }
    for (const char* value : range.fails) {
      Settings settings = range.with;
      settings.emplace_back(range.key, value);
      EXPECT_NE(problem(settings).find(range.key), std::string::npos)
          << range.key << " = " << value << ": \"" << problem(settings) << '"';
    }
  }
}

struct NamesOf {
  const char* key;
  Values known;
  Settings with;
};

template <class E>
Values texts_of() {
  Values names;
  for (const Named<E>& entry : kNames<E>) names.push_back(entry.name.data());
  return names;
}

const NamesOf kChoices[] = {
    {"device", {"auto", "cpu", "cuda", "cuda:0", "cuda:12", "reference", "cpu:avx2"}, {}},
    {"numerics", {"exact", "fast"}, {}},
    {"data.format", texts_of<DataFormat>(), {}},
    {"data.header", {"auto", "yes", "no"}, {}},
    {"data.delimiter", {"auto", "comma", "semicolon", "tab", "space"}, {}},
    {"data.index_base", {"auto", "0", "1"}, {}},
    {"data.standardize", {"auto", "true", "false"}, {}},
    {"data.standardize_target", {"auto", "true", "false"}, {}},
    {"data.impute", {"error", "mean", "median"}, {}},
    {"data.decimal", {"point", "comma"}, {{"data.delimiter", "semicolon"}}},
    {"data.thousands", {"none", "comma", "point", "space", "apostrophe"}, {}},
    {"data.unseen", {"ignore", "error"}, {}},
    {"data.stratify", {"auto", "true", "false"}, {}},
    {"checkpoint.on_change", {"error", "allow"}, {}},
    {"ranks.transport", {"auto", "none", "mpi"}, {}},
    {"data.fingerprint", {"sampled", "full"}, {}},
    {"data.order", {"auto", "rows", "blocks"}, {}},
    {"model.activation", texts_of<Activation>(), {}},
    {"model.loss", texts_of<Loss>(), {}},
    {"model.bias_init", {"auto", "zero"}, {}},
    {"model.normalization", {"none", "layer", "batch"}, {}},
    {"optimizer.name", texts_of<Rule>(), {}},
    {"optimizer.constraint", {"none", "non_negative", "box", "l2_ball", "simplex"}, {}},
    {"optimizer.average", {"none", "polyak", "ema"}, {}},
    {"optimizer.lazy", {"auto", "true", "false"}, {}},
    {"schedule.name", texts_of<ScheduleKind>(), {{"schedule.decay", "1"}}},
    {"train.on_spike", {"stop", "skip", "rollback"}, {}},
    {"per_sample.mode", {"flat", "per_layer", "automatic"}, {}},
    {"per_sample.accountant", {"prv", "rdp"}, {}},
    {"per_sample.sampling", {"auto", "poisson", "epochs"}, {{"per_sample.clip_norm", "1"}}},
};

TEST(ConfigBounds, EachNameIsTakenAndNoOther) {
  for (const NamesOf& names : kChoices) {
    for (const char* value : names.known) {
      Settings settings = names.with;
      settings.emplace_back(names.key, value);
      EXPECT_EQ(problem(settings), "") << names.key << " = " << value;
    }
    for (const char* value : {"", "nothing", "AUTO"}) {
      Settings settings = names.with;
      settings.emplace_back(names.key, value);
      EXPECT_EQ(problem(settings).find(std::string(names.key) + " = \"" + value + "\": wanted "), 0u)
          << problem(settings);
    }
  }
}

/// Texts that name a file, a column or a list, or have a form of their own (tested below).
const std::set<std::string> kFreeTexts = {
    "out",          "data.train",        "data.test",         "data.target",     "data.test_target",
    "data.weight",  "data.ignore",       "data.class_weight", "data.train_rows", "data.test_rows",
    "model.init",   "checkpoint.resume", "train.metric",      "data.validation", "data.validation_target",
    "data.comment", "data.missing",      "data.categorical",  "data.id",         "data.crosses",
    "data.memory"};

TEST(ConfigBounds, NoSettingIsLeftOutOfTheseTables) {
  std::set<std::string> tested = kFreeTexts;
  for (const Bounds& range : ranges()) tested.insert(range.key);
  for (const NamesOf& names : kChoices) tested.insert(names.key);
  const Config config;
  for_each_setting(config, [&](const std::string& key, const auto& value) {
    const bool flag = std::is_same_v<std::remove_cvref_t<decltype(value)>, bool>;
    EXPECT_TRUE(flag || tested.contains(key)) << key;
  });
}

TEST(ConfigBounds, ARuleSaysTheValueAndWhatIsAllowed) {
  EXPECT_EQ(problem({{"seed", "-1"}}), "seed = -1: wanted an integer of at least 0");
  EXPECT_EQ(problem({{"train.threads", "4097"}}), "train.threads = 4097: wanted an integer from 0 to 4096");
  EXPECT_EQ(problem({{"train.reduction_slices", "1025"}}),
            "train.reduction_slices = 1025: wanted an integer from 1 to 1024");
  EXPECT_EQ(problem({{"optimizer.eps", "-0.5"}}),
            "optimizer.eps = -0.5: wanted a finite number of at least 0");
  EXPECT_EQ(problem({{"optimizer.lr", "inf"}}), "optimizer.lr = inf: wanted auto or a finite number above 0");
  EXPECT_EQ(problem({{"model.dropout", "1"}}),
            "model.dropout = 1: wanted a number of at least 0 and less than 1");
  EXPECT_EQ(problem({{"model.quantile", "0"}}),
            "model.quantile = 0: wanted a number above 0 and less than 1");
  EXPECT_EQ(problem({{"schedule.gamma", "2"}}), "schedule.gamma = 2: wanted a number above 0 and at most 1");
  EXPECT_EQ(problem({{"data.impute", "meen"}}),
            "data.impute = \"meen\": wanted one of error, mean, median; did you mean \"mean\"?");
  EXPECT_EQ(problem({{"model.hidden", "4,0"}}),
            "model.hidden = [4, 0]: wanted a list of integers of at least 1, such as [512, 512]");
  EXPECT_EQ(problem({{"schedule.rise_fraction", "2"}}),
            "schedule.rise_fraction = 2: wanted a number from 0 to 1");
  EXPECT_EQ(problem({{"model.init", ""}}), "model.init = \"\": wanted auto, zeros or the path of a model");
  EXPECT_EQ(problem({{"checkpoint.resume", ""}}),
            "checkpoint.resume = \"\": wanted auto, never or the path of a checkpoint");
}

TEST(ConfigBounds, ADeviceOfCudaHasAWholeNumber) {
  for (const char* device : {"cuda:", "cuda:-1", "cuda:1x", "cuda:0x1", "cuda: 1", "cuda0", "cpu4"})
    EXPECT_NE(problem({{"device", device}}), "") << device;
}

TEST(ConfigBounds, ARowRangeHasAColonAndItsBeginComesFirst) {
  for (const char* key : {"data.train_rows", "data.test_rows"}) {
    for (const char* rows : {"", ":", "0:1", ":1", "5:", "9223372036854775806:9223372036854775807"})
      EXPECT_EQ(problem({{key, rows}}), "") << rows;
    for (const char* rows : {"1", "1:1", "2:1", "-1:2", "1:-2", "a:2", "1:b", "1:2:3", " 1:2", ":0",
                             "9223372036854775807:", "0:9223372036854775808"}) {
      EXPECT_EQ(problem({{key, rows}}),
                std::string(key) + " = \"" + rows +
                    "\": wanted \"begin:end\" with begin < end, counted from 0, such as \"0:8000\"");
    }
  }
}

TEST(ConfigBounds, MemoryIsAutoOrASizeInBytes) {
  for (const char* size : {"auto", "1", "512MB", "1.5 GiB"}) EXPECT_EQ(problem({{"data.memory", size}}), "");
  for (const char* size : {"", "0", "all", "-1GB", "2GX"})
    EXPECT_EQ(problem({{"data.memory", size}}),
              std::string("data.memory = \"") + size + "\": wanted auto or bytes, such as 512MB or 2GiB");
}

TEST(ConfigBounds, ClassWeightsAreFiniteAndNotNegative) {
  for (const char* weights : {"none", "balanced", "0", "0.5,2", "1,0,1e300", "[1, 2]"})
    EXPECT_EQ(problem({{"data.class_weight", weights}}), "") << weights;
  for (const char* weights : {"", "all", "1,-2", "1,inf", "nan,1", "1,,2", "1;2"})
    EXPECT_NE(problem({{"data.class_weight", weights}}).find("one weight per class"), std::string::npos)
        << weights;
}

}  // namespace
}  // namespace thalweg
