// `thalweg info` on a machine whose CUDA device is the executor.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "host/cli/cli.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;

std::string output_of(const std::vector<std::string>& arguments) {
  std::ostringstream out, err;
  EXPECT_EQ(cli::run(arguments, {out, err}), 0) << err.str();
  return out.str();
}

TEST(Info, NamesVersionsArchitecturesAndDevices) {
  const auto info = nlohmann::json::parse(output_of({"info", "--json"}));
  EXPECT_EQ(info["cuda"], true);
  EXPECT_EQ(info["cuda.built"], true);
  EXPECT_EQ(info["cuda.reason"], "");
  EXPECT_EQ(info["cuda.driver"], "13.0");
  EXPECT_EQ(info["cuda.runtime"], "13.0");
  EXPECT_EQ(info["cuda.architectures"], "all");
  ASSERT_EQ(info["cuda.devices"].size(), 1u);
  const auto& device = info["cuda.devices"][0];
  EXPECT_EQ(device["device"], "cuda:0");
  EXPECT_EQ(device["compute_capability"], "9.0");
  EXPECT_EQ(device["memory_bytes"], std::int64_t{16} << 30);
  EXPECT_LE(device["free_bytes"], device["memory_bytes"]);
  EXPECT_EQ(device["usable"], true);
}

TEST(Info, SaysTheSameInWords) {
  const std::string text = output_of({"info"});
  for (const char* part : {"cuda      usable", "driver 13.0, runtime 13.0", "executed on the CPU as sm_90",
                           "compute capability 9.0", "16.0 GiB", "reference always there"})
    EXPECT_THAT(text, HasSubstr(part));
}

}  // namespace
}  // namespace thalweg::test
