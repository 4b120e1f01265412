// `thalweg bench` as a user runs it, at tiny shapes: what it prints, never how fast it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "host/bench/bench.hpp"
#include "host/cli/cli.hpp"
#include "tests/support/run_support.hpp"

namespace thalweg::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

/// Shapes and times so small that all workloads take a second or two.
std::vector<std::string> tiny(std::vector<std::string> more = {}) {
  std::vector<std::string> arguments{"bench",          "--device=cpu",   "--threads=2",   "--memory=1",
                                     "--time=0",       "--rows=200",     "--features=60", "--batch=32",
                                     "--entries=9",    "--hidden=16,12", "--outputs=4",   "--parameters=3000",
                                     "--repetitions=2"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

std::string output_of(const std::vector<std::string>& arguments, const std::string& input = "") {
  std::ostringstream out, err;
  std::istringstream in(input);
  EXPECT_EQ(cli::run(arguments, {out, err, &in}), 0) << err.str();
  EXPECT_EQ(err.str(), "");
  return out.str();
}

std::vector<json> lines_of(const std::string& text) {
  std::vector<json> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
  return lines;
}

TEST(BenchCommand, EveryWorkloadGivesLinesWithAllFields) {
  const std::vector<json> lines = lines_of(output_of(tiny({"--json"})));
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines[0]["kind"], "machine");
  EXPECT_GT(lines[0]["figures"]["fma"]["value"], 0);
  std::set<std::string> seen;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const json& line = lines[i];
    for (const char* field : {"workload", "shape", "device", "threads", "runs", "disturbed", "bytes", "flops",
                              "limit", "limit_rate", "check", "samples_per_second", "bytes_per_second",
                              "flops_per_second", "percent_of_limit"})
      EXPECT_TRUE(line.contains(field)) << field << " in " << line;
    EXPECT_EQ(line["kind"], "result");
    EXPECT_GT(line["seconds"], 0) << line;
    EXPECT_GE(line["spread"], 0) << line;
    EXPECT_GE(line["repetitions"].size(), 2u) << line;
    EXPECT_GT(line["bytes"], 0) << line;
    if (!line["check"].is_null()) {
      EXPECT_LE(line["check"]["error"], line["check"]["bound"]) << line;
    }
    seen.insert(line["workload"]);
  }
  for (const auto& [name, about] : bench::workload_list())
    EXPECT_EQ(seen.count(name), name == "machine" ? 0 : 1) << name;
}

TEST(BenchCommand, PerSampleStepsAreHeldAgainstThePlainOne) {
  const std::vector<json> lines = lines_of(output_of(tiny({"per_sample", "--json"})));
  ASSERT_EQ(lines.size(), 5u);
  const char* const steps[] = {"plain", "norms", "clipped", "statistics"};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(lines[i + 1]["shape"]["step"], steps[i]);
    EXPECT_EQ(lines[i + 1].contains("ratio_to_plain"), i > 0);
  }
  EXPECT_EQ(lines[1]["extra_bytes"], 0);
  // Clipping keeps every layer's output gradient: at most batch times the sum of widths more than a plain
  // step.
  EXPECT_LE(lines[3]["extra_bytes"], 4 * 32 * (16 + 12 + 4));
}

TEST(BenchCommand, TheReferenceIsADeviceAsWell) {
  auto arguments = tiny({"logistic", "gemm", "--json"});
  arguments[1] = "--device=reference";
  EXPECT_EQ(lines_of(output_of(arguments))[0]["device"], "reference");
}

TEST(BenchCommand, TextIsATableUnderTheFiguresOfTheMachine) {
  const std::string text = output_of(tiny({"logistic", "--order=shuffled"}));
  EXPECT_THAT(text, HasSubstr("flop/s"));
  EXPECT_THAT(text, HasSubstr("of the limit"));
  EXPECT_THAT(text, HasSubstr("features=60 batch=32 shuffled"));
  EXPECT_THAT(text, Not(HasSubstr("sequential")));
}

TEST(BenchCommand, OnRequestAnswersEachLineWithARepetition) {
  const std::string out =
      output_of(tiny({"logistic", "--order=shuffled", "--on-request"}), "go\ngo\nend\nnobody reads this\n");
  const std::vector<json> lines = lines_of(out);
  ASSERT_EQ(lines.size(), 3u) << out;
  EXPECT_EQ(lines[0]["ready"], "features=60 batch=32 shuffled");
  for (std::size_t i = 1; i < 3; ++i) {
    EXPECT_GT(lines[i]["seconds"], 0);
    EXPECT_GT(lines[i]["samples_per_second"], 0);
  }
}

TEST(BenchCommand, WritesTheDataItMadeForOtherPrograms) {
  const TemporaryFolder folder;
  output_of(tiny({"logistic", "--write-data=" + folder.path("dense")}));
  output_of(tiny({"sparse", "--write-data=" + folder.path("sparse")}));
  Config config;
  config.data.train = folder.path("dense/x.npy");
  config.data.target = folder.path("dense/target.npy");
  const Dataset data = read_training_data(config.data, TargetUse::classes);
  EXPECT_EQ(data.rows, 200);
  EXPECT_EQ(data.features, 60);
  for (const char* name : {"offsets", "columns", "values", "target"})
    EXPECT_TRUE(std::filesystem::exists(folder.path("sparse/" + std::string(name) + ".npy"))) << name;
}

TEST(BenchCommand, HelpNamesTheWorkloads) {
  const std::string help = output_of({"bench", "--help"});
  for (const auto& [name, about] : bench::workload_list()) EXPECT_THAT(help, HasSubstr(name + ": " + about));
}

/// Every long flag that --help lists.
TEST(BenchCommand, CompletionKnowsEveryFlag) {
  const std::string help = output_of({"bench", "--help"});
  const std::string bash = output_of({"completion", "bash"}), fish = output_of({"completion", "fish"});
  std::istringstream words(help);
  int flags = 0;
  for (std::string word; words >> word;) {
    const std::string flag = word.substr(0, word.find_first_of(",{"));
    if (!flag.starts_with("--") || flag.starts_with("--help")) continue;
    ++flags;
    EXPECT_THAT(bash, HasSubstr(flag + " "));
    EXPECT_THAT(fish, HasSubstr("bench' -l '" + flag.substr(2) + "'"));
  }
  EXPECT_GE(flags, 20);
}

}  // namespace
}  // namespace thalweg::test
