#pragma once
// The version of the library. Example: version_example in examples/tour.cpp.
namespace thalweg {
/// Major, minor and patch number of the library.
inline constexpr const char* kVersion = "0.1.0";
}  // namespace thalweg
