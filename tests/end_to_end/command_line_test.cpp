// The program's commands, from training to predictions, as a user runs them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "host/cli/cli.hpp"
#include "tests/support/commands.hpp"
#include "tests/support/run_support.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;

std::string output_of(const std::vector<std::string>& arguments, int code = 0) {
  return run(arguments, code).out;
}

nlohmann::json json_of(const std::vector<std::string>& arguments) {
  return nlohmann::json::parse(output_of(arguments));
}

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class CommandLine : public testing::Test {
 protected:
  void SetUp() override {
    std::string csv = "size,color,kind\n";
    for (int i = 0; i < 60; ++i) {
      csv += std::to_string(i) + (i % 2 == 0 ? ",red" : ",\"light, blue\"") +
             (i < 30 ? ",small\n" : ",\"very \"\"big\"\"\"\n");
    }
    data_ = folder_.write("data.csv", csv);
    run_ = folder_.path("run");
  }

  nlohmann::json train(std::vector<std::string> settings = {}) {
    settings.insert(settings.begin(), {"train", "--json", "--quiet", "--data.train=" + data_, "--out=" + run_,
                                       "--optimizer.lr=0.1", "--train.epochs=30", "--train.batch_size=256"});
    return json_of(settings);
  }

  TemporaryFolder folder_;
  std::string data_, run_;
};

TEST_F(CommandLine, TrainWritesTheModelTheResolvedConfigAndTheMetrics) {
  const auto report = train({"--data.validation_fraction=0.2"});
  EXPECT_EQ(report["epochs"], 30);
  EXPECT_GT(report["validation.accuracy"], 0.8);
  EXPECT_EQ(report["stopped_by"], "epochs");
  EXPECT_THAT(contents(run_ + "/config.toml"), HasSubstr("epochs = 30"));
  EXPECT_THAT(contents(run_ + "/metrics.jsonl"), HasSubstr("\"train.loss\""));
  EXPECT_EQ(json_of({"inspect", run_, "--json"})["parameters.xxh3"], report["parameters.xxh3"]);
}

TEST_F(CommandLine, TheResolvedConfigGivesTheSameRunAgain) {
  const auto report = train();
  const auto again =
      json_of({"train", run_ + "/config.toml", "--json", "--quiet", "--out=" + folder_.path("again")});
  EXPECT_EQ(again["parameters.xxh3"], report["parameters.xxh3"]);
}

TEST_F(CommandLine, EvaluateGivesWhatTrainingGave) {
  const auto report = train({"--data.test=" + data_});
  const auto metrics = json_of({"evaluate", run_, "--json"});
  for (const char* name :
       {"test.loss", "test.accuracy", "test.balanced_accuracy", "test.log_loss", "test.auc"}) {
    EXPECT_EQ(metrics[name], report[name]) << name;
  }
  EXPECT_EQ(metrics["test.confusion"][0][0], 30);
}

TEST_F(CommandLine, PredictGivesClassLabelsAsTheyWereInTheData) {
  train();
  const std::string unlabelled = folder_.write("new.csv", "size,color\n3,red\n57,\"light, blue\"\n");
  const std::string csv = output_of({"predict", run_, "--data.test=" + unlabelled});
  EXPECT_THAT(csv, HasSubstr("class,probability small,\"probability very \"\"big\"\"\"\nsmall,"));
  EXPECT_THAT(csv, HasSubstr("\n\"very \"\"big\"\"\","));
}

TEST_F(CommandLine, PredictWritesNpy) {
  train();
  const std::string file = folder_.path("p.npy");
  output_of({"predict", run_, "--data.test=" + data_, "--output=" + file});
  const std::string bytes = contents(file);
  EXPECT_EQ(bytes.substr(1, 5), "NUMPY");
  EXPECT_EQ(bytes.size() % 64, (60 * 2 * 4) % 64);
}

TEST_F(CommandLine, InspectVerifiesAndNamesADamagedCheckpoint) {
  train({"--checkpoint.every_steps=10"});
  EXPECT_THAT(output_of({"inspect", run_, "--verify"}), HasSubstr("0 damaged"));
  for (const auto& entry : std::filesystem::directory_iterator(run_ + "/checkpoints")) {
    std::fstream file(entry.path() / "state.safetensors", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-1, std::ios::end);
    file.put('\x55');
    break;
  }
  EXPECT_THAT(output_of({"inspect", run_, "--verify"}, 65), HasSubstr("1 damaged"));
}

TEST_F(CommandLine, AConfigFileIsOverriddenByFlagsAndKnowsTheNamesOfOtherTools) {
  const std::string config =
      folder_.write("c.toml", "seed = 3\n[data]\ntrain = \"" + data_ + "\"\n[train]\nepochs = 7\n");
  const auto report =
      json_of({"train", config, "--max_iter=2", "--learning_rate", "0.01", "--json", "--quiet"});
  EXPECT_EQ(report["epochs"], 2);
}

