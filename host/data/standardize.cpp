// Standardisation; its result does not depend on the number of threads.
#include <fmt/format.h>

#include <cmath>

#include "host/data/parallel_parse.hpp"
#include "host/data/transform.hpp"
#include "kernels/base/parallel.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kBlockRows = MomentsOfRows::kBlockRows;

template <class T>
Moments moments(const T* rows, const std::vector<std::int64_t>& ids, std::int64_t features, int threads) {
  const auto count = static_cast<std::int64_t>(ids.size());
  const std::int64_t blocks = (count + kBlockRows - 1) / kBlockRows;
  std::vector<Moments> parts(static_cast<std::size_t>(blocks));
  ThreadPool pool(blocks > 1 ? reader_threads(threads) : 1);
  pool.run(blocks, [&](std::int64_t b, int) {
    const std::int64_t first = b * kBlockRows, end = std::min(count, first + kBlockRows);
    Moments block(features);
    for (std::int64_t r = first; r < end; ++r) block.add(rows + ids[static_cast<std::size_t>(r)] * features);
    parts[static_cast<std::size_t>(b)] = std::move(block);
  });
  Moments all;
  for (const Moments& part : parts) all.merge(part);
  return all;
}

/// A variance that rounding alone can make (the bound that scikit-learn's StandardScaler uses).
bool is_constant(double variance, double mean, double count) {
  constexpr double kEps = 0x1p-52;
  const double rounding = count * mean * kEps;                       // mutant: rounding-bound
  return variance <= count * kEps * variance + rounding * rounding;  // mutant: constant-detected
}

}  // namespace

bool wants_standardization(Tristate setting, RawData::Layout layout) {
  if (setting == Tristate::automatic) return layout == RawData::Layout::f32;
  const bool wanted = setting == Tristate::yes;
  if (wanted && layout == RawData::Layout::csr)
    throw ConfigError(
        "data.standardize = true with sparse data: taking the mean off would make every zero a number and "
        "destroy "
        "sparsity; want auto or false");
  return wanted;
}

void set_scaling(const Moments& m, bool bytes, const std::vector<bool>& keep, const std::string& source,
                 FeatureTransform& transform) {
  const auto count = static_cast<double>(m.count);
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
                      source, j, std::sqrt(variance), m.mean[j]));
    transform.scale.push_back(static_cast<float>(scale));
    transform.shift.push_back(static_cast<float>(shift));
  }
}

void fit_standardization(const Dataset& data, const std::vector<std::int64_t>& fit,
                         const std::vector<bool>& keep, FeatureTransform& transform, int threads) {
  const bool bytes = !data.dense_u8.empty();
  const Moments m = bytes ? moments(data.dense_u8.data(), fit, data.features, threads)
                          : moments(data.dense_f32.data(), fit, data.features, threads);
  set_scaling(m, bytes, keep, data.source, transform);
}

void scale_bytes(std::int64_t features, FeatureTransform& transform) {
  transform.scale.assign(static_cast<std::size_t>(features), 1.0f / 255.0f);
  transform.shift.assign(static_cast<std::size_t>(features), 0.0f);
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
