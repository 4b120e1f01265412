// thalweg watch on a terminal and without one: signals, windows, and runs that begin, grow, end and go.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "host/checkpoint/files.hpp"
#include "host/checkpoint/run_lock.hpp"
#include "host/cli/cli.hpp"
#include "tests/support/run_support.hpp"
#include "tests/support/watching.hpp"

namespace thalweg::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

class Watch : public testing::Test {
 protected:
  static std::string epoch(int number) {
    return "{\"step\":" + std::to_string(10 * number) + ",\"epoch\":" + std::to_string(number) +
           ",\"train.loss\":" + std::to_string(8 - number) + ",\"seconds\":" + std::to_string(number) + "}\n";
  }
  std::string begin(const std::string& name, int epochs) const {
    create_folders(folder_.path(name));
    std::string log;
    for (int e = 1; e <= epochs; ++e) log += epoch(e);
    folder_.write(name + "/metrics.jsonl", log);
    folder_.write(name + "/config.toml", "[train]\nepochs = 3\nbatch_size = 4\n");
    return folder_.path(name);
  }
  void append(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.path(name + "/metrics.jsonl"), std::ios::app) << text;
  }
  std::string finished(const std::string& name) const {
    begin(name, 3);
    folder_.write(name + "/model.safetensors", "");
    return folder_.path(name);
  }
  int call(const Words& arguments) {
    std::ostringstream out, err;
    const int code = cli::run(arguments, {out, err});
    out_ = out.str(), err_ = err.str();
    return code;
  }

  TemporaryFolder folder_;
  const std::string run_ = folder_.path("run");
  std::string out_, err_;
};

constexpr const char* kOften = "--interval=0.1";
constexpr const char *kHidden = "\033[?25l", *kShown = "\033[?25h";

TEST_F(Watch, AnEndLeavesTheCursorVisibleBelowTheText) {
  begin("run", 1);
  for (const auto& [signal, code] : {std::pair{SIGINT, 130}, {SIGTERM, 143}, {SIGHUP, 129}}) {
    const RunLock lock(run_, {});
    Watching watching({run_, kOften});
    ASSERT_TRUE(watching.shows("run: \033[32mrunning")) << watching.text();
    watching.signal(signal);
    EXPECT_EQ(watching.exit_code(), code);
    EXPECT_THAT(watching.text(), EndsWith(std::string("\n\033[J") + kShown));
    EXPECT_LT(watching.text().rfind(kHidden), watching.text().rfind(kShown));
  }
}

TEST_F(Watch, ARunIsFollowedFromBeforeItsBeginToItsEnd) {
  Watching watching({run_, kOften});
  ASSERT_TRUE(watching.shows("waiting\033[0m; it has not begun")) << watching.text();
  create_folders(run_);
  std::optional<RunLock> lock(std::in_place, run_, [](const std::string&) {});
  ASSERT_TRUE(watching.shows("running\033[0m; it reads its data")) << watching.text();
  begin("run", 1);
  ASSERT_TRUE(watching.shows("epoch 1 of 3, step 10 of 30, 40 samples/s, 0:01 of training"))
      << watching.text();
  append("run", epoch(2).substr(0, 11));
  append("run", epoch(2).substr(11));
  ASSERT_TRUE(watching.shows("epoch 2 of 3, step 20 of 30")) << watching.text();
  ASSERT_TRUE(watching.shows("train.loss  6          █▁")) << watching.text();
  append("run", epoch(3));
  folder_.write("run/model.safetensors", "");
  lock.reset();
  ASSERT_TRUE(watching.shows("finished")) << watching.text();
  ASSERT_TRUE(watching.shows("epoch 3 of 3")) << watching.text();
  EXPECT_EQ(watching.exit_code(), 0);
}

TEST_F(Watch, ARunThatIsRemovedIsSaidAndEndsTheWatch) {
  begin("run", 1);
  std::optional<RunLock> lock(std::in_place, run_, [](const std::string&) {});
  Watching watching({run_, kOften});
  ASSERT_TRUE(watching.shows("running")) << watching.text();
  remove_path(run_);
  lock.reset();
  ASSERT_TRUE(watching.shows("removed\033[0m; its folder is gone")) << watching.text();
  EXPECT_EQ(watching.exit_code(), 0);
}

TEST_F(Watch, AWindowOfAnotherSizeIsFilledAtOnce) {
  begin("run", 300);
  const RunLock lock(run_, {});
  Watching watching({run_, "--interval=3600"});
  const std::string curve = "train.loss  -292       █";  // it falls, in as many levels as there is room for
  ASSERT_TRUE(watching.shows(curve) && watching.shows(kShown)) << watching.text();
  const std::size_t wide = watching.text().size();
  watching.resize(40);
  ASSERT_TRUE(watching.shows(curve) && watching.shows(kShown)) << watching.text();
  EXPECT_LT(watching.text().size() - wide, wide) << "a narrower window, a shorter text";
}

TEST_F(Watch, ALowWindowGetsTheLinesThatItCanShow) {
  begin("run", 2);
  const RunLock lock(run_, {});
  Watching low({run_, kOften}, kUsual, 3);
  ASSERT_TRUE(low.shows("step 20 of 30") && low.shows(kShown) && low.shows(kShown)) << low.text();
  EXPECT_THAT(low.text(), Not(HasSubstr("left"))) << "the third line";
}

