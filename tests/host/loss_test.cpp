// What the outputs of a model mean under each loss.
#include "thalweg/loss.hpp"

#include <gtest/gtest.h>

namespace thalweg {
namespace {

struct Known {
  Loss loss;
  std::optional<LossKind> elementwise;
  bool classification, probabilities, scores, rates;
};

TEST(LossTraits, SayWhatOutputsMean) {
  const Known known[] = {
      {Loss::squared, LossKind::squared, false, false, false, false},
      {Loss::absolute, LossKind::absolute, false, false, false, false},
      {Loss::huber, LossKind::huber, false, false, false, false},
      {Loss::quantile, LossKind::quantile, false, false, false, false},
      {Loss::poisson, LossKind::poisson, false, false, false, true},
      {Loss::logistic, LossKind::logistic, true, true, false, false},
      {Loss::hinge, LossKind::hinge, true, false, true, false},
      {Loss::squared_hinge, LossKind::squared_hinge, true, false, true, false},
      {Loss::softmax_cross_entropy, std::nullopt, true, true, false, false},
  };
  for (const Known& k : known) {
    const LossTraits traits = traits_of(k.loss);
    EXPECT_EQ(traits.elementwise, k.elementwise) << name_of(k.loss);
    EXPECT_EQ(traits.classification, k.classification) << name_of(k.loss);
    EXPECT_EQ(traits.probabilities, k.probabilities) << name_of(k.loss);
    EXPECT_EQ(traits.scores, k.scores) << name_of(k.loss);
    EXPECT_EQ(traits.rates, k.rates) << name_of(k.loss);
  }
  EXPECT_EQ(traits_of(Loss::huber).parameter, LossParameter::huber_delta);
  EXPECT_EQ(traits_of(Loss::quantile).parameter, LossParameter::quantile);
  EXPECT_EQ(traits_of(Loss::squared).parameter, LossParameter::none);
}

}  // namespace
}  // namespace thalweg
