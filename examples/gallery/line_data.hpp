#pragma once
// The rows of three failures: y = 2x + 10, nearly.
#include "examples/gallery/data.hpp"

namespace thalweg::gallery {

/// 40 rows; x has the mean 0 and the deviation 1.
Dataset nearly_a_line();

/// sgd in full batches on the targets as they are, from zeros.
Config plain_descent(double rate, std::int64_t epochs);

}  // namespace thalweg::gallery
