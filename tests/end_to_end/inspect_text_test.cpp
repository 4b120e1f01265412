// What inspect, gradients and completion print, line by line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "host/cli/cli.hpp"
#include "host/config/keys.hpp"
#include "host/model/raw_weights.hpp"
#include "host/run/run_data.hpp"
#include "tests/support/run_support.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;

class InspectText : public testing::Test {
 protected:
  static std::string output_of(const std::vector<std::string>& arguments) {
    std::ostringstream out, err;
    EXPECT_EQ(cli::run(arguments, {out, err}), 0) << err.str();
    EXPECT_EQ(err.str(), "");
    return out.str();
  }

  /// A run of two epochs of two steps each.
  std::string train(const std::string& csv, const std::vector<std::string>& settings = {}) {
    return train_file("d.csv", csv, settings);
  }
  std::string train_file(const std::string& name, const std::string& text,
                         const std::vector<std::string>& settings) {
    std::vector<std::string> arguments{"train",
                                       "--quiet",
                                       "--data.train=" + folder_.write(name, text),
                                       "--train.epochs=2",
                                       "--train.batch_size=2",
                                       "--checkpoint.every_epochs=1",
                                       "--out=" + run_};
    arguments.insert(arguments.end(), settings.begin(), settings.end());
    output_of(arguments);
    return run_;
  }

  /// What bash offers for a command line, whose words it parts at '='.
  std::string offered_by_bash(const std::string& words, int at) const {
    const std::string script = folder_.write("completion.bash", output_of({"completion", "bash"}));
    const std::string result = folder_.path("offered");
    const std::string command = "bash -c '. " + script + "; COMP_WORDS=(" + words +
                                "); COMP_CWORD=" + std::to_string(at) +
                                "; _thalweg; echo ${COMPREPLY[*]}' > " + result;
    EXPECT_EQ(std::system(command.c_str()), 0);
    std::ifstream in(result);
    std::string line;
    std::getline(in, line);
    return line;
  }

  const std::string numbers_ = "a,b,y\n1,2,3\n2,1,4\n3,5,5\n4,2,7\n", classes_ = "a,y\n1,u\n2,v\n3,w\n4,u\n";
  TemporaryFolder folder_;
  const std::string run_ = folder_.path("run");
};

TEST_F(InspectText, ARunIsItsModelAndItsNewestCheckpoint) {
  const std::string run = train(numbers_), newest = run + "/checkpoints/step-000000004";
  const auto json = nlohmann::json::parse(output_of({"inspect", run, "--json"}));
  EXPECT_EQ(output_of({"inspect", run}),
            "loss               squared\n"
            "features           2\n"
            "outputs            1\n"
            "  layers.0.weight              [1,2]\n"
            "  layers.0.bias                [1]\n"
            "parameters         3\n"
            "parameters.xxh3    " +
                json["parameters.xxh3"].get<std::string>() +
                "\n"
                "step               4\n"
                "epoch              2\n"
                "checkpoint         " +
                newest + "\n");
  EXPECT_EQ(json["step"], 4);
  EXPECT_EQ(json["epoch"], 2);
  EXPECT_EQ(json["parameters"], 3);
  EXPECT_EQ(json["segments"][0]["name"], "layers.0.weight");
  EXPECT_EQ(json["segments"][0]["shape"], (nlohmann::json{1, 2}));
}

TEST_F(InspectText, ACheckpointIsItselfAndAModelHasNoStep) {
  const std::string run = train(classes_), older = run + "/checkpoints/step-000000002";
  const auto checkpoint = nlohmann::json::parse(output_of({"inspect", older, "--json"}));
  EXPECT_EQ(checkpoint["step"], 2);
  EXPECT_EQ(checkpoint["epoch"], 1);
  EXPECT_EQ(checkpoint["checkpoint"], older);
  const auto model = nlohmann::json::parse(output_of({"inspect", run + "/model.safetensors", "--json"}));
  EXPECT_FALSE(model.contains("step"));
  EXPECT_EQ(model["classes"], (nlohmann::json{"u", "v", "w"}));
  EXPECT_EQ(model["outputs"], 3);
  EXPECT_EQ(model["parameters"], 6);
}

TEST_F(InspectText, VerifyCountsTheModelAndTheCheckpoints) {
  EXPECT_EQ(output_of({"inspect", train(numbers_), "--verify"}), "3 valid, 0 damaged\n");
}

