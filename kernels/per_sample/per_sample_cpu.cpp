// Per-sample gradients on the cpu: norms, clip factors, the gradients themselves, noise.
#include "kernels/base/chains_cpu.hpp"
#include "kernels/base/tasks_cpu.hpp"
#include "kernels/per_sample/noise_math.hpp"
#include "kernels/per_sample/per_sample.hpp"
#include "kernels/per_sample/per_sample_math.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

THALWEG_HD std::int64_t data_row(const std::int64_t* ids, std::int64_t n) { return ids ? ids[n] : n; }

constexpr int kShortRow = 16;

/// The chains that a short row does not reach are zero, and adding zero changes no bit of a square.
THALWEG_HD float short_row_square(const float* x, std::int64_t count) {
  Vec square[kShortRow / kLanes];
#pragma GCC unroll 4
  for (int i = 0; i < kShortRow / kLanes; ++i) {
    const std::int64_t left = count - i * kLanes;
    const Vec v = load_first(x + i * kLanes, left < 0 ? 0 : left < kLanes ? left : kLanes);
    square[i] = v * v;
  }
#pragma GCC unroll 4
  for (int stride = kShortRow / kLanes / 2; stride > 0; stride /= 2)
    for (int i = 0; i < stride; ++i) square[i] = square[i] + square[i + stride];
  return fold_lanes(square[0]);
}

THALWEG_HD Vec add_square(Vec x, Vec chain) { return fma(x, x, chain); }

/// Sum of squares along a row, eight registers of chains at a time.
THALWEG_HD float row_square(const float* x, std::int64_t count) {
  if (count <= kShortRow) return short_row_square(x, count);
  Vec chain[kChainVecs] = {};
  std::int64_t j = 0;
  for (; j + kChains <= count; j += kChains) {
#pragma GCC unroll 32
    for (int i = 0; i < kChainVecs; ++i) chain[i] = add_square(load(x + j + i * kLanes), chain[i]);
  }
#pragma GCC unroll 32
  for (int i = 0; i < kChainVecs; ++i) {
    const std::int64_t left = count - j - i * kLanes;
    if (left > 0)
      chain[i] = add_square(load_first(x + j + i * kLanes, left < kLanes ? left : kLanes), chain[i]);
  }
  return fold_registers(chain);
}

THALWEG_HD float feature(const DenseRows& x, std::int64_t at, std::int64_t j) {
  const float raw = x.dtype == DType::f32
                        ? static_cast<const float*>(x.data)[at + j]
                        : static_cast<float>(static_cast<const unsigned char*>(x.data)[at + j]);
  return x.scale == nullptr ? raw : __builtin_fmaf(raw, x.scale[j], x.shift[j]);
}

void dense_row_squares(const Device& device, const DenseRowSquares& a) {
  const DenseRows x = a.input;
  const bool plain = x.dtype == DType::f32 && x.scale == nullptr;
  for_rows(device.pool, x.rows, x.cols, [&](std::int64_t n) {
    const std::int64_t at = data_row(x.ids, n) * x.stride;
    a.squares[n] = plain ? row_square(static_cast<const float*>(x.data) + at, x.cols)
                         : row_sum(x.cols, [=](std::int64_t j, float& chain) {
                             const float v = feature(x, at, j);
                             chain = __builtin_fmaf(v, v, chain);
                           });
  });
}

void sparse_row_squares(const Device& device, const SparseRowSquares& a) {
  const SparseRows x = a.input;
  for_rows(device.pool, x.rows, kChains, [&](std::int64_t n) {
    const std::int64_t id = data_row(x.ids, n), begin = x.offsets[id];
    a.squares[n] = row_square(x.values + begin, x.offsets[id + 1] - begin);
  });
}

void linear_squared_norms(const Device& device, const LinearSquaredNorms& a) {
  const std::int64_t outputs = a.grad_output.cols, inputs = a.input_squares != nullptr ? 0 : a.input.cols;
  for_rows(device.pool, a.grad_output.rows, outputs + inputs, [&](std::int64_t n) {
    const float grad_square = row_square(a.grad_output.row(n), outputs);
    const float input_square =
        a.input_squares != nullptr ? a.input_squares[data_row(a.ids, n)] : row_square(a.input.row(n), inputs);
    a.squared_norms[n] = linear_squared_norm(grad_square, input_square, a.bias);
  });
}

void layer_norm_squared_norms(const Device& device, const LayerNormSquaredNorms& a) {
  const std::int64_t cols = a.grad_output.cols;
  for_rows(device.pool, a.grad_output.rows, cols, [&](std::int64_t n) {
    const float *dy = a.grad_output.row(n), *x = a.input.row(n);
    const float mean = a.mean[n], rstd = a.rstd[n];
    float weight, bias;
    row_sums(cols, weight, bias, [=](std::int64_t j, float& weight_chain, float& bias_chain) {
      const float grad = dy[j] * ((x[j] - mean) * rstd);
      weight_chain = __builtin_fmaf(grad, grad, weight_chain);
      bias_chain = __builtin_fmaf(dy[j], dy[j], bias_chain);
    });
    a.squared_norms[n] = weight + bias;  // mutant: norm-with-bias
  });
}

