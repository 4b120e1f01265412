// Commands that ask a model: which rows they mean, what they write, and what they refuse.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "host/checkpoint/files.hpp"
#include "tests/support/commands.hpp"
#include "tests/support/run_support.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class ModelCommands : public CommandTest {
 protected:
  /// Trains on the text, a fifth of it held out.
  nlohmann::json train(const std::string& csv, const Words& settings, const std::string& name = "run") {
    Words words{"train",
                "--json",
                "--quiet",
                "--data.train=" + folder_.write("d.csv", csv),
                "--data.validation_fraction=0.2",
                "--train.epochs=20",
                "--out=" + folder_.path(name)};
    words.insert(words.end(), settings.begin(), settings.end());
    return json(words);
  }
  /// y = 3 a - b + 5.
  nlohmann::json train_numbers(const Words& settings = {}, const std::string& name = "run") {
    std::string csv = "a,b,y\n";
    for (int n = 0; n < 100; ++n) {
      const int a = n * 7 % 50, b = n % 3;
      csv += std::to_string(a) + "," + std::to_string(b) + "," + std::to_string(3 * a - b + 5.5) + "\n";
    }
    return train(csv, settings, name);
  }
  nlohmann::json train_classes(const Words& settings = {}) {
    std::string csv = "x,y\n";
    for (int n = 0; n < 100; ++n) csv += std::to_string(n * 37 % 100) + (n % 5 == 0 ? ",yes\n" : ",no\n");
    return train(csv, settings);
  }

  TemporaryFolder folder_;
  const std::string run_ = folder_.path("run");
};

TEST_F(ModelCommands, TakeRowsOfTheRunOrATestFile) {
  train_numbers();
  const std::string test = "--data.test=" + folder_.path("d.csv");
  for (const Words& command :
       std::vector<Words>{{"predict", run_, "--rows=validation", test},
                          {"evaluate", run_, "--rows=validation", "--data.test=nofile.csv"},
                          {"inspect", run_, "--importance", "--rows=train", test},
                          {"predict", run_, "--rows=train", "--data.test_rows=0:3"}}) {
    call(command, 2);
    EXPECT_THAT(errors_, HasSubstr("name different rows; give one of them")) << command[0];
  }
}

TEST_F(ModelCommands, TakeTheRowsOfTheRunsOwnSplit) {
  train_numbers({"--seed=3"});
  const std::string held_out = call({"predict", run_, "--rows=validation"});
  EXPECT_EQ(call({"predict", run_, "--rows=validation", "--seed=5"}), held_out);
  call({"predict", run_, "--rows=validation", "--data.validation_fraction=0.5"}, 2);
  EXPECT_THAT(errors_, HasSubstr("the run's own data.validation_fraction says which rows these are"));
  const Words importance{"inspect", run_, "--importance", "--rows=validation", "--json"};
  Words reseeded = importance;
  reseeded.push_back("--seed=5");
  const auto first = json(importance), second = json(reseeded);
  EXPECT_EQ(first["baseline"], second["baseline"]);
  EXPECT_NE(first["columns"][0]["mean"], second["columns"][0]["mean"]);
}

TEST_F(ModelCommands, FindTheRowsOfARunThatBeganWithAModelThatIsGone) {
  const auto report = train_numbers({}, "first");
  const auto second = train_numbers({"--model.init=" + folder_.path("first"), "--optimizer.lr=0.001"});
  EXPECT_EQ(second["task"].value("init", ""), folder_.path("first"));
  EXPECT_EQ(second["task"]["loss_chosen_by"], "model.init");
  EXPECT_FALSE(report["task"].contains("init"));
  std::filesystem::remove_all(folder_.path("first"));
  EXPECT_EQ(json({"evaluate", run_, "--rows=validation", "--json"})["validation.loss"],
            second["validation.loss"]);
}

TEST_F(ModelCommands, DoNotWriteOverWhatTheyRead) {
  train_numbers();
  const std::string test = folder_.write("t.csv", "a,b\n1,2\n"), before = read_file(test);
  call({"predict", run_, "--data.test=" + test, "--output=" + test}, 2);
  EXPECT_THAT(errors_, HasSubstr("--output is " + test + ", which the command reads"));
  EXPECT_EQ(read_file(test), before);
  call({"predict", run_, "--rows=train", "--output=" + folder_.path("./d.csv")}, 2);
  EXPECT_THAT(errors_, HasSubstr("which the command reads"));
  const std::string array = folder_.write("t.npy", "an array");
  call({"gradients", run_, "--data.test=" + array, "--output=" + array}, 2);
  EXPECT_EQ(read_file(array), "an array");
  call({"predict", run_, "--data.test=" + test, "--output=" + folder_.path("p.csv")});
  EXPECT_THAT(read_file(folder_.path("p.csv")), HasSubstr("prediction\n"));
}

