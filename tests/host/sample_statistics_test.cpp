#include "host/run/sample_statistics.hpp"

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

TEST(SampleStatistics, ALineNamesTheNormOfEachClassAndThenItsLoss) {
  const Dataset data = two_classes();
  SampleStatistics statistics(data, 2.5);
  statistics.add({5, 0, 2}, {.norms = {3, 1, 2}, .losses = {0.5f, 4, 1}});
  std::vector<std::string> names;
  for (const auto& [name, value] : statistics.finish_epoch())
    if (name.find(".class.") != std::string::npos)
      names.push_back(name.substr(std::string("per_sample.class.").size()));
  EXPECT_EQ(names, (std::vector<std::string>{data.classes[0] + ".norm", data.classes[0] + ".loss",
                                             data.classes[1] + ".norm", data.classes[1] + ".loss"}));
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

StepResult batch_of(std::vector<float> norms, double gradient_norm) {
  StepResult result{.gradient_norm = gradient_norm};
  result.losses.assign(norms.size(), 0.0f), result.norms = std::move(norms);
  return result;
}

TEST(SampleStatistics, NoiseScaleIsThatOfTheFormula) {
  // McCandlish et al. 2018, appendix A: of two rows |g_1|^2 is (9 + 16) / 2 = 12.5 on average; the mean
  // gradient is 3. So |G|^2 = 2 * 9 - 12.5 = 5.5 and tr(Sigma) = 2 (12.5 - 9) = 7.
  const Dataset data = two_classes();
  SampleStatistics statistics(data, 0);
  statistics.add({0, 1}, batch_of({3, 4}, 3));
  const auto got = finished(statistics);
  EXPECT_DOUBLE_EQ(got.at("per_sample.noise_scale"), 7 / 5.5);
  EXPECT_EQ(got.at("per_sample.suggested_batch_size"), 2);
  // Of four rows of norm 2 and a mean of norm 1.5: |G|^2 = (4 * 2.25 - 4) / 3, tr(Sigma) = (4 - 2.25) 4 / 3.
  statistics.add({0, 1, 2, 3}, batch_of({2, 2, 2, 2}, 1.5));
  EXPECT_DOUBLE_EQ(finished(statistics).at("per_sample.noise_scale"), 7.0 / 5) << "of this epoch alone";
  // Both batches in one epoch add up: (7 + 7 / 3) / (5.5 + 5 / 3).
  statistics.add({0, 1}, batch_of({3, 4}, 3));
  statistics.add({0, 1, 2, 3}, batch_of({2, 2, 2, 2}, 1.5));
  EXPECT_DOUBLE_EQ(finished(statistics).at("per_sample.noise_scale"), (7 + 7.0 / 3) / (5.5 + 5.0 / 3));
}

TEST(SampleStatistics, NoiseScaleIsUnknownWhereNoGradientStandsOutAndNeedsBatchesOfTwo) {
  const Dataset data = two_classes();
  SampleStatistics statistics(data, 0);
  statistics.add({0, 1}, batch_of({3, 4}, 2));  // 2 * 4 - 12.5 < 0
  const auto lost = finished(statistics);
  EXPECT_TRUE(std::isnan(lost.at("per_sample.noise_scale")));
  EXPECT_FALSE(lost.contains("per_sample.suggested_batch_size"));
  statistics.add({0}, batch_of({3}, 3));
  EXPECT_FALSE(finished(statistics).contains("per_sample.noise_scale"));
  statistics.add({0, 1}, batch_of({3, 3}, 3));
  EXPECT_EQ(finished(statistics).at("per_sample.noise_scale"), 0);
  SampleStatistics clipping(data, 1);
  clipping.add({0, 1}, batch_of({3, 4}, 3));
  EXPECT_FALSE(finished(clipping).contains("per_sample.noise_scale"))
      << "clipped gradients have another mean";
}

TEST(SampleStatistics, ANormAtTheBoundIsNotClipped) {
  const Dataset data = two_classes();
  SampleStatistics statistics(data, 2);
  statistics.add({0, 1, 2, 3}, batch_of({2, 2, 3, 1}, 0));
  EXPECT_DOUBLE_EQ(finished(statistics).at("per_sample.clipped"), 0.25);
}

TEST(SampleStatistics, SuggestABatchOfOneWhereRowsAgree) {
  const Dataset data = two_classes();
  SampleStatistics statistics(data, 0);
  statistics.add({0, 1}, batch_of({3, 3}, 3));
  EXPECT_EQ(finished(statistics).at("per_sample.suggested_batch_size"), 1);
}

TEST(SampleStatistics, QuantilesAreThoseOfAllNormsOfTheEpoch) {
  Dataset data = two_classes();
  SampleStatistics statistics(data, 0);
  std::vector<float> falling;
  for (int n = 100; n >= 0; --n) falling.push_back(static_cast<float>(n));
  statistics.add(std::vector<std::int64_t>(101, 0), batch_of(falling, 0));
  const auto got = finished(statistics);
  EXPECT_EQ(got.at("per_sample.norm.p05"), 5);
  EXPECT_EQ(got.at("per_sample.norm.p25"), 25);
  EXPECT_EQ(got.at("per_sample.norm.p50"), 50);
  EXPECT_EQ(got.at("per_sample.norm.p75"), 75);
  EXPECT_EQ(got.at("per_sample.norm.p95"), 95);
  EXPECT_EQ(got.at("per_sample.norm.max"), 100);
  EXPECT_FALSE(got.contains("per_sample.clipped"));
}

std::vector<double> top_rows(const std::map<std::string, double>& line, const std::string& name) {
  std::vector<double> rows;
  for (int k = 1; line.contains("per_sample." + name + "." + std::to_string(k) + ".row"); ++k)
    rows.push_back(line.at("per_sample." + name + "." + std::to_string(k) + ".row"));
  return rows;
}

TEST(SampleStatistics, NameTheFiveLargestRowsOnceEachAndEachEpochItsOwn) {
  const Dataset data = two_classes();
  SampleStatistics statistics(data, 0);
  StepResult result = batch_of({6, 1, 5, 2, 4, 3}, 0);
  result.losses = {1, 2, 3, 4, 5, 6};
  statistics.add({0, 1, 2, 3, 4, 5}, result);
  StepResult again = batch_of({7, 4.5f}, 0);  // row 3 rises from 2 to 7; row 0 falls, which changes nothing
  again.losses = {0, 0};
  statistics.add({3, 0}, again);
  const auto first = finished(statistics);
  EXPECT_EQ(top_rows(first, "top_norm"), (std::vector<double>{3, 0, 2, 4, 5}));
  EXPECT_EQ(first.at("per_sample.top_norm.1.value"), 7);
  EXPECT_EQ(first.at("per_sample.top_norm.2.value"), 6);
  EXPECT_EQ(first.at("per_sample.top_norm.5.value"), 3);
  EXPECT_EQ(top_rows(first, "top_loss"), (std::vector<double>{5, 4, 3, 2, 1}));
  StepResult small = batch_of({0.5f, 0.25f}, 0);
  small.losses = {0.125f, 0.25f};
  statistics.add({1, 2}, small);
  const auto second = finished(statistics);
  EXPECT_EQ(top_rows(second, "top_norm"), (std::vector<double>{1, 2}));
  EXPECT_EQ(top_rows(second, "top_loss"), (std::vector<double>{2, 1}));
  EXPECT_EQ(second.at("per_sample.norm.max"), 0.5);
  EXPECT_DOUBLE_EQ(second.at("per_sample.class.yes.norm"), 0.5) << "row 1 of this epoch alone";
  EXPECT_DOUBLE_EQ(second.at("per_sample.class.no.loss"), 0.25);
}

TEST(SampleStatistics, ListClassesUpToTwentyOfThem) {
  for (const std::size_t count : {20u, 21u}) {
    Dataset data = two_classes();
    data.classes.resize(count, "c");
    SampleStatistics statistics(data, 0);
    statistics.add({0}, batch_of({1}, 1));
    EXPECT_EQ(finished(statistics).contains("per_sample.class.c.norm"), count == 20);
  }
  Dataset numbers = two_classes();
  numbers.target_kind = TargetKind::number;
  SampleStatistics statistics(numbers, 0);
  statistics.add({0}, batch_of({1}, 1));
  EXPECT_FALSE(finished(statistics).contains("per_sample.class.no.norm"));
}

/// Gradients g_n = mean + deviation * z_n in 20 dimensions: |G|^2 and tr(Sigma) are known.
TEST(SampleStatistics, FindTheNoiseScaleOfKnownGradients) {
  const Dataset data = two_classes();
  SampleStatistics statistics(data, 0);
  constexpr int kBatch = 32, kDimensions = 20, kSteps = 400;
  const std::vector<float> z = test::random_floats(kSteps * kBatch * kDimensions, 1, -1.7320508f, 1.7320508f);
  std::size_t at = 0;
  for (int step = 0; step < kSteps; ++step) {
    StepResult result;
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
