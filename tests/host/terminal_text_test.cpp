// Text for terminals: its width, what they can show, drawing in place, curves in a line.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <sstream>

#include "host/cli/descriptor_buffer.hpp"
#include "host/cli/live_text.hpp"
#include "host/cli/shown_width.hpp"
#include "host/cli/terminal.hpp"
#include "host/report/sparkline.hpp"
#include "tests/support/pseudo_terminal.hpp"

namespace thalweg::cli {
namespace {

using report::sparkline;
using testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNan = std::nan("");

TEST(Sparkline, GoesFromTheSmallestToTheLargestValue) {
  const std::vector<double> values{0, 1, 2, 3, 4, 5, 6, 7};
  EXPECT_EQ(sparkline(values, 8, true), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(sparkline(values, 8, false), "_.:-=+*#");
  EXPECT_EQ(sparkline(values, 100, false), "_.:-=+*#") << "a character a value";
  EXPECT_EQ(sparkline(std::vector<double>{-2, -8, -5}, 3, false), "#_=");
  EXPECT_EQ(sparkline(std::vector<double>{1e308, -1e308}, 2, false), "#_") << "their difference overflows";
}

TEST(Sparkline, NeighboursShareACharacterWhereThereAreMoreValues) {
  // means 1, 5 and 8
  EXPECT_EQ(sparkline(std::vector<double>{0, 2, 4, 6, 8, 8}, 3, false), "_=#");
  // of seven values three characters get two, two and three: means 0, 7 and 3
  EXPECT_EQ(sparkline(std::vector<double>{0, 0, 7, 7, 3, 3, 3}, 3, false), "_#-");
  EXPECT_EQ(sparkline(std::vector<double>{1, 2}, 0, false), "");
}

TEST(Sparkline, WhatIsNotFiniteIsASpace) {
  EXPECT_EQ(sparkline(std::vector<double>{1, kNan, kInfinity, 2}, 4, false), "_  #");
  EXPECT_EQ(sparkline(std::vector<double>{1, kNan, kNan, kNan, 2, 2}, 3, false), "_ #")
      << "a mean of the finite";
  EXPECT_EQ(sparkline(std::vector<double>{3, 3}, 2, false), "__");
  EXPECT_EQ(sparkline(std::vector<double>{}, 2, false), "");
}

TEST(ShownWidth, CountsColumnsAndNotBytes) {
  EXPECT_EQ(shown_width("abc"), 3);
  EXPECT_EQ(shown_width("▁█"), 2);
  EXPECT_EQ(shown_width("Zürich"), 6);
  EXPECT_EQ(shown_width("\xE4\xB8\xAD\xE6\x96\x87"), 4) << "two Chinese characters";
  EXPECT_EQ(shown_width("\xF0\x9F\x98\x80"), 2);
  EXPECT_EQ(shown_width("\xFF\x80\xE4"), 3) << "no UTF-8: a column a byte";
}

TEST(ShownWidth, WhatIsTooLongLosesItsEndOrItsBegin) {
  EXPECT_EQ(without_end("abcdef", 6), "abcdef");
  EXPECT_EQ(without_end("abcdef", 5), "ab...");
  EXPECT_EQ(without_end("abcdef", 2), "..");
  EXPECT_EQ(without_end("abcdef", -1), "");
  EXPECT_EQ(without_begin("abcdef", 6), "abcdef");
  EXPECT_EQ(without_begin("abcdef", 5), "...ef");
  EXPECT_EQ(without_begin("abcdef", 1), ".");
  EXPECT_EQ(without_end("\xE4\xB8\xAD\xE6\x96\x87xyz", 6), "\xE4\xB8\xAD...") << "no half characters";
  EXPECT_EQ(padded_right("ü", 3), "ü  ");
  EXPECT_EQ(padded_left("ü", 3), "  ü");
  EXPECT_EQ(padded_left("abc", 2), "abc");
}

TEST(LiveText, IsDrawnOverInPlaceAndNeverLeavesTheCursorHidden) {
  std::ostringstream out;
  LiveText live(out);
  live.draw("a\nbb\n", 80);
  EXPECT_EQ(out.str(), "\033[?25la\033[K\nbb\033[K\n\033[J\033[?25h");
  out.str("");
  live.draw("c\n", 80);
  EXPECT_EQ(out.str(), "\033[?25l\r\033[2Ac\033[K\n\033[J\033[?25h");
  out.str("");
  live.draw("", 80);
  EXPECT_EQ(out.str(), "\033[?25l\r\033[1A\033[J\033[?25h");
}

TEST(LiveText, LinesThatANarrowerWindowBreaksTakeMoreRows) {
  std::ostringstream out;
  LiveText live(out);
  live.draw("0123456789\n\n▁▁\033[32m▁▁\033[0m\n", 80);
  out.str("");
  live.draw("x\n", 4);
  EXPECT_THAT(out.str(), HasSubstr("\r\033[5A")) << "three rows, an empty one, and one of four characters";
}

Environment environment(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  };
}

TEST(Terminal, WithoutOneNothingMovesOrHasAColour) {
  const Abilities none = abilities_of(false, environment({{"TERM", "xterm"}, {"LANG", "C.UTF-8"}}));
  EXPECT_FALSE(none.moves || none.colours);
  EXPECT_TRUE(none.blocks);
  const Abilities all = abilities_of(true, environment({{"TERM", "xterm"}, {"LANG", "de_DE.utf8"}}));
  EXPECT_TRUE(all.moves && all.colours && all.blocks);
}

TEST(Terminal, ADumbOneAndNoColorAreHeeded) {
  const Abilities dumb = abilities_of(true, environment({{"TERM", "dumb"}}));
  EXPECT_FALSE(dumb.moves || dumb.colours);
  const Abilities grey = abilities_of(true, environment({{"TERM", "xterm"}, {"NO_COLOR", "1"}}));
  EXPECT_TRUE(grey.moves);
  EXPECT_FALSE(grey.colours);
}

TEST(Terminal, BlocksNeedALocaleOfUtf8) {
  const auto blocks = [](std::map<std::string, std::string> variables) {
    return abilities_of(true, environment(std::move(variables))).blocks;
  };
  EXPECT_FALSE(blocks({}));
  EXPECT_FALSE(blocks({{"LANG", "C"}}));
  EXPECT_TRUE(blocks({{"LANG", "C"}, {"LC_CTYPE", "en_US.UTF-8"}}));
  EXPECT_FALSE(blocks({{"LC_ALL", "C"}, {"LC_CTYPE", "en_US.UTF-8"}, {"LANG", "en_US.UTF-8"}}));
}

TEST(Terminal, AStreamKnowsTheWindowItWritesTo) {
  std::ostringstream text;
  EXPECT_FALSE(window_of(text));
  EXPECT_EQ(table_columns(text), std::numeric_limits<int>::max());
  const test::PseudoTerminal terminal(50, 20);
  DescriptorBuffer buffer(terminal.theirs(), "terminal");
  const std::ostream out(&buffer);
  ASSERT_TRUE(window_of(out));
  EXPECT_EQ(window_of(out)->columns, 50);
  EXPECT_EQ(window_of(out)->rows, 20);
  EXPECT_EQ(table_columns(out), 50);
  terminal.resize(0, 0);
  EXPECT_EQ(window_of(out)->columns, 80) << "it does not tell";
  EXPECT_EQ(window_of(out)->rows, 24);
  const int file = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  DescriptorBuffer nowhere(file, "file");
  EXPECT_FALSE(window_of(std::ostream(&nowhere)));
  ::close(file);
}

}  // namespace
}  // namespace thalweg::cli
