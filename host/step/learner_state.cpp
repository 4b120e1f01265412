#include "host/step/learner_state.hpp"

#include <algorithm>

#include "host/config/optimizer_rules.hpp"
#include "host/runtime/device_of.hpp"
#include "host/step/learner_ranks.hpp"
#include "host/step/micro_batch.hpp"
#include "kernels/backend.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// Steps that may wait for the host on a backend that replays them without it.
constexpr std::int64_t kReplayedBurst = 32;

/// Noise reaches every parameter, also those that a sparse batch does not touch.
OptimizerConfig optimizer_config(const LearnerOptions& options) {
  OptimizerConfig config = options.optimizer;
  if (options.per_sample.noise_multiplier > 0) {
    config_rules::check_noise(config);
    config.lazy = Tristate::no;
  }
  return config;
}

LearnerOptions with_micro_batch(const Context& ctx, const Network& network, const Dataset& data,
                                LearnerOptions options) {
  options.micro_batch = micro_rows(ctx, network, data, options);
  return options;
}

/// What the host wants to see of each step is there until the next.
std::int64_t burst_limit_of(const Context& ctx, const LearnerOptions& options) {
  return backend_of(ctx).graphs != nullptr && !options.per_sample.statistics ? kReplayedBurst : 1;
}

std::int64_t sparse_weight_of(const Network& network) {
  const Layer* const layer = network.sparse_layer();
  return layer != nullptr ? layer->sparse_weight() : -1;
}

void require_micro_batches(const Network& network) {
  for (const auto& layer : network.layers()) {
    if (layer->whole_batch_reason().empty()) continue;
    throw ConfigError("train.micro_batch is set, but layer \"" + layer->name() +
                      "\": " + layer->whole_batch_reason() + "; use model.normalization=layer");
  }
}

}  // namespace

Learner::State::State(Model& model, const Dataset& dataset, const LearnerOptions& o, Communicator* rank)
    : ctx(context_of_rank(model.context(), o)),
      network(model),
      data(ctx, network->spec().schema, dataset, o, burst_limit_of(ctx, o)),
      options(with_micro_batch(ctx, *network, data.host(), o)),
      optimizer(ctx, network->plan(), network->parameters().data(), optimizer_config(o),
                sparse_weight_of(*network)),
      inputs(ctx, o.max_batch, burst_limit_of(ctx, o)),
      ids(ctx, o.batches, inputs),
      burst(ctx, burst_limit_of(ctx, o), o.max_batch, network->buffers()),
      graphs(ctx) {
  if (split()) require_micro_batches(*network);
  options.batches = ids.batches();  // the learner's own copy
  const std::int64_t arena = network->plan().arena_size(), objective_rows = asked_rows(o);
  gradient = {.sum = Buffer<float>(ctx, arena), .partials = Buffer<float>(ctx, arena * kept_slices())};
  gradient.sum.zero(ctx);
  if (const Layer* layer = network->sparse_layer())
    sparse.emplace(ctx, *layer, data.host(), o.max_batch, kept_slices());
  if (o.per_sample.any())
    per_sample.emplace(ctx, *network, data.placed(), o.per_sample, objective_rows, o.max_batch);
  programs.emplace(parts(), options, objective_rows);
  place_bursts();
  if (o.ranks > 1) ranks = make_ranks(model, rank);
}

/// Also when the data or the rows that an order permutes have moved.
void Learner::State::place_bursts() {
  launch = make_burst_launch(parts(), options, optimizer, burst, ids.order_rows());
}

/// Rows of the batch from position `first` on.
Input Learner::State::input_of(std::int64_t first, std::int64_t count) const {
  Input input = data.input(ids.ids(), first, count);
  if (!per_sample) return input;
  input.squares = per_sample->input_squares() + (data.by_position() ? first : 0);
  input.square_ids = data.by_position() ? nullptr : ids.ids() + first;
  return input;
}

/// The rows of the call that is likely to follow that up to position `done`; none: that is not known.
DenseRows Learner::State::rows_after(const BatchPart& part, std::int64_t done) const {
  const auto rows = [&](const std::int64_t* from, std::int64_t count) {
    return data.upcoming(from, std::min(options.micro_batch, count));
  };
  if (done < part.rows.end) return rows(ids.ids() + done, part.rows.end - done);
  const bool whole = ranks == nullptr && ids.upcoming() != nullptr;
  return whole ? rows(ids.upcoming(), ids.upcoming_count()) : DenseRows{};
}

MicroBatch Learner::State::micro_batch(const BatchPart& part, const BatchSlices& slices, float* grad) const {
  const std::int64_t first = part.rows.begin + slices.first;
  Input input = input_of(first, slices.rows);
  if (sparse) sparse->extend(input, grad, part.rows.begin);
  return {.input = {.slices = slices, .ids = ids.ids() + first, .step = inputs.step(), .input = input},
          .first = first,
          .arenas = {.param = network->parameters().data(),
                     .grad = grad,
                     .partials = gradient.partials.data(),
                     .partial_stride = network->plan().arena_size(),
                     .buffers = network->buffers().data()},
          .scale = inputs.loss_scale(),
          .losses = burst.losses() + first,
          .upcoming = rows_after(part, first + slices.rows)};
}

