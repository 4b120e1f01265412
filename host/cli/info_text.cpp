#include "host/cli/info_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <thread>

#include "host/runtime/backends.hpp"
#include "thalweg/version.hpp"

namespace thalweg::cli {
namespace {

/// "13.0" of 13000; "none" of 0.
std::string version_text(int version) {
  return version == 0 ? "none" : fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

double gibibytes(std::int64_t bytes) { return static_cast<double>(bytes) / (1 << 30); }

Json device_json(const CudaDevice& device) {
  Json object;
  object["device"] = device.device;
  object["name"] = device.name;
  object["compute_capability"] = fmt::format("{}.{}", device.major, device.minor);
  object["multiprocessors"] = device.multiprocessors;
  object["memory_bytes"] = device.memory_bytes;
  if (device.free_bytes >= 0) object["free_bytes"] = device.free_bytes;
  object["usable"] = device.refusal.empty();
  object["reason"] = device.refusal;
  return object;
}

std::string device_text(const CudaDevice& device) {
  const std::string free =
      device.free_bytes < 0 ? "" : fmt::format(" ({:.1f} GiB free)", gibibytes(device.free_bytes));
  return fmt::format("{:<9} {}, compute capability {}.{}, {} multiprocessors, {:.1f} GiB{}{}\n",
                     device.device, device.name, device.major, device.minor, device.multiprocessors,
                     gibibytes(device.memory_bytes), free,
                     device.refusal.empty() ? "" : "; not usable: " + device.refusal);
}

}  // namespace

Json to_json(const CudaReport& cuda) {
  Json::Array devices;
  for (const CudaDevice& device : cuda.devices) devices.push_back(device_json(device));
  Json report;
  report["version"] = kVersion;
  report["cpu"] = cpu_variants();
  report["threads"] = std::thread::hardware_concurrency();
  report["cuda"] = cuda.reason.empty();
  report["cuda.reason"] = cuda.reason;
  report["cuda.built"] = cuda.built;
  report["cuda.architectures"] = cuda.architectures;
  report["cuda.driver"] = version_text(cuda.driver);
  report["cuda.runtime"] = version_text(cuda.runtime);
  report["cuda.devices"] = devices;
  return report;
}

std::string to_text(const CudaReport& cuda) {
  std::string text = fmt::format("thalweg   {}\ncpu       {} ({} threads)\ncuda      {}\n", kVersion,
                                 fmt::join(cpu_variants(), ", "), std::thread::hardware_concurrency(),
                                 cuda.reason.empty() ? "usable" : "not usable: " + cuda.reason);
  if (cuda.built) {
    text += fmt::format("          driver {}, runtime {}, code for {}\n", version_text(cuda.driver),
                        version_text(cuda.runtime), cuda.architectures);
  }
  for (const CudaDevice& device : cuda.devices) text += device_text(device);
  return text + "reference always there\n";
}

}  // namespace thalweg::cli
