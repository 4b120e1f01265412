#include "thalweg/devices.hpp"

#include "host/runtime/backends.hpp"
#include "host/runtime/cuda_backend.hpp"
#include "host/runtime/processor.hpp"

namespace thalweg {

std::vector<DeviceInfo> devices() {
  const DeviceInfo host{.name = processor_name(), .memory_bytes = machine_memory_bytes()};
  std::vector<DeviceInfo> all;
  const auto add_host = [&](const std::string& device, const std::string& refusal) {
    all.push_back(host);
    all.back().device = device;
    all.back().refusal = refusal;
  };
  for (const CpuVariant& variant : built_cpu_variants()) add_host(variant.name, variant.refusal);
  for (DeviceInfo& device : cuda_devices()) all.push_back(std::move(device));
  add_host("reference", "");
  return all;
}

}  // namespace thalweg
