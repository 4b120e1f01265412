// The bits of the runs in parameters.golden, which a change of structure must keep. A change that means to
// alter them writes the file anew with THALWEG_UPDATE_GOLDEN=1 in the environment; its commit says why.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "host/cli/cli.hpp"
#include "tests/support/source_folder.hpp"

namespace thalweg::test {
namespace {

using Words = std::vector<std::string>;

/// A run of the golden file.
struct RecordedRun {
  std::string name;  ///< its group, a dot and what is particular about it
  std::string hash;  ///< parameters.xxh3, as recorded
  Words flags;  ///< those of every run, those of its group and its own; of equal keys the last one counts
  std::string line;  ///< as it stands in the file
};

std::string golden_file() { return source_folder() + "tests/end_to_end/parameters.golden"; }

Words words_of(const std::string& line) {
  std::istringstream in(line);
  return {std::istream_iterator<std::string>(in), {}};
}

void append(Words& words, const Words& more, std::size_t from = 0) {
  words.insert(words.end(), more.begin() + static_cast<std::ptrdiff_t>(from), more.end());
}

RecordedRun run_of(const std::string& line, const Words& words, std::map<std::string, Words>& groups) {
  RecordedRun run{.name = words.at(0), .hash = words.at(1), .flags = groups["all"], .line = line};
  append(run.flags, groups[run.name.substr(0, run.name.find('.'))]);
  append(run.flags, words, 2);
  return run;
}

/// "GROUP: FLAGS", "GROUP.NAME HASH FLAGS", a comment or nothing in each line.
std::vector<RecordedRun> runs_of(const std::string& text) {
  std::map<std::string, Words> groups;
  std::vector<RecordedRun> runs;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    const Words words = words_of(line);
    if (words.empty() || words[0].starts_with('#')) continue;
    if (words[0].ends_with(':')) {
      append(groups[words[0].substr(0, words[0].size() - 1)], words, 1);
    } else {
      runs.push_back(run_of(line, words, groups));
    }
  }
  return runs;
}

/// parameters.xxh3 of the run; empty where it fails.
std::string checksum(const RecordedRun& run) {
  Words arguments{"train", "--json", "--quiet"};
  append(arguments, run.flags);
  std::ostringstream out, err;
  const int code = cli::run(arguments, {out, err});
  EXPECT_EQ(code, 0) << run.line << "\n" << err.str();
  return code == 0 ? nlohmann::json::parse(out.str()).at("parameters.xxh3").get<std::string>() : "";
}

/// Writes another hash into the run's line.
void record(std::string& text, const RecordedRun& run, const std::string& hash) {
  text.replace(text.find(run.hash, text.find(run.line) + run.name.size()), run.hash.size(), hash);
}

/// The flags name data files from the source folder, which is the current one meanwhile.
class Parameters : public testing::Test {
 protected:
  void SetUp() override {
    before_ = std::filesystem::current_path();
    std::filesystem::current_path(source_folder());
  }
  void TearDown() override { std::filesystem::current_path(before_); }

  std::filesystem::path before_;
};

TEST_F(Parameters, OfEveryRunHaveTheirRecordedBits) {
  const bool updates = std::getenv("THALWEG_UPDATE_GOLDEN") != nullptr;
  std::ifstream in(golden_file());
  std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::vector<RecordedRun> runs = runs_of(text);
  ASSERT_GE(runs.size(), 72u);
  for (const RecordedRun& run : runs) {
    const std::string hash = checksum(run);
    if (updates) {
      record(text, run, hash);
    } else {
      EXPECT_EQ(hash, run.hash) << run.line;
    }
  }
  if (updates && !HasFailure()) std::ofstream(golden_file()) << text;
}

}  // namespace
}  // namespace thalweg::test