TEST_F(Watch, WithoutColoursBlocksOrACursorTheTextIsPlain) {
  begin("run", 2);
  const RunLock lock(run_, {});
  Watching grey({run_, kOften}, {{"TERM", "xterm"}, {"LC_ALL", "C.UTF-8"}, {"NO_COLOR", "1"}});
  ASSERT_TRUE(grey.shows("run: running\033[K\n")) << grey.text();
  ASSERT_TRUE(grey.shows("█▁")) << grey.text();
  Watching ascii({run_, kOften}, {{"TERM", "xterm"}, {"LC_ALL", "C"}, {"NO_COLOR", "1"}});
  ASSERT_TRUE(ascii.shows("train.loss  6          #_\033[K\n")) << ascii.text();
  Watching dumb({run_, kOften}, {{"TERM", "dumb"}, {"LC_ALL", "C.UTF-8"}, {"NO_COLOR", ""}});
  ASSERT_TRUE(dumb.shows("run: running, epoch 2 of 3, step 20 of 30, train.loss 6, ")) << dumb.text();
  append("run", epoch(3));
  ASSERT_TRUE(dumb.shows("run: running, epoch 3 of 3, step 30 of 30, train.loss 5, ")) << dumb.text();
  dumb.signal(SIGINT);
  EXPECT_EQ(dumb.exit_code(), 130);
  EXPECT_THAT(dumb.text(), Not(HasSubstr("\033")));
}

/// Text that calls `at_flush` with the number of each flush.
class WatchedText : public std::stringbuf {
 public:
  explicit WatchedText(std::function<void(int)> at_flush) : at_flush_(std::move(at_flush)) {}

 protected:
  int sync() override {
    at_flush_(++flushes_);
    return 0;
  }

 private:
  std::function<void(int)> at_flush_;
  int flushes_ = 0;
};

TEST_F(Watch, WithoutATerminalEachEpochIsALine) {
  begin("run", 1);
  std::optional<RunLock> lock(std::in_place, run_, [](const std::string&) {});
  WatchedText text([&](int lines) {
    if (lines == 1) append("run", epoch(2));
    if (lines != 2) return;
    append("run", epoch(3));
    folder_.write("run/model.safetensors", "");
    lock.reset();
  });
  std::ostream out(&text);
  std::ostringstream err;
  EXPECT_EQ(cli::run({"watch", run_, kOften}, {out, err}), 0);
  std::istringstream said(text.str());
  const auto next = [&] {
    std::string line;
    std::getline(said, line);
    return line;
  };
  EXPECT_THAT(next(), testing::StartsWith(
                          run_ + ": running, epoch 1 of 3, step 10 of 30, train.loss 7, 40 samples/s, 0:0"));
  EXPECT_THAT(next(), testing::StartsWith(run_ + ": running, epoch 2 of 3, step 20 of 30, train.loss 6, "));
  EXPECT_EQ(next(), run_ + ": finished, epoch 3 of 3, step 30 of 30, train.loss 5, 40 samples/s");
  EXPECT_EQ(next(), "") << "no line twice";
  EXPECT_EQ(err.str(), "");
}

TEST_F(Watch, OnceShowsRunsAsTheyAreNow) {
  begin("all/run-1", 2);
  finished("all/run-2");
  EXPECT_EQ(call({"watch", "--once", folder_.path("all")}), 0);
  EXPECT_THAT(out_, HasSubstr("/all/run-1  failed      2/3"));
  EXPECT_THAT(out_, HasSubstr("/all/run-2  finished    3/3"));
  EXPECT_EQ(call({"watch", "--once", folder_.path("all/run-2")}), 0);
  EXPECT_THAT(out_,
              testing::StartsWith(folder_.path("all/run-2") + ": finished\nepoch 3 of 3, step 30 of 30, "));
  EXPECT_EQ(call({"watch", "--once", run_}), 66);
  EXPECT_THAT(err_, HasSubstr(run_ + ": no run; expected the folder of a run"));
}

TEST_F(Watch, OnceLeavesOutNoRun) {
  for (int run = 1; run <= 30; ++run) finished("all/run-" + std::to_string(run));
  EXPECT_EQ(call({"watch", "--once", folder_.path("all")}), 0);
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 31);
  EXPECT_THAT(out_, HasSubstr("/all/run-30  finished"));
}

TEST_F(Watch, AsJsonItIsOneObject) {
  finished("run");
  begin("other", 1);
  ASSERT_EQ(call({"watch", run_, folder_.path("other"), "--json"}), 0);
  const auto seen = nlohmann::json::parse(out_);
  ASSERT_EQ(seen["runs"].size(), 2U);
  EXPECT_EQ(seen["runs"][0]["stage"], "finished");
  EXPECT_EQ(seen["runs"][0]["run"], run_);
  EXPECT_EQ(seen["runs"][0]["train.loss"], 5);
  EXPECT_EQ(seen["runs"][1]["epoch"], 1);
}

TEST_F(Watch, ARunOfOursIsReadAsItIs) {
  std::string rows = "x,y\n";
  for (int n = 0; n < 40; ++n) rows += std::to_string(n) + "," + std::to_string(2 * n + n % 3) + "\n";
  ASSERT_EQ(
      call({"train", "--quiet", "--data.train=" + folder_.write("d.csv", rows),
            "--data.validation_fraction=0.25", "--train.batch_size=8", "--train.epochs=4", "--out=" + run_}),
      0);
  ASSERT_EQ(call({"watch", run_, "--json"}), 0);
  const auto seen = nlohmann::json::parse(out_)["runs"][0];
  EXPECT_EQ(seen["stage"], "finished");
  EXPECT_EQ(seen["words"], "");
  EXPECT_EQ(seen["epoch"], 4);
  EXPECT_EQ(seen["step"], seen["steps"]);
  EXPECT_EQ(seen["damaged_lines"], 0);
  EXPECT_GT(seen["samples_per_second"], 0);
  EXPECT_GE(seen["best.epoch"], 1);
  EXPECT_LE(seen["best.validation.loss"], seen["validation.loss"]);
}

}  // namespace
}  // namespace thalweg::test
