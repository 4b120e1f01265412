// Exit code and message of wrong command lines, as written down in command_lines.golden. With
// THALWEG_UPDATE_GOLDEN=1 in the environment the file is written anew; read the difference before you commit
// it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "host/cli/cli.hpp"
#include "tests/support/run_support.hpp"
#include "tests/support/source_folder.hpp"

namespace thalweg::test {
namespace {

constexpr const char* kPrompt = "$ thalweg";

/// A command of the golden file and what follows it there: exit code and messages.
struct Case {
  std::string command, result;
};

std::string golden_file() { return source_folder() + "tests/end_to_end/command_lines.golden"; }

bool updates() { return std::getenv("THALWEG_UPDATE_GOLDEN") != nullptr; }

std::vector<Case> read_cases() {
  std::ifstream in(golden_file());
  std::vector<Case> cases;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(kPrompt)) {
      cases.push_back({line.substr(std::string(kPrompt).size()), ""});
    } else if (!cases.empty()) {
      cases.back().result += line + "\n";
    }
  }
  return cases;
}

/// Words are separated by spaces; "" around a word keeps the spaces in it and makes an empty one.
std::vector<std::string> words_of(const std::string& command) {
  std::vector<std::string> words;
  std::istringstream in(command);
  for (std::string word; in >> std::ws && !in.eof();) {
    if (in.peek() == '"') {
      in.get();
      std::getline(in, word, '"');
    } else {
      in >> word;
    }
    words.push_back(word);
  }
  return words;
}

/// Exit code and stderr, then an empty line.
std::string result_of(const std::string& command) {
  std::ostringstream out, err;
  const int code = cli::run(words_of(command), {out, err});
  EXPECT_EQ(out.str(), "") << command << ": a command that fails has no results";
  EXPECT_NE(code, 0) << command;
  return "exit " + std::to_string(code) + "\n" + err.str() + "\n";
}

/// The files that the command lines name, in a folder that is the current one meanwhile.
class WrongCommandLines : public testing::Test {
 protected:
  void SetUp() override {
    before_ = std::filesystem::current_path();
    std::filesystem::current_path(folder_.path());
    folder_.write("good.csv", "size,price\n1,2\n3,4\n5,7\n");
    folder_.write("text.csv", "size,color\n1,red\n2,blue\n3,red\n");
    folder_.write("ragged.csv", "a,b\n1,2\n3\n");
    folder_.write("missing.csv", "a,b\n1,2\n,3\n");
    folder_.write("infinite.csv", "a,b\n1,2\n3,inf\n");
    folder_.write("empty.csv", "");
    folder_.write("negative.csv", "a,b\n1,2\n2,-3\n");
    folder_.write("rows.svm", "1 1:1 2:2\n-1 2:1\n");
    folder_.write("unsorted.svm", "1 3:1 2:2\n");
    folder_.write("broken.npy", "\x93NUMPY\x01");
    folder_.write("broken.safetensors", "not a model");
    folder_.write("broken.toml", "[train\nepochs = 1\n");
    folder_.write("wrong_type.toml", "[train]\nepochs = \"ten\"\n");
    folder_.write("unknown_key.toml", "[train]\nepochz = 3\n");
    folder_.write("wrong_name.toml", "[optimizer]\nname = \"adamm\"\n");
    folder_.write("good.toml", "[train]\nepochs = 1\n");
    folder_.write("settings.txt", "epochs: 3\n");
    folder_.write("blocker", "");
    std::filesystem::create_directory(folder_.path("folder"));
    train_a_run();
  }
  void TearDown() override { std::filesystem::current_path(before_); }

  void train_a_run() {
    std::ostringstream out, err;
    ASSERT_EQ(
        cli::run({"train", "--quiet", "--data.train=good.csv", "--train.epochs=1", "--out=run"}, {out, err}),
        0)
        << err.str();
  }

  TemporaryFolder folder_;
  std::filesystem::path before_;
};

TEST_F(WrongCommandLines, EndWithTheDocumentedCodeAndMessage) {
  const std::vector<Case> cases = read_cases();
  ASSERT_GE(cases.size(), 60u);
  std::string text;
  for (const Case& c : cases) {
    const std::string result = result_of(c.command);
    text += kPrompt + c.command + "\n" + result;
    if (!updates()) {
      EXPECT_EQ(result, c.result) << kPrompt << c.command;
    }
  }
  if (updates()) std::ofstream(golden_file()) << text;
}

}  // namespace
}  // namespace thalweg::test
