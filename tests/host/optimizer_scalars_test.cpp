#include "host/step/optimizer_scalars.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/update/update.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

UpdateScalars scalars_of(const OptimizerConfig& optimizer, std::int64_t step, double lr = 0.5) {
  return update_scalars(optimizer, parse_rule(optimizer.name), lr, step, parameter_groups(optimizer));
}

TEST(OptimizerScalars, UnknownNamesListTheKnownOnes) {
  EXPECT_EQ(parse_rule("adams_bashforth"), Rule::adams_bashforth);
  EXPECT_EQ(parse_constraint("l2_ball"), Constraint::l2_ball);
  try {
    parse_rule("adamm");
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(
        error.what(),
        "optimizer.name is \"adamm\"; expected one of: sgd, momentum, nesterov, adagrad, rmsprop, adam, "
        "adamw, amsgrad, sign, lion, adams_bashforth, ftrl");
  }
  EXPECT_THROW(parse_constraint("ball"), ConfigError);
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
  optimizer.name = "rmsprop";
  EXPECT_EQ(scalars_of(optimizer, 1).step_size_factor, 1.0f);
  EXPECT_EQ(scalars_of(optimizer, 1).denom_scale, 1.0f);
}

TEST(OptimizerScalars, BiasesAreNeitherRegularizedNorConstrainedUnlessAskedFor) {
  OptimizerConfig optimizer;
  optimizer.weight_decay = 0.25;
  optimizer.l1 = 0.125;
  optimizer.l2 = 0.5;
  optimizer.bias_lr_factor = 2.0;
  optimizer.constraint = "non_negative";
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
  optimizer.name = "ftrl";
  optimizer.l1 = 2.0;
  optimizer.l2 = 3.0;
  const UpdateScalars s = scalars_of(optimizer, 1);
  EXPECT_EQ(s.group[0].ftrl_l1, 2.0f);
  EXPECT_EQ(s.group[0].ftrl_l2, 3.0f);
  EXPECT_EQ(s.group[0].l2, 0.0f);
  EXPECT_EQ(s.group[0].shrink, 0.0f);
  EXPECT_EQ(s.group[1].ftrl_l1, 0.0f);
  optimizer.weight_decay = 0.1;
  EXPECT_THROW(scalars_of(optimizer, 1), ConfigError);
}

TEST(OptimizerScalars, PolyakAveragesFromItsFirstStepOn) {
  OptimizerConfig optimizer;
  optimizer.average = "polyak";
  const float from_the_start[] = {1.0f, 1.0f / 2.0f, 1.0f / 3.0f, 1.0f / 4.0f};
  for (int step = 1; step <= 4; ++step)
    EXPECT_EQ(scalars_of(optimizer, step).average_rate, from_the_start[step - 1]);
  optimizer.average_from = 3;
  const float later[] = {1.0f, 1.0f, 1.0f, 1.0f / 2.0f, 1.0f / 3.0f};
  for (int step = 1; step <= 5; ++step) EXPECT_EQ(scalars_of(optimizer, step).average_rate, later[step - 1]);
}

TEST(OptimizerScalars, EmaBeginsAsTheParameters) {
  OptimizerConfig optimizer;
  optimizer.average = "ema";
  EXPECT_EQ(scalars_of(optimizer, 1).average_rate, 1.0f);
  EXPECT_EQ(scalars_of(optimizer, 2).average_rate, static_cast<float>(1.0 - 0.999));
  optimizer.average = "none";
  EXPECT_EQ(scalars_of(optimizer, 2).average_rate, 0.0f);
  optimizer.average = "mean";
  EXPECT_THROW(scalars_of(optimizer, 2), ConfigError);
}

TEST(OptimizerScalars, AdamsBashforthExtrapolatesFromTheSecondStepOn) {
  OptimizerConfig optimizer;
  EXPECT_EQ(scalars_of(optimizer, 1).extrapolate, 0.0f);
  EXPECT_EQ(scalars_of(optimizer, 2).extrapolate, 0.5f);
}

