// thalweg report: which rows its page shows, where it writes, what it says is missing, and that the command
// on the page repeats the run.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "host/checkpoint/files.hpp"
#include "host/cli/cli.hpp"
#include "tests/support/run_support.hpp"
#include "tests/support/xml.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using Words = std::vector<std::string>;

class ReportCommand : public testing::Test {
 protected:
  std::string call(const Words& arguments) {
    std::ostringstream out, err;
    EXPECT_EQ(cli::run(arguments, {out, err}), 0) << err.str();
    errors_ = err.str();
    return out.str();
  }
  std::string path(const std::string& name) const { return folder_.path(name); }
  std::string page(const std::string& file) const { return read_file(folder_.path(file)); }
  std::string table(const std::string& name, int rows) {
    std::string csv = "a,b,y\n";
    for (int n = 0; n < rows; ++n)
      csv += std::to_string(n % 11) + "," + std::to_string(n % 7) + "," +
             std::to_string(2 * (n % 11) + n % 3) + "\n";
    return folder_.write(name, csv);
  }
  nlohmann::json train(const std::string& name, const Words& settings = {}) {
    Words words{"train",
                "--json",
                "--quiet",
                "--device=cpu",
                "--train.threads=1",
                "--train.epochs=3",
                "--data.train=" + table("d.csv", 80),
                "--out=" + path(name)};
    words.insert(words.end(), settings.begin(), settings.end());
    return nlohmann::json::parse(call(words));
  }

  TemporaryFolder folder_;
  std::string errors_;
};

