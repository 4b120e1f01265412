#pragma once
// What both forms of `thalweg watch`, one run and several, say of a run in the same words.
#include <cstdint>
#include <string>

#include "host/report/run_glance.hpp"

namespace thalweg::cli {

inline constexpr int kLeastSparkline = 8;  ///< characters; a narrower one tells nothing
inline constexpr const char* kNothing = "-";

/// NaN where the curve has no values.
double last_of(const report::Curve& curve);
/// In five digits; kNothing where the last value is not known.
std::string last_text(const report::Curve& curve);
/// "3", `of`, "5"; "3" alone where nobody knows how many there are in all.
std::string of_all(std::int64_t done, const char* of, std::int64_t all);

}  // namespace thalweg::cli
