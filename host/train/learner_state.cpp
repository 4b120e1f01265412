#include "host/train/learner_state.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <numeric>

#include "host/runtime/device_of.hpp"
#include "host/train/micro_batch.hpp"
#include "kernels/backend.hpp"
#include "kernels/elementwise_loss/elementwise_loss.hpp"
#include "kernels/linear/linear.hpp"
#include "kernels/order/order.hpp"
#include "kernels/per_sample/per_sample.hpp"
#include "kernels/sparse_linear/sparse_linear.hpp"
#include "kernels/update/update.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// Steps that may wait for the host on a backend that replays them without it.
constexpr std::int64_t kReplayedBurst = 32;

/// The most entries that `rows` rows of a CSR data set can hold together.
std::int64_t most_entries(const Dataset& data, std::int64_t rows) {
  std::vector<std::int64_t> lengths;
  for (std::int64_t r = 0; r < data.rows; ++r) {
    lengths.push_back(data.offsets[static_cast<std::size_t>(r) + 1] -
                      data.offsets[static_cast<std::size_t>(r)]);
  }
  rows = std::min(rows, data.rows);
  std::nth_element(lengths.begin(), lengths.begin() + rows - (rows > 0 ? 1 : 0), lengths.end(),
                   std::greater<>());
  // mutant: memory-for-longest
  return std::accumulate(lengths.begin(), lengths.begin() + rows, std::int64_t{0});
}

/// Noise reaches every parameter, also those that a sparse batch does not touch.
OptimizerConfig optimizer_config(const LearnerOptions& options) {
  OptimizerConfig config = options.optimizer;
  if (options.per_sample.noise_multiplier > 0) {
    if (config.lazy == "true") {
      throw ConfigError("optimizer.lazy=true leaves parameters out of the update, and with them the noise");
    }
    config.lazy = "false";
  }
  return config;
}

/// Steps that may wait for the host: what it wants to see of each one is there until the next.
std::int64_t burst_limit_of(const Context& ctx, const LearnerOptions& options) {
  return backend_of(ctx).graphs != nullptr && !options.per_sample.statistics ? kReplayedBurst : 1;
}

}  // namespace

TouchedBuffers::TouchedBuffers(const Context& ctx, const Dataset& data, std::int64_t max_batch) {
  const std::int64_t most = most_entries(data, max_batch), capacity = std::min(most, data.features);
  features = Buffer<std::int32_t>(ctx, std::max<std::int64_t>(capacity, 1));
  count = Buffer<std::int64_t>(ctx, 1);
  row_begin = Buffer<std::int64_t>(ctx, max_batch + 1);
  if (&backend_of(ctx).memory == &host_memory) {
    slots = Buffer<std::int32_t>(ctx, std::max<std::int64_t>(most, 1));
  } else {
    entries = Buffer<TouchedEntry>(ctx, std::max<std::int64_t>(most, 1));
    entries_begin = Buffer<std::int32_t>(ctx, capacity + 1);
  }
  view = {.features = features.data(),
          .count = count.data(),
          .row_begin = row_begin.data(),
          .slots = slots.data(),
          .entries = entries.data(),
          .entries_begin = entries_begin.data(),
          .capacity = capacity,
          .entries_capacity = most};
}

StagedInputs::StagedInputs(const Context& ctx, std::int64_t max_batch, std::int64_t slots)
    : ctx_(ctx),
      slot_bytes_(kIdsAt + (max_batch * std::int64_t{sizeof(std::int64_t)} + 255) / 256 * 256),
      staging_(ctx, slot_bytes_ * slots),
      device_(ctx, slot_bytes_) {}

void StagedInputs::upload(std::int64_t slot, const StepInputs& inputs, const StepRows& rows) {
  unsigned char* const to = staging_.data() + slot * slot_bytes_;
  std::memcpy(to, &inputs, sizeof inputs);
  std::int64_t bytes = kIdsAt;
  if (const auto* list = std::get_if<std::vector<std::int64_t>>(&rows); list != nullptr && !list->empty()) {
    std::memcpy(to + kIdsAt, list->data(), list->size() * sizeof(std::int64_t));
    bytes += std::ssize(*list) * std::int64_t{sizeof(std::int64_t)};
  }
  backend_of(ctx_).memory.upload(device_of(ctx_), device_.data(), to, bytes);
}

