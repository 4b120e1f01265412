// Pages that compare runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/report_runs.hpp"
#include "thalweg/error.hpp"
#include "thalweg/report.hpp"

namespace thalweg::report {
namespace {

using ComparisonPages = test::ReportRuns;
using testing::HasSubstr;
using testing::Not;

TEST_F(ComparisonPages, RunsAreSortedByTheMetric) {
  const auto line = [](double r2, double loss) {
    return epoch(1, "\"train.loss\":" + std::to_string(loss) + ",\"validation.r2\":" + std::to_string(r2));
  };
  const std::vector<std::string> runs{run_by_hand("a", "[optimizer]\nlr = 0.1\n", line(0.25, 3)),
                                      run_by_hand("b", "[optimizer]\nlr = 0.2\n", line(0.75, 4)),
                                      run_by_hand("<c>", "[optimizer]\nlr = 0.1\n", "")};
  const std::string page = runs_report(runs, "r2");
  expect_sound(page);
  const auto row = [&](const std::string& name, const std::string& rest) {
    return page.find("<tr><td>" + name + "</td>" + rest);
  };
  EXPECT_LT(row("b", "<td class=\"n\">1</td><td class=\"n\">0.75</td>"),
            row("a", "<td class=\"n\">1</td><td class=\"n\">0.25</td>"));
  EXPECT_NE(row("a", "<td class=\"n\">1</td><td class=\"n\">0.25</td><td class=\"n\">3</td>"),
            std::string::npos);
  EXPECT_LT(row("a", ""), row("&lt;c&gt;", ""));
  EXPECT_THAT(page, HasSubstr("Sorted by validation.r2, the largest first"));
  EXPECT_THAT(page, HasSubstr("<tr><th>run</th><th>optimizer.lr</th></tr>\n<tr><td>b</td><td>0.2</td></"
                              "tr>\n<tr><td>a</td><td>0.1</td></tr>"));
  EXPECT_THAT(page, HasSubstr("<li>&lt;c&gt;: There is no metrics.jsonl: no curves are shown.</li>"));
  for (const char* curve : {"validation.r2", "train.loss"})
    EXPECT_THAT(page, HasSubstr("class=\"h\">" + std::string(curve) + "</text>"));
  const std::string by_loss = runs_report(runs);
  EXPECT_THAT(by_loss, HasSubstr("Sorted by train.loss, the smallest first"));
  EXPECT_LT(by_loss.find("<tr><td>a</td>"), by_loss.find("<tr><td>b</td>"));
  EXPECT_THAT(runs_report({runs[0], runs[2]}), HasSubstr("<p>All settings are the same.</p>"));
}

TEST_F(ComparisonPages, AMetricThatNoRunLoggedIsNamed) {
  const std::string run = run_by_hand("a", "", epoch(1, "\"train.loss\":1,\"validation.r2\":0.5"));
  try {
    runs_report({run, run}, "acc");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(),
                 "metric \"acc\" is in no run's metrics.jsonl; expected one of train.loss, validation.r2");
  }
  EXPECT_THROW(runs_report({}), UsageError);
}

TEST_F(ComparisonPages, ManyRunsAreAllInTheTableAndEightAmongTheCurves) {
  std::vector<std::string> runs;
  for (int r = 0; r < 9; ++r)
    runs.push_back(run_by_hand("r" + std::to_string(r), "", epoch(1, "\"train.loss\":" + std::to_string(r))));
  const std::string page = runs_report(runs);
  expect_sound(page);
  EXPECT_THAT(page, HasSubstr("<p>The curves are those of the first 8 runs.</p>"));
  EXPECT_THAT(page, HasSubstr("<title>r7, epoch 1: 7</title>"));
  EXPECT_THAT(page, Not(HasSubstr("<title>r8, epoch 1: 8</title>")));
  EXPECT_THAT(page, HasSubstr("<tr><td>r8</td>"));
}

TEST_F(ComparisonPages, FoldsHaveAPageThatComparesThem) {
  const std::string out =
      trained(numbers(), {{"data.validation_fraction", "0"}, {"data.folds", "2"}, {"train.report", "true"}});
  const std::string page = read_file(out + "/report.html");
  expect_sound(page);
  EXPECT_THAT(page, HasSubstr("<tr><td>fold-0</td>"));
  EXPECT_THAT(page, HasSubstr("<tr><td>fold-1</td>"));
  EXPECT_THAT(read_file(out + "/fold-1/report.html"),
              HasSubstr("The command trains all folds, of which this is one."));
}

}  // namespace
}  // namespace thalweg::report