TEST_F(InspectText, ACoefficientStandsBesideItsErrorAndTheirRatio) {
  // y = 3 + 2 a + b + a b / 2 in an orthogonal design: one step of gradient descent from 0 with lr = 1 is at
  // the least squares 2, 1 and 3. Each row leaves a residual of 1/2 in size, and the sum of r^2 x x^T over
  // the 4 rows is the unit matrix, that of x x^T 4 times that: the sandwich gives a variance of 1/16.
  const std::string run =
      train("a,b,y\n1,1,6.5\n1,-1,3.5\n-1,1,1.5\n-1,-1,0.5\n",
            {"--data.standardize=false", "--data.standardize_target=false", "--model.bias_init=zero",
             "--train.epochs=1", "--train.batch_size=4", "--optimizer.name=sgd", "--optimizer.lr=1"});
  EXPECT_EQ(output_of({"inspect", run, "--standard-errors"}),
            "weights in the units of the data; their sum is the prediction\n"
            "  feature                            weight   std. error         z\n"
            "  a                                       2         0.25     8.000\n"
            "  b                                       1         0.25     4.000\n"
            "  intercept                               3         0.25    12.000\n");
  const auto json = nlohmann::json::parse(output_of({"inspect", run, "--standard-errors", "--json"}));
  const auto& output = json["outputs"][0];
  ASSERT_EQ(output["weights"].size(), 2u);
  EXPECT_EQ(
      output["weights"][1],
      (nlohmann::json{{"name", "b"}, {"weight", 1.0}, {"per_deviation", 1.0}, {"standard_error", 0.25}}));
  EXPECT_EQ(output["intercept"], 3);
  EXPECT_EQ(output["intercept_standard_error"], 0.25);
}

TEST_F(InspectText, StandardErrorsTakeTheWeightsOfAFile) {
  // The design of above and two rows of weight 0.
  const std::string weights = folder_.write("w.txt", "1\n1\n1\n0\n1\n0\n");
  const std::string run =
      train_file("d.svm", "6.5 1:1 2:1\n3.5 1:1 2:-1\n1.5 1:-1 2:1\n90 1:7 2:5\n0.5 1:-1 2:-1\n-70 1:3 2:9\n",
                 {"--data.standardize_target=false", "--model.bias_init=zero", "--model.loss=squared",
                  "--data.weight=" + weights, "--train.epochs=1", "--train.batch_size=6",
                  "--optimizer.name=sgd", "--optimizer.lr=1"});
  const auto json = nlohmann::json::parse(output_of({"inspect", run, "--standard-errors", "--json"}));
  for (const auto& weight : json["outputs"][0]["weights"])
    EXPECT_DOUBLE_EQ(weight["standard_error"].get<double>(), 0.25);
  EXPECT_DOUBLE_EQ(json["outputs"][0]["intercept_standard_error"].get<double>(), 0.25);
}

TEST_F(InspectText, StandardErrorsAreThoseOfTheRowsTrainedOn) {
  std::string csv = "x,w,y\n";
  for (int n = 0; n < 60; ++n)
    csv +=
        std::to_string(n * 37 % 60) + "," + std::to_string(1 + n % 3) + (n * 7 % 11 < 5 ? ",no\n" : ",yes\n");
  for (const std::string split : {"--data.validation_fraction=0.4", "--data.folds=3"}) {
    const std::string run =
        train(csv, {split, "--data.weight=w", "--data.class_weight=1,3", "--checkpoint.resume=never"});
    const bool folds = split.find("folds") != std::string::npos;
    const std::string model = folds ? run + "/fold-1" : run;
    const auto json = nlohmann::json::parse(output_of({"inspect", model, "--standard-errors", "--json"}));
    Config config;
    config.data.train = folder_.path("d.csv"), config.data.weight = "w", config.data.class_weight = "1,3";
    config.data.validation_fraction = folds ? 0 : 0.4, config.data.folds = folds ? 3 : 0;
    RunData data = folds ? FoldData(config, {}).fold(1) : read_run_data(config, {});
    ASSERT_GT(data.split.validation.size(), 15u);
    for (const std::int64_t row : data.split.validation) data.train.weight[static_cast<std::size_t>(row)] = 0;
    const Context cpu({.device = "cpu", .threads = 1});
    const auto want = raw_standard_errors(Model::load(cpu, model), data.train);
    const auto& got = json["outputs"][0];
    EXPECT_NEAR(got["weights"][0]["standard_error"], want[0].standard_error, 1e-9) << split;
    EXPECT_NEAR(got["intercept_standard_error"], want[1].standard_error, 1e-9) << split;
    std::filesystem::remove_all(run);
  }
}

TEST_F(InspectText, ACollinearCoefficientHasNoError) {
  const std::string run = train("a,b,y\n1,2,3\n2,4,4\n3,6,5\n4,8,7\n", {"--data.standardize=false"});
  const auto json = nlohmann::json::parse(output_of({"inspect", run, "--standard-errors", "--json"}));
  EXPECT_TRUE(json["outputs"][0]["weights"][1]["standard_error"].is_null());
  EXPECT_THAT(output_of({"inspect", run, "--standard-errors"}), HasSubstr("     (collinear)\n"));
}

