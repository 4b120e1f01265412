// Standardisation in one pass: Welford (1962) inside blocks of rows, merged in order as in Chan, Golub and
// LeVeque (1983). The result does not depend on the number of threads.
#include <fmt/format.h>

#include <cmath>

#include "host/data/parallel_parse.hpp"
#include "host/data/transform.hpp"
#include "kernels/base/parallel.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kBlockRows = 4096;

struct Moments {
  std::int64_t count = 0;
  std::vector<double> mean, squares;  // squares: sums of squared deviations from the mean
};

template <class T>
Moments block_moments(const T* rows, const std::int64_t* ids, std::int64_t count, std::int64_t features) {
  Moments m{count, std::vector<double>(static_cast<std::size_t>(features)),
            std::vector<double>(static_cast<std::size_t>(features))};
  for (std::int64_t r = 0; r < count; ++r) {
    const double part = 1.0 / static_cast<double>(r + 1);
    const T* row = rows + ids[r] * features;
    double* mean = m.mean.data();
    double* squares = m.squares.data();
    for (std::int64_t j = 0; j < features; ++j) {
      const double delta = static_cast<double>(row[j]) - mean[j];
      mean[j] += delta * part;
      squares[j] += delta * (static_cast<double>(row[j]) - mean[j]);
    }
  }
  return m;
}

void merge(Moments& all, const Moments& block) {
  if (all.count == 0) {
    all = block;
    return;
  }
  const auto a = static_cast<double>(all.count), b = static_cast<double>(block.count);
  for (std::size_t j = 0; j < all.mean.size(); ++j) {
    const double delta = block.mean[j] - all.mean[j];
    all.mean[j] += delta * (b / (a + b));
    all.squares[j] += block.squares[j] + delta * delta * (a * b / (a + b));  // mutant: moments-merged
  }
  all.count += block.count;
}

template <class T>
Moments moments(const T* rows, const std::vector<std::int64_t>& ids, std::int64_t features, int threads) {
  const auto count = static_cast<std::int64_t>(ids.size());
  const std::int64_t blocks = (count + kBlockRows - 1) / kBlockRows;
  std::vector<Moments> parts(static_cast<std::size_t>(blocks));
  ThreadPool pool(blocks > 1 ? reader_threads(threads) : 1);
  pool.run(blocks, [&](std::int64_t b, int) {
    const std::int64_t first = b * kBlockRows;
    parts[static_cast<std::size_t>(b)] =
        block_moments(rows, ids.data() + first, std::min(kBlockRows, count - first), features);
  });
  Moments all;
  for (const Moments& part : parts) merge(all, part);
  return all;
}

/// A variance that rounding alone can make (the bound that scikit-learn's StandardScaler uses).
bool is_constant(double variance, double mean, double count) {
  constexpr double kEps = 0x1p-52;
  const double rounding = count * mean * kEps;                       // mutant: rounding-bound
  return variance <= count * kEps * variance + rounding * rounding;  // mutant: constant-detected
}

}  // namespace

void fit_standardization(const Dataset& data, const std::vector<std::int64_t>& fit,
                         const std::vector<bool>& keep, FeatureTransform& transform, int threads) {
  const bool bytes = !data.dense_u8.empty();
  const Moments m = bytes ? moments(data.dense_u8.data(), fit, data.features, threads)
                          : moments(data.dense_f32.data(), fit, data.features, threads);
  const auto count = static_cast<double>(fit.size());
  for (std::size_t j = 0; j < m.mean.size(); ++j) {
    const double variance = m.squares[j] / count;
    // A pixel that is constant here may take any of its 256 values later: those stay within one.
    double scale =
        // mutant: constant-pixel-scale
        is_constant(variance, m.mean[j], count) ? (bytes ? 1.0 / 255 : 1.0) : 1.0 / std::sqrt(variance);
    double shift = -m.mean[j] * scale;
    if (!keep.empty() && keep[j]) scale = 1, shift = 0;
    if (!std::isfinite(static_cast<float>(scale)) || !std::isfinite(static_cast<float>(shift)))
      throw DataError(
          fmt::format("{}, feature {}: a standard deviation of {:g} around {:g} cannot be scaled in "
                      "float32; leave the column out or set data.standardize = false",
                      data.source, j, std::sqrt(variance), m.mean[j]));
    transform.scale.push_back(static_cast<float>(scale));
    transform.shift.push_back(static_cast<float>(shift));
  }
}

void apply_scaling(Dataset& data, int threads) {
  const float* scale = data.transform.scale.data();
  const float* shift = data.transform.shift.data();
  const std::int64_t blocks = (data.rows + kBlockRows - 1) / kBlockRows;
  ThreadPool pool(blocks > 1 ? reader_threads(threads) : 1);
  pool.run(blocks, [&](std::int64_t b, int) {
    const std::int64_t end = std::min(data.rows, (b + 1) * kBlockRows);
    for (std::int64_t r = b * kBlockRows; r < end; ++r) {
      float* row = data.dense_f32.data() + r * data.features;
      for (std::int64_t j = 0; j < data.features; ++j) row[j] = std::fma(row[j], scale[j], shift[j]);
    }
  });
  for (std::size_t i = 0; i < data.dense_f32.size(); ++i)
    if (!std::isfinite(data.dense_f32[i]))
      throw DataError(fmt::format("{}, feature {}: too large to be scaled in float32",
                                  data.where(static_cast<std::int64_t>(i) / data.features),
                                  static_cast<std::int64_t>(i) % data.features));
}

}  // namespace thalweg
