#pragma once
// The processor and the memory of this machine.
#include <cstdint>
#include <string>

namespace thalweg {

/// The maker's name; empty: not known.
std::string processor_name();
/// Bytes of the machine's memory; 0: not known.
std::int64_t machine_memory_bytes();

}  // namespace thalweg