TEST_F(InspectText, AModelWithoutStandardErrorsIsRefusedBeforeItsDataAreRead) {
  const auto refused = [&](const std::string& setting, const std::string& words) {
    const std::string run = train("a,y\n1,0\n2,1\n3,0\n4,1\n", {setting});
    std::filesystem::remove(folder_.path("d.csv"));
    std::ostringstream out, err;
    EXPECT_EQ(cli::run({"inspect", run, "--standard-errors"}, {out, err}), 2) << err.str();
    EXPECT_THAT(err.str(), HasSubstr(words));
    std::filesystem::remove_all(run);
  };
  refused("--model.hidden=3", "standard errors are those of a linear model with one output");
  refused("--model.loss=hinge", "standard errors need a loss with curvature");
}

TEST_F(InspectText, GradientsSayWhereTheyAreAndHowMany) {
  const std::string run = train(numbers_), file = folder_.path("g.npy");
  EXPECT_EQ(output_of({"gradients", run, "--data.test=" + folder_.path("d.csv"), "--output=" + file}),
            file + ": 4 rows, 3 parameters\n");
  const auto json = nlohmann::json::parse(
      output_of({"gradients", run, "--data.test=" + folder_.path("d.csv"), "--output=" + file, "--json"}));
  EXPECT_EQ(json, (nlohmann::json{{"rows", 4}, {"parameters", 3}, {"output", file}}));
}

TEST_F(InspectText, CompletionKnowsEveryCommandAndEverySetting) {
  const std::string commands =
      "train evaluate predict gradients convert export verify inspect report watch bench info schema help "
      "completion";
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const std::string script = output_of({"completion", shell});
    EXPECT_THAT(script, HasSubstr((shell == "fish" ? "-a '" : "-W \"") + commands +
                                  (shell == "fish" ? "'\n" : "\" --")))
        << shell;
    for (const std::string& key : setting_keys())
      EXPECT_THAT(script, HasSubstr(shell == "fish" ? "-l '" + key + "' -r" : "--" + key + "=")) << shell;
    EXPECT_THAT(script, HasSubstr(shell == "fish" ? "-l json\n" : "--json --quiet ")) << shell;
  }
  EXPECT_EQ(
      output_of({"completion", "zsh"}),
      "#compdef thalweg\nautoload -U +X bashcompinit && bashcompinit\n" + output_of({"completion", "bash"}));
  EXPECT_THAT(output_of({"completion", "fish"}), HasSubstr("from convert' -l shard_mb -r"));
  EXPECT_THAT(output_of({"completion", "fish"}),
              HasSubstr("from convert' -l no-target -d 'Rows to predict'\n"));
  EXPECT_THAT(output_of({"completion", "fish"}),
              HasSubstr("from convert' -l dtype -r -f -a 'f32 f16 bf16' -d "));
  EXPECT_THAT(output_of({"completion", "fish"}), HasSubstr("from export' -l to -r"));
  EXPECT_THAT(output_of({"completion", "fish"}), HasSubstr("from report' -l output -r -d 'File to write'\n"));
  EXPECT_THAT(output_of({"completion", "fish"}),
              HasSubstr("-l 'train.on_spike' -r -f -a 'stop skip rollback' -d 'What follows"));
}

TEST_F(InspectText, BashCompletesTheValuesOfASetting) {
  EXPECT_EQ(offered_by_bash("thalweg train --optimizer.name = ad", 4), "adagrad adam adamw adams_bashforth");
  EXPECT_EQ(offered_by_bash("thalweg train --train.shuffle =", 3), "true false");
  EXPECT_EQ(offered_by_bash("thalweg train --data.header y", 3), "yes") << "with a space";
  EXPECT_EQ(offered_by_bash("thalweg train --data.header=y", 2), "--data.header=yes") << "as zsh";
  EXPECT_EQ(offered_by_bash("thalweg sch", 1), "schema");
  EXPECT_EQ(offered_by_bash("thalweg convert a.npy out --sh", 4), "--shard_mb=");
  EXPECT_EQ(offered_by_bash("thalweg convert a.npy out --no-", 4), "--no-target");
  EXPECT_EQ(offered_by_bash("thalweg convert a.npy out --dtype=b", 4), "--dtype=bf16") << "as zsh";
  EXPECT_EQ(offered_by_bash("thalweg convert a.npy out --dt", 4), "--dtype=");
  EXPECT_EQ(offered_by_bash("thalweg train --sh", 2), "") << "an option of convert";
  EXPECT_EQ(offered_by_bash("thalweg export run --to", 3), "--to=");
  EXPECT_EQ(offered_by_bash("thalweg train --to", 2), "") << "an option of export";
  EXPECT_EQ(offered_by_bash("thalweg report run --st", 3), "--standard-errors");
  EXPECT_EQ(offered_by_bash("thalweg report run --me", 3), "--metric=");
  EXPECT_EQ(offered_by_bash("thalweg watch run --on", 3), "--once");
  EXPECT_EQ(offered_by_bash("thalweg watch run --int", 3), "--interval=");
}

}  // namespace
}  // namespace thalweg::test