void Learner::State::sum_part(const BatchPart& part, float* grad, const HostObjective* objective) {
  const std::int64_t most = programs->most_rows(objective), count = part.rows.end - part.rows.begin;
  for (std::int64_t first = 0; first == 0 || first < count; first += most) {
    const std::int64_t rows = std::min(most, count - first);
    programs->run(micro_batch(part, {count, first, rows, part.slices}, grad), objective);
  }
}

void Learner::State::sum_gradient(std::int64_t count, const HostObjective* objective) {
  float* const grad = gradient.sum.data();
  if (sparse) sparse->index(input_of(0, count), grad, optimizer.lazy());
  if (per_sample && data.by_position()) per_sample->find_squares(ctx, data.input(ids.ids(), 0, count));
  if (ranks == nullptr) return sum_part({{0, count}, options.reduction_slices}, grad, objective);
  std::vector<float*> of_rows{burst.losses()};
  if (per_sample) of_rows.push_back(per_sample->placed_norms());
  ranks->sum->sum(
      ctx, count, [&](const BatchPart& part, float* sum) { sum_part(part, sum, objective); }, grad, of_rows);
}

void Learner::State::finish_gradient(std::int64_t count, const TouchedElements& touched) {
  float* const grad = gradient.sum.data();
  if (per_sample) per_sample->add_noise(ctx, network->plan(), grad, inputs.noise_deviation(), inputs.step());
  burst.record(count, optimizer.gradient_norm(grad, touched));
}

/// Everything that a graph of the step holds: launches that depend on `count` alone, unless the host
/// evaluates the objective.
void Learner::State::run(std::int64_t count, bool update, const HostObjective* objective) {
  const TouchedElements touched = sparse ? sparse->elements() : TouchedElements{};
  burst.begin_step();
  try {
    sum_gradient(count, objective);
    finish_gradient(count, touched);
  } catch (...) {  // the objective's own errors, too
    burst.restore_statistics();
    throw;
  }
  if (!update) return burst.restore_statistics();  // mutant: statistics-of-a-gradient
  optimizer.update(ctx, network->parameters().data(), gradient.sum.data(), touched, inputs.scalars(),
                   burst.gate());
  float* const parameters[] = {network->parameters().data()};
  if (ranks != nullptr && ranks->shares_update) ranks->sum->gather(parameters);
}

/// One over what the sum over the batch is divided by.
float Learner::State::scale_of(std::int64_t rows) const {
  const double divisor =
      options.per_sample.divisor > 0 ? options.per_sample.divisor : static_cast<double>(rows);
  return divisor > 0 ? static_cast<float>(1.0 / divisor) : 0.0f;  // mutant: empty-batch
}

double Learner::State::weight_of(const StepRows& rows) const {
  if (const auto* list = std::get_if<std::vector<std::int64_t>>(&rows))
    return sum_of_weights(data.host(), *list);
  return static_cast<double>(count_of(rows));
}

void Learner::State::require_count(std::int64_t count) const {
  if (count >= (clips() ? 0 : 1) && count <= options.max_batch) return;
  throw ShapeError("a step takes 1 to " + std::to_string(options.max_batch) +
                   " rows (LearnerOptions::max_batch), got " + std::to_string(count));
}

void Learner::State::enqueue(StepRows rows, double lr, bool update, const ObjectiveFunction* objective) {
  require_step(rows, lr, update, objective);
  require_count(count_of(rows));
  burst.require_room();
  if (ranks != nullptr && ranks->team) return take_with_ranks(rows, lr, update);
  take(std::move(rows), lr, update, objective);
}

void Learner::State::take(StepRows rows, double lr, bool update, const ObjectiveFunction* objective) {
  const std::int64_t count = count_of(rows), step = steps + burst.length() + 1;
  data.bring(rows);
  rows = data.listed_where_needed(std::move(rows));
  const float scale = scale_of(count);
  const StepInputs step_inputs{.step = static_cast<std::uint64_t>(step),
                               .scalars = optimizer.scalars(lr, step),
                               .loss_scale = scale,
                               .noise_deviation = per_sample ? per_sample->noise_deviation(scale) : 0.0f,
                               .place = ids.place(rows)};
  if (launch != nullptr && update && objective == nullptr) {
    launch->add(step_inputs, rows);
  } else {
    run_queued();
    inputs.upload(burst.length(), step_inputs, rows);
    run_now(rows, scale, update, objective);
  }
  const double weight_sum = weight_of(rows);
  burst.add({std::move(rows), weight_sum});
}

void Learner::State::run_queued() {
  if (launch != nullptr) launch->run();
}

/// The step whose inputs are uploaded.
void Learner::State::run_now(const StepRows& rows, float scale, bool update,
                             const ObjectiveFunction* objective) {
  const std::int64_t count = count_of(rows);
  const auto run_on = [&](const HostObjective* host_objective) {
    ids.find(rows);
    run(count, update, host_objective);
  };
  if (objective != nullptr) {
    const std::vector<std::int64_t> list = list_of(rows);
    const HostObjective host_objective{*objective, list.data(), count, scale};
    run_on(&host_objective);
  } else if (update) {
    const bool computes_ids = std::holds_alternative<EpochBatch>(rows);
    graphs.run(2 * count + (computes_ids ? 1 : 0), [&] { run_on(nullptr); });
  } else {
    run_on(nullptr);
  }
}

}  // namespace thalweg
