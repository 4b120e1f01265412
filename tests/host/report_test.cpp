// Pages about runs: the files that they read, and what stands in them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "host/checkpoint/files.hpp"
#include "host/report/curves.hpp"
#include "host/report/html.hpp"
#include "host/report/predictions.hpp"
#include "host/report/run_epochs.hpp"
#include "host/report/run_facts.hpp"
#include "tests/support/report_runs.hpp"
#include "tests/support/small_models.hpp"
#include "tests/support/xml.hpp"
#include "thalweg/error.hpp"
#include "thalweg/report.hpp"

namespace thalweg::report {
namespace {

using Reports = test::ReportRuns;
using test::xml_problem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const double kNan = std::nan("");

TEST(RunLogs, LinesOfEpochsAndStepsAreTakenApart) {
  const RunLog log = parse_log(
      "{\"step\":2,\"loss\":0.5,\"lr\":0.1}\n{\"step\":4,\"epoch\":1,\"train.loss\":3,\"validation.r2\":null}"
      "\n");
  ASSERT_EQ(log.steps.size(), 1U);
  ASSERT_EQ(log.epochs.size(), 1U);
  EXPECT_EQ(log.steps[0].step, 2);
  EXPECT_EQ(log.steps[0].epoch, 0);
  EXPECT_EQ(log.steps[0]["loss"], 0.5);
  EXPECT_EQ(log.epochs[0].step, 4);
  EXPECT_EQ(log.epochs[0].epoch, 1);
  EXPECT_EQ(log.epochs[0]["train.loss"], 3);
  EXPECT_TRUE(log.epochs[0].has("validation.r2"));
  EXPECT_TRUE(std::isnan(log.epochs[0]["validation.r2"]));
  EXPECT_FALSE(log.epochs[0].has("validation.mae"));
  EXPECT_TRUE(log.has("validation.r2") && !log.has("loss")) << "loss is of a step";
  EXPECT_EQ(log.damaged, 0);
}

TEST(RunLogs, DamagedLinesAreLeftOutAndCounted) {
  const RunLog log = parse_log(
      "{\"step\":1,\"epoch\":1}\n\nnonsense\n[1]\n{\"step\":\"x\"}\n{\"step\":2,\"epoch\":2,\"train.loss\":"
      "\"high\"}\n"
      "{\"step\":3,\"epo");
  EXPECT_EQ(log.epochs.size(), 1U);
  EXPECT_EQ(log.steps.size(), 0U);
  EXPECT_EQ(log.damaged, 5);
}

TEST_F(Reports, TheBestEpochIsTheFirstOfTheBest) {
  RunFiles run{.folder = "r", .config = {}, .log = {}, .notes = {}};
  run.log = parse_log(epoch(1, "\"train.loss\":5,\"validation.loss\":null,\"validation.r2\":0.1") +
                      epoch(2, "\"train.loss\":4,\"validation.loss\":2,\"validation.r2\":0.9") +
                      epoch(3, "\"train.loss\":3,\"validation.loss\":1,\"validation.r2\":0.5") +
                      epoch(4, "\"train.loss\":2,\"validation.loss\":1,\"validation.r2\":0.9"));
  EXPECT_EQ(watched_value(run), "validation.loss");
  EXPECT_EQ(best_epoch(run)->epoch, 3);
  EXPECT_EQ(model_epoch(run)->epoch, 4) << "without patience the last";
  run.config.train.patience = 2;
  EXPECT_EQ(model_epoch(run)->epoch, 3);
  run.config.train.metric = "r2";
  EXPECT_EQ(best_epoch(run)->epoch, 2);
  EXPECT_TRUE(larger_value_is_better("validation.r2"));
  EXPECT_FALSE(larger_value_is_better("validation.loss") || larger_value_is_better("train.loss"));
  run.log = parse_log(epoch(1, "\"train.loss\":2") + epoch(2, "\"train.loss\":3"));
  EXPECT_EQ(watched_value(run), "train.loss");
  EXPECT_EQ(best_epoch(run)->epoch, 1);
  EXPECT_EQ(model_epoch(run)->epoch, 2) << "only validation rows choose";
  run.log = {};
  EXPECT_EQ(best_epoch(run), nullptr);
  EXPECT_EQ(model_epoch(run), nullptr);
  EXPECT_TRUE(is_better("train.loss", 1, kNan));
  EXPECT_FALSE(is_better("train.loss", kNan, 1) || is_better("train.loss", kNan, kNan) ||
               is_better("train.loss", 1, 1));
}

TEST_F(Reports, CurvesAreDrawnFromTheLog) {
  RunFiles run{.folder = "r", .config = {}, .log = {}, .notes = {}};
  run.log = parse_log(epoch(0, "\"loss\":1,\"lr\":0.5,\"gradient_norm\":3") +
                      epoch(1, "\"train.loss\":4,\"validation.loss\":2,\"validation.accuracy\":0.5") +
                      epoch(2, "\"train.loss\":0,\"validation.loss\":1,\"validation.accuracy\":0.75"));
  const std::string charts = training_charts(run);
  // 1 and 2 on an axis from 1 to 2; 4 and 0 on one from 0 to 4, below a line of legend.
  EXPECT_THAT(charts, HasSubstr("<path class=\"l c0\" d=\"M54.0 46.0L388.0 216.0\"/>"));
  EXPECT_THAT(charts, HasSubstr("<path class=\"l c1\" d=\"M54.0 131.0L388.0 173.5\"/>"));
  EXPECT_THAT(charts, HasSubstr("<title>train, epoch 1: 4</title>"));
  EXPECT_THAT(charts, HasSubstr("<title>best epoch 2: validation.loss 1</title>"));
  EXPECT_THAT(charts, HasSubstr(">best: 1 at 2</text>"));
  EXPECT_THAT(charts, Not(HasSubstr("<title>best epoch 2: validation.accuracy")));
  for (const char* title : {">Loss</text>", ">accuracy on the validation rows</text>",
                            ">Loss of the batches</text>", ">Learning rate</text>", ">Gradient norm</text>"})
    EXPECT_THAT(charts, HasSubstr(title));
  EXPECT_THAT(charts, Not(HasSubstr("Privacy spent")));
  EXPECT_EQ(xml_problem("<g>" + charts + "</g>"), "");
}

TEST_F(Reports, AWideRangeIsLogarithmic) {
  const auto scale_of = [](const std::vector<double>& values) {
    Chart chart{.title = "", .x = {""}, .y = {""}, .series = {{}}};
    for (const double y : values) chart.series[0].points.push_back({.x = 1, .y = y});
    choose_scale(chart);
    return chart.y.scale;
  };
  EXPECT_EQ(scale_of({1, kNan, 51}), ScaleKind::log);
  EXPECT_EQ(scale_of({1, 50}), ScaleKind::linear);
  EXPECT_EQ(scale_of({0, 51}), ScaleKind::linear);
  EXPECT_EQ(scale_of({-1, 51}), ScaleKind::linear);
  EXPECT_EQ(scale_of({}), ScaleKind::linear);
}

TEST_F(Reports, PerSampleStatisticsHaveBandsAndTheirRows) {
  RunFiles run{.folder = "r", .config = {}, .log = {}, .notes = {}};
  const std::string values =
      "\"per_sample.norm.p05\":0,\"per_sample.norm.p25\":1,\"per_sample.norm.p50\":2,\"per_sample.norm.p75\":"
      "3,"
      "\"per_sample.norm.p95\":4,\"per_sample.norm.max\":5,\"per_sample.noise_scale\":77,"
      "\"per_sample.top_norm.1.row\":17,\"per_sample.top_norm.1.value\":5,\"per_sample.top_loss.1.row\":3,"
      "\"per_sample.top_loss.1.value\":2.5";
  run.log = parse_log(epoch(1, values) + epoch(2, values));
  const std::string charts = per_sample_charts(run);
  // From 0 to 5 on 216 to 46.
  EXPECT_THAT(charts,
              HasSubstr("<path class=\"b c0\" d=\"M54.0 216.0L388.0 216.0L388.0 80.0L54.0 80.0Z\"/>"));
  EXPECT_THAT(charts,
              HasSubstr("<path class=\"b c0\" d=\"M54.0 182.0L388.0 182.0L388.0 114.0L54.0 114.0Z\"/>"));
  EXPECT_THAT(charts, HasSubstr(">Gradient noise scale</text>"));
  EXPECT_THAT(charts, Not(HasSubstr("clipped")));
  EXPECT_EQ(outlier_table(run, nullptr),
            html_table({.header = {"largest", "row", "value"},
                        .rows = {{"norm 1", "17", "5"}, {"loss 1", "3", "2.5"}}}));
  EXPECT_EQ(outlier_table(run, [](std::int64_t row) { return "line " + std::to_string(row + 2); }),
            html_table({.header = {"largest", "where", "row", "value"},
                        .rows = {{"norm 1", "line 19", "17", "5"}, {"loss 1", "line 5", "3", "2.5"}},
                        .text_columns = 2}));
  run.log = parse_log(epoch(1, "\"per_sample.top_norm.1.row\":1e300,\"per_sample.top_loss.1.row\":-1"));
  EXPECT_EQ(outlier_table(run, nullptr), "") << "these are no rows";
  run.log = parse_log(epoch(1, "\"train.loss\":1"));
  EXPECT_EQ(per_sample_charts(run), "");
  EXPECT_EQ(outlier_table(run, nullptr), "");
}

TEST_F(Reports, ATableAlignsItsNumbersAndEscapesItsTexts) {
  EXPECT_EQ(html_table({.header = {"a", "b"}, .rows = {{"<x>", "1"}}}),
            "<div class=\"wide\"><table>\n<tr><th>a</th><th class=\"n\">b</th></tr>\n"
            "<tr><td>&lt;x&gt;</td><td class=\"n\">1</td></tr>\n</table></div>\n");
  EXPECT_EQ(html_table({.header = {"a"}}), "");
  EXPECT_EQ(html_list({"a&b"}), "<ul>\n<li>a&amp;b</li>\n</ul>\n");
  EXPECT_EQ(html_section("t", ""), "");
  EXPECT_EQ(html_details("t", ""), "");
  EXPECT_EQ(html_charts(""), "");
}

TEST_F(Reports, ARunWithoutAModelStillHasAPage) {
  const std::string run = run_by_hand("r", "seed = 5\n", epoch(1, "\"train.loss\":2") + "{\"st");
  const std::string page = run_report(run);
  expect_sound(page);
  EXPECT_THAT(page, HasSubstr("<li>metrics.jsonl: 1 line is damaged and left out.</li>"));
  EXPECT_THAT(page, HasSubstr("<li>There is no model: "));
  EXPECT_THAT(page, HasSubstr("<title>train, epoch 1: 2</title>")) << "one epoch is a point";
  EXPECT_THAT(page, HasSubstr("1 epoch, 10 steps. The model is that of epoch 1: train.loss 2."));
  EXPECT_THAT(page, HasSubstr("thalweg train " + run + "/config.toml --out=NEW_FOLDER"));
  EXPECT_EQ(run_report(run), page);
}

TEST_F(Reports, DataAndEnvironmentAreThoseOfTheFiles) {
  const std::string config =
      "device = \"reference\"\n[train]\nthreads = 3\n[data]\ntrain = \"x<y>.csv\"\ntrain_rows = \"0:9\"\n"
      "validation = \"v.csv\"\ntest_rows = \"9:12\"\n";
  const RunFiles run = read_run_files(run_by_hand("r", config, epoch(7, "\"seconds\":1.23456")));
  EXPECT_EQ(data_facts(run, nullptr), html_table({.rows = {{"training data", "x<y>.csv"},
                                                           {"rows of them", "0:9"},
                                                           {"validation data", "v.csv"},
                                                           {"test data", "9:12"}},
                                                  .text_columns = 2}));
  EXPECT_THAT(
      environment_facts(run, nullptr),
      HasSubstr("<tr><td>epochs</td><td>7</td></tr>\n<tr><td>steps</td><td>70</td></tr>\n"
                "<tr><td>seconds of training</td><td>1.23</td></tr>\n"
                "<tr><td>device</td><td>reference</td></tr>\n<tr><td>numerics</td><td>exact</td></tr>\n"
                "<tr><td>threads</td><td>3</td></tr>\n"));
  const RunFiles other =
      read_run_files(run_by_hand("s", "[data]\nvalidation_fraction = 0.25\ntest = \"t\"\n", ""));
  EXPECT_EQ(data_facts(other, nullptr),
            html_table({.rows = {{"held out", "0.25 of the rows"}, {"test data", "t"}}, .text_columns = 2}));
  EXPECT_THAT(environment_facts(other, nullptr), HasSubstr("<td>threads</td><td>all</td>"));
}

TEST_F(Reports, SettingsThatChangedOnTheWayAreNamed) {
  const std::string run = trained(numbers(), {});
  EXPECT_THAT(run_report(run), Not(HasSubstr("Settings changed in the course of the run")));
  trained(numbers(), {{"train.epochs", "6"}, {"optimizer.lr", "0.0625"}, {"checkpoint.on_change", "allow"}});
  const std::string page = run_report(run);
  EXPECT_THAT(page, HasSubstr("Settings changed in the course of the run"));
  EXPECT_THAT(page, testing::ContainsRegex("<li>step [0-9]+: optimizer.lr .* 0.0625</li>"));
  EXPECT_THAT(page, HasSubstr("<td>epochs</td><td>6</td>"));
}

TEST_F(Reports, ComparedValuesAreThoseOfTheModelsEpoch) {
  const std::string log = epoch(1, "\"validation.loss\":1,\"validation.r2\":0.875") +
                          epoch(2, "\"validation.loss\":2,\"validation.r2\":0.5");
  const std::vector<std::string> runs{run_by_hand("a/r", "[train]\npatience = 3\n", log),
                                      run_by_hand("b/r", "", log)};
  const std::string page = runs_report(runs, "validation.r2");
  EXPECT_THAT(page, HasSubstr("<tr><td>" + runs[0] + "</td><td class=\"n\">2</td><td class=\"n\">0.875</td>"))
      << "whole paths, where their last parts are equal";
  EXPECT_THAT(page, HasSubstr("<tr><td>" + runs[1] + "</td><td class=\"n\">2</td><td class=\"n\">0.5</td>"));
  EXPECT_THAT(page, HasSubstr("<tr><td>" + runs[0] + "</td><td>3</td></tr>\n<tr><td>" + runs[1] +
                              "</td><td>0</td></tr>"));
}

TEST_F(Reports, ARunWithoutALogSaysSo) {
  const std::string page = run_report(run_by_hand("r", "", ""));
  expect_sound(page);
  EXPECT_THAT(page, HasSubstr("<li>There is no metrics.jsonl: no curves are shown.</li>"));
}

TEST_F(Reports, ARunThatDivergedSaysWhen) {
  const std::string page = run_report(run_by_hand(
      "r", "",
      epoch(1, "\"train.loss\":2") + epoch(2, "\"train.loss\":null") + epoch(3, "\"train.loss\":null")));
  expect_sound(page);
  EXPECT_THAT(page, HasSubstr("<li>train.loss is not finite at epoch 2: the run diverged.</li>"));
}

TEST_F(Reports, AThousandEpochsAreThinned) {
  std::string log;
  for (int e = 1; e <= 1000; ++e)
    log += epoch(e, "\"train.loss\":" + std::to_string(1.0 / e) +
                        ",\"lr\":0.1,\"validation.loss\":" + std::to_string(2.0 / e));
  const std::string page = run_report(run_by_hand("r", "", log));
  expect_sound(page);
  EXPECT_LT(page.size(), 40000U);
}

TEST_F(Reports, AFolderWithoutAConfigIsNoRun) {
  try {
    run_report(folder_.path("none"));
    FAIL();
  } catch (const NoInputError& error) {
    EXPECT_EQ(error.what(), folder_.path("none") + ": no config.toml; expected the folder of a run");
  }
  EXPECT_THROW(runs_at(folder_.path()), NoInputError);
}

TEST_F(Reports, TheRunsOfAFolderAreSortedAsNumbers) {
  for (const char* name : {"r-10", "r-9", "q"}) run_by_hand(name, "", "");
  EXPECT_THAT(runs_at(folder_.path()),
              ElementsAre(folder_.path("q"), folder_.path("r-9"), folder_.path("r-10")));
  EXPECT_THAT(runs_at(folder_.path("q")), ElementsAre(folder_.path("q")));
}

TEST_F(Reports, TrainReportWritesThePageOfARunOfNumbers) {
  const std::string run =
      trained(numbers(),
              {{"train.report", "true"}, {"per_sample.statistics", "true"}, {"train.log_every_steps", "1"}});
  const std::string page = read_file(run + "/report.html");
  expect_sound(page);
  for (const char* part :
       {"<h2>Scores</h2>", "<th class=\"n\">validation, ", "<h2>Predictions: validation rows</h2>",
        ">Residuals</text>", ">Gradient norm</text>", ">Gradient norms of the samples</text>",
        "<td>norm 1</td><td>", "d.csv line ", "<td>a&lt;b&gt;</td>", "c&amp;&quot;d",
        "<td>parameters.xxh3</td>", "<td>fingerprint of the data</td>", "Feature scales: 2 standardised",
        "validation_fraction = 0.3", "<td>target</td><td>y</td>"})
    EXPECT_THAT(page, HasSubstr(part));
  EXPECT_LT(page.size(), 100000U);
}

TEST_F(Reports, ThePageOfClassesShowsWhatEvaluateFinds) {
  const std::string run = trained(classes({"<no>", "yes"}), {});
  const Context ctx({.device = "cpu", .threads = 1});
  const Model model = Model::load(ctx, run);
  DataConfig config;
  config.test = folder_.path("d.csv");
  const Dataset data = read_test_data(config, model.spec().schema, true);
  const std::vector<std::int64_t> rows{0, 1, 2, 3, 4, 5, 6, 7};
  const std::string page =
      run_report(run, {.model = &model, .rows = {{"some", &data, &rows}}, .notes = {"a <note>"}});
  expect_sound(page);
  const Metrics metrics = evaluate(model, data, &rows);
  EXPECT_THAT(page, HasSubstr("<th class=\"n\">some, 8 rows</th>"));
  EXPECT_THAT(page,
              HasSubstr("<td>accuracy</td><td class=\"n\">" + fmt::format("{:.6g}", metrics["accuracy"])));
  EXPECT_THAT(page, HasSubstr("<td>2: &lt;no&gt;, yes</td>"));
  EXPECT_THAT(page, HasSubstr("<li>a &lt;note&gt;</li>"));
  EXPECT_EQ(run_report(run, {.model = &model, .rows = {{"some", &data, &rows}}, .notes = {"a <note>"}}),
            page);
  EXPECT_THAT(run_report(run), HasSubstr("parameters.xxh3")) << "by the model of the folder";
}

TEST_F(Reports, ARowThatTheDataDoNotHaveHasNoName) {
  const std::string run =
      run_by_hand("r", "",
                  epoch(1,
                        "\"per_sample.top_norm.1.row\":2,\"per_sample.top_norm.1.value\":7,"
                        "\"per_sample.top_norm.2.row\":1,\"per_sample.top_norm.2.value\":6"));
  const Dataset data = test::number_data(1, {1, 2}, {1, 2});
  const std::string page = run_report(run, {.training = &data});
  EXPECT_THAT(page, HasSubstr("<td>norm 1</td><td></td><td class=\"n\">2</td>"));
  EXPECT_THAT(page, HasSubstr("<td>norm 2</td><td>rows by hand row 1</td>"));
}

TEST_F(Reports, TheTargetsOfAPageAreInTheUnitOfTheData) {
  const std::string run = trained(numbers(), {{"data.standardize_target", "true"}});
  const Context ctx({.device = "cpu", .threads = 1});
  const Model model = Model::load(ctx, run);
  DataConfig config;
  config.test = folder_.path("d.csv");
  const Dataset data = read_test_data(config, model.spec().schema, true);
  const std::string charts = evaluate_for_page(model, {"all", &data}).charts;
  // Targets from -6 to 30: the axis of y ends at 30.
  EXPECT_THAT(charts, HasSubstr("<text x=\"50.0\" y=\"36.0\" class=\"m e\">30</text>"));
}

TEST_F(Reports, ARunWithoutHeldOutRowsShowsThoseThatItWasTrainedOn) {
  const std::string run = trained(numbers(), {{"data.validation_fraction", "0"}, {"train.report", "true"}});
  EXPECT_THAT(read_file(run + "/report.html"), HasSubstr("<th class=\"n\">train, 60 rows</th>"));
  EXPECT_FALSE(path_exists(trained(numbers(), {}, "other") + "/report.html"));
}

TEST_F(Reports, APageNeedsAFolder) {
  Config config;
  config.data.train = "d.csv";
  config.train.report = true;
  try {
    validate_config(config);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "train.report = true needs a folder for its page: set out");
  }
}

TEST_F(Reports, ThePathOfTheCommandIsAWordOfTheShell) {
  EXPECT_EQ(shell_word("runs/a-1"), "runs/a-1");
  EXPECT_EQ(shell_word("my run's"), "'my run'\\''s'");
  EXPECT_EQ(shell_word(""), "''");
}

}  // namespace
}  // namespace thalweg::report