Learner::State::State(const Context& c, Model& model, const Dataset& dataset, const LearnerOptions& o)
    : ctx(c),
      network(model.network()),
      data(c, dataset),
      options(o),
      micro(micro_rows(c, network, dataset, o)),
      burst_limit(burst_limit_of(c, o)),
      order(c, o.batches),
      pass(c, network, micro, o.per_sample.clips() ? PassUse::per_sample : PassUse::backward),
      optimizer(c, network.plan(), network.parameters().data(), optimizer_config(o), network.sparse()),
      inputs(c, o.max_batch, burst_limit),
      ids(inputs.ids()),
      graphs(c) {
  const std::int64_t arena = network.plan().arena_size();
  grad = Buffer<float>(ctx, arena);
  grad.zero(ctx);
  if (split()) partials = Buffer<float>(ctx, arena * options.reduction_slices);
  losses = Buffer<float>(ctx, options.max_batch);
  buffers_before = Buffer<float>(ctx, network.buffers().size());
  output_grad = Buffer<float>(ctx, options.max_batch * network.spec().outputs);
  burst = Buffer<BurstState>(ctx, 1);
  records = Buffer<StepRecord>(ctx, burst_limit);
  reset_burst();
  if (network.sparse()) {
    touched.emplace(ctx, dataset, options.max_batch);
    if (split()) {
      sparse_partials = Buffer<float>(
          ctx, touched->view.capacity * network.layers()[0]->out_features() * options.reduction_slices);
    }
  }
  if (options.batches != nullptr && &backend_of(ctx).memory == &host_memory) epoch_ids.emplace(ctx, order);
  if (options.per_sample.any())
    per_sample.emplace(ctx, network, data, options.per_sample, micro, options.max_batch);
  for (const auto& layer : network.layers()) {
    if (split() && !layer->whole_batch_reason().empty()) {
      throw ConfigError("train.micro_batch is set, but layer \"" + layer->name() +
                        "\": " + layer->whole_batch_reason() + "; use model.normalization=layer");
    }
  }
}

ArenaView Learner::State::arenas() {
  return {.param = network.parameters().data(),
          .grad = grad.data(),
          .partials = partials.data(),
          .partial_stride = network.plan().arena_size(),
          .buffers = network.buffers().data()};
}

BatchSum Learner::State::sparse_weight_sum() {
  if (!touched) return {};
  return {.sum = grad.data() + network.plan().parameters()[0].offset,
          .partials = sparse_partials.data(),
          .partial_stride = touched->view.capacity * network.layers()[0]->out_features()};
}

TouchedElements Learner::State::touched_elements() const {
  if (!touched) return {};
  const Layer& first = *network.layers()[0];
  return {touched->view.features, touched->view.count, touched->view.capacity, first.in_features(),
          first.out_features()};
}

PassInput Learner::State::input_of(BatchSlices slices) {
  PassInput input{.slices = slices, .ids = ids + slices.first, .step = inputs.step()};
  if (network.sparse()) {
    input.sparse = data.sparse(input.ids, slices.rows);
    input.touched = touched->view;
    input.sparse_weight_sum = sparse_weight_sum();
  } else {
    input.dense = data.dense(input.ids, slices.rows);
  }
  if (per_sample) input.input_squares = per_sample->input_squares();
  return input;
}

/// The rows of the call that is likely to follow; none: that is not known.
DenseRows Learner::State::rows_after(const BatchSlices& slices) const {
  const std::int64_t done = slices.first + slices.rows, rest = slices.batch_rows - done;
  if (rest > 0) return data.dense(ids + done, std::min(micro, rest));
  const std::int64_t* const upcoming = epoch_ids ? epoch_ids->upcoming() : nullptr;
  if (upcoming == nullptr) return {};
  return data.dense(upcoming, std::min(micro, epoch_ids->upcoming_count()));
}

