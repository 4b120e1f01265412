#include "host/bench/made_data.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "host/bench/chunks.hpp"
#include "host/data/npy_writer.hpp"
#include "host/runtime/device_of.hpp"
#include "host/runtime/huge_pages.hpp"
#include "kernels/base/parallel.hpp"

namespace thalweg::bench {
namespace {

enum : std::uint64_t { kFeatureStream = 1, kModelStream, kLabelStream, kColumnStream, kValueStream };
constexpr std::int64_t kRowsOfATask = 256;

/// SplitMix64's mix of a counter (Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
/// 2014).
std::uint64_t mixed(std::uint64_t stream, std::uint64_t index) {
  std::uint64_t z = index * 0x9E3779B97F4A7C15u + stream * 0xD1B54A32D192ED03u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

double uniform01(std::uint64_t stream, std::uint64_t index) {
  return static_cast<double>(mixed(stream, index) >> 11) * 0x1p-53;
}

template <class Body>
void over_rows(const Context& ctx, std::int64_t rows, const Body& body) {
  device_of(ctx).pool.run((rows + kRowsOfATask - 1) / kRowsOfATask, [&](std::int64_t task, int) {
    for (std::int64_t n = task * kRowsOfATask; n < std::min(rows, (task + 1) * kRowsOfATask); ++n) body(n);
  });
}

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

Dataset labelled(std::int64_t rows, std::int64_t features, std::int64_t classes) {
  Dataset data;
  data.rows = rows;
  data.features = features;
  data.target_kind = TargetKind::classes;
  data.target.resize(at(rows));
  for (std::int64_t c = 0; c < classes; ++c) data.classes.push_back(std::to_string(c));
  data.source = "made data";
  return data;
}

/// A coin that falls on 1 with the probability of a logistic model.
float drawn(double score, std::int64_t row) {
  return uniform01(kLabelStream, static_cast<std::uint64_t>(row)) * (1 + std::exp(-score)) < 1 ? 1.0f : 0.0f;
}

double dot(const float* x, const float* w, std::int64_t count) {
  double sum = 0;
  for (std::int64_t j = 0; j < count; ++j) sum += static_cast<double>(x[j]) * w[j];
  return sum;
}

/// Different features in ascending order: rank r with density 1 / r.
void draw_columns(std::int64_t row, std::int64_t features, std::int64_t entries, std::int32_t* columns) {
  const double log_end = std::log(static_cast<double>(features + 1));  // so that the last one is drawn, too
  std::uint64_t draw = static_cast<std::uint64_t>(row) << 20;
  for (std::int64_t found = 0; found < entries;) {
    const double rank = std::exp(uniform01(kColumnStream, draw++) * log_end);
    const auto column = static_cast<std::int32_t>(std::min(rank - 1, static_cast<double>(features - 1)));
    if (std::find(columns, columns + found, column) == columns + found) columns[found++] = column;
  }
  std::sort(columns, columns + entries);
}

}  // namespace

float uniform(std::uint64_t stream, std::uint64_t index) {
  return static_cast<float>(mixed(stream, index) >> 40) * 0x1p-23f - 1.0f;
}

std::vector<float> uniform_floats(const Context& ctx, std::uint64_t stream, std::int64_t count) {
  std::vector<float> values;
  reserve_huge(values, count);  // as the readers do
  values.resize(at(count));
  over_chunks(ctx, count, [&](std::int64_t begin, std::int64_t n) {
    for (std::int64_t i = begin; i < begin + n; ++i)
      values[at(i)] = uniform(stream, static_cast<std::uint64_t>(i));
  });
  return values;
}

Dataset made_dense(const Context& ctx, std::int64_t rows, std::int64_t features, std::int64_t classes) {
  Dataset data = labelled(rows, features, classes);
  data.dense_f32 = uniform_floats(ctx, kFeatureStream, rows * features);
  const std::vector<float> model = uniform_floats(ctx, kModelStream, features * classes);
  const double scale = 6 / std::sqrt(static_cast<double>(features));
  over_rows(ctx, rows, [&](std::int64_t n) {
    const float* x = data.dense_f32.data() + n * features;
    if (classes == 2) {
      data.target[at(n)] = drawn(scale * dot(x, model.data(), features), n);
      return;
    }
    double best = 0;
    for (std::int64_t c = 0; c < classes; ++c) {
      const double score = dot(x, model.data() + c * features, features);
      if (c == 0 || score > best) best = score, data.target[at(n)] = static_cast<float>(c);
    }
  });
  return data;
}

Dataset made_sparse(const Context& ctx, std::int64_t rows, std::int64_t features, std::int64_t entries) {
  Dataset data = labelled(rows, features, 2);
  data.sparse = true;
  for (std::int64_t n = 0; n <= rows; ++n) data.offsets.push_back(n * entries);
  reserve_huge(data.columns, rows * entries);
  reserve_huge(data.values, rows * entries);
  data.columns.resize(at(rows * entries));
  data.values.resize(at(rows * entries));
  const float scale = 1 / std::sqrt(static_cast<float>(entries));
  over_rows(ctx, rows, [&](std::int64_t n) {
    const std::int64_t begin = n * entries;
    draw_columns(n, features, entries, data.columns.data() + begin);
    double score = 0;
    for (std::int64_t e = begin; e < begin + entries; ++e) {
      const float value = scale * (1 + 0.5f * uniform(kValueStream, static_cast<std::uint64_t>(e)));
      data.values[at(e)] = value;
      score += 4.0 * value * uniform(kModelStream, static_cast<std::uint64_t>(data.columns[at(e)]));
    }
    data.target[at(n)] = drawn(score, n);
  });
  return data;
}

void write_arrays(const Dataset& data, const std::string& folder) {
  create_folders(folder);
  if (data.sparse) {
    write_npy(folder + "/offsets.npy", data.offsets);
    write_npy(folder + "/columns.npy", std::vector<std::int64_t>(data.columns.begin(), data.columns.end()));
    write_npy(folder + "/values.npy", data.values);
  } else {
    write_npy(folder + "/x.npy", matrix(data.dense_f32.data(), data.rows, data.features));
  }
  write_npy(folder + "/target.npy", data.target);
}

}  // namespace thalweg::bench
