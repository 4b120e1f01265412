// What `thalweg info` says of CUDA, word for word, on machines that are made up.
#include "host/cli/info_text.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>

#include "host/runtime/backends.hpp"
#include "thalweg/version.hpp"

namespace thalweg::cli {
namespace {

/// A device that can be used, and one that is too old.
CudaReport two_devices() {
  CudaReport report{.built = true, .driver = 13020, .runtime = 12090, .architectures = "90,100"};
  report.devices = {{.device = "cuda:0",
                     .name = "New One",
                     .major = 9,
                     .minor = 1,
                     .memory_bytes = std::int64_t{24} << 30,
                     .free_bytes = std::int64_t{9} << 29,
                     .multiprocessors = 132},
                    {.device = "cuda:1",
                     .name = "Old One",
                     .major = 5,
                     .minor = 2,
                     .memory_bytes = std::int64_t{1} << 29,
                     .free_bytes = -1,
                     .multiprocessors = 16,
                     .refusal = "too old"}};
  return report;
}

/// The lines before those of CUDA: what this build and this machine are.
std::string first_lines() {
  std::string variants;
  for (const std::string& variant : cpu_variants()) variants += (variants.empty() ? "" : ", ") + variant;
  return fmt::format("thalweg   {}\ncpu       {} ({} threads)\n", kVersion, variants,
                     std::thread::hardware_concurrency());
}

TEST(InfoText, ADeviceHasItsNumbersAndARefusalItsReason) {
  EXPECT_EQ(
      to_text(two_devices()),
      first_lines() +
          "cuda      usable\n"
          "          driver 13.2, runtime 12.9, code for 90,100\n"
          "cuda:0    New One, compute capability 9.1, 132 multiprocessors, 24.0 GiB (4.5 GiB free)\n"
          "cuda:1    Old One, compute capability 5.2, 16 multiprocessors, 0.5 GiB; not usable: too old\n"
          "reference always there\n");
}

TEST(InfoText, NoFreeBytesAreAFullDeviceAndNotAnUnknownNumber) {
  CudaReport report = two_devices();
  report.devices.resize(1);
  report.devices[0].free_bytes = 0;
  EXPECT_NE(to_text(report).find("24.0 GiB (0.0 GiB free)\n"), std::string::npos);
  EXPECT_EQ(to_json(report).at("cuda.devices").array()[0].at("free_bytes").dump(), "0");
}

TEST(InfoText, ABuildWithoutCudaSaysSoAndNothingElseOfIt) {
  const CudaReport report{.reason = "this build has no CUDA backend"};
  EXPECT_EQ(to_text(report),
            first_lines() + "cuda      not usable: this build has no CUDA backend\nreference always there\n");
}

TEST(InfoText, AMachineWithoutADriverHasNone) {
  const CudaReport report{.built = true, .runtime = 13000, .architectures = "90", .reason = "no driver"};
  EXPECT_EQ(to_text(report), first_lines() +
                                 "cuda      not usable: no driver\n"
                                 "          driver none, runtime 13.0, code for 90\n"
                                 "reference always there\n");
}

TEST(InfoText, JsonHasTheSameByName) {
  const std::string text = to_json(two_devices()).dump();
  const std::string from_here = ",\"cuda\":true,";
  ASSERT_NE(text.find(from_here), std::string::npos) << text;
  EXPECT_EQ(text.substr(text.find(from_here) + from_here.size()),
            R"("cuda.reason":"","cuda.built":true,"cuda.architectures":"90,100","cuda.driver":"13.2",)"
            R"("cuda.runtime":"12.9","cuda.devices":[{"device":"cuda:0","name":"New One",)"
            R"("compute_capability":"9.1","multiprocessors":132,"memory_bytes":25769803776,)"
            R"("free_bytes":4831838208,"usable":true,"reason":""},{"device":"cuda:1","name":"Old One",)"
            R"("compute_capability":"5.2","multiprocessors":16,"memory_bytes":536870912,"usable":false,)"
            R"("reason":"too old"}]})");
  EXPECT_TRUE(text.starts_with(R"({"version":")" + std::string(kVersion) + R"(","cpu":[)")) << text;
  const Json none = to_json(CudaReport{.reason = "none"});
  EXPECT_EQ(none.at("cuda").dump(), "false");
  EXPECT_EQ(none.at("cuda.devices").dump(), "[]");
  EXPECT_EQ(none.at("threads").dump(), std::to_string(std::thread::hardware_concurrency()));
}

}  // namespace
}  // namespace thalweg::cli