/// Sparse rows: which features the batch touches; without lazy updates the rest of the gradient is zero.
void Learner::State::index_batch(std::int64_t count) {
  if (!touched) return;
  if (!optimizer.lazy()) {
    const auto& weight = network.plan().parameters()[0];
    backend_of(ctx).memory.zero(device_of(ctx), grad.data() + weight.offset,
                                weight.size * std::int64_t{sizeof(float)});
  }
  backend_of(ctx).sparse_linear.index(device_of(ctx), {data.sparse(ids, count), touched->view});
}

void Learner::State::fused_step(const PassInput& input) {
  const ArenaView arena = arenas();
  const auto& weight = network.plan().parameters()[0];
  const bool bias = network.has_bias();
  const std::int64_t bias_offset = bias ? network.plan().parameters()[1].offset : 0;
  const LossTargets targets = data.targets(input.ids, inputs.loss_scale());
  float* losses_out = losses.data() + input.slices.first;
  float* output_grad_out = output_grad.data() + input.slices.first;
  if (network.sparse()) {
    backend_of(ctx).sparse_linear.model_step(device_of(ctx),
                                             {.input = input.sparse,
                                              .touched = input.touched,
                                              .weight = arena.param + weight.offset,
                                              .bias = bias ? arena.param + bias_offset : nullptr,
                                              .loss = std::get<LossSpec>(network.objective()),
                                              .targets = targets,
                                              .slices = input.slices,
                                              .losses = losses_out,
                                              .grad_output = output_grad_out,
                                              .grad_weight = input.sparse_weight_sum,
                                              .grad_bias = bias ? arena.batch_sum(bias_offset) : BatchSum{}});
  } else {
    backend_of(ctx).linear.model_step(device_of(ctx),
                                      {.input = input.dense,
                                       .weight = arena.param + weight.offset,
                                       .bias = bias ? arena.param + bias_offset : nullptr,
                                       .loss = std::get<LossSpec>(network.objective()),
                                       .targets = targets,
                                       .slices = input.slices,
                                       .losses = losses_out,
                                       .grad_output = output_grad_out,
                                       .grad_weight = arena.batch_sum(weight.offset),
                                       .grad_bias = bias ? arena.batch_sum(bias_offset) : BatchSum{},
                                       .upcoming = rows_after(input.slices)});
  }
}

void Learner::State::own_objective(const HostObjective& objective, const PassInput& input, Matrix output,
                                   float scale) {
  const std::int64_t count = output.rows * output.cols;
  std::vector<float> outputs(static_cast<std::size_t>(count)), gradient(static_cast<std::size_t>(count));
  std::vector<float> host_losses(static_cast<std::size_t>(output.rows));
  const MemoryOps& memory = backend_of(ctx).memory;
  memory.download(device_of(ctx), outputs.data(), output.data, count * std::int64_t{sizeof(float)});
  objective.function({.output = matrix<const float>(outputs.data(), output.rows, output.cols),
                      .rows = objective.rows + input.slices.first,
                      .scale = scale,
                      .losses = host_losses.data(),
                      .grad_output = matrix(gradient.data(), output.rows, output.cols)});
  losses.upload(ctx, host_losses.data(), output.rows, input.slices.first);
  memory.upload(device_of(ctx), pass.output_gradient(network, output.rows).data, gradient.data(),
                count * std::int64_t{sizeof(float)});
}

/// The fused step leaves the output gradients, and the rest is known of the data set.
void Learner::State::fused_squared_norms(const PassInput& input) {
  backend_of(ctx).per_sample.linear_squared_norms(
      device_of(ctx),
      {.grad_output = matrix<const float>(output_grad.data() + input.slices.first, input.slices.rows, 1),
       .input_squares = input.input_squares,
       .ids = input.ids,
       .bias = network.has_bias(),
       .squared_norms = per_sample->squared_norms().layer(0)});
}

/// `scaled`: the gradient is that of the mean, otherwise that of the sum.
void Learner::State::forward_and_loss(const PassInput& input, const HostObjective* objective, bool scaled) {
  const Matrix output = pass.forward(ctx, network, input, arenas());
  if (objective != nullptr) {
    own_objective(*objective, input, output, scaled ? objective->scale : 1.0f);
  } else {
    evaluate_objective(ctx, network.objective(), output,
                       data.targets(input.ids, scaled ? inputs.loss_scale() : nullptr),
                       losses.data() + input.slices.first, pass.output_gradient(network, output.rows));
  }
}

