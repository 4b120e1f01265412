#pragma once
// The part of a step that treats single samples: their norms, clip factors and noise, and the memory for
// these.
#include <vector>

#include "host/data/device_dataset.hpp"
#include "host/model/network.hpp"
#include "kernels/per_sample/per_sample.hpp"
#include "thalweg/learner.hpp"

namespace thalweg {

class PerSampleStep {
 public:
  /// |x|^2 of every row of a data set in memory is found here, once.
  PerSampleStep(const Context& ctx, const Network& network, const DeviceDataset& data,
                const PerSampleOptions& options, std::int64_t max_rows, std::int64_t max_batch);

  /// Goes on with the rows of another data set.
  void set_data(const Context& ctx, const DeviceDataset& data);
  /// |x|^2 of the rows of a batch, where the data set has its features in a store.
  void find_squares(const Context& ctx, const Input& batch);

  bool clips() const { return options_.clips(); }
  /// By the row of the data set, or by the position in the batch that find_squares saw.
  const float* input_squares() const { return input_squares_.data(); }
  const SquaredNorms& squared_norms() const { return squared_norms_; }

  /// Norms of rows [first, first + rows) of the batch from squared_norms(), and their clip factors times
  /// *scale, in the backend's memory; null: 1.
  void find_factors(const Context& ctx, std::int64_t first, std::int64_t rows, const float* scale);
  /// Row scale of every layer's output gradient by the factors.
  void scale_gradients(const Context& ctx, const Network& network, Pass& pass, std::int64_t rows) const;
  /// The deviation of a step's noise: noise_multiplier * clip_norm * scale.
  float noise_deviation(float scale) const;
  /// Gaussian noise on every parameter's gradient; `deviation` and `step` in the backend's memory.
  void add_noise(const Context& ctx, const ParameterPlan& plan, float* grad, const float* deviation,
                 const std::uint64_t* step) const;
  /// Norms of the rows of the batch, in the backend's memory.
  float* placed_norms() const { return norms_.data(); }
  /// Norms of the first `rows` rows of the batch, as found.
  std::vector<float> norms(const Context& ctx, std::int64_t rows) const;

 private:
  PerSampleOptions options_;
  ClipMode mode_;
  std::int64_t layers_;
  Buffer<float> input_squares_, squares_, factors_, norms_;
  SquaredNorms squared_norms_;
};

}  // namespace thalweg
