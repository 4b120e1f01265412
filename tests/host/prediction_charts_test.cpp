// Charts and tables of what a model predicts, with coordinates worked out by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "host/report/html.hpp"
#include "host/report/predictions.hpp"
#include "tests/support/scored_rows.hpp"

namespace thalweg::report {
namespace {

using testing::HasSubstr;
using testing::Not;

const double kNan = std::nan("");

/// Predictions of two classes for the rows of kFive.
PredictedRows predicted_classes(const ModelSpec& spec) {
  PredictedRows rows{spec, {}, {}, {}};
  rows.predictions.rows = 5, rows.predictions.columns = 2;
  for (const ScoredRow& row : kFive) {
    rows.predictions.values.push_back(static_cast<float>(1 - row.score));
    rows.predictions.values.push_back(static_cast<float>(row.score));
    rows.predictions.predicted_class.push_back(row.score >= 0.5 ? 1 : 0);
    rows.targets.push_back(row.positive ? 1 : 0);
    rows.weights.push_back(1);
  }
  return rows;
}

TEST(PredictionCharts, TwoClassesHaveTheCurvesOfTheSecond) {
  ModelSpec spec;
  spec.config.loss = Loss::logistic;
  spec.schema.classes = {"no", "<yes>"};
  const std::string charts = class_charts(predicted_classes(spec));
  EXPECT_THAT(charts, HasSubstr(">ROC of &lt;yes&gt;</text>"));
  EXPECT_THAT(charts, HasSubstr(">area: 0.7500</text>"));
  EXPECT_THAT(charts, HasSubstr("d=\"M54.0 216.0L54.0 131.0L165.3 131.0L276.7 46.0L388.0 46.0\"/>"));
  EXPECT_THAT(charts, HasSubstr("d=\"M221.0 32.0L221.0 117.0L388.0 117.0L388.0 134.0\"/>")) << "precision";
  EXPECT_THAT(charts, HasSubstr(">Calibration of &lt;yes&gt;</text>"));
  EXPECT_THAT(charts, HasSubstr("<title>probability 0.700: 0.500 of 2 rows, 0.095 to 0.905 at 95 %</title>"));
  spec.config.loss = Loss::hinge;
  EXPECT_THAT(class_charts(predicted_classes(spec)), Not(HasSubstr("Calibration"))) << "scores";
}

TEST(PredictionCharts, ManyClassesHaveTheCurvesOfTheHardest) {
  ModelSpec spec;
  spec.config.loss = Loss::softmax_cross_entropy;
  spec.schema.classes = {"a", "b", "c"};
  PredictedRows rows{spec, {}, {0, 1, 2, 2}, {1, 1, 1, 1}};
  rows.predictions.rows = 4, rows.predictions.columns = 3;
  rows.predictions.values = {0.8F, 0.1F, 0.1F, 0.2F, 0.5F, 0.3F, 0.1F, 0.2F, 0.7F, 0.1F, 0.7F, 0.2F};
  rows.predictions.predicted_class = {0, 1, 2, 1};
  const std::string charts = class_charts(rows);
  // b: the positive row is below one of three; c: 0.7 and 0.2 against 0.1 and 0.3.
  EXPECT_THAT(charts, HasSubstr(">b: 0.6667</text>"));
  EXPECT_THAT(charts, HasSubstr(">c: 0.7500</text>"));
  EXPECT_THAT(charts, HasSubstr(">a: 1.0000</text>"));
  EXPECT_LT(charts.find(">b: 0.6667"), charts.find(">c: 0.7500")) << "the hardest first";
  EXPECT_THAT(charts, HasSubstr(">ROC, each class against the rest</text>"));
  EXPECT_THAT(charts, HasSubstr(">Calibration of the predicted class</text>"));
  EXPECT_THAT(charts, HasSubstr("<title>probability 0.700: 0.500 of 2 rows"));
  EXPECT_THAT(charts, HasSubstr("<title>probability 0.500: 1.000 of 1 row,"));
  rows.weights = {1, 1, 1, 3};
  const std::string weighted = class_charts(rows);
  EXPECT_THAT(weighted, HasSubstr(">b: 0.4000</text>")) << "the row above it has 3 of 5";
  EXPECT_THAT(weighted, HasSubstr("<title>probability 0.700: 0.250 of 2 rows"))
      << "1 of 4; 4 * 4 / (1 + 9) rows";
}

TEST(PredictionCharts, NumbersHaveTheirResiduals) {
  const ModelSpec spec;
  PredictedRows rows{spec, {}, {0, 4, 10}, {1, 1, 1}};
  rows.predictions.rows = 3, rows.predictions.columns = 1;
  rows.predictions.values = {2, 4, 8};
  const std::string charts = number_charts(rows);
  // Predictions 2, 4, 8 and the diagonal from 0 to 10 on 54 to 388; targets on 202 to 32.
  EXPECT_THAT(charts, HasSubstr("<path class=\"p c0\" d=\"M120.8 202.0h0M187.6 134.0h0M321.2 32.0h0\"/>"));
  EXPECT_THAT(charts, HasSubstr("<path class=\"d c7\" d=\"M54.0 202.0L388.0 32.0\"/>"));
  // Residuals -2, 0 and 2 on an axis from -2 to 2 in 24 parts.
  EXPECT_THAT(charts, HasSubstr("<title>-2 to -1.833: 1 row</title>"));
  EXPECT_THAT(charts, HasSubstr("<title>0 to 0.1667: 1 row</title>"));
  rows.predictions.exact_values = {2, kNan, 9};
  EXPECT_THAT(number_charts(rows), HasSubstr("<title>0.875 to 1: 1 row</title>"))
      << "exact values, where they are finite";
  rows.predictions.exact_values = {kNan, kNan, kNan};
  EXPECT_EQ(number_charts(rows), "");
}

TEST(PredictionCharts, OfManyRowsTheChartsShowSomeFromAllOver) {
  const ModelSpec spec;
  PredictedRows rows{spec, {}, {}, {}};
  rows.predictions.rows = 800, rows.predictions.columns = 1;
  for (int n = 0; n < 800; ++n) {
    rows.predictions.values.push_back(static_cast<float>(n));
    rows.targets.push_back(n);
    rows.weights.push_back(1);
  }
  const std::string charts = number_charts(rows);
  EXPECT_THAT(charts, HasSubstr("Prediction and target, 400 of 800 rows"));
  EXPECT_THAT(charts, HasSubstr("M387.2 32.4h0\"")) << "row 798";
}

TEST(PredictionCharts, AConfusionShowsSharesOfTheTrueClass) {
  Metrics metrics;
  metrics.classes = {"no", "yes"};
  metrics.confusion = {{3, 1}, {0, 0}};
  const std::string chart = confusion_chart(metrics);
  EXPECT_THAT(chart, HasSubstr("<title>true no, predicted no: 3 (75.0 %)</title>"));
  EXPECT_THAT(chart, HasSubstr("<title>true no, predicted yes: 1 (25.0 %)</title>"));
  EXPECT_THAT(chart, HasSubstr("<title>true yes, predicted no: 0 (0.0 %)</title>")) << "a class without rows";
  EXPECT_EQ(confusion_table(metrics), "");
  metrics.confusion.assign(31, std::vector<double>(31));
  metrics.confusion[2][2] = 90, metrics.confusion[2][5] = 7, metrics.confusion[5][2] = 8;
  EXPECT_EQ(confusion_chart(metrics), "");
  EXPECT_EQ(confusion_table(metrics), html_table({.header = {"true class", "predicted as", "weight"},
                                                  .rows = {{"5", "2", "8"}, {"2", "5", "7"}},
                                                  .text_columns = 2}));
}

TEST(PredictionCharts, ScoresOfAllRowsStandSideBySide) {
  EvaluatedRows test{.name = "test", .rows = 7, .metrics = {}, .charts = "", .tables = ""}, held = test;
  held.name = "validation", held.rows = 3;
  test.metrics.values = {{"loss", 0.25}, {"auc", 0.5}};
  held.metrics.values = {{"loss", 0.123456789}};
  held.metrics.undefined = {{"auc", "one class"}};
  EXPECT_EQ(score_table({test, held}),
            html_table({.header = {"metric", "test, 7 rows", "validation, 3 rows"},
                        .rows = {{"loss", "0.25", "0.123457"}, {"auc", "0.5", "undefined: one class"}}}));
}

}  // namespace
}  // namespace thalweg::report
