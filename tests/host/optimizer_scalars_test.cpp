#include "host/step/optimizer_scalars.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/update/update.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

UpdateScalars scalars_of(const OptimizerConfig& optimizer, std::int64_t step, double lr = 0.5) {
  return update_scalars(optimizer, lr, step, parameter_groups(optimizer));
}

TEST(OptimizerScalars, BiasCorrectionsAreRoundedOnceFromDouble) {
  OptimizerConfig optimizer;
  for (std::int64_t step : {1, 2, 10, 1000, 1000000}) {
    const UpdateScalars s = scalars_of(optimizer, step);
    const double t = static_cast<double>(step);
    const double first = -1.0 / std::expm1(t * std::log(0.9));
    const double second = 1.0 / std::sqrt(-std::expm1(t * std::log(0.999)));
    EXPECT_NEAR(s.step_size_factor, first, 0x1p-24 * first) << step;
    EXPECT_NEAR(s.denom_scale, second, 0x1.01p-24 * second) << step;
  }
  EXPECT_EQ(scalars_of(optimizer, 1).one_minus_beta2, static_cast<float>(1.0 - 0.999));
}

TEST(OptimizerScalars, RulesWithoutMomentsAreNotCorrected) {
  OptimizerConfig optimizer;
  optimizer.name = Rule::rmsprop;
  EXPECT_EQ(scalars_of(optimizer, 1).step_size_factor, 1.0f);
  EXPECT_EQ(scalars_of(optimizer, 1).denom_scale, 1.0f);
}

TEST(OptimizerScalars, TheThresholdOfL1CountsThatMomentumRepeatsAGradient) {
  OptimizerConfig optimizer;
  optimizer.l1 = 0.125;
  optimizer.momentum = 0.75;
  for (const auto& [rule, want] : {std::pair{Rule::sgd, 0.0625f},
                                   {Rule::momentum, 0.25f},
                                   {Rule::nesterov, 0.25f},
                                   {Rule::adamw, 0.0625f}}) {
    optimizer.name = rule;
    EXPECT_EQ(scalars_of(optimizer, 1).group[kWeightGroup].shrink, want) << name_of(rule);
  }
}

TEST(OptimizerScalars, BiasesAreNeitherRegularizedNorConstrainedUnlessAskedFor) {
  OptimizerConfig optimizer;
  optimizer.weight_decay = 0.25;
  optimizer.l1 = 0.125;
  optimizer.l2 = 0.5;
  optimizer.bias_lr_factor = 2.0;
  optimizer.constraint = Constraint::non_negative;
  const UpdateScalars s = scalars_of(optimizer, 1);
  const GroupScalars& weights = s.group[kWeightGroup];
  const GroupScalars& biases = s.group[kBiasAndNormGroup];
  EXPECT_EQ(weights.lr, 0.5f);
  EXPECT_EQ(weights.decay, 0.125f);
  EXPECT_EQ(weights.shrink, 0.0625f);
  EXPECT_EQ(weights.l2, 0.5f);
  EXPECT_EQ(weights.constraint, Constraint::non_negative);
  EXPECT_EQ(biases.lr, 1.0f);
  EXPECT_EQ(biases.decay, 0.0f);
  EXPECT_EQ(biases.shrink, 0.0f);
  EXPECT_EQ(biases.l2, 0.0f);
  EXPECT_EQ(biases.constraint, Constraint::none);

  optimizer.decay_bias_and_norm = true;
  const GroupScalars asked = scalars_of(optimizer, 1).group[kBiasAndNormGroup];
  EXPECT_EQ(asked.decay, 0.25f);
  EXPECT_EQ(asked.shrink, 0.125f);
  EXPECT_EQ(asked.l2, 0.5f);
  EXPECT_EQ(asked.constraint, Constraint::none);
}

TEST(OptimizerScalars, FtrlRegularizesInsideItsRule) {
  OptimizerConfig optimizer;
  optimizer.name = Rule::ftrl;
  optimizer.l1 = 2.0;
  optimizer.l2 = 3.0;
  const UpdateScalars s = scalars_of(optimizer, 1);
  EXPECT_EQ(s.group[0].ftrl_l1, 2.0f);
  EXPECT_EQ(s.group[0].ftrl_l2, 3.0f);
  EXPECT_EQ(s.group[0].l2, 0.0f);
  EXPECT_EQ(s.group[0].shrink, 0.0f);
  EXPECT_EQ(s.group[1].ftrl_l1, 0.0f);
}

