// What a user asks of a finished run: its held-out rows, another threshold, weights and importance.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/commands.hpp"
#include "tests/support/run_support.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class HeldOutRows : public CommandTest {
 protected:
  /// y = 3 a - 2 b + 5 with a about 1000 and b a text; a fifth is held out.
  nlohmann::json train_numbers() {
    std::string csv = "a,b,y\n";
    for (int n = 0; n < 200; ++n) {
      const int a = 1000 + n * 7 % 50, b = n % 3;
      csv += std::to_string(a) + "," + std::string(1, static_cast<char>('p' + b)) + "," +
             std::to_string(3 * a - 2 * b + 5) + "\n";
    }
    return train(csv, {"--data.standardize_target=true", "--model.loss=squared", "--optimizer.name=sgd",
                       "--optimizer.lr=0.5", "--train.batch_size=1000", "--train.epochs=300"});
  }
  /// Two classes that overlap, ten to one in weight.
  nlohmann::json train_classes(const std::vector<std::string>& more = {}) {
    std::string csv = "x,y\n";
    for (int n = 0; n < 200; ++n)
      csv += std::to_string(n * 37 % 100) + (n * 37 % 100 + n % 40 > 70 ? ",yes\n" : ",no\n");
    std::vector<std::string> settings{"--model.loss=logistic", "--data.class_weight=balanced",
                                      "--optimizer.lr=0.05", "--train.epochs=20"};
    settings.insert(settings.end(), more.begin(), more.end());
    return train(csv, settings);
  }
  nlohmann::json train(const std::string& csv, std::vector<std::string> settings) {
    settings.insert(settings.begin(),
                    {"train", "--json", "--quiet", "--data.train=" + folder_.write("d.csv", csv),
                     "--data.validation_fraction=0.2", "--out=" + run_});
    return json(settings);
  }
  static std::string contents(const std::string& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static std::size_t lines(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  TemporaryFolder folder_;
  const std::string run_ = folder_.path("run");
};

TEST_F(HeldOutRows, HaveTheMetricsOfTheReport) {
  const auto report = train_numbers();
  const auto validation = json({"evaluate", run_, "--rows=validation", "--json"});
  for (const char* name : {"loss", "r2", "rmse", "mae", "mape"})
    EXPECT_EQ(validation["validation." + std::string(name)], report["validation." + std::string(name)])
        << name;
  EXPECT_THAT(call({"evaluate", run_, "--rows=train"}), HasSubstr("train\n  loss "));
}

TEST_F(HeldOutRows, HaveAMetricOfAllOutputsInEveryEpochWhereTheRunWatchesIt) {
  const std::string name = "\"validation.average_precision\"";
  EXPECT_TRUE(train_classes().contains("validation.average_precision")) << "the report has all";
  EXPECT_THAT(contents(run_ + "/metrics.jsonl"), Not(HasSubstr(name)));
  train_classes({"--train.metric=average_precision", "--train.patience=5", "--checkpoint.resume=never"});
  EXPECT_THAT(contents(run_ + "/metrics.jsonl"), HasSubstr(name));
}

TEST_F(HeldOutRows, AreCountedWithoutClassWeights) {
  train_classes();
  const auto confusion = json({"evaluate", run_, "--rows=validation", "--json"})["validation.confusion"];
  const std::string predictions = call({"predict", run_, "--rows=validation", "--with-target"});
  double rows = 0;
  for (const auto& row : confusion) rows += row[0].get<double>() + row[1].get<double>();
  EXPECT_EQ(rows, static_cast<double>(lines(predictions) - 1));
  EXPECT_THAT(predictions, HasSubstr("y,class,probability no,probability yes\n"));
}

TEST_F(HeldOutRows, AndThoseOfTheTrainingAreAllRows) {
  train_numbers();
  const std::string held = call({"predict", run_, "--rows=validation"});
  const std::string trained = call({"predict", run_, "--rows=train"});
  EXPECT_GT(lines(held), 20u);
  EXPECT_EQ(lines(held) + lines(trained), 200u + 2);
  const std::string npy = folder_.path("p.npy");
  call({"predict", run_, "--rows=validation", "--output=" + npy});
  EXPECT_EQ(std::filesystem::file_size(npy) % 64, 4 * (lines(held) - 1) % 64);
}

TEST_F(HeldOutRows, NeedARunThatHeldRowsOutAndItsData) {
  train_numbers();
  call({"evaluate", run_ + "/model.safetensors", "--rows=validation"}, 2);
  EXPECT_THAT(errors_, HasSubstr("--rows=validation needs the folder of a run"));
  call({"evaluate", run_}, 2);
  EXPECT_THAT(errors_, HasSubstr("or --rows=validation for the rows that the run held out"));
  call({"evaluate", run_, "--rows=validation", "--data.validation_fraction=0"}, 2);
  EXPECT_THAT(errors_, HasSubstr("the run's own data.validation_fraction says which rows these are"));
  folder_.write("d.csv", "a,b,y\n1,p,2\n2,q,3\n3,r,4\n4,p,5\n");
  call({"evaluate", run_, "--rows=validation"}, 65);
  EXPECT_THAT(errors_, HasSubstr("other rows or columns than those that the model was trained on"));
}

TEST_F(HeldOutRows, FollowAThresholdInEvaluationAndPredictions) {
  train_classes();
  const auto all = json({"evaluate", run_, "--rows=train", "--threshold=0", "--json"});
  EXPECT_EQ(all["threshold"], 0);
  EXPECT_EQ(all["train.recall"], 1);
  EXPECT_EQ(all["train.confusion"][0][0], 0);
  const auto some = json({"evaluate", run_, "--rows=train", "--threshold=0.8", "--json"});
  const std::string csv = call({"predict", run_, "--rows=train", "--threshold=0.8"});
  std::istringstream rows(csv);
  std::string line;
  std::getline(rows, line);
  double yes = 0;
  while (std::getline(rows, line)) {
    const bool predicted = line.starts_with("yes,");
    EXPECT_EQ(predicted, std::stod(line.substr(line.rfind(',') + 1)) >= 0.8) << line;
    yes += predicted;
  }
  EXPECT_GT(yes, 0);
  EXPECT_EQ(some["train.confusion"][0][1].get<double>() + some["train.confusion"][1][1].get<double>(), yes);
  call({"predict", run_, "--rows=train", "--threshold=2"}, 2);
}

TEST_F(HeldOutRows, ArePredictedAsJsonLines) {
  train_classes();
  const std::string text =
      call({"predict", run_, "--rows=validation", "--json", "--with-target", "--top-k=1"});
  const auto first = nlohmann::json::parse(text.substr(0, text.find('\n')));
  EXPECT_EQ(first["class"], first["top"][0]["class"]);
  EXPECT_GE(first["top"][0]["probability"], 0.5);
  EXPECT_TRUE(first["target"] == "yes" || first["target"] == "no");
  const std::string file = folder_.path("p.jsonl");
  call({"predict", run_, "--rows=validation", "--output=" + file});
  EXPECT_GT(std::filesystem::file_size(file), 100u);
}

TEST_F(HeldOutRows, RefuseOutputsThatCannotHoldWhatIsAsked) {
  train_classes();
  call({"predict", run_, "--rows=train", "--json", "--output=p.csv"}, 2);
  EXPECT_THAT(errors_, HasSubstr("expected a name that ends in .jsonl, as --json is given"));
  call({"predict", run_, "--rows=train", "--with-target", "--output=p.npy"}, 2);
  EXPECT_THAT(errors_, HasSubstr("a .npy file holds values alone"));
  folder_.write("ids.csv", "key,x\nr-1,5\nr-2,90\n");
  const std::vector<std::string> named{"predict", run_, "--data.test=" + folder_.path("ids.csv"),
                                       "--data.id=key"};
  EXPECT_THAT(call(named), HasSubstr("key,class,probability no,probability yes\nr-1,no,"));
  std::vector<std::string> to_array = named;
  to_array.push_back("--output=" + folder_.path("p.npy"));
  call(to_array, 2);
  EXPECT_THAT(errors_, HasSubstr("a .npy file holds values alone: no ids; expected .csv or .jsonl, or "
                                 "--data.id= --data.ignore=key"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path("p.npy")));
  to_array.insert(to_array.end(), {"--data.id=", "--data.ignore=key"});
  call(to_array);
  EXPECT_EQ(std::filesystem::file_size(folder_.path("p.npy")) % 64, 4 * 2 * 2);
  call({"predict", run_, "--rows=train", "--top-k=3"}, 2);
  EXPECT_THAT(errors_, HasSubstr("--top-k is 3; the model predicts 2"));
  train_classes({"--model.loss=hinge", "--checkpoint.resume=never"});
  call({"predict", run_, "--rows=train", "--top-k=1"}, 2);
  EXPECT_THAT(errors_, HasSubstr("the model predicts one score for two classes"));
}

TEST_F(HeldOutRows, OfAFoldAreThoseThatItHeldOut) {
  const auto report = train_classes({"--data.validation_fraction=0", "--data.folds=2"});
  for (const int fold : {0, 1}) {
    const std::string folder = run_ + "/fold-" + std::to_string(fold);
    const auto held_out = json({"evaluate", folder, "--rows=validation", "--json"});
    for (const char* metric : {"validation.loss", "validation.confusion"})
      EXPECT_EQ(held_out[metric], report["folds"][static_cast<std::size_t>(fold)][metric]) << folder;
    EXPECT_EQ(lines(call({"predict", folder, "--rows=train"})), 1 + 100u);
  }
  call({"evaluate", run_ + "/fold-0", "--rows=validation", "--out=" + run_ + "/fold-1"}, 65);
  EXPECT_THAT(errors_, HasSubstr("other rows or columns than those that the model was trained on"));
  for (const char* out : {"elsewhere", "fold-2", "fold-x", "fold-", "fold--1"}) {
    call({"evaluate", run_ + "/fold-0", "--rows=train", std::string("--out=") + out}, 2);
    EXPECT_THAT(errors_,
                HasSubstr("the model is that of one of 2 folds, and its out is \"" + std::string(out)));
  }
}

TEST_F(HeldOutRows, OfALinearModelShowItsWeightsInTheUnitsOfTheData) {
  train_numbers();
  const auto output = json({"inspect", run_, "--weights", "--json"})["outputs"][0];
  EXPECT_EQ(output["weights"][0]["name"], "a");
  EXPECT_NEAR(output["weights"][0]["weight"], 3, 1e-4);
  EXPECT_EQ(output["weights"][2]["name"], "b=q");
  const double p = output["weights"][1]["weight"], q = output["weights"][2]["weight"];
  EXPECT_NEAR(q - p, -2, 1e-3);
  EXPECT_NEAR(output["intercept"].get<double>() + p, 5, 0.1);
  const std::string text = call({"inspect", run_, "--weights", "--sort"});
  EXPECT_THAT(text, HasSubstr("weights in the units of the data; their sum is the prediction\n"));
  EXPECT_LT(text.find("  a "), text.find("  b="));
  EXPECT_THAT(text, HasSubstr("\n  intercept "));
}

TEST_F(HeldOutRows, RefuseOptionsThatHaveNoEffect) {
  train_numbers();
  call({"inspect", run_, "--sort"}, 2);
  EXPECT_THAT(errors_, HasSubstr("--sort needs --weights, --standard-errors or --importance"));
  for (const char* option : {"--metric=mae", "--repeats=3", "--rows=train"}) {
    call({"inspect", run_, "--weights", option}, 2);
    EXPECT_THAT(errors_, HasSubstr("requires --importance")) << option;
  }
}

TEST_F(HeldOutRows, TellHowMuchAColumnMatters) {
  train_numbers();
  const auto result = json({"inspect", run_, "--importance", "--rows=validation", "--json", "--repeats=20"});
  EXPECT_EQ(result["metric"], "r2");
  EXPECT_EQ(result["columns"].size(), 2u);
  EXPECT_EQ(result["columns"][1]["name"], "b");
  // r2 of a permuted column that explains nearly everything is near 1 - 2
  EXPECT_NEAR(result["columns"][0]["mean"], 2, 0.3);
  EXPECT_LT(result["columns"][1]["mean"], 0.05);
  const std::string text =
      call({"inspect", run_, "--importance", "--data.test=" + folder_.path("d.csv"), "--metric=mae"});
  EXPECT_THAT(text, HasSubstr("loses when a column is permuted, 5 times\n  column"));
  call({"inspect", run_, "--importance", "--rows=train", "--metric=f1"}, 2);
  EXPECT_THAT(errors_, HasSubstr("--metric is \"f1\"; expected one of"));
}

}  // namespace
}  // namespace thalweg::test
