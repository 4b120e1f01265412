// Calls the shared library, and catches an error of Thalweg that comes from another object.
#include <cmath>
#include <cstdio>
#include <vector>

#include "thalweg/thalweg.hpp"

static_assert(THALWEG_VERSION_MAJOR == 0 && THALWEG_VERSION >= 100);

double slope_of(const std::vector<float>& x, const std::vector<float>& y);

int main() {
  const double slope = slope_of({1, 2, 3}, {2, 4, 6});
  if (std::abs(slope - 2) > 1e-5) return std::printf("slope %g, not 2\n", slope), 1;
  try {
    thalweg::Config config;
    config.data.train = "no such file";
    thalweg::train(config);
  } catch (const thalweg::NoInputError& error) {
    return 0;
  }
  return std::printf("no error of a missing file\n"), 1;
}
