// ROC, precision and recall, calibration and histograms, by hand.
#include "host/report/score_curves.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scored_rows.hpp"

namespace thalweg::report {
namespace {

using testing::ElementsAre;

std::vector<std::pair<double, double>> places(const std::vector<ThresholdPoint>& curve) {
  std::vector<std::pair<double, double>> at;
  for (const ThresholdPoint& point : curve) at.emplace_back(point.x, point.y);
  return at;
}
using At = std::pair<double, double>;

TEST(ScoreCurves, RocTakesRowsOfOneScoreInOneStep) {
  const std::vector<ThresholdPoint> curve = roc_curve(kFive);
  EXPECT_THAT(places(curve), ElementsAre(At(0, 0), At(0, 0.5), At(1.0 / 3, 0.5), At(2.0 / 3, 1), At(1, 1)));
  EXPECT_EQ(curve[0].threshold, INFINITY);
  EXPECT_EQ(curve[3].threshold, 0.7);
  EXPECT_DOUBLE_EQ(area_under(curve), 0.75);
}

TEST(ScoreCurves, RocCountsWeights) {
  std::vector<ScoredRow> rows = kFive;
  rows[3].weight = 2;
  EXPECT_THAT(places(roc_curve(rows)),
              ElementsAre(At(0, 0), At(0, 0.5), At(0.5, 0.5), At(0.75, 1), At(1, 1)));
}

TEST(ScoreCurves, PrecisionStandsAtEachRecall) {
  EXPECT_THAT(places(precision_recall_curve(kFive)),
              ElementsAre(At(0.5, 1), At(0.5, 0.5), At(1, 0.5), At(1, 0.4)));
}

TEST(ScoreCurves, OneClassHasNoCurve) {
  EXPECT_TRUE(roc_curve({{0.5, true}}).empty());
  EXPECT_TRUE(roc_curve({{0.5, false}}).empty());
  EXPECT_TRUE(roc_curve({}).empty());
  EXPECT_TRUE(precision_recall_curve({{0.5, false}}).empty());
}

TEST(ScoreCurves, IntervalsAreThoseOfWilson) {
  // scipy.stats.binomtest(k, n).proportion_ci(method="wilson")
  const auto expect = [](double share, double count, double low, double high) {
    const Interval interval = wilson_interval(share, count);
    EXPECT_NEAR(interval.low, low, 5e-5) << share << " of " << count;
    EXPECT_NEAR(interval.high, high, 5e-5) << share << " of " << count;
  };
  expect(0.8, 10, 0.4902, 0.9433);
  expect(0, 10, 0, 0.2775);
  expect(1, 1, 0.2065, 1);
  expect(0.5, 100, 0.4038, 0.5962);
}

TEST(ScoreCurves, CalibrationComparesTenths) {
  const std::vector<CalibrationBin> bins =
      calibration({{0.05, true}, {0.08, false}, {0.1, false}, {0.91, true}, {0.95, true}, {1.0, true}});
  ASSERT_EQ(bins.size(), 3U);
  EXPECT_NEAR(bins[0].mean, 0.065, 1e-12);
  EXPECT_DOUBLE_EQ(bins[0].share, 0.5);
  EXPECT_DOUBLE_EQ(bins[0].rows, 2);
  EXPECT_NEAR(bins[0].interval.low, 0.0945, 5e-5);
  EXPECT_NEAR(bins[0].interval.high, 0.9055, 5e-5);
  EXPECT_DOUBLE_EQ(bins[1].mean, 0.1) << "the second tenth begins at 0.1";
  EXPECT_DOUBLE_EQ(bins[1].share, 0);
  EXPECT_NEAR(bins[2].mean, 0.953333, 1e-6);
  EXPECT_DOUBLE_EQ(bins[2].share, 1);
  EXPECT_DOUBLE_EQ(bins[2].rows, 3);
}

TEST(ScoreCurves, WeightsThatDifferAreFewerRows) {
  const std::vector<CalibrationBin> bins = calibration({{0.5, true, 3}, {0.54, false, 1}, {0.3, true, 0}});
  ASSERT_EQ(bins.size(), 1U) << "a tenth whose rows have weight 0 has none";
  EXPECT_DOUBLE_EQ(bins[0].mean, 0.51);
  EXPECT_DOUBLE_EQ(bins[0].share, 0.75);
  EXPECT_DOUBLE_EQ(bins[0].rows, 1.6);
}

TEST(ScoreCurves, AHistogramHasRoundPartsThatHoldAllValues) {
  const std::vector<HistogramBin> bins = histogram({0, 1, 2, 3, 10}, 5);
  ASSERT_EQ(bins.size(), 5U);
  EXPECT_EQ(bins[0].low, 0);
  EXPECT_EQ(bins[0].high, 2);
  EXPECT_EQ(bins[4].high, 10);
  EXPECT_EQ(bins[0].count, 2U);
  EXPECT_EQ(bins[1].count, 2U);
  EXPECT_EQ(bins[2].count, 0U);
  EXPECT_EQ(bins[4].count, 1U) << "the largest value";
  EXPECT_EQ(histogram({0, 1, 2, 3, 10}, 24).size(), 20U) << "4 for each part of the axis";
  EXPECT_TRUE(histogram({}, 5).empty());
}

TEST(ScoreCurves, AValueAtAnEdgeIsInThePartAboveIt) {
  const std::vector<HistogramBin> bins = histogram({0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1}, 10);
  ASSERT_EQ(bins.size(), 10U);
  for (std::size_t b = 0; b < bins.size(); ++b) EXPECT_EQ(bins[b].count, b == 9 ? 2U : 1U) << b;
  EXPECT_EQ(bins[3].low, 0.3);
}

}  // namespace
}  // namespace thalweg::report
