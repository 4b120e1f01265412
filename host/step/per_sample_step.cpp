#include "host/step/per_sample_step.hpp"

#include <cmath>

#include "host/config/per_sample_rules.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"

namespace thalweg {
namespace {

/// The bound on the norm of one unit of clipping: the whole gradient, or one of `layers` layers, whose bounds
/// together make clip_norm.
float unit_bound(ClipMode mode, double clip_norm, std::int64_t layers) {
  // mutant: bound-per-layer
  return static_cast<float>(mode == ClipMode::per_layer ? clip_norm / std::sqrt(static_cast<double>(layers))
                                                        : clip_norm);
}

void find_input_squares(const Context& ctx, const Input& input, float* squares) {
  const PerSampleOps& ops = backend_of(ctx).per_sample;
  if (const auto* sparse = std::get_if<SparseInput>(&input.rows)) {
    ops.sparse_row_squares(device_of(ctx), {.input = sparse->rows, .squares = squares});
  } else {
    ops.dense_row_squares(device_of(ctx), {.input = input.dense(), .squares = squares});
  }
}

}  // namespace

PerSampleStep::PerSampleStep(const Context& ctx, const Network& network, const DeviceDataset& data,
                             const PerSampleOptions& options, std::int64_t max_rows, std::int64_t max_batch)
    : options_(options), mode_(options.mode), layers_(network.parameter_layers()) {
  config_rules::check_bound(options.clip_norm, options.noise_multiplier);
  network.require_per_sample();
  norms_ = Buffer<float>(ctx, max_batch);
  set_data(ctx, data);
  squares_ = Buffer<float>(ctx, layers_ * max_rows);
  factors_ = Buffer<float>(ctx, mode_ == ClipMode::per_layer ? layers_ * max_rows : max_rows);
  squared_norms_ = {.values = squares_.data(), .stride = max_rows};
}

void PerSampleStep::set_data(const Context& ctx, const DeviceDataset& data) {
  const bool stored = data.host().store != nullptr;
  Buffer<float> squares(ctx, stored ? norms_.size() : data.host().rows);
  if (!stored) find_input_squares(ctx, data.input(nullptr, data.host().rows), squares.data());
  input_squares_ = std::move(squares);
}

void PerSampleStep::find_squares(const Context& ctx, const Input& batch) {
  find_input_squares(ctx, batch, input_squares_.data());
}

void PerSampleStep::find_factors(const Context& ctx, std::int64_t first, std::int64_t rows,
                                 const float* scale) {
  backend_of(ctx).per_sample.clip_factors(device_of(ctx),
                                          {.mode = mode_,
                                           .rows = rows,
                                           .layers = layers_,
                                           .squared_norms = squared_norms_.values,
                                           .stride = squared_norms_.stride,
                                           .clip_norm = unit_bound(mode_, options_.clip_norm, layers_),
                                           .scale = scale,
                                           .norms = norms_.data() + first,
                                           .factors = factors_.data()});
}

void PerSampleStep::scale_gradients(const Context& ctx, const Network& network, Pass& pass,
                                    std::int64_t rows) const {
  const std::int64_t stride = mode_ == ClipMode::per_layer ? squared_norms_.stride : 0;
  pass.scale_gradients(ctx, network, rows, factors_.data(), stride);
}

float PerSampleStep::noise_deviation(float scale) const {
  return static_cast<float>(options_.noise_multiplier * options_.clip_norm * static_cast<double>(scale));
}

void PerSampleStep::add_noise(const Context& ctx, const ParameterPlan& plan, float* grad,
                              const float* deviation, const std::uint64_t* step) const {
  if (!(options_.noise_multiplier > 0)) return;
  std::uint32_t stream = 0;
  for (const auto& entry : plan.parameters()) {
    backend_of(ctx).per_sample.add_noise(device_of(ctx),
                                         {.values = grad + entry.offset,
                                          .size = entry.size,
                                          .deviation = deviation,
                                          .key = philox_key(options_.noise_seed, RandomPurpose::noise),
                                          .stream = stream++,
                                          .step = step});
  }
}

std::vector<float> PerSampleStep::norms(const Context& ctx, std::int64_t rows) const {
  std::vector<float> host(static_cast<std::size_t>(rows));
  if (rows > 0)
    backend_of(ctx).memory.download(device_of(ctx), host.data(), norms_.data(),
                                    rows * std::int64_t{sizeof(float)});
  return host;
}

}  // namespace thalweg