TEST_F(ModelCommands, KeepTheDigitsThatAnOffsetKept) {
  std::string csv = "x,y\n";
  for (int n = 0; n < 50; ++n) csv += std::to_string(n) + "," + std::to_string(1764500000 + 3 * n) + "\n";
  train(csv, {"--model.loss=squared", "--train.epochs=200"});
  const std::string all = folder_.write("all.csv", csv), npy = folder_.path("p.npy");
  std::istringstream lines(call({"predict", run_, "--data.test=" + all}));
  call({"predict", run_, "--data.test=" + all, "--output=" + npy});
  const std::string bytes = read_file(npy);
  EXPECT_THAT(bytes, HasSubstr("'<f8', 'fortran_order': False, 'shape': (50, 1)"));
  std::string line;
  std::getline(lines, line);
  for (std::size_t n = 0; n < 50; ++n) {
    ASSERT_TRUE(std::getline(lines, line));
    double value = 0;
    std::memcpy(&value, bytes.data() + bytes.size() - 8 * (50 - n), 8);
    EXPECT_EQ(std::stod(line), value);
    EXPECT_NEAR(value, 1764500000.0 + 3.0 * static_cast<double>(n), 1) << "float32 steps by 128 here";
  }
}

TEST_F(ModelCommands, NameAnIdThatNoColumnHas) {
  std::string csv = "key,a,y\n";
  for (int n = 0; n < 50; ++n)
    csv += "k" + std::to_string(n) + "," + std::to_string(n) + "," + std::to_string(n * 2.5) + "\n";
  train(csv, {"--data.id=key"});
  call({"predict", run_, "--data.test=" + folder_.write("t.csv", "key,a\nu,1\n"), "--data.ignore=key",
        "--data.id=nope"},
       78);
  EXPECT_THAT(errors_, HasSubstr("data.id = \"nope\""));
  EXPECT_EQ(call({"predict", run_, "--data.test=" + folder_.path("t.csv")}).substr(0, 17),
            "key,prediction\nu,");
  call({"predict", run_, "--data.test=" + folder_.write("n.csv", "a\n1\n")});
  EXPECT_THAT(errors_, HasSubstr("has no column \"key\" (data.id): its rows have no names"));
}

TEST_F(ModelCommands, RefuseOptionsThatTheModelDoesNotTakeAsMistakesOfTheCommandLine) {
  train_classes();
  for (const char* threshold : {"--threshold=2", "--threshold=nan", "--threshold=-0.5"}) {
    call({"predict", run_, "--rows=train", threshold}, 2);
    EXPECT_THAT(errors_, HasSubstr("expected 0 <= threshold <= 1"));
    call({"evaluate", run_, "--rows=train", threshold}, 2);
  }
  train_numbers({"--model.hidden=4", "--checkpoint.resume=never"});
  call({"evaluate", run_, "--rows=train", "--threshold=0.5"}, 2);
  EXPECT_THAT(errors_, HasSubstr("a threshold needs a model with probabilities of two classes"));
  call({"inspect", run_, "--weights"}, 2);
  EXPECT_THAT(errors_, HasSubstr("hidden"));
}

TEST_F(ModelCommands, CountTheRowsThatTrainedWithoutClassWeights) {
  train_classes({"--data.class_weight=balanced"});
  const auto confusion = json({"evaluate", run_, "--rows=train", "--json"})["train.confusion"];
  const double no = confusion[0][0].get<double>() + confusion[0][1].get<double>(),
               yes = confusion[1][0].get<double>() + confusion[1][1].get<double>();
  EXPECT_EQ(no, 64) << "four fifths of 80 rows";
  EXPECT_EQ(yes, 16);
}

