// What the signals of a user or a scheduler do to a run. A signal is raised at a place that is known: when
// the run names its device, all is read and no step was taken.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <sstream>
#include <thread>

#include "host/cli/cli.hpp"
#include "tests/support/default_signals.hpp"
#include "tests/support/run_support.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Text that calls `at_device` when it names the device.
class WatchedText : public std::stringbuf {
 public:
  explicit WatchedText(std::function<void()> at_device) : at_device_(std::move(at_device)) {}

 protected:
  int sync() override {
    if (called_ || str().find("device: ") == std::string::npos) return 0;
    called_ = true;
    at_device_();
    return 0;
  }

 private:
  std::function<void()> at_device_;
  bool called_ = false;
};

/// A terminal that hung up: it takes nothing, and has nothing to flush.
class Deaf : public std::streambuf {
 protected:
  int_type overflow(int_type) override { return traits_type::eof(); }
};

class Signals : public testing::Test {
 protected:
  void SetUp() override { heed_signals(); }

  /// Steps of 2 of 6 rows, 4 epochs: 12 steps.
  int train(const std::vector<std::string>& settings, const std::function<void()>& at_device) {
    std::vector<std::string> arguments{"train", "--data.train=" + data_, "--train.batch_size=2",
                                       "--train.epochs=4", "--checkpoint.keep=20"};
    arguments.insert(arguments.end(), settings.begin(), settings.end());
    WatchedText text(at_device);
    std::ostream err(&text);
    std::ostringstream out;
    const int code = cli::run(arguments, {out, err});
    said_ = text.str(), report_ = out.str();
    return code;
  }
  bool saved(const std::string& step) const {
    return std::filesystem::exists(folder_.path("run/checkpoints/step-00000000" + step));
  }

  TemporaryFolder folder_;
  const std::string data_ = folder_.write("rows.csv", "x,y\n1,2\n2,3\n3,5\n4,4\n5,6\n6,7\n"),
                    out_ = "--out=" + folder_.path("run");
  std::string said_, report_;
};

/// The exit code of a child; 128 and the signal that ended it.
int in_a_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);  // where the signal does not end it
    ::_exit(body());
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

TEST_F(Signals, TheFirstEndsTheRunAfterItsStepAndSaysHowToGoOn) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    EXPECT_EQ(train({}, [signal] { std::raise(signal); }), 75);
    EXPECT_THAT(said_, HasSubstr("interrupted; nothing is saved, because the run has no out\n"));
    EXPECT_THAT(report_, HasSubstr("train (0 steps, "));
  }
  EXPECT_EQ(train({out_, "--checkpoint.resume=never"}, [] { std::raise(SIGINT); }), 75);
  EXPECT_THAT(said_, HasSubstr("interrupted and saved; go on with --checkpoint.resume=auto\n"));
  EXPECT_TRUE(saved("0"));
  EXPECT_EQ(train({out_, "--checkpoint.resume=auto", "--json"}, [] { std::raise(SIGINT); }), 75);
  EXPECT_THAT(said_, HasSubstr("interrupted and saved; the same command goes on from here\n"));
  EXPECT_THAT(report_, HasSubstr("\"stopped_by\": \"signal\""));
}

TEST_F(Signals, AnInterruptionIsSaidInOneSentence) {
  const auto raise = [] { std::raise(SIGINT); };
  EXPECT_EQ(train({"--out=" + folder_.path("folds"), "--data.folds=2"}, raise), 75);
  EXPECT_THAT(said_, HasSubstr("interrupted in fold 1 and saved; the same command goes on from here\n"));
  EXPECT_THAT(report_, Not(HasSubstr("interrupted")));
  EXPECT_EQ(train({"--data.folds=2"}, raise), 75);
  EXPECT_THAT(said_, HasSubstr("interrupted in fold 1; nothing is saved, because the run has no out\n"));
}

TEST_F(Signals, ARunAfterAnInterruptedOneIsNotInterrupted) {
  EXPECT_EQ(train({}, [] { std::raise(SIGINT); }), 75);
  EXPECT_EQ(train({}, [] {}), 0);
  EXPECT_THAT(report_, HasSubstr("train (12 steps, "));
}

TEST_F(Signals, AnInterruptedRunThatCannotPrintSaysSoAndHowToGoOn) {
  WatchedText text([] { std::raise(SIGINT); });
  Deaf deaf;
  std::ostream err(&text), nowhere(&deaf);
  EXPECT_EQ(cli::run({"train", "--data.train=" + data_}, {nowhere, err}), 75)
      << "not 74, which would hide it";
  EXPECT_THAT(text.str(), HasSubstr("cannot write standard output\ninterrupted; nothing is saved"));
}

TEST_F(Signals, TheSecondEndsTheRunAtOnce) {
  const auto twice = [&] {
    return train({}, [] {
      std::raise(SIGTERM);
      std::raise(SIGINT);
    });
  };
  EXPECT_EQ(in_a_child(twice), 128 + SIGINT);
}

TEST_F(Signals, WhileDataAreReadTheFirstEndsTheRunAtOnce) {
  const std::string pipe = folder_.path("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto reading = [&] {
    const int writer = ::open(pipe.c_str(), O_RDWR);  // which never writes
    std::thread([] {
      struct sigaction now {};
      while (::sigaction(SIGTERM, nullptr, &now) == 0 && now.sa_handler == SIG_DFL)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      ::kill(::getpid(), SIGTERM);
    }).detach();
    std::ostringstream out, err;
    const int code = cli::run({"train", "--data.train=" + pipe, "--data.format=csv"}, {out, err});
    ::close(writer);
    return code + 1;
  };
  EXPECT_EQ(in_a_child(reading), 75);
}

TEST_F(Signals, Usr1SavesAfterTheStepAndTheRunGoesOn) {
  const std::vector<std::string> settings{out_, "--checkpoint.resume=never"};
  EXPECT_EQ(train(settings, [] {}), 0);
  EXPECT_FALSE(saved("1"));
  EXPECT_EQ(train(settings, [] { std::raise(SIGUSR1); }), 0);
  EXPECT_TRUE(saved("1"));
  EXPECT_FALSE(saved("2"));
  EXPECT_THAT(report_, HasSubstr("train (12 steps, "));
}

/// As nohup and shells without job control leave it.
TEST_F(Signals, OneThatTheParentIgnoresStaysIgnored) {
  std::signal(SIGHUP, SIG_IGN);
  EXPECT_EQ(train({}, [] { std::raise(SIGHUP); }), 0);
  EXPECT_EQ(std::signal(SIGHUP, SIG_DFL), SIG_IGN);
}

TEST_F(Signals, TheHandlersAreThoseOfBeforeWhenTheRunIsOver) {
  const auto handler = [](int) {};
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) std::signal(signal, handler);
  EXPECT_EQ(train({}, [] {}), 0);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1})
    EXPECT_EQ(std::signal(signal, SIG_DFL), static_cast<void (*)(int)>(handler)) << signal;
}

}  // namespace
}  // namespace thalweg::test
