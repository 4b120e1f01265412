#pragma once
// The version of the library. Example: version_example in examples/tour.cpp.
#define THALWEG_VERSION_MAJOR 0
#define THALWEG_VERSION_MINOR 1
#define THALWEG_VERSION_PATCH 0
/// For comparisons in #if: 100 for 0.1.0, 10203 for 1.2.3.
#define THALWEG_VERSION (THALWEG_VERSION_MAJOR * 10000 + THALWEG_VERSION_MINOR * 100 + THALWEG_VERSION_PATCH)
#define THALWEG_QUOTE_(x) #x
#define THALWEG_VERSION_TEXT_(major, minor, patch) \
  THALWEG_QUOTE_(major) "." THALWEG_QUOTE_(minor) "." THALWEG_QUOTE_(patch)

namespace thalweg {
/// Major, minor and patch number of the library.
inline constexpr const char* kVersion =
    THALWEG_VERSION_TEXT_(THALWEG_VERSION_MAJOR, THALWEG_VERSION_MINOR, THALWEG_VERSION_PATCH);
/// Version of docs/numerics.md: programs that differ in it compute other bits.
inline constexpr int kNumericsVersion = 1;
}  // namespace thalweg