TEST_F(ReportCommand, WritesThePageOfANetworkOnImagesInFewBytes) {
  call({"train", "--quiet", "--device=cpu", "--data.train=" + data_file("mnist10k-images-idx3-ubyte.gz"),
        "--data.target=" + data_file("mnist10k-labels-idx1-ubyte.gz"), "--data.train_rows=0:3000",
        "--data.validation_fraction=0.3", "--model.hidden=64", "--train.epochs=3",
        "--train.log_every_steps=1", "--per_sample.statistics=true", "--out=" + path("run")});
  const std::string said = call({"report", path("run")});
  const std::string first = page("run/report.html");
  EXPECT_EQ(said, path("run/report.html") + ": " + std::to_string(first.size()) + " bytes\n");
  EXPECT_LE(first.size(), 200'000u);
  EXPECT_EQ(xml_problem(first), "");
  EXPECT_THAT(first, Not(HasSubstr("http")));
  EXPECT_THAT(first, Not(HasSubstr("<script")));
  for (const char* part :
       {">Confusion</text>", ">ROC, each class against the rest</text>", ">Gradient norm</text>",
        ">Calibration of the predicted class</text>", "<td>norm 5</td>"})
    EXPECT_THAT(first, HasSubstr(part));
  call({"report", path("run")});
  EXPECT_EQ(page("run/report.html"), first);
}

TEST_F(ReportCommand, ShowsTheRowsThatTheRunDidNotLearnFrom) {
  const auto report = train("run", {"--data.validation_fraction=0.25", "--data.test=" + table("t.csv", 33)});
  const auto said = nlohmann::json::parse(call({"report", path("run"), "--json"}));
  EXPECT_EQ(said["output"], path("run/report.html"));
  EXPECT_EQ(said["bytes"], page("run/report.html").size());
  EXPECT_EQ(said["runs"], nlohmann::json{path("run")});
  EXPECT_TRUE(said["notes"].empty());
  const std::string text = page("run/report.html");
  EXPECT_THAT(text, HasSubstr("<th class=\"n\">test, 33 rows</th>"));
  EXPECT_THAT(text, HasSubstr("<th class=\"n\">validation, " +
                              std::to_string(report["data"]["validation_rows"].get<int>()) + " rows</th>"));
  EXPECT_THAT(
      text, HasSubstr("<td class=\"n\">" + fmt::format("{:.6g}", report["test.r2"].get<double>()) + "</td>"));
  EXPECT_THAT(text, HasSubstr("<td>" + report["parameters.xxh3"].get<std::string>() + "</td>"));
}

TEST_F(ReportCommand, IsThePageThatTheRunItselfWrites) {
  train("run",
        {"--data.validation_fraction=0.25", "--data.test=" + table("t.csv", 33), "--train.report=true"});
  const std::string own = page("run/report.html");
  call({"report", path("run"), "--output=" + path("again.html")});
  EXPECT_EQ(page("again.html"), own);
}

TEST_F(ReportCommand, ARunWithoutSuchRowsShowsItsTrainingRows) {
  train("run", {"--per_sample.statistics=true"});
  call({"report", path("run")});
  EXPECT_THAT(page("run/report.html"), HasSubstr("<th class=\"n\">train, 80 rows</th>"));
  EXPECT_THAT(page("run/report.html"), HasSubstr("<td>norm 1</td><td>" + path("d.csv") + " line "));
}

TEST_F(ReportCommand, DataThatAreGoneAreLeftOutAndNamed) {
  train("run", {"--data.validation_fraction=0.25"});
  remove_path(path("d.csv"));
  call({"report", path("run")});
  EXPECT_THAT(errors_, HasSubstr("The validation rows are left out: "));
  EXPECT_THAT(errors_, HasSubstr("d.csv"));
  const std::string text = page("run/report.html");
  EXPECT_THAT(text, HasSubstr("<li>The validation rows are left out: "));
  EXPECT_THAT(text, HasSubstr(">Loss</text>"));
  EXPECT_THAT(text, Not(HasSubstr("<h2>Scores</h2>")));
  call({"report", path("run"), "--quiet"});
  EXPECT_EQ(errors_, "");
}

TEST_F(ReportCommand, TestRowsMayComeFromElsewhere) {
  train("run", {"--data.validation_fraction=0.25"});
  call({"report", path("run"), "--data.test=" + table("new.csv", 21)});
  EXPECT_THAT(page("run/report.html"),
              HasSubstr("<th class=\"n\">test, 21 rows</th><th class=\"n\">validation, "));
}

TEST_F(ReportCommand, RowsOfStandardInputAreGone) {
  train("run");
  std::string config = page("run/config.toml");
  const std::string train = "\"" + path("d.csv") + "\"";
  config.replace(config.find(train), train.size(), "\"-\"");
  folder_.write("run/config.toml", config);
  call({"report", path("run")});
  EXPECT_EQ(errors_, "The train rows are left out: they came by standard input\n");
}

TEST_F(ReportCommand, StandardErrorsComeFromTheRowsTrainedOn) {
  train("run", {"--data.validation_fraction=0.25"});
  const auto inspected =
      nlohmann::json::parse(call({"inspect", path("run"), "--standard-errors", "--json"}))["outputs"][0];
  call({"report", path("run"), "--standard-errors"});
  const std::string text = page("run/report.html");
  EXPECT_THAT(text, HasSubstr(">Largest weights, with intervals of 95 %</text>"));
  for (const auto& weight : inspected["weights"])
    EXPECT_THAT(text, HasSubstr("<td class=\"n\">" +
                                fmt::format("{:.6g}", weight["standard_error"].get<double>()) + "</td>"));
}

TEST_F(ReportCommand, ComparesTheRunsOfAFolder) {
  create_folders(path("runs"));
  train("runs/slow", {"--data.validation_fraction=0.25", "--optimizer.lr=0.0001"});
  train("runs/good", {"--data.validation_fraction=0.25", "--optimizer.lr=0.05"});
  const std::string said = call({"report", path("runs"), "--metric=r2"});
  EXPECT_THAT(said, testing::StartsWith(path("runs/report.html") + ": "));
  const std::string text = page("runs/report.html");
  EXPECT_LT(text.find("<tr><td>good</td>"), text.find("<tr><td>slow</td>"));
  EXPECT_THAT(text, HasSubstr("<th>optimizer.lr</th>"));
  EXPECT_EQ(xml_problem(text), "");
  const auto json = nlohmann::json::parse(
      call({"report", path("runs/good"), path("runs/slow"), "--json", "--output=" + path("two.html")}));
  EXPECT_EQ(json["runs"], (nlohmann::json{path("runs/good"), path("runs/slow")}));
  EXPECT_THAT(page("two.html"), HasSubstr("<h1>2 runs</h1>"));
  const auto all = nlohmann::json::parse(call({"report", path("runs/good"), path("runs/report.html"),
                                               path("runs/slow"), "--json", "--output=" + path("two.html")}));
  EXPECT_EQ(all["runs"], json["runs"]) << "runs/*";
}

TEST_F(ReportCommand, NoPageOfSomebodyElseGivesWay) {
  train("run");
  const std::string mine = "<!DOCTYPE html>\n<html>mine</html>\n";
  write_file_atomically(path("mine.html"), mine);
  std::ostringstream out, err;
  EXPECT_EQ(cli::run(Words{"report", path("run"), "--output=" + path("mine.html")}, {out, err}), 2);
  EXPECT_THAT(err.str(), HasSubstr("mine.html is there, and thalweg report did not write it"));
  EXPECT_EQ(page("mine.html"), mine);
}

TEST_F(ReportCommand, SaysThatAModelDivergedInItsFirstEpoch) {
  std::ostringstream out, err;
  EXPECT_EQ(
      cli::run(Words{"train", "--quiet", "--device=cpu", "--data.train=" + table("d.csv", 80),
                     "--data.standardize=false", "--data.standardize_target=false", "--optimizer.name=sgd",
                     "--optimizer.lr=1e9", "--train.batch_size=8", "--out=" + path("run")},
               {out, err}),
      76);
  call({"report", path("run")});
  EXPECT_THAT(page("run/report.html"),
              HasSubstr("The loss of the train rows is not finite: the model has diverged."));
}

TEST_F(ReportCommand, TheCommandOnThePageRepeatsTheRun) {
  const auto report = train("run", {"--data.validation_fraction=0.25"});
  call({"report", path("run")});
  const std::string text = page("run/report.html");
  const std::size_t begin = text.find("thalweg train ") + 8;
  std::istringstream command(text.substr(begin, text.find("NEW_FOLDER") - begin));
  Words words;
  for (std::string word; command >> word;) words.push_back(word);
  words.back() += path("again");
  words.insert(words.end(), {"--json", "--quiet"});
  EXPECT_EQ(nlohmann::json::parse(call(words))["parameters.xxh3"], report["parameters.xxh3"]);
}

}  // namespace
}  // namespace thalweg::test
