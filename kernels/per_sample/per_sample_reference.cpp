// Per-sample gradients in double, from their definitions.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "kernels/base/feature_reference.hpp"
#include "kernels/per_sample/per_sample.hpp"

namespace thalweg {
namespace {

double square_of_row(const float* row, std::int64_t count) {
  double sum = 0;
  for (std::int64_t j = 0; j < count; ++j) sum += double{row[j]} * row[j];
  return sum;
}

void dense_row_squares(const Device&, const DenseRowSquares& a) {
  for (std::int64_t n = 0; n < a.input.rows; ++n) {
    double sum = 0;
    for (std::int64_t j = 0; j < a.input.cols; ++j) sum += std::pow(feature(a.input, n, j), 2);
    a.squares[n] = static_cast<float>(sum);
  }
}

void sparse_row_squares(const Device&, const SparseRowSquares& a) {
  for (std::int64_t n = 0; n < a.input.rows; ++n) {
    const std::int64_t id = a.input.id(n), begin = a.input.offsets[id];
    a.squares[n] = static_cast<float>(square_of_row(a.input.values + begin, a.input.offsets[id + 1] - begin));
  }
}

void linear_squared_norms(const Device&, const LinearSquaredNorms& a) {
  for (std::int64_t n = 0; n < a.grad_output.rows; ++n) {
    const double input = a.input_squares == nullptr ? square_of_row(a.input.row(n), a.input.cols)
                                                    : a.input_squares[a.ids != nullptr ? a.ids[n] : n];
    a.squared_norms[n] = static_cast<float>(square_of_row(a.grad_output.row(n), a.grad_output.cols) *
                                            (input + (a.bias ? 1 : 0)));
  }
}

void layer_norm_squared_norms(const Device&, const LayerNormSquaredNorms& a) {
  for (std::int64_t n = 0; n < a.grad_output.rows; ++n) {
    double sum = square_of_row(a.grad_output.row(n), a.grad_output.cols);
    for (std::int64_t c = 0; c < a.grad_output.cols; ++c) {
      const double xhat = (double{a.input.row(n)[c]} - a.mean[n]) * a.rstd[n];
      sum += std::pow(a.grad_output.row(n)[c] * xhat, 2);
    }
    a.squared_norms[n] = static_cast<float>(sum);
  }
}

double clipping(ClipMode mode, double norm, double bound) {
  if (bound <= 0) return 1;
  return mode == ClipMode::automatic ? bound / (norm + 0.01) : std::min(1.0, bound / (norm + 1e-6));
}

void clip_factors(const Device&, const ClipFactors& a) {
  const double scale = a.scale != nullptr ? *a.scale : 1.0;
  for (std::int64_t n = 0; n < a.rows; ++n) {
    double total = 0;
    for (std::int64_t l = 0; l < a.layers; ++l) total += a.squared_norms[l * a.stride + n];
    a.norms[n] = static_cast<float>(std::sqrt(total));
    const std::int64_t factors = a.mode == ClipMode::per_layer ? a.layers : 1;
    for (std::int64_t l = 0; l < factors; ++l) {
      const double square = a.mode == ClipMode::per_layer ? a.squared_norms[l * a.stride + n] : total;
      a.factors[l * a.stride + n] =
          static_cast<float>(scale * clipping(a.mode, std::sqrt(square), a.clip_norm));
    }
  }
}

void scale_rows(const Device&, const RowScale& a) {
  for (std::int64_t n = 0; n < a.matrix.rows; ++n) {
    for (std::int64_t j = 0; j < a.matrix.cols; ++j) {
      a.matrix.row(n)[j] = static_cast<float>(double{a.matrix.row(n)[j]} * a.factors[n]);
    }
  }
}

void bias_gradients(const Matrix& to, ConstMatrix grad_output) {
  if (to.data == nullptr) return;
  for (std::int64_t n = 0; n < grad_output.rows; ++n) {
    for (std::int64_t o = 0; o < grad_output.cols; ++o) to.row(n)[o] = 0.0f + grad_output.row(n)[o];
  }
}

void dense_gradients(const Device&, const DenseSampleGradients& a) {
  const std::int64_t features = a.input.cols;
  for (std::int64_t n = 0; n < a.input.rows; ++n) {
    for (std::int64_t o = 0; o < a.grad_output.cols; ++o) {
      for (std::int64_t i = 0; i < features; ++i) {
        a.gradients.row(n)[o * features + i] =
            static_cast<float>(0.0 + a.grad_output.row(n)[o] * feature(a.input, n, i));
      }
    }
  }
  bias_gradients(a.bias_gradients, a.grad_output);
}

void sparse_gradients(const Device&, const SparseSampleGradients& a) {
  const std::int64_t features = a.input.cols;
  for (std::int64_t n = 0; n < a.input.rows; ++n) {
    std::fill_n(a.gradients.row(n), features * a.grad_output.cols, 0.0f);
    const std::int64_t id = a.input.id(n);
    for (std::int64_t e = a.input.offsets[id]; e < a.input.offsets[id + 1]; ++e) {
      for (std::int64_t o = 0; o < a.grad_output.cols; ++o) {
        a.gradients.row(n)[o * features + a.input.columns[e]] =
            static_cast<float>(0.0 + double{a.grad_output.row(n)[o]} * a.input.values[e]);
      }
    }
  }
  bias_gradients(a.bias_gradients, a.grad_output);
}

void layer_norm_gradients(const Device&, const LayerNormSampleGradients& a) {
  for (std::int64_t n = 0; n < a.grad_output.rows; ++n) {
    for (std::int64_t c = 0; c < a.grad_output.cols; ++c) {
      const double xhat = (double{a.input.row(n)[c]} - a.mean[n]) * a.rstd[n];
      a.gradients.row(n)[c] = static_cast<float>(0.0 + a.grad_output.row(n)[c] * xhat);
    }
  }
  bias_gradients(a.bias_gradients, a.grad_output);
}

/// Box and Muller 1958 on the same words.
double normal(const PhiloxBlock& block, int which) {
  const double u = (block.word[which < 2 ? 0 : 2] + 0.5) * 0x1p-32;
  const double angle = 2 * std::numbers::pi * block.word[which < 2 ? 1 : 3] * 0x1p-32;
  return std::sqrt(-2 * std::log(u)) * (which % 2 == 0 ? std::cos(angle) : std::sin(angle));
}

void add_noise(const Device&, const GaussianNoise& a) {
  for (std::int64_t e = 0; e < a.size; ++e) {
    const PhiloxBlock counter{{static_cast<std::uint32_t>(e / 4), a.stream,
                               static_cast<std::uint32_t>(*a.step),
                               static_cast<std::uint32_t>(*a.step >> 32)}};
    const double z = normal(philox(counter, a.key), static_cast<int>(e % 4));
    a.values[e] = static_cast<float>(a.values[e] + *a.deviation * z);
  }
}

}  // namespace

extern const PerSampleOps per_sample_reference;
const PerSampleOps per_sample_reference{.dense_row_squares = &dense_row_squares,
                                        .sparse_row_squares = &sparse_row_squares,
                                        .linear_squared_norms = &linear_squared_norms,
                                        .layer_norm_squared_norms = &layer_norm_squared_norms,
                                        .clip_factors = &clip_factors,
                                        .scale_rows = &scale_rows,
                                        .dense_gradients = &dense_gradients,
                                        .sparse_gradients = &sparse_gradients,
                                        .layer_norm_gradients = &layer_norm_gradients,
                                        .add_noise = &add_noise};
}  // namespace thalweg