TEST(OptimizerScalars, EveryRuleIsFoundByItsNameAndEveryConstraintToo) {
  const std::pair<const char*, Rule> rules[] = {
      {"sgd", Rule::sgd},         {"momentum", Rule::momentum}, {"nesterov", Rule::nesterov},
      {"adagrad", Rule::adagrad}, {"rmsprop", Rule::rmsprop},   {"adam", Rule::adam},
      {"adamw", Rule::adamw},     {"amsgrad", Rule::amsgrad},   {"sign", Rule::sign},
      {"lion", Rule::lion},       {"ftrl", Rule::ftrl}};
  for (const auto& [name, rule] : rules) EXPECT_EQ(parse_rule(name), rule) << name;
  EXPECT_EQ(parse_constraint("none"), Constraint::none);
  EXPECT_EQ(parse_constraint("non_negative"), Constraint::non_negative);
  EXPECT_EQ(parse_constraint("box"), Constraint::box);
  EXPECT_EQ(parse_constraint("simplex"), Constraint::simplex);
}

TEST(OptimizerScalars, MomentumIsThatOfMomentumAndNesterovAlone) {
  for (const char* name : {"momentum", "nesterov"})
    EXPECT_EQ(scalars_of({.name = name, .momentum = 0.5, .beta1 = 0.75}, 1).beta1, 0.5f) << name;
  const UpdateScalars adam =
      scalars_of({.name = "adam", .momentum = 0.5, .beta1 = 0.75, .beta2 = 0.875, .eps = 0.125}, 1);
  EXPECT_EQ(adam.one_minus_beta1, 0.25f);
  EXPECT_EQ(adam.one_minus_beta2, 0.125f);
  EXPECT_EQ(adam.eps, 0.125f);
}

TEST(OptimizerScalars, TheAdamFamilyIsCorrectedAndNoOtherRule) {
  for (const char* name : {"adam", "adamw", "amsgrad"}) {
    const UpdateScalars s = scalars_of({.name = name, .beta1 = 0.75, .beta2 = 0.75}, 1);
    EXPECT_EQ(s.step_size_factor, 4.0f) << name;
    EXPECT_EQ(s.denom_scale, 2.0f) << name;
  }
  for (const char* name : {"sgd", "momentum", "nesterov", "adagrad", "lion", "ftrl"})
    EXPECT_EQ(scalars_of({.name = name, .beta1 = 0.75}, 1).step_size_factor, 1.0f) << name;
}

TEST(OptimizerScalars, BoundsAndFtrlsBetaAreTheSettings) {
  const UpdateScalars s =
      scalars_of({.name = "ftrl", .beta = 2, .constraint = "box", .lower = -3, .upper = 5}, 1);
  EXPECT_EQ(s.beta, 2.0f);
  EXPECT_EQ(s.group[kWeightGroup].lower, -3.0f);
  EXPECT_EQ(s.group[kWeightGroup].upper, 5.0f);
  EXPECT_EQ(s.group[kWeightGroup].constraint, Constraint::box);
}

TEST(OptimizerScalars, UnknownAveragesAndDecayWithFtrlAreRefused) {
  EXPECT_THROW(scalars_of({.average = "mean"}, 1), ConfigError);
  EXPECT_THROW(scalars_of({.name = "ftrl", .weight_decay = 0.5}, 1), ConfigError);
  EXPECT_NO_THROW(scalars_of({.name = "sgd", .weight_decay = 0.5}, 1));
}

TEST(OptimizerScalars, TooManyGroupsAreRefused) {
  EXPECT_NO_THROW(update_scalars({}, Rule::sgd, 0.1, 1, std::vector<ParameterGroup>(8)));
  const std::vector<ParameterGroup> groups(kMaxGroups + 1);
  EXPECT_THROW(update_scalars({}, Rule::sgd, 0.1, 1, groups), ConfigError);
}

}  // namespace
}  // namespace thalweg
