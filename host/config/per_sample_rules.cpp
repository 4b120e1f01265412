#include "host/config/per_sample_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/config/optimizer_rules.hpp"

namespace thalweg::config_rules {
namespace {

bool in_use(const PerSampleConfig& c) { return c.clip_norm > 0 || c.private_training() || c.statistics; }

}  // namespace

void check_per_sample(const Config& config) {
  const PerSampleConfig& c = config.per_sample;
  if (in_use(c) && config.model.normalization == Normalization::batch) {
    refuse(
        "model.normalization = batch has no per-sample gradients: batch statistics mix the samples; use "
        "model.normalization = layer");
  }
  if (c.poisson() && c.clip_norm == 0) {
    refuse(
        "per_sample.sampling = poisson draws batches of any size, perhaps empty; it needs "
        "per_sample.clip_norm above 0");
  }
  if (c.poisson() && config.data.order == RowOrder::blocks) {
    refuse(
        "per_sample.sampling = poisson draws each row on its own; data.order = blocks is an order of epochs: "
        "want rows or auto");
  }
}

void check_bound(double clip_norm, double noise_multiplier) {
  if (clip_norm > 0 || noise_multiplier <= 0) return;
  refuse(
      "per_sample.noise_multiplier and target_epsilon need per_sample.clip_norm above 0: without a bound on "
      "each sample's gradient no noise is enough");
}

void check_private_training(const Config& config) {
  const PerSampleConfig& c = config.per_sample;
  if (!c.private_training()) return;
  check_bound(c.clip_norm, std::max(c.noise_multiplier, c.target_epsilon));
  if (c.noise_multiplier > 0 && c.target_epsilon > 0) {
    refuse(
        fmt::format("per_sample.noise_multiplier = {} and per_sample.target_epsilon = {} are two answers "
                    "to one question; set one of them",
                    c.noise_multiplier, c.target_epsilon));
  }
  if (!c.poisson()) {
    refuse("per_sample.sampling = epochs has no accountant here: noise needs per_sample.sampling = poisson");
  }
  check_noise(config.optimizer);
  const std::string reads = " read the data without noise, which the guarantee does not cover";
  if (config.train.patience > 0) refuse("train.patience and private training: validation losses" + reads);
  if (config.train.loss_tolerance > 0) refuse("train.loss_tolerance and private training: losses" + reads);
  if (config.schedule.name == ScheduleKind::plateau)
    refuse("schedule.name = plateau and private training: losses" + reads);
  if (config.data.standardize_target == Tristate::yes) {
    refuse("data.standardize_target and private training: mean and deviation of the targets" + reads);
  }
  if (config.train.on_spike != SpikePolicy::stop) {
    refuse(fmt::format("train.on_spike = {} and private training: losses{}", name_of(config.train.on_spike),
                       reads));
  }
  if (config.data.class_weight == name_of(ClassWeighting::balanced)) {
    refuse("data.class_weight = balanced and private training: class counts" + reads +
           "; give the weights themselves");
  }
  if (config.data.stratify == Tristate::yes) {
    refuse("data.stratify = true and private training: class counts" + reads + "; want auto or false");
  }
  if (config.data.impute != Imputation::error) {  // mutant: imputation-refused
    refuse(fmt::format("data.impute = {} and private training: column statistics{}",
                       name_of(config.data.impute), reads));
  }
}

}  // namespace thalweg::config_rules
