#pragma once
// Commands of the program, called from tests.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "host/cli/cli.hpp"

namespace thalweg::test {

using Words = std::vector<std::string>;

/// What a command wrote to stdout and stderr.
struct Said {
  std::string out, err;
};

/// Runs the command, which has to end with `code`.
inline Said run(const Words& arguments, int code = 0) {
  std::ostringstream out, err;
  EXPECT_EQ(cli::run(arguments, {out, err}), code) << arguments.at(0) << ": " << err.str();
  return {out.str(), err.str()};
}

class CommandTest : public testing::Test {
 protected:
  /// Its output; what it wrote to stderr is left in errors_.
  std::string call(const Words& arguments, int code = 0) {
    Said said = run(arguments, code);
    errors_ = std::move(said.err);
    return std::move(said.out);
  }
  nlohmann::json json(const Words& arguments) { return nlohmann::json::parse(call(arguments)); }

  std::string errors_;
};

}  // namespace thalweg::test
