#pragma once
// Where the gallery runs.
#include "thalweg/context.hpp"

namespace thalweg::gallery {

/// The cpu by one thread: with so few rows, others would only wait. The bits are those of every device.
inline Context one_thread() { return Context({.device = "cpu", .threads = 1}); }

}  // namespace thalweg::gallery