/// Norms and clip factors come from the unscaled output gradients; what is then scaled and multiplied by the
/// inputs, once per layer, is the clipped sum (book-keeping: one forward, one backward).
void Learner::State::clipped_step(const PassInput& input, const HostObjective* objective) {
  forward_and_loss(input, objective, false);
  pass.output_gradients(ctx, network, input, arenas(), &per_sample->squared_norms());
  per_sample->find_factors(ctx, input.slices.first, input.slices.rows, inputs.loss_scale());
  per_sample->scale_gradients(ctx, network, pass, input.slices.rows);
  pass.parameter_gradients(ctx, network, input, arenas());
}

void Learner::State::micro_step(const PassInput& input, const HostObjective* objective) {
  if (clips()) return clipped_step(input, objective);
  if (objective == nullptr && network.is_single_output_linear()) {
    fused_step(input);
    if (per_sample) fused_squared_norms(input);
  } else {
    forward_and_loss(input, objective, true);
    pass.backward(ctx, network, input, arenas(), per_sample ? &per_sample->squared_norms() : nullptr);
  }
  if (per_sample) per_sample->find_factors(ctx, input.slices.first, input.slices.rows, nullptr);
}

/// One over what the sum over the batch is divided by.
float Learner::State::scale_of(double weight_sum) const {
  const double divisor = options.per_sample.divisor > 0 ? options.per_sample.divisor : weight_sum;
  return divisor > 0 ? static_cast<float>(1.0 / divisor) : 0.0f;  // mutant: zero-weight-batch
}

void Learner::State::copy_buffers(Buffer<float>& to, const Buffer<float>& from) {
  if (from.size() == 0) return;
  backend_of(ctx).memory.copy(device_of(ctx), to.data(), from.data(),
                              from.size() * std::int64_t{sizeof(float)});
}

/// Everything that a graph of the step holds: launches that depend on `count` alone, unless the host
/// evaluates the objective.
void Learner::State::run_step(std::int64_t count, bool update, const HostObjective* objective) {
  copy_buffers(buffers_before, network.buffers());
  index_batch(count);
  for (std::int64_t first = 0; first == 0 || first < count; first += micro) {
    const BatchSlices slices{count, first, std::min(micro, count - first), options.reduction_slices};
    micro_step(input_of(slices), objective);
  }
  if (per_sample)
    per_sample->add_noise(ctx, network.plan(), grad.data(), inputs.noise_deviation(), inputs.step());
  optimizer.gradient_norm(ctx, grad.data(), touched_elements());
  backend_of(ctx).update.record(device_of(ctx), {.losses = losses.data(),
                                                 .count = count,
                                                 .squared_norm = optimizer.squared_norm(),
                                                 .burst = burst.data(),
                                                 .records = records.data(),
                                                 .statistics = network.buffers().data(),
                                                 .statistics_before = buffers_before.data(),
                                                 .statistics_size = buffers_before.size()});
  if (!update) return;
  optimizer.update(ctx, network.parameters().data(), grad.data(), touched_elements(), inputs.scalars(),
                   &burst.data()->gate);
}

/// With weights the host adds them up, for which it has to list the rows anyway.
StepRows Learner::State::listed_where_needed(StepRows rows) const {
  const auto* batch = std::get_if<EpochBatch>(&rows);
  if (batch == nullptr) return rows;
  if (&batch->batches() != order.batches())
    throw UsageError("the batch of a step is none of LearnerOptions::batches");
  if (data.host().weight.empty()) return rows;
  return batch->rows();
}

double Learner::State::weight_of(const StepRows& rows) const {
  if (const auto* list = std::get_if<std::vector<std::int64_t>>(&rows))
    return sum_of_weights(data.host(), *list);
  return static_cast<double>(count_of(rows));
}

void Learner::State::find_ids(const EpochBatch& batch) {
  if (epoch_ids) {
    ids = epoch_ids->move_to(batch);
    return;
  }
  backend_of(ctx).order.batch(
      device_of(ctx),
      {.place = inputs.place(), .rows = order.rows(), .count = batch.count(), .ids = inputs.ids()});
}