void clip_factors(const Device& device, const ClipFactors& a) {
  for_rows(device.pool, a.rows, a.layers, [&](std::int64_t n) { clip_row(a, n); });
}

void scale_rows(const Device& device, const RowScale& a) {
  for_rows(device.pool, a.matrix.rows, a.matrix.cols, [&](std::int64_t n) {
    float* row = a.matrix.row(n);
    const float factor = a.factors[n];
    for (std::int64_t j = 0; j < a.matrix.cols; ++j) row[j] = row[j] * factor;
  });
}

THALWEG_HD void write_bias_row(const Matrix& bias_gradients, ConstMatrix grad_output, std::int64_t n) {
  if (bias_gradients.data == nullptr) return;
  float* to = bias_gradients.row(n);
  const float* from = grad_output.row(n);
  for (std::int64_t o = 0; o < grad_output.cols; ++o) to[o] = 0.0f + from[o];
}

void dense_gradients(const Device& device, const DenseSampleGradients& a) {
  const DenseRows x = a.input;
  for_rows(device.pool, x.rows, x.cols * a.grad_output.cols, [&](std::int64_t n) {
    const std::int64_t at = data_row(x.ids, n) * x.stride;
    for (std::int64_t o = 0; o < a.grad_output.cols; ++o) {
      const float grad = a.grad_output.row(n)[o];
      float* to = a.gradients.row(n) + o * x.cols;
      for (std::int64_t j = 0; j < x.cols; ++j) to[j] = __builtin_fmaf(grad, feature(x, at, j), 0.0f);
    }
    write_bias_row(a.bias_gradients, a.grad_output, n);
  });
}

void sparse_gradients(const Device& device, const SparseSampleGradients& a) {
  const SparseRows x = a.input;
  for_rows(device.pool, x.rows, x.cols * a.grad_output.cols, [&](std::int64_t n) {
    const std::int64_t id = data_row(x.ids, n);
    for (std::int64_t o = 0; o < a.grad_output.cols; ++o) {
      const float grad = a.grad_output.row(n)[o];
      float* to = a.gradients.row(n) + o * x.cols;
      for (std::int64_t j = 0; j < x.cols; ++j) to[j] = 0.0f;
      for (std::int64_t e = x.offsets[id]; e < x.offsets[id + 1]; ++e) {
        to[x.columns[e]] = __builtin_fmaf(grad, x.values[e], 0.0f);
      }
    }
    write_bias_row(a.bias_gradients, a.grad_output, n);
  });
}

void layer_norm_gradients(const Device& device, const LayerNormSampleGradients& a) {
  const std::int64_t cols = a.grad_output.cols;
  for_rows(device.pool, a.grad_output.rows, cols, [&](std::int64_t n) {
    const float *dy = a.grad_output.row(n), *x = a.input.row(n);
    float* to = a.gradients.row(n);
    const float mean = a.mean[n], rstd = a.rstd[n];
    for (std::int64_t j = 0; j < cols; ++j) to[j] = __builtin_fmaf(dy[j], (x[j] - mean) * rstd, 0.0f);
    write_bias_row(a.bias_gradients, a.grad_output, n);
  });
}

/// Philox blocks computed side by side: one per lane of the widest register.
constexpr int kBlocks = 16;
constexpr std::int64_t kNoiseRun = kBlocks * kNormalsPerBlock;

void add_noise(const Device& device, const GaussianNoise& a) {
  const std::uint64_t step = *a.step;
  const float deviation = *a.deviation;
  for_rows(device.pool, (a.size + kNoiseRun - 1) / kNoiseRun, kNoiseRun, [&](std::int64_t run) {
    float z[kNoiseRun];
    for (int b = 0; b < kBlocks; ++b) {
      float block[kNormalsPerBlock];
      normal_block(a.key, step, a.stream, run * kBlocks + b, block);
      float* const to = z + b * kNormalsPerBlock;
      to[0] = block[0], to[1] = block[1], to[2] = block[2], to[3] = block[3];
    }
    const std::int64_t begin = run * kNoiseRun;
    const std::int64_t count = a.size - begin < kNoiseRun ? a.size - begin : kNoiseRun;
    for (std::int64_t k = 0; k < count; ++k) {
      a.values[begin + k] = __builtin_fmaf(deviation, z[k], a.values[begin + k]);
    }
  });
}

}  // namespace

extern const PerSampleOps per_sample_cpu;
const PerSampleOps per_sample_cpu{.dense_row_squares = &dense_row_squares,
                                  .sparse_row_squares = &sparse_row_squares,
                                  .linear_squared_norms = &linear_squared_norms,
                                  .layer_norm_squared_norms = &layer_norm_squared_norms,
                                  .clip_factors = &clip_factors,
                                  .scale_rows = &scale_rows,
                                  .dense_gradients = &dense_gradients,
                                  .sparse_gradients = &sparse_gradients,
                                  .layer_norm_gradients = &layer_norm_gradients,
                                  .add_noise = &add_noise};
}  // namespace thalweg::THALWEG_ISA
