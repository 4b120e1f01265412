// The names that a setting goes by, and what is said of a name that is none.
#include "host/config/keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "thalweg/config.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

struct OtherNames {
  const char* key;
  std::vector<const char*> names;
};

/// The names of the same settings in scikit-learn, PyTorch, Keras, XGBoost and LightGBM.
const OtherNames kOtherNames[] = {
    {"seed", {"random_state", "random_seed"}},
    {"device", {"device_type"}},
    {"out", {"output", "out_dir", "output_dir", "output_model"}},
    {"data.target", {"label", "label_column", "target_column"}},
    {"data.weight", {"sample_weight", "weight_column"}},
    {"data.ignore", {"ignore_column"}},
    {"data.delimiter", {"sep"}},
    {"data.features", {"n_features"}},
    {"data.validation_fraction", {"validation_split"}},
    {"data.standardize", {"normalize", "standardise"}},
    {"model.hidden", {"hidden_layer_sizes", "hidden_sizes", "hidden_units"}},
    {"model.activation", {"activation_fn"}},
    {"model.loss", {"criterion", "objective"}},
    {"model.dropout", {"dropout_rate"}},
    {"model.bias", {"fit_intercept"}},
    {"optimizer.name", {"optimizer", "optim", "solver"}},
    {"optimizer.lr", {"learning_rate", "learning_rate_init", "eta", "eta0", "shrinkage_rate"}},
    {"optimizer.beta1", {"beta_1"}},
    {"optimizer.beta2", {"beta_2"}},
    {"optimizer.eps", {"adam_epsilon"}},
    {"optimizer.l2", {"lambda", "lambda_l2", "reg_lambda", "l2_regularization"}},
    {"optimizer.l1", {"lambda_l1", "reg_alpha", "l1_regularization"}},
    {"optimizer.clip_norm", {"grad_clip", "clip_grad_norm", "gradient_clip_val"}},
    {"schedule.name", {"schedule", "scheduler", "lr_schedule", "lr_scheduler", "lr_scheduler_type"}},
    {"schedule.warmup_steps", {"warmup"}},
    {"schedule.max_lr_start_factor", {"div_factor"}},
    {"schedule.max_lr_end_factor", {"final_div_factor"}},
    {"schedule.rise_fraction", {"pct_start"}},
    {"schedule.min_lr", {"eta_min"}},
    {"train.epochs",
     {"max_iter", "n_iter", "n_epochs", "num_epochs", "max_epochs", "num_train_epochs", "num_iterations",
      "num_boost_round"}},
    {"train.batch_size", {"batch", "minibatch_size"}},
    {"train.micro_batch", {"micro_batch_size"}},
    {"train.threads", {"n_jobs", "nthread", "n_threads", "num_threads"}},
    {"train.patience", {"n_iter_no_change", "patience", "early_stopping_round", "early_stopping_rounds"}},
    {"train.loss_tolerance", {"tol"}},
    {"train.max_seconds", {"max_time"}},
    {"checkpoint.every_steps", {"save_steps"}},
    {"checkpoint.keep", {"save_total_limit"}},
    {"checkpoint.resume", {"resume_from_checkpoint"}},
};

TEST(ConfigKeys, EveryNameOfAnotherToolIsOneSetting) {
  for (const OtherNames& setting : kOtherNames)
    for (const char* name : setting.names) EXPECT_EQ(resolve_key(name).name, setting.key) << name;
}

TEST(ConfigKeys, ANameThatTwoToolsUseDifferentlyIsRefusedWithWhatItCanMean) {
  const std::pair<const char*, std::vector<const char*>> shared[] = {
      {"alpha",
       {"\"optimizer.l2\" (scikit-learn)", "\"optimizer.l1\" (XGBoost)",
        "\"optimizer.beta2\" (PyTorch's rmsprop)", "\"model.quantile\" (LightGBM)"}},
      {"optimizer.alpha", {"optimizer.l2", "optimizer.l1", "optimizer.beta2"}},
      {"delta", {"model.huber_delta", "per_sample.delta"}},
      {"epsilon", {"optimizer.eps", "model.huber_delta", "per_sample.target_epsilon"}},
      {"max_grad_norm", {"optimizer.clip_norm", "per_sample.clip_norm"}}};
  for (const auto& [name, meanings] : shared) {
    const ResolvedKey resolved = resolve_key(name);
    EXPECT_EQ(resolved.name, "") << name;
    for (const char* meaning : meanings) EXPECT_THAT(resolved.problem, testing::HasSubstr(meaning));
  }
}

