// thalweg convert and inspect of what it wrote: what they say, their exit codes, and what they leave.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "host/cli/cli.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/default_signals.hpp"

namespace thalweg::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

/// Text that is a signal to the process as soon as there is some.
class AlarmingText : public std::stringbuf {
 protected:
  int sync() override {
    std::raise(SIGTERM);
    return 0;
  }
};

class ConvertCommand : public DataFiles {
 protected:
  struct Result {
    int code;
    std::string out, err;
  };
  static Result run(const std::vector<std::string>& arguments) {
    std::ostringstream out, err;
    const int code = cli::run(arguments, {out, err});
    return {code, out.str(), err.str()};
  }
  static std::string said(const std::vector<std::string>& arguments, int code = 0) {
    const Result result = run(arguments);
    EXPECT_EQ(result.code, code) << result.err;
    return result.out;
  }
  std::string table() const { return write("d.csv", "a,b,kind\n1,2,x\n3,4,y\n5,6,x\n7,0.5,x\n"); }
  std::string sparse() const { return write("d.svm", "1 1:0.5 7:2\n-1 2:1\n1 3:1 4:1 5:1\n-1 7:8\n1 1:1\n"); }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(path("")))
      names.push_back(file.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
};

TEST_F(ConvertCommand, SaysWhatItWrote) {
  const std::string out = path("shards");
  EXPECT_THAT(
      said({"convert", table(), out}),
      MatchesRegex(".*/shards: 4 rows of 2 features in 1 shard, 0\\.0 MB in [0-9.]+ s, [0-9.]+ MB/s\n"));
  const auto json =
      nlohmann::json::parse(said({"convert", sparse(), path("more"), "--json", "--shard_mb=1"}));
  EXPECT_EQ(json["out"], path("more"));
  EXPECT_EQ(json["rows"], 5);
  EXPECT_EQ(json["features"], 7);
  EXPECT_EQ(json["shards"], 1);
  std::int64_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(path("more")))
    bytes += static_cast<std::int64_t>(file.file_size());
  EXPECT_EQ(json["bytes"], bytes);
  EXPECT_NEAR(json["megabytes_per_second"].get<double>() * json["seconds"].get<double>(),
              static_cast<double>(bytes) / 1e6, 1e-9);
}