void Learner::State::enqueue(StepRows rows, double lr, bool update, const ObjectiveFunction* objective) {
  rows = listed_where_needed(std::move(rows));
  const std::int64_t count = count_of(rows);
  if (count < (clips() ? 0 : 1) || count > options.max_batch) {
    throw ShapeError("a step takes 1 to " + std::to_string(options.max_batch) +
                     " rows (LearnerOptions::max_batch), got " + std::to_string(count));
  }
  const auto slot = static_cast<std::int64_t>(queued.size());
  if (slot >= burst_limit) {
    throw UsageError("collect has to be called after " + std::to_string(burst_limit) +
                     " steps (Learner::burst_limit)");
  }
  const std::int64_t step = steps + slot + 1;
  const double weight_sum = weight_of(rows);
  const float scale = scale_of(weight_sum);
  const auto* batch = std::get_if<EpochBatch>(&rows);
  inputs.upload(slot,
                {.step = static_cast<std::uint64_t>(step),
                 .scalars = optimizer.scalars(lr, step),
                 .loss_scale = scale,
                 .noise_deviation = per_sample ? per_sample->noise_deviation(scale) : 0.0f,
                 .place = batch != nullptr ? order.place(*batch) : BatchPlace{}},
                rows);
  ids = inputs.ids();
  const auto plain_step = [&] {
    if (batch != nullptr) find_ids(*batch);
    run_step(count, update, nullptr);
  };
  if (objective != nullptr) {
    const std::vector<std::int64_t> list = list_of(rows);
    const HostObjective host_objective{*objective, list.data(), scale};
    run_step(count, update, &host_objective);
  } else if (update) {
    graphs.run(2 * count + (batch != nullptr ? 1 : 0), plain_step);
  } else {
    plain_step();
  }
  queued.push_back({std::move(rows), weight_sum});
}

std::vector<StepResult> Learner::State::collect() {
  std::vector<StepResult> results;
  if (queued.empty()) return results;
  const std::vector<StepRecord> written = records.download(ctx);
  for (std::size_t i = 0; i < queued.size(); ++i) {
    const StepRecord& record = written[i];
    results.push_back({.loss_sum = record.loss_sum,
                       .weight_sum = queued[i].weight_sum,
                       .gradient_norm = std::sqrt(static_cast<double>(record.squared_norm))});
    if (options.per_sample.statistics) add_statistics(queued[i], results.back());
    if (record.updated == 0) {
      results.back().diverged = diverged(queued[i], record);
      break;
    }
    ++steps;
  }
  queued.clear();
  reset_burst();
  return results;
}

/// Without clipping the norms are those of the scaled gradients, because the step itself is not to change.
void Learner::State::add_statistics(const Queued& step, StepResult& result) const {
  const std::int64_t count = count_of(step.rows);
  result.losses.resize(static_cast<std::size_t>(count));
  backend_of(ctx).memory.download(device_of(ctx), result.losses.data(), losses.data(),
                                  count * std::int64_t{sizeof(float)});
  result.norms = per_sample->norms(ctx, count);
  if (clips()) return;
  const float scale = scale_of(result.weight_sum);
  for (float& norm : result.norms) norm = norm / scale;  // mutant: norms-unscaled
}

void Learner::State::reset_burst() {
  const BurstState fresh;
  burst.upload(ctx, &fresh, 1);
}

std::string Learner::State::diverged(const Queued& step, const StepRecord& record) const {
  const std::string begin = "step " + std::to_string(steps + 1) + " diverged: ";
  const std::string end =
      " is not finite; the parameters are those of the last good step. A smaller optimizer.lr or "
      "optimizer.clip_norm may help";
  const std::vector<std::int64_t> rows = list_of(step.rows);
  if (record.first_bad >= 0) {
    return begin + "the loss of " + data.host().where(rows[static_cast<std::size_t>(record.first_bad)]) + end;
  }
  if (rows.empty()) return begin + "the noise" + end;
  return begin + "the gradient of the batch that begins with " + data.host().where(rows[0]) + end;
}

}  // namespace thalweg
