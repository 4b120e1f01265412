#include "host/cli/info_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <thread>

#include "thalweg/version.hpp"

namespace thalweg::cli {
namespace {

/// "13.0" of 13000; "none" of 0.
std::string version_text(int version) {
  return version == 0 ? "none" : fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

double gibibytes(std::int64_t bytes) { return static_cast<double>(bytes) / (1 << 30); }

Json device_json(const DeviceInfo& device) {
  Json object;
  object["device"] = device.device;
  object["name"] = device.name;
  object["compute_capability"] = fmt::format("{}.{}", device.compute_major, device.compute_minor);
  object["multiprocessors"] = device.multiprocessors;
  object["memory_bytes"] = device.memory_bytes;
  if (device.free_bytes >= 0) object["free_bytes"] = device.free_bytes;
  object["usable"] = device.usable();
  object["reason"] = device.refusal;
  return object;
}

std::string device_text(const DeviceInfo& device) {
  const std::string free =
      device.free_bytes < 0 ? "" : fmt::format(" ({:.1f} GiB free)", gibibytes(device.free_bytes));
  return fmt::format("{:<9} {}, compute capability {}.{}, {} multiprocessors, {:.1f} GiB{}{}\n",
                     device.device, device.name, device.compute_major, device.compute_minor,
                     device.multiprocessors, gibibytes(device.memory_bytes), free,
                     device.usable() ? "" : "; not usable: " + device.refusal);
}

std::vector<std::string> usable_cpus(const std::vector<DeviceInfo>& devices) {
  std::vector<std::string> names;
  for (const DeviceInfo& device : devices) {
    if (device.device.starts_with("cpu:") && device.usable()) names.push_back(device.device);
  }
  return names;
}

/// Empty where there is none.
std::vector<DeviceInfo> gpus(const std::vector<DeviceInfo>& devices) {
  std::vector<DeviceInfo> found;
  for (const DeviceInfo& device : devices) {
    if (device.device.starts_with("cuda:")) found.push_back(device);
  }
  return found;
}

/// Why the device "cuda" cannot be used; empty: it can.
std::string cuda_refusal(const std::vector<DeviceInfo>& devices) {
  for (const DeviceInfo& device : devices) {
    if (device.device.starts_with("cuda")) return device.refusal;
  }
  return "";
}

}  // namespace

Json to_json(const std::vector<DeviceInfo>& devices, const CudaReport& cuda) {
  const std::string refusal = cuda_refusal(devices);
  Json::Array cuda_devices;
  for (const DeviceInfo& device : gpus(devices)) cuda_devices.push_back(device_json(device));
  Json report;
  report["version"] = kVersion;
  report["cpu"] = usable_cpus(devices);
  report["threads"] = std::thread::hardware_concurrency();
  report["cuda"] = refusal.empty();
  report["cuda.reason"] = refusal;
  report["cuda.built"] = cuda.built;
  report["cuda.architectures"] = cuda.architectures;
  report["cuda.driver"] = version_text(cuda.driver);
  report["cuda.runtime"] = version_text(cuda.runtime);
  report["cuda.devices"] = cuda_devices;
  return report;
}

std::string to_text(const std::vector<DeviceInfo>& devices, const CudaReport& cuda) {
  const std::string refusal = cuda_refusal(devices);
  std::string text = fmt::format("thalweg   {}\ncpu       {} ({} threads)\ncuda      {}\n", kVersion,
                                 fmt::join(usable_cpus(devices), ", "), std::thread::hardware_concurrency(),
                                 refusal.empty() ? "usable" : "not usable: " + refusal);
  if (cuda.built) {
    text += fmt::format("          driver {}, runtime {}, code for {}\n", version_text(cuda.driver),
                        version_text(cuda.runtime), cuda.architectures);
  }
  for (const DeviceInfo& device : gpus(devices)) text += device_text(device);
  return text + "reference always there\n";
}

}  // namespace thalweg::cli
