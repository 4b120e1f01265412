#include "host/config/per_sample_rules.hpp"

#include <fmt/format.h>

#include "host/config/rules.hpp"

namespace thalweg::config_rules {
namespace {

bool in_use(const PerSampleConfig& c) { return c.clip_norm > 0 || c.private_training() || c.statistics; }

}  // namespace

void check_per_sample(const Config& config) {
  const PerSampleConfig& c = config.per_sample;
  at_least("per_sample.clip_norm", c.clip_norm, 0);
  one_of("per_sample.mode", c.mode, {"flat", "per_layer", "automatic"});
  at_least("per_sample.noise_multiplier", c.noise_multiplier, 0);
  at_least("per_sample.target_epsilon", c.target_epsilon, 0);
  within("per_sample.delta", c.delta, {0}, open(1));
  one_of("per_sample.accountant", c.accountant, {"prv", "rdp"});
  one_of("per_sample.sampling", c.sampling, {"auto", "poisson", "epochs"});
  if (in_use(c) && config.model.normalization == "batch") {
    refuse(
        "model.normalization = batch has no per-sample gradients: batch statistics mix the samples; use "
        "model.normalization = layer");
  }
  if (c.poisson() && c.clip_norm == 0) {
    refuse(
        "per_sample.sampling = poisson draws batches of any size, perhaps empty; it needs "
        "per_sample.clip_norm above 0");
  }
}

void check_private_training(const Config& config) {
  const PerSampleConfig& c = config.per_sample;
  if (!c.private_training()) return;
  if (c.clip_norm == 0) {
    refuse(
        "per_sample.noise_multiplier and target_epsilon need per_sample.clip_norm above 0: without a "
        "bound on each sample's gradient no noise is enough");
  }
  if (c.noise_multiplier > 0 && c.target_epsilon > 0) {
    refuse(
        fmt::format("per_sample.noise_multiplier = {} and per_sample.target_epsilon = {} are two answers "
                    "to one question; set one of them",
                    c.noise_multiplier, c.target_epsilon));
  }
  if (!c.poisson()) {
    refuse("per_sample.sampling = epochs has no accountant here: noise needs per_sample.sampling = poisson");
  }
  if (config.optimizer.lazy == "true") {
    refuse(
        "optimizer.lazy = true updates only the features that a batch touches, which tells them; noise "
        "needs every parameter updated");
  }
  const std::string reads = " read the data without noise, which the guarantee does not cover";
  if (config.train.patience > 0) refuse("train.patience and private training: validation losses" + reads);
  if (config.train.loss_tolerance > 0) refuse("train.loss_tolerance and private training: losses" + reads);
  if (config.schedule.name == "plateau")
    refuse("schedule.name = plateau and private training: losses" + reads);
  if (config.data.standardize_target) {
    refuse("data.standardize_target and private training: mean and deviation of the targets" + reads);
  }
  if (config.train.on_spike != "stop") {
    refuse("train.on_spike = " + config.train.on_spike + " and private training: losses" + reads);
  }
  if (config.data.class_weight == "balanced") {
    refuse("data.class_weight = balanced and private training: class counts" + reads +
           "; give the weights themselves");
  }
  if (config.data.impute != "error") {  // mutant: imputation-refused
    refuse("data.impute = " + config.data.impute + " and private training: column statistics" + reads);
  }
}

}  // namespace thalweg::config_rules
