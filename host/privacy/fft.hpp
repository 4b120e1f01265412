#pragma once
// The discrete Fourier transform, as the accountant needs it: in double, of a power of two elements.
#include <complex>
#include <vector>

namespace thalweg {

enum class Transform { forward, inverse };

/// In place. The inverse divides by the number of elements.
void fourier_transform(std::vector<std::complex<double>>& values, Transform direction);

}  // namespace thalweg
