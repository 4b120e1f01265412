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

TEST_F(ConvertCommand, CompressedShardsAreAskedForByNameAndTrainTheSameModel) {
  const std::string data = sparse();
  said({"convert", data, path("packed"), "--compress=zstd"});
  EXPECT_THAT(said({"inspect", path("packed")}), HasSubstr("\ncompress           zstd\n"));
  said({"convert", data, path("plain"), "--compress=none"});
  EXPECT_THAT(said({"inspect", path("plain")}), testing::Not(HasSubstr("compress")));
  const auto bits = [&](const std::string& shards) {
    return nlohmann::json::parse(said({"train", "--data.train=" + shards, "--out=" + path("run"), "--quiet",
                                       "--json", "--checkpoint.resume=never"}))["parameters.xxh3"];
  };
  EXPECT_EQ(bits(path("packed")), bits(path("plain")));
  const Result unknown = run({"convert", data, path("more"), "--compress=rar"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("--compress: rar not in {none,zstd}"));
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

TEST_F(ConvertCommand, InspectNamesTheManifestThatASetLacks) {
  said({"convert", table(), path("shards")});
  std::filesystem::remove(path("shards/manifest.json"));
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"inspect", path("shards"), "--verify"},
        {"inspect", path("shards")},
        {"train", "--data.train=" + path("shards"), "--out="}}) {
    const Result result = run(command);
    EXPECT_EQ(result.code, 65) << command[0];
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr("shards/manifest.json: the manifest of this set of shards is missing"));
  }
}

TEST_F(ConvertCommand, InspectVerifiesNoFolderOfOtherThings) {
  write("notes.txt", "shopping");
  const Result result = run({"inspect", path(""), "--verify"});
  EXPECT_EQ(result.code, 66);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("holds no run, no checkpoint and no manifest.json of a set of shards"));
  const Result of_file = run({"inspect", path("notes.txt"), "--verify"});
  EXPECT_EQ(of_file.code, 65);
  EXPECT_THAT(of_file.err, HasSubstr("notes.txt: not a valid safetensors file"));
  write("config.toml", "");
  EXPECT_EQ(said({"inspect", path(""), "--verify"}), "0 valid, 0 damaged\n")
      << "a run that saved nothing yet";
}

TEST_F(ConvertCommand, RowsToPredictHaveNoTargets) {
  const Result alone = run({"convert", table(), path("alone"), "--no-target"});
  EXPECT_EQ(alone.code, 2);
  EXPECT_THAT(alone.err, HasSubstr("--no-target needs --model.init=RUN"));
  const std::string model = path("run");
  said({"train", "--data.train=" + table(), "--out=" + model, "--train.epochs=3", "--quiet"});
  const std::string rows = write("new.csv", "b,a\n0.5,1\n4,6\n"),
                    labelled = write("old.csv", "a,b,kind\n1,2,z\n");
  EXPECT_EQ(run({"convert", rows, path("new"), "--model.init=" + model}).code, 65) << "it lacks its targets";
  said({"convert", rows, path("new"), "--model.init=" + model, "--no-target"});
  const std::string predicted = said({"predict", model, "--data.test=" + path("new")});
  EXPECT_EQ(predicted, said({"predict", model, "--data.test=" + rows}));
  EXPECT_EQ(std::count(predicted.begin(), predicted.end(), '\n'), 3);
  EXPECT_THAT(said({"inspect", path("new")}), HasSubstr("none"));
  const Result scores = run({"evaluate", model, "--data.test=" + path("new")});
  EXPECT_EQ(scores.code, 65);
  said({"convert", labelled, path("old"), "--model.init=" + model, "--no-target"});
  EXPECT_THAT(said({"inspect", path("old"), "--json"}), HasSubstr("\"targets\": \"none\""));
}

/// As a run on the file says it.
TEST_F(ConvertCommand, ARunOnShardsSaysWhatWasFilledAndWhereItsWeightsAreFrom) {
  const std::string data = write("m.csv", "a,b,w,y\n1,,3,1.5\n2,1,1,2.5\n,5,5,6.5\n4,5,5,8.5\n");
  const std::vector<std::string> settings{"--data.weight=w", "--data.impute=median", "--data.target=y"};
  std::vector<std::string> of_file{"train", "--data.train=" + data, "--out=", "--train.epochs=1"},
      conversion{"convert", data, path("shards")};
  of_file.insert(of_file.end(), settings.begin(), settings.end());
  conversion.insert(conversion.end(), settings.begin(), settings.end());
  said(conversion);
  const std::string of_shards =
                        run({"train", "--data.train=" + path("shards"), "--out=", "--train.epochs=1"}).err,
                    expected = run(of_file).err;
  for (const char* line :
       {"missing: 2 cells filled (data.impute = median)\n", "weights: w (data.weight)\n"}) {
    EXPECT_THAT(expected, HasSubstr(line));
    EXPECT_THAT(of_shards, HasSubstr(line));
  }
}

/// A file of weights, as npy data have it, is that of the rows to test only where the command names it.
TEST_F(ConvertCommand, AnEvaluationTakesTheFileOfWeightsThatItNames) {
  const std::string x = write("x.npy", npy("<f4", "(3, 1)", std::vector<float>{0, 0, 0})),
                    y = write("y.npy", npy("<f4", "(3,)", std::vector<float>{1, 2, 6})),
                    w = write("w.npy", npy("<f4", "(3,)", std::vector<float>{1, 1, 2})),
                    few = write("few.npy", npy("<f4", "(2,)", std::vector<float>{1, 2}));
  const std::string model = path("run");
  said({"train", "--data.train=" + x, "--data.target=" + y, "--data.weight=" + w, "--data.standardize=false",
        "--data.standardize_target=false", "--model.loss=squared", "--model.bias=false", "--optimizer.lr=0.1",
        "--train.epochs=1", "--out=" + model, "--quiet"});
  const std::vector<std::string> test{"evaluate", model, "--data.test=" + x, "--data.test_target=" + y,
                                      "--json"};
  const auto evaluated = [&](const std::vector<std::string>& more) {
    std::vector<std::string> command = test;
    command.insert(command.end(), more.begin(), more.end());
    return run(command);
  };
  const auto mse = [](const Result& result) {
    const double rmse = nlohmann::json::parse(result.out)["test.rmse"];
    return rmse * rmse;
  };
  // Each prediction is 0: the mean of 1, 4 and 36, and of 1, 4 and twice 36.
  const Result plain = evaluated({}), weighted = evaluated({"--data.weight=" + w});
  EXPECT_NEAR(mse(plain), 41.0 / 3, 1e-5);
  EXPECT_NEAR(mse(weighted), 77.0 / 4, 1e-5);
  EXPECT_THAT(plain.err, HasSubstr("x.npy: every row has weight 1; data.weight = "));
  EXPECT_THAT(weighted.err, testing::Not(HasSubstr("weight 1")));
  const Result short_of = evaluated({"--data.weight=" + few});
  EXPECT_EQ(short_of.code, 65);
  EXPECT_THAT(short_of.err, HasSubstr("few.npy has 2 rows; want 3, as many as"));
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