TEST_F(CommandLine, StoppingRules) {
  EXPECT_EQ(train({"--train.max_steps=5"})["steps"], 5);
  EXPECT_EQ(train({"--checkpoint.resume=never", "--train.gradient_tolerance=100"})["stopped_by"], "gradient");
  EXPECT_EQ(train({"--checkpoint.resume=never", "--train.loss_tolerance=1"})["stopped_by"], "loss");
  const auto patient = train({"--checkpoint.resume=never", "--train.patience=2",
                              "--data.validation_fraction=0.3", "--optimizer.lr=1e-30"});
  EXPECT_EQ(patient["stopped_by"], "patience");
}

TEST_F(CommandLine, PatienceEndsWithTheBestParametersHoweverSeldomTheRunSaves) {
  const auto run = [&](const std::string& every_epochs) {
    return train({"--checkpoint.resume=never", "--train.patience=3", "--train.epochs=40",
                  "--data.validation_fraction=0.3", "--optimizer.lr=2", "--checkpoint.keep=1",
                  "--checkpoint.every_epochs=" + every_epochs});
  };
  const auto each = run("1");
  EXPECT_EQ(each["stopped_by"], "patience");
  for (const char* every_epochs : {"-1", "0", "2"})
    EXPECT_EQ(run(every_epochs)["parameters.xxh3"], each["parameters.xxh3"]) << every_epochs;
}

TEST_F(CommandLine, OutputThatCannotBeWrittenIsAnIoErrorWhateverTheCommandCameTo) {
  train();
  const std::vector<std::vector<std::string>> commands = {{"evaluate", run_, "--data.test=" + data_},
                                                          {"predict", run_, "--data.test=" + data_},
                                                          {"inspect", run_, "--verify"},
                                                          {"info"},
                                                          {"completion", "zsh"},
                                                          {"--version"},
                                                          {"--help"}};
  for (const std::vector<std::string>& command : commands) {
    std::ostream nowhere(nullptr);
    std::ostringstream err;
    EXPECT_EQ(cli::run(command, {nowhere, err}), 74) << command[0];
    EXPECT_EQ(err.str(), "thalweg: error: cannot write standard output\n") << command[0];
  }
}

TEST_F(CommandLine, ALostSummarySaysWhereTheModelIs) {
  for (const bool saved : {true, false}) {
    std::ostream nowhere(nullptr);
    std::ostringstream err;
    std::vector<std::string> command{"train", "--quiet", "--data.train=" + data_};
    if (saved) command.push_back("--out=" + run_);
    EXPECT_EQ(cli::run(command, {nowhere, err}), 74);
    EXPECT_THAT(err.str(), HasSubstr(saved ? "its model is saved in " + run_ : "so its model is not saved"));
    EXPECT_TRUE(!saved || std::filesystem::exists(run_ + "/model.safetensors"));
  }
}

TEST_F(CommandLine, PredictAndGradientsReplaceTheFileBehindALink) {
  train();
  std::filesystem::create_directory(folder_.path("deep"));
  const auto through_link = [&](const std::string& command, const std::string& name) {
    std::filesystem::create_symlink("deep/" + name, folder_.path(name));
    output_of({command, run_, "--data.test=" + data_, "--output=" + folder_.path(name)});
    EXPECT_TRUE(std::filesystem::is_symlink(folder_.path(name))) << name;
    EXPECT_TRUE(std::filesystem::is_regular_file(folder_.path("deep/" + name))) << name;
  };
  through_link("predict", "p.csv");
  through_link("predict", "p.npy");
  through_link("gradients", "g.npy");
}

TEST_F(CommandLine, JsonIsIndentedByTwoAndTextIsATable) {
  train();
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"evaluate", run_, "--data.test=" + data_, "--json"},
        {"inspect", run_, "--json"},
        {"info", "--json"},
        {"train", "--quiet", "--data.train=" + data_, "--train.epochs=1", "--json"}}) {
    const std::string text = output_of(command);
    EXPECT_EQ(text.substr(0, 5), "{\n  \"") << command[0];
    EXPECT_EQ(text.substr(text.size() - 3), "\n}\n") << command[0];
  }
  EXPECT_THAT(output_of({"evaluate", run_, "--data.test=" + data_}), testing::StartsWith("test\n  loss  "));
  EXPECT_THAT(
      output_of({"train", "--quiet", "--data.train=" + data_, "--train.epochs=1", "--train.batch_size=60"}),
      testing::StartsWith("train (1 steps, 1 epochs, "));
}

