#pragma once
// The description of this build and this machine, as text and JSON.
#include <string>
#include <vector>

#include "host/json/json.hpp"
#include "host/runtime/cuda_backend.hpp"

namespace thalweg::cli {

Json to_json(const std::vector<DeviceInfo>& devices, const CudaReport& cuda);
std::string to_text(const std::vector<DeviceInfo>& devices, const CudaReport& cuda);

}  // namespace thalweg::cli
