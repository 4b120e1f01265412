#pragma once
// Findings: what is wrong, and in which kernel, block, thread, file and line.
#include <string>

#include "simt/device.hpp"
#include "simt/vector_types.hpp"

namespace simt {

std::string text(uint3 index);
std::string text(Site site);

/// Ends the program; `what` is a whole sentence.
[[noreturn]] void fatal(const std::string& what);
/// The same for a finding in the running CUDA thread.
[[noreturn]] void finding(const std::string& what, Site site);

/// " in kernel ..., block ..., thread ..." of the running CUDA thread, or " in host code".
std::string where();

/// Once per process: names the CUDA thread and the memory when a sanitizer or the hardware stops an access.
void install_fault_reports();

}  // namespace simt
