#pragma once
// The description of this build and this machine, as text and JSON.
#include <string>

#include "host/json/json.hpp"
#include "host/runtime/cuda_backend.hpp"

namespace thalweg::cli {

Json to_json(const CudaReport& cuda);
std::string to_text(const CudaReport& cuda);

}  // namespace thalweg::cli
