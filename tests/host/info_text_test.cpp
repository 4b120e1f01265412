// What `thalweg info` says of CUDA, word for word, on machines that are made up.
#include "host/cli/info_text.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>

#include "thalweg/version.hpp"

namespace thalweg::cli {
namespace {

using Devices = std::vector<DeviceInfo>;

const CudaReport kVersions{.built = true, .driver = 13020, .runtime = 12090, .architectures = "90,100"};

/// One instruction set too many for the processor, and these devices.
Devices machine_with(const Devices& cuda) {
  Devices all{
      {.device = "cpu:avx512", .refusal = "no AVX-512"}, {.device = "cpu:avx2"}, {.device = "cpu:generic"}};
  all.insert(all.end(), cuda.begin(), cuda.end());
  all.push_back({.device = "reference"});
  return all;
}

/// A device that can be used, and one that is too old.
Devices two_devices() {
  return {{.device = "cuda:0",
           .name = "New One",
           .memory_bytes = std::int64_t{24} << 30,
           .free_bytes = std::int64_t{9} << 29,
           .multiprocessors = 132,
           .compute_major = 9,
           .compute_minor = 1},
          {.device = "cuda:1",
           .name = "Old One",
           .refusal = "too old",
           .memory_bytes = std::int64_t{1} << 29,
           .free_bytes = -1,
           .multiprocessors = 16,
           .compute_major = 5,
           .compute_minor = 2}};
}

Devices no_device(const std::string& reason) { return {{.device = "cuda", .refusal = reason}}; }

/// The lines before those of CUDA: what this build and this machine are.
std::string first_lines() {
  return fmt::format("thalweg   {}\ncpu       cpu:avx2, cpu:generic ({} threads)\n", kVersion,
                     std::thread::hardware_concurrency());
}

TEST(InfoText, ADeviceHasItsNumbersAndARefusalItsReason) {
  EXPECT_EQ(
      to_text(machine_with(two_devices()), kVersions),
      first_lines() +
          "cuda      usable\n"
          "          driver 13.2, runtime 12.9, code for 90,100\n"
          "cuda:0    New One, compute capability 9.1, 132 multiprocessors, 24.0 GiB (4.5 GiB free)\n"
          "cuda:1    Old One, compute capability 5.2, 16 multiprocessors, 0.5 GiB; not usable: too old\n"
          "reference always there\n");
}

TEST(InfoText, NoFreeBytesAreAFullDeviceAndNotAnUnknownNumber) {
  Devices one = two_devices();
  one.resize(1);
  one[0].free_bytes = 0;
  EXPECT_NE(to_text(one, kVersions).find("24.0 GiB (0.0 GiB free)\n"), std::string::npos);
  EXPECT_EQ(to_json(one, kVersions).at("cuda.devices").array()[0].at("free_bytes").dump(), "0");
}

TEST(InfoText, ABuildWithoutCudaSaysSoAndNothingElseOfIt) {
  EXPECT_EQ(to_text(machine_with(no_device("this build has no CUDA backend")), {}),
            first_lines() + "cuda      not usable: this build has no CUDA backend\nreference always there\n");
}

TEST(InfoText, AMachineWithoutADriverHasNone) {
  const CudaReport report{.built = true, .runtime = 13000, .architectures = "90"};
  EXPECT_EQ(to_text(machine_with(no_device("no driver")), report),
            first_lines() +
                "cuda      not usable: no driver\n"
                "          driver none, runtime 13.0, code for 90\n"
                "reference always there\n");
}

TEST(InfoText, JsonHasTheSameByName) {
  const std::string text = to_json(machine_with(two_devices()), kVersions).dump();
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
  EXPECT_NE(text.find(R"("cpu":["cpu:avx2","cpu:generic"],)"), std::string::npos) << text;
  const Json none = to_json(machine_with(no_device("none")), {});
  EXPECT_EQ(none.at("cuda").dump(), "false");
  EXPECT_EQ(none.at("cuda.devices").dump(), "[]");
  EXPECT_EQ(none.at("threads").dump(), std::to_string(std::thread::hardware_concurrency()));
}

}  // namespace
}  // namespace thalweg::cli