TEST_F(ModelCommands, ShowTheLargestImportanceFirstWhereTheyAreSorted) {
  train_numbers({"--data.ignore="});
  const auto columns =
      json({"inspect", run_, "--importance", "--rows=train", "--json", "--sort", "--metric=mae"})["columns"];
  EXPECT_EQ(columns[0]["name"], "a");
  EXPECT_GT(columns[0]["mean"].get<double>(), columns[1]["mean"].get<double>());
  std::string csv = "b,a,y\n";  // the least first
  for (int n = 0; n < 100; ++n)
    csv += std::to_string(n % 3) + "," + std::to_string(n * 7 % 50) + "," + std::to_string(n * 7 % 50 * 3.5) +
           "\n";
  train(csv, {"--checkpoint.resume=never"});
  const Words importance{"inspect", run_, "--importance", "--rows=train", "--json"};
  Words sorted = importance;
  sorted.push_back("--sort");
  EXPECT_EQ(json(importance)["columns"][0]["name"], "b");
  EXPECT_EQ(json(sorted)["columns"][0]["name"], "a");
}

TEST_F(ModelCommands, SayWhatTheWeightsOfClassesSumUpTo) {
  train_classes();
  EXPECT_THAT(call({"inspect", run_, "--weights"}), HasSubstr("their sum is the log-odds of yes\n"));
  train_classes({"--model.loss=softmax_cross_entropy", "--checkpoint.resume=never"});
  EXPECT_THAT(call({"inspect", run_, "--weights"}), HasSubstr("their sum is the logit of no\n"));
}

TEST_F(ModelCommands, ShowNoControlCharactersOfNames) {
  std::string csv = "x,y\n";
  for (int n = 0; n < 100; ++n)
    csv += std::to_string(n) + (n % 5 == 0 ? ",\x1B[31mred\n" : ",\"two\nlines\"\n");
  train(csv, {});
  const std::string text = call({"evaluate", run_, "--rows=train"});
  EXPECT_THAT(text, HasSubstr("\\x1b[31mred"));
  EXPECT_THAT(text, HasSubstr("two\\x0alines"));
  EXPECT_THAT(text, Not(HasSubstr("\x1B")));
  call({"train", "--data.train=" + folder_.path("d.csv"), "--train.max_steps=1"});
  EXPECT_THAT(errors_, HasSubstr("\\x1b[31mred"));
  EXPECT_THAT(errors_, Not(HasSubstr("\x1B")));
}

TEST_F(ModelCommands, ExportAModelAsAFileForOtherPrograms) {
  train_numbers();
  const std::string file = folder_.path("model.onnx");
  const std::string text = call({"export", run_, "--to=" + file});
  EXPECT_EQ(text, file + ": " + std::to_string(std::filesystem::file_size(file)) + " bytes\n");
  const std::string bytes = read_file(file);
  EXPECT_THAT(bytes, HasSubstr("thalweg"));
  EXPECT_EQ(json({"export", run_, "--to", file, "--json"}),
            (nlohmann::json{{"to", file}, {"bytes", bytes.size()}}));
}

TEST_F(ModelCommands, ExportNeverWritesOverWhatTheRunNeeds) {
  train_numbers();
  const std::string before = read_file(run_ + "/model.safetensors");
  std::filesystem::create_symlink(run_ + "/model.safetensors", folder_.path("link.onnx"));
  call({"export", run_, "--to=" + folder_.path("link.onnx")}, 2);
  EXPECT_THAT(errors_, HasSubstr("--to is " + folder_.path("link.onnx") + ", which the command reads"));
  std::filesystem::create_symlink(folder_.path("d.csv"), folder_.path("data.onnx"));
  call({"export", run_, "--to=" + folder_.path("data.onnx")}, 2);
  EXPECT_EQ(read_file(run_ + "/model.safetensors"), before);
  call({"export", run_, "--to=" + run_ + "/README.md"});
  call({"export", run_, "--to=" + run_ + "/README.md"});
  EXPECT_THAT(read_file(run_ + "/README.md"), HasSubstr("\n# \"run\"\n"));
  const std::string mine = folder_.write("README.md", "# Mine\n");
  call({"export", run_, "--to=" + mine}, 2);
  EXPECT_THAT(errors_, HasSubstr(mine + " is there, and thalweg export did not write it"));
  EXPECT_EQ(read_file(mine), "# Mine\n");
}

TEST_F(ModelCommands, NameTheWeightsInTheReport) {
  std::string csv = "x,w,y\n";
  for (int n = 0; n < 50; ++n) csv += std::to_string(n) + ",2," + std::to_string(n * 1.5) + "\n";
  EXPECT_EQ(train(csv, {"--data.weight=w"})["data"].value("weight", ""), "w");
  EXPECT_FALSE(train(csv, {"--checkpoint.resume=never"})["data"].contains("weight"));
}

}  // namespace
}  // namespace thalweg::test