TEST(ConfigKeys, ASharedNameIsTheOneSettingOfItsSection) {
  EXPECT_EQ(resolve_key("model.alpha").name, "model.quantile");
  EXPECT_EQ(resolve_key("model.delta").name, "model.huber_delta");
  EXPECT_EQ(resolve_key("per_sample.delta").name, "per_sample.delta");
  EXPECT_EQ(resolve_key("optimizer.epsilon").name, "optimizer.eps");
  EXPECT_EQ(resolve_key("per_sample.max_grad_norm").name, "per_sample.clip_norm");
}

TEST(ConfigKeys, ANameOfAnotherToolWorksInItsSectionAndInNoOther) {
  for (const OtherNames& setting : kOtherNames) {
    const std::string key = setting.key, section = key.substr(0, key.find('.'));
    for (const std::string name : setting.names) {
      if (section != key) {
        EXPECT_EQ(resolve_key(section + "." + name).name, key) << name;
      }
      EXPECT_EQ(resolve_key((section == "data" ? "train." : "data.") + name).name, "") << name;
    }
  }
}

TEST(ConfigKeys, EverySettingGoesByItsFullNameAndByItsOwnPartWhereNoOtherHasIt) {
  EXPECT_EQ(setting_sections(), (std::vector<std::string>{"data", "model", "optimizer", "schedule", "train",
                                                          "per_sample", "checkpoint", "ranks"}));
  for (const std::string& key : setting_keys()) EXPECT_EQ(resolve_key(key).name, key);
  EXPECT_EQ(resolve_key("weight_decay").name, "optimizer.weight_decay");
  EXPECT_EQ(resolve_key("weight-decay").name, "optimizer.weight_decay");
  EXPECT_EQ(resolve_key("data.train").name, "data.train");
  EXPECT_EQ(resolve_key("clip_norm").problem,
            "\"clip_norm\" can mean \"optimizer.clip_norm\" or \"per_sample.clip_norm\"");
}

/// A name may differ by a third of its letters, and by one at least. Of several the nearest are named.
TEST(ConfigKeys, ASuggestionIsNearerThanAThirdOfTheLetters) {
  const std::vector<std::string> known{"abcdefghi", "xyz"};
  EXPECT_EQ(did_you_mean("abcdef123", known), "; did you mean \"abcdefghi\"?") << "three of nine";
  EXPECT_EQ(did_you_mean("abcde1234", known), "") << "four of nine";
  EXPECT_EQ(did_you_mean("xy", known), "; did you mean \"xyz\"?") << "one may always differ";
  EXPECT_EQ(did_you_mean("x", known), "") << "two do";
  EXPECT_EQ(did_you_mean("bacdefghi", known), "; did you mean \"abcdefghi\"?");
  EXPECT_EQ(did_you_mean("", known), "");
}

TEST(ConfigKeys, NeighboursThatAreSwappedCountAsOneMistake) {
  EXPECT_EQ(did_you_mean("yxz", {"xyz"}), "; did you mean \"xyz\"?");
  EXPECT_EQ(did_you_mean("xzy", {"xyz"}), "; did you mean \"xyz\"?");
  EXPECT_EQ(did_you_mean("zyx", {"xyz"}), "") << "two mistakes";
}

/// A word may be a part of a longer text.
TEST(ConfigKeys, WhatStandsBeforeAWordIsNoPartOfIt) {
  const std::string_view text = "qepochs", word = text.substr(1);
  EXPECT_EQ(did_you_mean(word, {"qepochs", "epochsz"}), "; did you mean \"qepochs\" or \"epochsz\"?");
  EXPECT_EQ(did_you_mean(word, {"xeqpochs", "epochsyz"}), "; did you mean \"xeqpochs\" or \"epochsyz\"?");
}

