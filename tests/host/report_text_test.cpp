// What a run reports, word for word: as a table for people, and as JSON.
#include "host/cli/report_text.hpp"

#include <gtest/gtest.h>

namespace thalweg::cli {
namespace {

Metrics two_classes() {
  return {.values = {{"loss", 0.123456789}, {"accuracy", 0.75}},
          .confusion = {{30, 1.5}, {1234567.0, 0}},
          .classes = {"no", "yes"}};
}

TEST(ReportText, MetricsAreATableAndTheConfusionOfThem) {
  EXPECT_EQ(to_text("test", two_classes()),
            "test\n"
            "  loss                0.123457\n"
            "  accuracy            0.75\n"
            "  confusion (rows: true, columns: predicted)\n"
            "                     no      yes\n"
            "            no       30      1.5\n"
            "           yes 1.23457e+06        0\n");
}

TEST(ReportText, AConfusionOfMoreThanTwelveClassesIsLeftOutOfTheTable) {
  for (const std::size_t classes : {12u, 13u}) {
    Metrics metrics;
    metrics.confusion.assign(classes, std::vector<double>(classes, 0.0));
    metrics.classes.assign(classes, "c");
    EXPECT_EQ(to_text("t", metrics).find("confusion") == std::string::npos, classes == 13u) << classes;
  }
  EXPECT_EQ(to_text("t", Metrics{.values = {{"r2", 1}}}), "t\n  r2                  1\n");
}

TEST(ReportText, TheClassThatPrecisionIsOfIsNamed) {
  const Metrics metrics{.values = {{"precision", 0.5}}, .classes = {"no", "yes"}};
  EXPECT_EQ(to_text("test", metrics),
            "test\n"
            "  precision           0.5\n"
            "  positive class      yes\n");
  Json object;
  add_json(object, "test", metrics);
  EXPECT_EQ(object.dump(), R"({"test.precision":0.5,"test.positive_class":"yes"})");
}

TEST(ReportText, AMetricThatTheRowsDoNotDefineSaysWhy) {
  const Metrics metrics{.values = {{"accuracy", 1}}, .undefined = {{"auc", "the rows hold one class"}}};
  EXPECT_EQ(to_text("test", metrics),
            "test\n"
            "  accuracy            1\n"
            "  auc                 undefined: the rows hold one class\n");
  Json object;
  add_json(object, "test", metrics);
  EXPECT_EQ(object.dump(),
            R"({"test.accuracy":1.0,"test.auc":null,"test.undefined":{"auc":"the rows hold one class"}})");
}

TEST(ReportText, MetricsInJsonHaveAPrefixAndAllTheirDigits) {
  Json object;
  add_json(object, "test", two_classes());
  EXPECT_EQ(object.dump(),
            R"({"test.loss":0.123456789,"test.accuracy":0.75,"test.confusion":[[30.0,1.5],[1234567.0,0.0]],)"
            R"("test.classes":["no","yes"]})");
  Json numbers;
  add_json(numbers, "validation", Metrics{.values = {{"r2", 0.5}}});
  EXPECT_EQ(numbers.dump(), R"({"validation.r2":0.5})");
}

PrivacyReport spent() {
  return {.epsilon = 2.98765,
          .delta = 1e-5,
          .noise_multiplier = 1.23456,
          .sampling_rate = 0.05,
          .accountant = "prv"};
}

TEST(ReportText, ThePrivacyThatWasSpentIsSaidWithItsTerms) {
  EXPECT_EQ(
      to_text(spent()),
      "privacy: (2.988, 1e-05)-differentially private parameters (noise multiplier 1.235, sampling rate "
      "0.05, prv accountant); metrics are not covered\n");
}

TEST(ReportText, ReproducibleNoiseIsNoPrivacy) {
  PrivacyReport privacy = spent();
  privacy.reproducible_noise = true;
  EXPECT_EQ(to_text(privacy), "privacy: none, the noise is reproducible\n");
}

TrainReport whole_run() {
  TrainReport report;
  report.steps = 120;
  report.epochs = 4;
  report.seconds = 1.5;
  report.samples_per_second = 20480;
  report.train_loss = 0.25;
  report.parameters_xxh3 = "00ff";
  report.stopped_by = "steps";
  report.device = "cpu avx2";
  return report;
}

TEST(ReportText, ARunSaysHowFarItCameAndWhatStoppedIt) {
  EXPECT_EQ(to_text(whole_run()),
            "train (120 steps, 4 epochs, 1.50 s, 2.05e+04 samples/s on cpu avx2; stopped by steps)\n"
            "  loss                0.25\n"
            "parameters.xxh3 00ff\n");
}

TEST(ReportText, ARunSaysWhichEpochWasTheBestAndWhetherItIsTheModel) {
  TrainReport report = whole_run();
  report.best_epoch = 3;
  report.best_step = 90;
  const auto line = [&] {
    const std::string text = to_text(report);
    const std::size_t at = text.find("best epoch");
    return text.substr(at, text.find('\n', at) - at);
  };
  EXPECT_EQ(line(),
            "best epoch 3 of 4 on the validation rows (step 90); the model is that of the last epoch");
  report.best_is_model = true;
  EXPECT_EQ(line(), "best epoch 3 of 4 on the validation rows (step 90); the model is that of this epoch");
  report.stopped_by = "signal";
  EXPECT_EQ(line(), "best epoch 3 of 4 on the validation rows (step 90) so far");
}

TEST(ReportText, FoldsAreAMeanADeviationAndTheirValues) {
  TrainReport report = whole_run();
  report.folds.assign(2, whole_run());
  report.folds[0].validation = Metrics{.values = {{"loss", 1.25}}};
  report.folds[1].validation = Metrics{.values = {{"loss", 1.75}}};
  report.fold_metrics = {{.name = "loss", .mean = 1.5, .deviation = 0.25}};
  EXPECT_EQ(to_text(report),
            "train (120 steps, 4 epochs, 1.50 s, 2.05e+04 samples/s on cpu avx2; stopped by steps)\n"
            "validation over 2 folds\n"
            "  loss                1.5 +- 0.25 (1.25, 1.75)\n");
}

TEST(ReportText, AMetricThatAFoldDoesNotDefineHasItsReason) {
  TrainReport report = whole_run();
  report.folds.assign(3, whole_run());
  report.folds[0].validation = Metrics{.values = {{"auc", 0.5}}};
  report.folds[1].validation = Metrics{.undefined = {{"auc", "one class"}}};
  report.folds[2].validation.reset();  // interrupted
  EXPECT_EQ(to_text(report),
            "train (120 steps, 4 epochs, 1.50 s, 2.05e+04 samples/s on cpu avx2; stopped by steps)\n"
            "validation over 3 folds\n"
            "  auc                 undefined in fold 2 of 3, one class\n");
  const Json json = to_json(report);
  EXPECT_EQ(json.at("validation.auc.mean").dump(), "null");
  EXPECT_EQ(json.at("validation.undefined").dump(), "{\"auc\":\"in fold 2 of 3, one class\"}");
}

TEST(ReportText, InterruptedFoldsHaveNoMeans) {
  TrainReport report = whole_run();
  report.stopped_by = "signal";
  report.folds.assign(2, whole_run());
  EXPECT_EQ(to_text(report),
            "train (120 steps, 4 epochs, 1.50 s, 2.05e+04 samples/s on cpu avx2; stopped by signal)\n");
}

TEST(ReportText, ARunTellsItsParts) {
  TrainReport report = whole_run();
  report.validation = Metrics{.values = {{"r2", 0.5}}};
  report.test = Metrics{.values = {{"r2", 0.25}}};
  report.per_sample = {{"per_sample.norm.p50", 0.75}};
  report.privacy = spent();
  EXPECT_EQ(to_text(report),
            "train (120 steps, 4 epochs, 1.50 s, 2.05e+04 samples/s on cpu avx2; stopped by steps)\n"
            "  loss                0.25\n"
            "validation\n"
            "  r2                  0.5\n"
            "test\n"
            "  r2                  0.25\n"
            "per-sample statistics of the last epoch\n"
            "  norm.p50                           0.75\n" +
                to_text(spent()) + "parameters.xxh3 00ff\n");
}

TEST(ReportText, ARunInJsonHasItsNumbersByName) {
  EXPECT_EQ(to_json(whole_run()).dump(),
            R"({"steps":120,"epochs":4,"seconds":1.5,"samples_per_second":20480.0,"train.loss":0.25,)"
            R"("parameters.xxh3":"00ff","stopped_by":"steps","device":"cpu avx2"})");
}

TEST(ReportText, ARunInJsonHasTheNumbersOfItsParts) {
  TrainReport report = whole_run();
  report.validation = Metrics{.values = {{"r2", 0.5}}};
  report.test = Metrics{.values = {{"r2", 0.25}}};
  report.per_sample = {{"per_sample.norm.p50", 0.75}};
  report.privacy = spent();
  report.privacy->reproducible_noise = true;
  report.resumed_from = "run/checkpoints/step-000000010";
  EXPECT_EQ(to_json(report).dump(),
            R"({"steps":120,"epochs":4,"seconds":1.5,"samples_per_second":20480.0,"train.loss":0.25,)"
            R"("validation.r2":0.5,"test.r2":0.25,"per_sample.norm.p50":0.75,"privacy.epsilon":2.98765,)"
            R"("privacy.delta":1e-05,"privacy.noise_multiplier":1.23456,"privacy.sampling_rate":0.05,)"
            R"("privacy.accountant":"prv","privacy.reproducible_noise":true,"parameters.xxh3":"00ff",)"
            R"("stopped_by":"steps","device":"cpu avx2","resumed_from":"run/checkpoints/step-000000010"})");
}

/// One tensor of two is where it should be.
VerifyReport verification(bool exact) {
  VerifyReport report{.first = "cpu", .second = "cuda", .steps = 7, .exact = exact, .bound = 0.00123456};
  report.tensors = {{.tensor = "layers.0.weight", .largest_error = 1.25e-7},
                    {.tensor = "layers.0.bias",
                     .difference = Difference{.step = 3, .element = 5, .first = 0.1f, .second = -2},
                     .largest_error = 0.5}};
  return report;
}

TEST(ReportText, AVerificationNamesTheFirstElementThatDiffers) {
  EXPECT_EQ(to_text(verification(true)),
            "cpu against cuda, 7 steps, bit for bit\n"
            "  layers.0.weight            equal\n"
            "  layers.0.bias              differs first at step 3, element 5: 0.100000001 against -2\n"
            "FAILED\n");
  VerifyReport passed = verification(false);
  passed.tensors.pop_back();
  EXPECT_EQ(to_text(passed),
            "cpu against cuda, 7 steps, relative error at most 0.00123\n"
            "  layers.0.weight            largest error 1.25e-07\n"
            "passed\n");
}

TEST(ReportText, AVerificationInJsonHasATensorEach) {
  EXPECT_EQ(to_json(verification(false)).dump(),
            R"({"first":"cpu","second":"cuda","steps":7,"exact":false,"bound":0.00123456,"passed":false,)"
            R"("tensors":[{"name":"layers.0.weight","largest_error":1.25e-07},{"name":"layers.0.bias",)"
            R"("largest_error":0.5,"step":3,"element":5,"first":0.10000000149011612,"second":-2.0}]})");
}

}  // namespace
}  // namespace thalweg::cli