TEST(OptimizerScalars, PolyakAveragesFromItsFirstStepOn) {
  OptimizerConfig optimizer;
  optimizer.average = Averaging::polyak;
  const float from_the_start[] = {1.0f, 1.0f / 2.0f, 1.0f / 3.0f, 1.0f / 4.0f};
  for (int step = 1; step <= 4; ++step)
    EXPECT_EQ(scalars_of(optimizer, step).average_rate, from_the_start[step - 1]);
  optimizer.average_from = 3;
  const float later[] = {1.0f, 1.0f, 1.0f, 1.0f / 2.0f, 1.0f / 3.0f};
  for (int step = 1; step <= 5; ++step) EXPECT_EQ(scalars_of(optimizer, step).average_rate, later[step - 1]);
}

TEST(OptimizerScalars, EmaBeginsAsTheParameters) {
  OptimizerConfig optimizer;
  optimizer.average = Averaging::ema;
  EXPECT_EQ(scalars_of(optimizer, 1).average_rate, 1.0f);
  EXPECT_EQ(scalars_of(optimizer, 2).average_rate, static_cast<float>(1.0 - 0.999));
  optimizer.average = Averaging::none;
  EXPECT_EQ(scalars_of(optimizer, 2).average_rate, 0.0f);
}

TEST(OptimizerScalars, AdamsBashforthExtrapolatesFromTheSecondStepOn) {
  OptimizerConfig optimizer;
  EXPECT_EQ(scalars_of(optimizer, 1).extrapolate, 0.0f);
  EXPECT_EQ(scalars_of(optimizer, 2).extrapolate, 0.5f);
}

TEST(OptimizerScalars, MomentumIsThatOfMomentumAndNesterovAlone) {
  for (const Rule name : {Rule::momentum, Rule::nesterov})
    EXPECT_EQ(scalars_of({.name = name, .momentum = 0.5, .beta1 = 0.75}, 1).beta1, 0.5f) << name_of(name);
  const UpdateScalars adam =
      scalars_of({.name = Rule::adam, .momentum = 0.5, .beta1 = 0.75, .beta2 = 0.875, .eps = 0.125}, 1);
  EXPECT_EQ(adam.one_minus_beta1, 0.25f);
  EXPECT_EQ(adam.one_minus_beta2, 0.125f);
  EXPECT_EQ(adam.eps, 0.125f);
}

TEST(OptimizerScalars, TheAdamFamilyIsCorrectedAndNoOtherRule) {
  for (const Rule name : {Rule::adam, Rule::adamw, Rule::amsgrad}) {
    const UpdateScalars s = scalars_of({.name = name, .beta1 = 0.75, .beta2 = 0.75}, 1);
    EXPECT_EQ(s.step_size_factor, 4.0f) << name_of(name);
    EXPECT_EQ(s.denom_scale, 2.0f) << name_of(name);
  }
  for (const Rule name : {Rule::sgd, Rule::momentum, Rule::nesterov, Rule::adagrad, Rule::lion, Rule::ftrl})
    EXPECT_EQ(scalars_of({.name = name, .beta1 = 0.75}, 1).step_size_factor, 1.0f) << name_of(name);
}

TEST(OptimizerScalars, BoundsAndFtrlsBetaAreTheSettings) {
  const UpdateScalars s =
      scalars_of({.name = Rule::ftrl, .beta = 2, .constraint = Constraint::box, .lower = -3, .upper = 5}, 1);
  EXPECT_EQ(s.beta, 2.0f);
  EXPECT_EQ(s.group[kWeightGroup].lower, -3.0f);
  EXPECT_EQ(s.group[kWeightGroup].upper, 5.0f);
  EXPECT_EQ(s.group[kWeightGroup].constraint, Constraint::box);
}

TEST(OptimizerScalars, TooManyGroupsAreRefused) {
  EXPECT_NO_THROW(update_scalars({}, 0.1, 1, std::vector<ParameterGroup>(8)));
  const std::vector<ParameterGroup> groups(kMaxGroups + 1);
  EXPECT_THROW(update_scalars({}, 0.1, 1, groups), ConfigError);
}

}  // namespace
}  // namespace thalweg
