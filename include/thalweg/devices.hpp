#pragma once
// The devices of this build and this machine.
// Example: devices_example in examples/tour.cpp.
#include <cstdint>
#include <string>
#include <vector>

#include "thalweg/api.hpp"

namespace thalweg {

struct DeviceInfo {
  std::string device;   ///< as ContextOptions::device takes it: "cpu:avx512", "cuda:0", "reference"
  std::string name;     ///< the maker's name of the processor or GPU; empty: not known
  std::string refusal;  ///< why a Context on it would throw DeviceUnavailable; empty: the device is usable
  std::int64_t memory_bytes = 0;             ///< of the GPU, else of the machine; 0: not known
  std::int64_t free_bytes = -1;              ///< of a usable GPU; -1: not known
  int multiprocessors = 0;                   ///< of a GPU
  int compute_major = 0, compute_minor = 0;  ///< compute capability of a GPU

  bool usable() const { return refusal.empty(); }
};

/// Lists the cpu with each instruction set of this build, the best first, then the CUDA devices, then the
/// reference. The device "cpu" is the first usable one. Where there is no CUDA device, one entry "cuda" says
/// why. No device is opened.
THALWEG_API std::vector<DeviceInfo> devices();

}  // namespace thalweg
