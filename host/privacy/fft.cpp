#include "host/privacy/fft.hpp"

#include <cmath>
#include <numbers>
#include <utility>

namespace thalweg {
namespace {

void reverse_bits(std::vector<std::complex<double>>& values) {
  const std::size_t n = values.size();
  for (std::size_t i = 1, j = 0; i < n; ++i) {
    std::size_t bit = n / 2;
    for (; (j & bit) != 0; bit /= 2) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(values[i], values[j]);
  }
}

std::vector<std::complex<double>> roots_of_unity(std::size_t n, double sign) {
  std::vector<std::complex<double>> roots(n / 2);
  for (std::size_t k = 0; k < n / 2; ++k) {
    roots[k] = std::polar(1.0, sign * 2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(n));
  }
  return roots;
}

}  // namespace

/// Cooley and Tukey 1965, radix 2, decimation in time.
void fourier_transform(std::vector<std::complex<double>>& values, Transform direction) {
  const std::size_t n = values.size();
  reverse_bits(values);
  const auto roots = roots_of_unity(n, direction == Transform::forward ? -1.0 : 1.0);
  for (std::size_t length = 2; length <= n; length *= 2) {
    const std::size_t half = length / 2, stride = n / length;
    for (std::size_t first = 0; first < n; first += length) {
      for (std::size_t k = 0; k < half; ++k) {
        const std::complex<double> a = values[first + k], w = roots[k * stride], b = values[first + k + half];
        const std::complex<double> t{w.real() * b.real() - w.imag() * b.imag(),
                                     w.real() * b.imag() + w.imag() * b.real()};
        values[first + k] = a + t;
        values[first + k + half] = a - t;
      }
    }
  }
  if (direction == Transform::forward) return;
  for (auto& value : values) value /= static_cast<double>(n);
}

}  // namespace thalweg
