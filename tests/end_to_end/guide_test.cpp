// The commands of docs/guide.md, run in their order, and what the guide says that they print.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "host/cli/cli.hpp"
#include "tests/support/run_support.hpp"
#include "tests/support/source_folder.hpp"

namespace thalweg::test {
namespace {

using Lines = std::vector<std::string>;

/// "$ thalweg ..." of the guide and the lines below it.
struct Example {
  int line = 0;  ///< of the guide
  std::string command;
  Lines shown;
};

/// The examples of the blocks ```console. A command goes on after a backslash at the end of its line.
std::vector<Example> examples_of(std::istream& guide) {
  std::vector<Example> examples;
  bool inside = false;
  int number = 0;
  for (std::string line; std::getline(guide, line);) {
    ++number;
    if (line.starts_with("```")) {
      inside = line == "```console";
    } else if (inside && line.starts_with("$ ")) {
      examples.push_back({.line = number, .command = line.substr(2), .shown = {}});
    } else if (inside && examples.back().command.ends_with('\\')) {
      examples.back().command.back() = ' ';
      examples.back().command += line;
    } else if (inside) {
      examples.back().shown.push_back(line);
    }
  }
  return examples;
}

Lines lines_of(const std::string& text) {
  std::istringstream in(text);
  Lines lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// "..." stands for any text within a line, and alone for any number of lines.
bool line_matches(const std::string& shown, const std::string& printed) {
  const std::size_t dots = shown.find("...");
  if (dots == std::string::npos) return shown == printed;
  const std::string head = shown.substr(0, dots), tail = shown.substr(dots + 3);
  return printed.size() >= head.size() + tail.size() && printed.starts_with(head) && printed.ends_with(tail);
}

bool matches(const Lines& shown, std::size_t s, const Lines& printed, std::size_t p) {
  if (s == shown.size()) return p == printed.size();
  if (shown[s] == "...") {
    for (std::size_t rest = p; rest <= printed.size(); ++rest) {
      if (matches(shown, s + 1, printed, rest)) return true;
    }
    return false;
  }
  return p < printed.size() && line_matches(shown[s], printed[p]) && matches(shown, s + 1, printed, p + 1);
}

/// What the command prints, standard error first, as it is before the results.
std::string output_of(const std::string& command, int& code) {
  std::istringstream in(command);
  std::vector<std::string> words{std::istream_iterator<std::string>(in), {}};
  for (std::string& word : words) std::erase(word, '\'');
  std::ostringstream out, err;
  code = cli::run({words.begin() + 1, words.end()}, {out, err});
  return err.str() + out.str();
}

class Guide : public testing::Test {
 protected:
  void SetUp() override {
    before_ = std::filesystem::current_path();
    std::filesystem::create_symlink(source_folder() + "data", folder_.path("data"));
    std::filesystem::current_path(folder_.path());
  }
  void TearDown() override { std::filesystem::current_path(before_); }

 private:
  TemporaryFolder folder_;
  std::filesystem::path before_;
};

TEST_F(Guide, EachCommandPrintsWhatTheGuideShows) {
  std::ifstream guide(source_folder() + "docs/guide.md");
  const std::vector<Example> examples = examples_of(guide);
  EXPECT_GE(examples.size(), 9u);
  for (const Example& example : examples) {
    ASSERT_TRUE(example.command.starts_with("thalweg ")) << example.command;
    int code = 0;
    const std::string printed = output_of(example.command, code);
    EXPECT_EQ(code, 0) << example.command << "\n" << printed;
    EXPECT_TRUE(example.shown.empty() || matches(example.shown, 0, lines_of(printed), 0))
        << "docs/guide.md:" << example.line << ": " << example.command << " prints\n"
        << printed;
  }
}

TEST(GuideLines, DotsStandForAnyTextOfALineAndForAnyLines) {
  const Lines printed{"rows 100", "loss 0.5", "seconds 0.1"};
  EXPECT_TRUE(matches({"rows 100", "...", "seconds ..."}, 0, printed, 0));
  EXPECT_TRUE(matches({"..."}, 0, printed, 0));
  EXPECT_FALSE(matches({"rows 100", "seconds ..."}, 0, printed, 0));
  EXPECT_FALSE(matches({"rows 10", "..."}, 0, printed, 0));
  EXPECT_FALSE(matches({"rows 100", "loss 0.5", "seconds 0.1", "more"}, 0, printed, 0));
}

}  // namespace
}  // namespace thalweg::test