TEST_F(ConvertCommand, ShardsHaveTheSizeThatIsAskedFor) {
  // 3 MB of features: two shards of a mebibyte, and the rest
  const std::vector<float> cells(750'000, 0.5F), targets(7500, 1);
  const std::string x = write("x.npy", npy("<f4", "(7500, 100)", cells)),
                    y = write("y.npy", npy("<f4", "(7500,)", targets));
  const auto json = nlohmann::json::parse(said({"convert", x, path("shards"), "--data.target=" + y,
                                                "--data.standardize=false", "--shard_mb", "1", "--json"}));
  EXPECT_EQ(json["shards"], 3);
}

TEST_F(ConvertCommand, NumbersOf16BitsAreAskedForByName) {
  const std::string data = write("x.csv", "a,y\n0.1,1\n3,2.5\n");
  const Result halves = run({"convert", data, path("shards"), "--dtype=f16", "--data.standardize=false"});
  EXPECT_EQ(halves.code, 0);
  EXPECT_THAT(halves.err, HasSubstr("f16 rounded 1 of 2 numbers, by at most 0.00024 of the number"));
  EXPECT_THAT(said({"inspect", path("shards"), "--json"}), HasSubstr("\"dtype\": \"f16\""));
  const Result unknown = run({"convert", data, path("more"), "--dtype=f64"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("--dtype: f64 not in {f32,f16,bf16}"));
  EXPECT_EQ(run({"convert", sparse(), path("more"), "--dtype=bf16"}).code, 2);
  EXPECT_THAT(names(), ElementsAre("d.svm", "shards", "x.csv"));
}

TEST_F(ConvertCommand, ExitCodesAreThoseOfEveryCommand) {
  EXPECT_EQ(run({"convert", path("none.csv"), path("shards")}).code, 66);
  const Result bad = run({"convert", write("bad.csv", "a,y\n1,2\n3\n"), path("shards")});
  EXPECT_EQ(bad.code, 65);
  EXPECT_THAT(bad.err, HasSubstr("bad.csv line 3"));
  EXPECT_EQ(run({"convert", table()}).code, 2);
  EXPECT_EQ(run({"convert", table(), path("shards"), "--shard_mb=0"}).code, 2);
  EXPECT_EQ(run({"convert", table(), path("shards"), "--data.none=1"}).code, 78);
  const Result twice = run({"convert", table(), path("shards"), "--data.train=" + sparse()});
  EXPECT_EQ(twice.code, 2);
  EXPECT_THAT(twice.err, HasSubstr("data.train and " + table() + " both name the data"));
  EXPECT_THAT(names(), ElementsAre("bad.csv", "d.csv", "d.svm"));
  said({"convert", table(), path("shards")});
  const Result again = run({"convert", table(), path("shards")});
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.err, HasSubstr("shards exists"));
}

TEST_F(ConvertCommand, ADiskWithoutRoomLeavesNothing) {
  const std::string x = write("x.npy", npy("<f4", "(10000, 100)", std::vector<float>(1'000'000, 0.5F))),
                    y = write("y.npy", npy("<f4", "(10000,)", std::vector<float>(10'000, 1)));
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit most{.rlim_cur = 100'000, .rlim_max = 100'000};
    ::setrlimit(RLIMIT_FSIZE, &most);
    ::_exit(run({"convert", x, path("shards"), "--data.target=" + y}).code);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 74);
  EXPECT_THAT(names(), ElementsAre("x.npy", "y.npy"));
}

TEST_F(ConvertCommand, ASignalEndsItAndLeavesNothing) {
  heed_signals();
  std::vector<float> cells(6'000'000, 0.5F);
  const std::string x = write("x.npy", npy("<f4", "(60000, 100)", cells)),
                    y = write("y.npy", npy("<f4", "(60000,)", std::vector<float>(60'000, 1)));
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    AlarmingText text;  // the first is that a seed does nothing; then reading begins
    std::ostream err(&text);
    std::ostringstream out;
    ::_exit(cli::run({"convert", x, path("shards"), "--data.target=" + y, "--shard_mb=1", "--seed=1"},
                     {out, err}));
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
  EXPECT_THAT(names(), ElementsAre("x.npy", "y.npy"));
}

TEST_F(ConvertCommand, SettingsOfARunAreNamedAndDoNothing) {
  const Result result = run({"convert", table(), path("shards"), "--data.class_weight=balanced",
                             "--optimizer.lr=1", "--data.standardize=false", "--train.threads=1"});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.err, HasSubstr("data.class_weight has no effect on a conversion; a run on the shards "
                                    "reads it\noptimizer.lr has no effect"));
  EXPECT_THAT(result.err, testing::Not(HasSubstr("data.standardize has")));
  EXPECT_THAT(result.err, testing::Not(HasSubstr("train.threads has")));
  EXPECT_EQ(run({"convert", table(), path("more"), "--seed=1", "--quiet"}).err, "");
}

TEST_F(ConvertCommand, TheLossSaysWhatTheTargetsAre) {
  const std::string data = write("n.csv", "a,y\n1,0\n2,1\n3,0\n4,1\n");
  said({"convert", data, path("numbers"), "--model.loss=squared"});
  said({"convert", data, path("classes"), "--model.loss=logistic"});
  EXPECT_THAT(said({"inspect", path("numbers")}), HasSubstr("targets            numbers\n"));
  EXPECT_THAT(said({"inspect", path("classes")}), HasSubstr("targets            classes\n"));
}

TEST_F(ConvertCommand, InspectShowsASetOfShards) {
  said({"convert", table(), path("shards"), "--data.standardize=false"});
  const std::string text = said({"inspect", path("shards")});
  EXPECT_THAT(text, HasSubstr("rows               4\n"
                              "features           2\n"
                              "kind               dense\n"
                              "dtype              f32\n"
                              "cells              inputs\n"
                              "row_bytes          8\n"
                              "targets            classes\n"
                              "classes            [\"x\",\"y\"]\n"
                              "class_rows         [3,1]\n"
                              "shards             1\n"));
  EXPECT_THAT(text, HasSubstr("source             d.csv\n"));
  said({"convert", sparse(), path("sparse"), "--model.loss=squared"});
  const auto json = nlohmann::json::parse(said({"inspect", path("sparse"), "--json"}));
  EXPECT_EQ(json["kind"], "sparse");
  EXPECT_EQ(json["entries"], 8);
  EXPECT_EQ(json["longest_row"], 3);
  EXPECT_EQ(json["targets"], "numbers");
  EXPECT_FALSE(json.contains("classes"));
  EXPECT_FALSE(json.contains("weight_sum"));
  EXPECT_EQ(json["bytes"], std::filesystem::file_size(path("sparse") + "/shard-00000.safetensors"));
  const std::string weights = write("w.txt", "1\n2\n0.5\n0\n3\n");
  said({"convert", sparse(), path("weighted"), "--data.weight=" + weights});
  EXPECT_THAT(said({"inspect", path("weighted")}), HasSubstr("weight_sum         6.5\n"));
}

TEST_F(ConvertCommand, InspectVerifiesEveryShard) {
  const std::vector<float> cells(600'000, 0.5F), targets(6000, 1);
  const std::string x = write("x.npy", npy("<f4", "(6000, 100)", cells)),
                    y = write("y.npy", npy("<f4", "(6000,)", targets));
  said({"convert", x, path("shards"), "--data.target=" + y, "--data.standardize=false", "--shard_mb=1"});
  EXPECT_EQ(said({"inspect", path("shards"), "--verify"}), "3 valid, 0 damaged\n");
  std::fstream shard(path("shards") + "/shard-00001.safetensors", std::ios::in | std::ios::out);
  shard.seekp(300'000);
  shard.put('\x7f');
  shard.close();
  const Result damaged = run({"inspect", path("shards"), "--verify"});
  EXPECT_EQ(damaged.code, 65);
  EXPECT_EQ(damaged.out, "2 valid, 1 damaged\n");
  EXPECT_THAT(damaged.err, HasSubstr("shard-00001.safetensors"));
}

TEST_F(ConvertCommand, StandardInputIsConverted) {
  const std::string data = table();
  const std::string command = std::string("cat ") + data;
  FILE* const pipe = ::popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  const int old = ::dup(STDIN_FILENO);
  ::dup2(::fileno(pipe), STDIN_FILENO);
  const Result result = run({"convert", "-", path("shards")});
  ::dup2(old, STDIN_FILENO);
  ::close(old);
  ::pclose(pipe);
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("4 rows of 2 features"));
}

}  // namespace
}  // namespace thalweg::test
