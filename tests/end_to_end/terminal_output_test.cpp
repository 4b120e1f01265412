// What commands print where their output is a terminal: tables that fit it, and the lines of epochs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>
#include <sstream>

#include "host/cli/cli.hpp"
#include "host/cli/descriptor_buffer.hpp"
#include "tests/support/pseudo_terminal.hpp"
#include "tests/support/run_support.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;
using Words = std::vector<std::string>;

class TerminalOutput : public testing::Test {
 protected:
  void SetUp() override { ::setenv("TERM", "xterm", 1); }

  std::string rows() const {
    std::string text = "x,y\n";
    for (int n = 0; n < 40; ++n) text += std::to_string(n % 10) + (n % 10 < 5 ? ",no\n" : ",yes\n");
    return folder_.write("d.csv", text);
  }
  Words training() const {
    return {"train",
            "--device=cpu",
            "--train.threads=1",
            "--data.train=" + rows(),
            "--train.epochs=3",
            "--data.validation_fraction=0.5",
            "--out=" + folder_.path("run")};
  }
  static std::string all_of(PseudoTerminal& terminal) {
    terminal.close_theirs();
    std::string text;
    while (terminal.read_into(text, 1000)) {
    }
    return text;
  }
  /// Standard output of a command on a terminal.
  static std::string output_at(int columns, const Words& words) {
    PseudoTerminal terminal(columns, 24);
    std::ostringstream err;
    {
      cli::DescriptorBuffer buffer(terminal.theirs(), "standard output");
      std::ostream out(&buffer);
      EXPECT_EQ(cli::run(words, {out, err}), 0) << err.str();
    }
    return all_of(terminal);
  }

  TemporaryFolder folder_;
};

TEST_F(TerminalOutput, ConfusionsFitTheWindow) {
  // 2 + 12 and 9 for each class
  const std::string usual = "                     no      yes\n", narrow = "      no yes\n";
  for (const auto& [columns, head] : {std::pair{32, usual}, {31, narrow}}) {
    Words words = training();
    words.push_back("--checkpoint.resume=never");
    EXPECT_THAT(output_at(columns, words), HasSubstr("predicted)\n" + head));
    EXPECT_THAT(output_at(columns, {"evaluate", folder_.path("run"), "--rows=validation"}),
                HasSubstr("predicted)\n" + head));
  }
}

TEST_F(TerminalOutput, ABenchmarkTakesTwoLinesInANarrowWindow) {
  const Words words{"bench",      "update",          "--parameters=1000", "--time=0",   "--repetitions=1",
                    "--memory=1", "--optimizer=sgd", "--no-check",        "--threads=1"};
  EXPECT_THAT(output_at(100, words), HasSubstr("\nworkload, shape\n     median  spread"));
  EXPECT_THAT(output_at(156, words), HasSubstr("\nworkload   shape "));
}

TEST_F(TerminalOutput, ARunHasALineForItsLastEpochAboveItsBar) {
  PseudoTerminal terminal(80, 24);
  const int before = ::dup(STDERR_FILENO);
  ::dup2(terminal.theirs(), STDERR_FILENO);
  std::ostringstream out;
  Words words = training();
  words.push_back("--train.metric=accuracy");
  const int code = cli::run(words, {out, std::cerr});
  ::dup2(before, STDERR_FILENO);
  ::close(before);
  const std::string text = all_of(terminal);
  EXPECT_EQ(code, 0) << text;
  EXPECT_THAT(text, HasSubstr("\r\033[Kepoch 1     loss "));
  EXPECT_THAT(text, HasSubstr("  validation.accuracy "));
  EXPECT_THAT(text, HasSubstr("  best so far\n")) << "the first epoch is, in any case";
  EXPECT_THAT(text,
              testing::ContainsRegex("Kepoch 3     loss [^\n]*\n\r\033\\[K\\[#+\\] 100% epoch 3 loss "));
}

}  // namespace
}  // namespace thalweg::test