TEST_F(CommandLine, RowsOfWeightZeroHaveNoLossInTheLog) {
  // the one row that weighs something is dropped with the last batch
  data_ = folder_.write("weights.csv", "a,y,w\n1,2,0\n2,3,0\n3,4,0\n4,5,0\n5,7,1\n");
  const auto report = train({"--data.weight=w", "--data.target=y", "--model.loss=squared",
                             "--train.batch_size=2", "--train.shuffle=false", "--train.drop_last=true",
                             "--train.epochs=1", "--train.log_every_steps=1"});
  EXPECT_TRUE(report["train.loss"].is_null());
  std::istringstream lines(contents(run_ + "/metrics.jsonl"));
  std::vector<std::string> kinds;
  for (std::string line; std::getline(lines, line);) {
    const auto object = nlohmann::json::parse(line);
    EXPECT_FALSE(object.contains("loss") || object.contains("train.loss")) << line;
    EXPECT_THAT(line, testing::Not(HasSubstr("null")));
    kinds.push_back(object.contains("epoch") ? "epoch" : "step");
  }
  EXPECT_EQ(kinds, (std::vector<std::string>{"step", "step", "epoch"}));
}

TEST_F(CommandLine, QuietLeavesStderrEmptyAndTheReportAsItIs) {
  const auto run = [&](bool quiet) {
    std::ostringstream out, err;
    std::vector<std::string> arguments{"train",  "--data.train=" + data_, "--train.epochs=2",
                                       "--json", "--out=" + run_,         "--checkpoint.resume=never"};
    if (quiet) arguments.emplace_back("--quiet");
    EXPECT_EQ(cli::run(arguments, {out, err}), 0) << err.str();
    return std::pair(nlohmann::json::parse(out.str())["parameters.xxh3"], err.str());
  };
  const auto quiet = run(true), loud = run(false);
  EXPECT_EQ(quiet.second, "");
  EXPECT_NE(loud.second, "");
  EXPECT_EQ(quiet.first, loud.first);
}

TEST_F(CommandLine, ASettingMayHaveASpaceForItsEqualsSign) {
  const auto with_equals = json_of(
      {"train", "--json", "--quiet", "--data.train=" + data_, "--optimizer.lr=0.1", "--train.epochs=2"});
  const auto with_spaces = json_of(
      {"train", "--data.train", data_, "--json", "--optimizer.lr", "0.1", "--quiet", "--train.epochs", "2"});
  EXPECT_EQ(with_spaces["parameters.xxh3"], with_equals["parameters.xxh3"]);
  const std::string config = folder_.write("c.toml", "[train]\nepochs = 2\n[optimizer]\nlr = 0.1\n");
  EXPECT_EQ(json_of({"train", "--quiet", "--data.train", data_, config, "--json"})["parameters.xxh3"],
            with_equals["parameters.xxh3"]);
}

TEST_F(CommandLine, HelpOfASettingIsFoundByAnyOfItsNames) {
  const std::string help = output_of({"help", "optimizer.lr"});
  EXPECT_THAT(help, testing::StartsWith("optimizer.lr: Learning rate"));
  for (const std::vector<std::string>& same : {std::vector<std::string>{"help", "learning-rate"},
                                               {"help", "--optimizer.lr=0.5"},
                                               {"train", "--help", "lr"},
                                               {"train", "-h", "eta0"},
                                               {"verify", "--help", "optimizer.lr"}})
    EXPECT_EQ(output_of(same), help) << same[1];
  EXPECT_THAT(output_of({"help", "schedule"}), testing::StartsWith("[schedule] Learning rate over"));
  EXPECT_EQ(output_of({"help"}), output_of({"--help"}));
  EXPECT_EQ(output_of({"help", "train"}), output_of({"train", "--help"}));
}

TEST_F(CommandLine, TheSchemaOfSettingsIsTextMarkdownOrJson) {
  EXPECT_THAT(output_of({"schema"}), HasSubstr("\n[optimizer] Update rule"));
  EXPECT_THAT(output_of({"schema", "--markdown"}), testing::StartsWith("# Settings\n"));
  EXPECT_EQ(json_of({"schema", "--json"})["settings"][0]["key"], "seed");
}

TEST_F(CommandLine, HelpInfoAndCompletionAreThere) {
  EXPECT_THAT(output_of({"--help"}), HasSubstr("Examples:"));
  EXPECT_THAT(output_of({"train", "--help"}), HasSubstr("--optimizer.lr"));
  EXPECT_THAT(output_of({"info"}), HasSubstr("cuda"));
  const auto info = json_of({"info", "--json"});
  EXPECT_EQ(info["cuda"], info["cuda.reason"] == "");
  for (const char* shell : {"bash", "zsh", "fish"})
    EXPECT_THAT(output_of({"completion", shell}), HasSubstr("optimizer.lr"));
}

}  // namespace
}  // namespace thalweg::test
