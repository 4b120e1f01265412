// predict on a pipe whose writer waits for the answers: each row is answered before the next one is there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <sstream>
#include <thread>

#include "host/cli/cli.hpp"
#include "host/cli/descriptor_buffer.hpp"
#include "tests/support/pipe.hpp"
#include "tests/support/run_support.hpp"

namespace thalweg::test {
namespace {

using Words = std::vector<std::string>;

/// The program between two pipes.
class Dialogue {
 public:
  explicit Dialogue(Words arguments) {
    arguments.push_back("--data.test=/proc/self/fd/" + std::to_string(asked_.reader));
    program_ = std::thread([this, arguments] {
      cli::DescriptorBuffer buffer(answered_.writer, "answers");
      std::ostream out(&buffer);
      std::ostringstream err;
      code_ = cli::run(arguments, {out, err});
      errors_ = err.str();
    });
  }
  ~Dialogue() { end(); }
  Dialogue(const Dialogue&) = delete;
  Dialogue& operator=(const Dialogue&) = delete;

  void say(const std::string& text) const {
    EXPECT_EQ(::write(asked_.writer, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  /// The next line of the answers; empty where none comes.
  std::string heard() {
    while (answers_.find('\n') == std::string::npos) {
      pollfd wanted{answered_.reader, POLLIN, 0};
      char piece[4096];
      const ssize_t got = ::poll(&wanted, 1, kMostWaitMs) > 0 ? ::read(answered_.reader, piece, 4096) : 0;
      if (got <= 0) return "";
      answers_.append(piece, static_cast<std::size_t>(got));
    }
    const std::string line = answers_.substr(0, answers_.find('\n'));
    answers_.erase(0, line.size() + 1);
    return line;
  }
  int end() {
    PipeEnds::close(asked_.writer);
    if (program_.joinable()) program_.join();
    return code_;
  }

 private:
  static constexpr int kMostWaitMs = 60000;

  PipeEnds asked_, answered_;
  std::thread program_;
  int code_ = -1;
  std::string answers_, errors_;
};

class Dialogues : public testing::Test {
 protected:
  /// A model that predicts y = 2 x, in one step of gradient descent on x = 1.
  std::string train(const std::string& name, const std::string& text, const Words& settings = {}) {
    const std::string run = folder_.path(name + "_run");
    Words words{"train",
                "--quiet",
                "--data.train=" + folder_.write(name, text),
                "--out=" + run,
                "--model.loss=squared",
                "--model.bias=false",
                "--data.standardize=false",
                "--data.standardize_target=false",
                "--optimizer.name=sgd",
                "--optimizer.lr=1",
                "--schedule.name=constant",
                "--train.epochs=1"};
    words.insert(words.end(), settings.begin(), settings.end());
    std::ostringstream out, err;
    EXPECT_EQ(cli::run(words, {out, err}), 0) << err.str();
    return run;
  }

  TemporaryFolder folder_;
};

TEST_F(Dialogues, EachRowOfATableIsAnsweredBeforeTheNext) {
  Dialogue dialogue({"predict", train("d.csv", "x,y\n1,2\n1,2\n")});
  dialogue.say("x\n3\n");
  EXPECT_EQ(dialogue.heard(), "prediction");
  EXPECT_EQ(dialogue.heard(), "6");
  dialogue.say("4\n5\n7");
  EXPECT_EQ(dialogue.heard(), "8");
  EXPECT_EQ(dialogue.heard(), "10");
  dialogue.say("5\n");
  EXPECT_EQ(dialogue.heard(), "150") << "a line that came in two parts is one row";
  dialogue.say("6");
  EXPECT_EQ(dialogue.end(), 0);
  EXPECT_EQ(dialogue.heard(), "12") << "the last line needs no end";
}

TEST_F(Dialogues, WithoutAHeaderTheFirstRowIsAnsweredWhereTheCallSaysSo) {
  const std::string run = train("d.csv", "1,2\n1,2\n");
  Dialogue told({"predict", run, "--data.header=no"});
  told.say("3\n");
  EXPECT_EQ(told.heard(), "prediction");
  EXPECT_EQ(told.heard(), "6");
  Dialogue open({"predict", run});
  open.say("3\n");
  open.say("4\n");
  for (const char* answer : {"prediction", "6", "8"}) EXPECT_EQ(open.heard(), answer);
}

TEST_F(Dialogues, RowsOfSparseTextAreAnsweredToo) {
  Dialogue svm({"predict", train("d.svm", "2 1:1\n2 1:1\n"), "--json"});
  svm.say("0 1:3\n");
  EXPECT_EQ(svm.heard(), "{\"prediction\":6.0}");
  svm.say("0 1:4\n");
  EXPECT_EQ(svm.heard(), "{\"prediction\":8.0}");
}

}  // namespace
}  // namespace thalweg::test