TEST(ConfigKeys, UpToThreeEquallyNearNamesAreSuggested) {
  EXPECT_EQ(did_you_mean("ab", {"aba", "abb", "abcd"}), "; did you mean \"aba\" or \"abb\"?");
  EXPECT_EQ(did_you_mean("ab", {"aba", "abb", "abc"}), "; did you mean \"aba\", \"abb\" or \"abc\"?");
  EXPECT_EQ(did_you_mean("ab", {"aba", "abb", "abc", "abd"}), "");
  EXPECT_EQ(did_you_mean("abcdef", {"abcdxy", "abcdez"}), "; did you mean \"abcdez\"?") << "the nearer";
  EXPECT_EQ(did_you_mean("abcdef", {"abcdez", "abcdxy"}), "; did you mean \"abcdez\"?") << "in any order";
  EXPECT_EQ(did_you_mean("ab", {"abc", "abc"}), "; did you mean \"abc\"?") << "once";
}

TEST(ConfigKeys, ANameOfTwoHundredLettersIsStillComparedAndALongerOneIsNot) {
  for (const std::size_t length : {200u, 201u}) {
    const std::string word(length - 1, 'a');
    EXPECT_EQ(did_you_mean(word, {word + "b"}) == "", length > 200) << length;
  }
}

TEST(ConfigKeys, AWrongNameIsAnsweredFromItsSectionItsOwnPartAndOtherTools) {
  EXPECT_EQ(
      resolve_key("optimizer.l3").problem,
      "unknown key \"optimizer.l3\"; did you mean \"optimizer.lr\", \"optimizer.l1\" or \"optimizer.l2\"?");
  EXPECT_EQ(resolve_key("data.epochs").problem,
            "unknown key \"data.epochs\"; did you mean \"train.epochs\"?");
  EXPECT_EQ(resolve_key("data.max_iter").problem,
            "unknown key \"data.max_iter\"; did you mean \"train.epochs\"?");
  EXPECT_EQ(resolve_key("max_itre").problem, "unknown key \"max_itre\"; did you mean \"train.epochs\"?");
  EXPECT_EQ(resolve_key("train.max_itre").problem,
            "unknown key \"train.max_itre\"; did you mean \"train.epochs\"?");
}

TEST(ConfigKeys, AreWrittenInTheOrderOfTheirPage) {
  std::istringstream lines(to_toml(Config()));
  std::string keys;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) keys += line.substr(0, line.find(" = ")) + " ";
  }
  EXPECT_EQ(keys,
            "seed device numerics out "
            "[data] train validation test format target validation_target test_target weight class_weight "
            "header delimiter "
            "decimal thousands comment missing ignore categorical id "
            "train_rows test_rows features crosses hash_bits index_base unseen validation_fraction folds "
            "stratify standardize "
            "standardize_target "
            "impute fingerprint order block_bytes window_bytes memory readers "
            "[model] hidden activation loss huber_delta quantile label_smoothing dropout normalization bias "
            "init bias_init "
            "[optimizer] name lr momentum beta1 beta2 eps beta weight_decay l1 l2 decay_bias_and_norm "
            "clip_norm constraint lower upper bias_lr_factor average ema_decay average_from lazy "
            "[schedule] name warmup_steps warmup_start decay gamma step_size power min_lr cycle_steps "
            "cycle_factor max_lr_start_factor max_lr_end_factor rise_fraction patience threshold "
            "[train] epochs max_steps batch_size micro_batch reduction_slices ranks shuffle drop_last "
            "threads patience metric gradient_tolerance loss_tolerance max_seconds on_spike log_every_steps "
            "tensorboard report "
            "[per_sample] clip_norm mode noise_multiplier target_epsilon delta accountant sampling "
            "reproducible_noise statistics "
            "[checkpoint] every_steps every_epochs keep resume on_change "
            "[ranks] transport timeout_seconds ");
}

}  // namespace
}  // namespace thalweg
