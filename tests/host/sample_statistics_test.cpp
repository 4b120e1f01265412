#include "host/train/sample_statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "tests/support/backends.hpp"

namespace thalweg {
namespace {

std::map<std::string, double> finished(SampleStatistics& statistics) {
  const NamedNumbers line = statistics.finish_epoch();
  return {line.begin(), line.end()};
}

Dataset two_classes() {
  Dataset data;
  data.rows = 6;
  data.target_kind = TargetKind::classes;
  data.classes = {"no", "yes"};
  data.target = {0, 1, 0, 1, 0, 1};
  return data;
}

TEST(SampleStatistics, NamesTheRowsOfLargestNormAndLossAndTheMeansOfClasses) {
  const Dataset data = two_classes();
  SampleStatistics statistics(data, 2.5);
  statistics.add({5, 0, 2}, {.norms = {3, 1, 2}, .losses = {0.5f, 4, 1}});
  statistics.add({1, 3, 4}, {.norms = {7, 2, 1}, .losses = {2, 0.25f, 0.125f}});
  const auto got = finished(statistics);
  EXPECT_EQ(got.at("per_sample.top_norm.1.row"), 1);
  EXPECT_EQ(got.at("per_sample.top_norm.1.value"), 7);
  EXPECT_EQ(got.at("per_sample.top_norm.2.row"), 5);
  EXPECT_EQ(got.at("per_sample.top_loss.1.row"), 0);
  EXPECT_EQ(got.at("per_sample.top_loss.2.row"), 1);
  EXPECT_EQ(got.at("per_sample.norm.max"), 7);
  EXPECT_DOUBLE_EQ(got.at("per_sample.clipped"), 2.0 / 6);
  EXPECT_DOUBLE_EQ(got.at("per_sample.class.yes.norm"), 4);
  EXPECT_DOUBLE_EQ(got.at("per_sample.class.no.loss"), (4 + 1 + 0.125) / 3);
  EXPECT_TRUE(statistics.finish_epoch().empty()) << "the next epoch begins anew";
}

/// Gradients g_n = mean + deviation * z_n in 20 dimensions: |G|^2 and tr(Sigma) are known.
TEST(SampleStatistics, FindTheNoiseScaleOfKnownGradients) {
  const Dataset data = two_classes();
  SampleStatistics statistics(data, 0);
  constexpr int kBatch = 32, kDimensions = 20, kSteps = 400;
  const std::vector<float> z = test::random_floats(kSteps * kBatch * kDimensions, 1, -1.7320508f, 1.7320508f);
  std::size_t at = 0;
  for (int step = 0; step < kSteps; ++step) {
    StepResult result{.weight_sum = kBatch};
    double sum[kDimensions] = {}, whole = 0;
    for (int n = 0; n < kBatch; ++n) {
      double square = 0;
      for (double& s : sum) {
        const double g = 0.5 + 1.5 * z[at++];
        s += g / kBatch, square += g * g;
      }
      result.norms.push_back(static_cast<float>(std::sqrt(square)));
    }
    result.losses.assign(kBatch, 0.0f);
    for (const double s : sum) whole += s * s;
    result.gradient_norm = std::sqrt(whole);
    statistics.add(std::vector<std::int64_t>(kBatch, 0), result);
  }
  const auto got = finished(statistics);
  EXPECT_NEAR(got.at("per_sample.noise_scale"), 1.5 * 1.5 / (0.5 * 0.5), 0.45);  // five per cent
  EXPECT_EQ(got.at("per_sample.suggested_batch_size"), std::ceil(got.at("per_sample.noise_scale")));
}

}  // namespace
}  // namespace thalweg
