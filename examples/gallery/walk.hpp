#pragma once
// A minimisation that remembers where it was.
#include <cstdint>
#include <functional>
#include <vector>

#include "thalweg/thalweg.hpp"

namespace thalweg::gallery {

using Floats = std::vector<float>;
/// Writes the gradient at the point, and returns the value there.
using Function = std::function<double(const Floats& point, Floats& gradient)>;

struct Walk {
  std::vector<Floats> points;  ///< the start first
  std::vector<double> values;  ///< of the function there
  bool converged = false;      ///< whether the gradient met the tolerance

  std::int64_t steps() const { return std::ssize(points) - 1; }
  double end(std::size_t k = 0) const { return points.back()[k]; }
  double at(std::size_t step, std::size_t k = 0) const { return points[step][k]; }
};

Walk walk(const OptimizerConfig& optimizer, Floats start, std::int64_t steps, const Function& function,
          double tolerance = 0);

}  // namespace thalweg::gallery
