#include "thalweg/learner.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>

#include "host/data/device_dataset.hpp"
#include "host/model/network.hpp"
#include "host/train/optimizer.hpp"
#include "host/train/per_sample_step.hpp"
#include "kernels/common/backend.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

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
  return std::accumulate(lengths.begin(), lengths.begin() + rows, std::int64_t{0});
}

/// The touched-feature lists of one batch.
struct TouchedBuffers {
  Buffer<std::int32_t> features, slots;
  Buffer<std::int64_t> count, row_begin;
  TouchedFeatures view;

  TouchedBuffers(const Context& ctx, const Dataset& data, std::int64_t max_batch) {
    const std::int64_t entries = most_entries(data, max_batch);
    const std::int64_t capacity = std::min(entries, data.features);
    features = Buffer<std::int32_t>(ctx, std::max<std::int64_t>(capacity, 1));
    slots = Buffer<std::int32_t>(ctx, std::max<std::int64_t>(entries, 1));
    count = Buffer<std::int64_t>(ctx, 1);
    row_begin = Buffer<std::int64_t>(ctx, max_batch + 1);
    view = {features.data(), count.data(), row_begin.data(), slots.data(), capacity, entries};
  }
};

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

}  // namespace

struct Learner::State {
  const Context& ctx;
  Network& network;
  DeviceDataset data;
  LearnerOptions options;
  std::int64_t micro;
  Pass pass;
  Optimizer optimizer;
  Buffer<float> grad, partials, sparse_partials, losses, output_grad;
  Buffer<std::int64_t> ids;
  Buffer<std::uint64_t> step_on_device;
  std::optional<TouchedBuffers> touched;
  std::optional<PerSampleStep> per_sample;
  std::int64_t steps = 0;

  State(const Context& c, Model& model, const Dataset& dataset, const LearnerOptions& o);
  bool clips() const { return options.per_sample.clips(); }
  bool split() const { return micro < options.max_batch; }
  ArenaView arenas();
  BatchSum sparse_weight_sum();
  TouchedElements touched_elements() const;
  PassInput input_of(BatchSlices slices);
  double begin_batch(const std::vector<std::int64_t>& rows);
  StepResult gradient(const std::vector<std::int64_t>& rows, const ObjectiveFunction* objective);
  void micro_step(const PassInput& input, const ObjectiveFunction* objective, const std::int64_t* rows,
                  float scale);
  void fused_step(const PassInput& input, float scale);
  void fused_squared_norms(const PassInput& input);
  Matrix forward_and_loss(const PassInput& input, const ObjectiveFunction* objective,
                          const std::int64_t* rows, float scale);
  void clipped_step(const PassInput& input, const ObjectiveFunction* objective, const std::int64_t* rows,
                    float scale);
  float scale_of(double weight_sum) const;
  void add_statistics(StepResult& result, const std::vector<float>& host_losses) const;
  void own_objective(const ObjectiveFunction& objective, const PassInput& input, Matrix output,
                     const std::int64_t* rows, float scale);
  void require_finite(const std::vector<std::int64_t>& rows, const std::vector<float>& losses,
                      double norm) const;
  void apply(double lr);
};

Learner::State::State(const Context& c, Model& model, const Dataset& dataset, const LearnerOptions& o)
    : ctx(c),
      network(model.network()),
      data(c, dataset),
      options(o),
      micro(o.micro_batch > 0 ? std::min(o.micro_batch, o.max_batch) : o.max_batch),
      pass(c, network, micro, o.per_sample.clips() ? PassUse::per_sample : PassUse::backward),
      optimizer(c, network.plan(), network.parameters().data(), optimizer_config(o), network.sparse()) {
  const std::int64_t arena = network.plan().arena_size();
  grad = Buffer<float>(ctx, arena);
  grad.zero(ctx);
  if (split()) partials = Buffer<float>(ctx, arena * options.reduction_slices);
  losses = Buffer<float>(ctx, options.max_batch);
  output_grad = Buffer<float>(ctx, options.max_batch * network.spec().outputs);
  ids = Buffer<std::int64_t>(ctx, options.max_batch);
  step_on_device = Buffer<std::uint64_t>(ctx, 1);
  if (network.sparse()) {
    touched.emplace(ctx, dataset, options.max_batch);
    if (split()) {
      sparse_partials = Buffer<float>(
          ctx, touched->view.capacity * network.layers()[0]->out_features() * options.reduction_slices);
    }
  }
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
  PassInput input{.slices = slices, .ids = ids.data() + slices.first, .step = step_on_device.data()};
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

/// Brings the batch's row ids to the backend and indexes sparse rows; gives the sum of the weights.
double Learner::State::begin_batch(const std::vector<std::int64_t>& rows) {
  const auto count = static_cast<std::int64_t>(rows.size());
  if (count < (clips() ? 0 : 1) || count > options.max_batch) {
    throw ShapeError("a step takes 1 to " + std::to_string(options.max_batch) +
                     " rows (LearnerOptions::max_batch), got " + std::to_string(count));
  }
  const auto step = static_cast<std::uint64_t>(steps + 1);
  step_on_device.upload(ctx, &step, 1);
  ids.upload(ctx, rows.data(), count);
  if (touched) {
    if (!optimizer.lazy()) {
      const auto& weight = network.plan().parameters()[0];
      ctx.backend().memory.zero(ctx, grad.data() + weight.offset, weight.size * std::int64_t{sizeof(float)});
    }
    ctx.backend().sparse_linear.index(ctx, {data.sparse(ids.data(), count), touched->view});
  }
  return sum_of_weights(data.host(), rows);
}

void Learner::State::fused_step(const PassInput& input, float scale) {
  const ArenaView arena = arenas();
  const auto& weight = network.plan().parameters()[0];
  const bool bias = network.has_bias();
  const std::int64_t bias_offset = bias ? network.plan().parameters()[1].offset : 0;
  const LossTargets targets = data.targets(input.ids, scale);
  float* losses_out = losses.data() + input.slices.first;
  float* output_grad_out = output_grad.data() + input.slices.first;
  if (network.sparse()) {
    ctx.backend().sparse_linear.model_step(ctx,
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
    ctx.backend().linear.model_step(ctx, {.input = input.dense,
                                          .weight = arena.param + weight.offset,
                                          .bias = bias ? arena.param + bias_offset : nullptr,
                                          .loss = std::get<LossSpec>(network.objective()),
                                          .targets = targets,
                                          .slices = input.slices,
                                          .losses = losses_out,
                                          .grad_output = output_grad_out,
                                          .grad_weight = arena.batch_sum(weight.offset),
                                          .grad_bias = bias ? arena.batch_sum(bias_offset) : BatchSum{}});
  }
}

void Learner::State::own_objective(const ObjectiveFunction& objective, const PassInput& input, Matrix output,
                                   const std::int64_t* rows, float scale) {
  const std::int64_t count = output.rows * output.cols;
  std::vector<float> outputs(static_cast<std::size_t>(count)), gradient(static_cast<std::size_t>(count));
  std::vector<float> host_losses(static_cast<std::size_t>(output.rows));
  const MemoryOps& memory = ctx.backend().memory;
  memory.download(ctx, outputs.data(), output.data, count * std::int64_t{sizeof(float)});
  objective({.output = matrix<const float>(outputs.data(), output.rows, output.cols),
             .rows = rows,
             .scale = scale,
             .losses = host_losses.data(),
             .grad_output = matrix(gradient.data(), output.rows, output.cols)});
  losses.upload(ctx, host_losses.data(), output.rows, input.slices.first);
  memory.upload(ctx, pass.output_gradient(network, output.rows).data, gradient.data(),
                count * std::int64_t{sizeof(float)});
}

/// The fused step leaves the output gradients, and the rest is known of the data set.
void Learner::State::fused_squared_norms(const PassInput& input) {
  ctx.backend().per_sample.linear_squared_norms(
      ctx, {.grad_output = matrix<const float>(output_grad.data() + input.slices.first, input.slices.rows, 1),
            .input_squares = input.input_squares,
            .ids = input.ids,
            .bias = network.has_bias(),
            .squared_norms = per_sample->squared_norms().layer(0)});
}

Matrix Learner::State::forward_and_loss(const PassInput& input, const ObjectiveFunction* objective,
                                        const std::int64_t* rows, float scale) {
  const Matrix output = pass.forward(ctx, network, input, arenas());
  if (objective != nullptr) {
    own_objective(*objective, input, output, rows, scale);
  } else {
    evaluate_objective(ctx, network.objective(), output, data.targets(input.ids, scale),
                       losses.data() + input.slices.first, pass.output_gradient(network, output.rows));
  }
  return output;
}

/// Norms and clip factors come from the unscaled output gradients; what is then scaled and multiplied by the
/// inputs, once per layer, is the clipped sum (book-keeping: one forward, one backward).
void Learner::State::clipped_step(const PassInput& input, const ObjectiveFunction* objective,
                                  const std::int64_t* rows, float scale) {
  forward_and_loss(input, objective, rows, 1.0f);
  pass.output_gradients(ctx, network, input, arenas(), &per_sample->squared_norms());
  per_sample->find_factors(ctx, input.slices.first, input.slices.rows, scale);
  per_sample->scale_gradients(ctx, network, pass, input.slices.rows);
  pass.parameter_gradients(ctx, network, input, arenas());
}

void Learner::State::micro_step(const PassInput& input, const ObjectiveFunction* objective,
                                const std::int64_t* rows, float scale) {
  if (clips()) return clipped_step(input, objective, rows, scale);
  if (objective == nullptr && network.is_single_output_linear()) {
    fused_step(input, scale);
    if (per_sample) fused_squared_norms(input);
  } else {
    forward_and_loss(input, objective, rows, scale);
    pass.backward(ctx, network, input, arenas(), per_sample ? &per_sample->squared_norms() : nullptr);
  }
  if (per_sample) per_sample->find_factors(ctx, input.slices.first, input.slices.rows, 1.0f);
}

/// One over what the sum over the batch is divided by.
float Learner::State::scale_of(double weight_sum) const {
  const double divisor = options.per_sample.divisor > 0 ? options.per_sample.divisor : weight_sum;
  return divisor > 0 ? static_cast<float>(1.0 / divisor) : 0.0f;
}

StepResult Learner::State::gradient(const std::vector<std::int64_t>& rows,
                                    const ObjectiveFunction* objective) {
  const auto count = static_cast<std::int64_t>(rows.size());
  StepResult result;
  result.weight_sum = begin_batch(rows);
  const float scale = scale_of(result.weight_sum);
  for (std::int64_t first = 0; first == 0 || first < count; first += micro) {
    const BatchSlices slices{count, first, std::min(micro, count - first), options.reduction_slices};
    micro_step(input_of(slices), objective, rows.data() + first, scale);
  }
  if (per_sample) {
    per_sample->add_noise(ctx, network.plan(), grad.data(), scale, static_cast<std::uint64_t>(steps + 1));
  }
  std::vector<float> host_losses(rows.size());
  ctx.backend().memory.download(ctx, host_losses.data(), losses.data(), count * std::int64_t{sizeof(float)});
  for (const float loss : host_losses) result.loss_sum += loss;
  const double squared_norm = optimizer.squared_gradient_norm(ctx, grad.data(), touched_elements());
  require_finite(rows, host_losses, squared_norm);
  result.gradient_norm = std::sqrt(squared_norm);
  if (options.per_sample.statistics) add_statistics(result, host_losses);
  return result;
}

/// Without clipping the norms are those of the scaled gradients, because the step itself is not to change.
void Learner::State::add_statistics(StepResult& result, const std::vector<float>& host_losses) const {
  result.losses = host_losses;
  result.norms = per_sample->norms(ctx, static_cast<std::int64_t>(host_losses.size()));
  if (clips()) return;
  for (float& norm : result.norms) norm = norm / scale_of(result.weight_sum);
}

void Learner::State::require_finite(const std::vector<std::int64_t>& rows,
                                    const std::vector<float>& host_losses, double norm) const {
  const std::string at = "step " + std::to_string(steps + 1) + " diverged: ";
  for (std::size_t n = 0; n < rows.size(); ++n) {
    if (std::isfinite(host_losses[n])) continue;
    throw DivergedError(at + "the loss of " + data.host().where(rows[n]) + " is " +
                        std::to_string(host_losses[n]) +
                        "; the parameters are those of the last good step. A smaller optimizer.lr or "
                        "optimizer.clip_norm may help");
  }
  if (!std::isfinite(norm)) {
    throw DivergedError(
        at + "the gradient of the batch that begins with " + data.host().where(rows[0]) +
        " is not finite; the parameters are those of the last good step. A smaller optimizer.lr may help");
  }
}

void Learner::State::apply(double lr) {
  ++steps;
  optimizer.update(ctx, network.parameters().data(), grad.data(), touched_elements(), lr, steps);
}

Learner::Learner(const Context& ctx, Model& model, const Dataset& data, const LearnerOptions& options)
    : state_(std::make_unique<State>(ctx, model, data, options)) {}

Learner::~Learner() = default;

StepResult Learner::step(const std::vector<std::int64_t>& rows, double lr) {
  const StepResult result = state_->gradient(rows, nullptr);
  state_->apply(lr);
  return result;
}

StepResult Learner::step(const std::vector<std::int64_t>& rows, double lr,
                         const ObjectiveFunction& objective) {
  const StepResult result = state_->gradient(rows, &objective);
  state_->apply(lr);
  return result;
}

StepResult Learner::value_and_gradient(const std::vector<std::int64_t>& rows,
                                       std::vector<NamedTensor>& gradients) {
  State& s = *state_;
  if (s.touched) s.grad.zero(s.ctx);  // a lazy gradient is defined only where the batch touched it
  const StepResult result = s.gradient(rows, nullptr);
  gradients = download_tensors(s.ctx, s.network.plan().parameters(), s.grad);
  return result;
}

std::int64_t Learner::steps() const { return state_->steps; }
void Learner::set_steps(std::int64_t steps) { state_->steps = steps; }

namespace {

/// The plan's entries under the names that a state has in a checkpoint.
std::vector<ParameterPlan::Entry> entries_named(const ParameterPlan& plan, const std::string& suffix) {
  std::vector<ParameterPlan::Entry> entries = plan.parameters();
  for (auto& entry : entries) entry.spec.name += "/" + suffix;
  return entries;
}

}  // namespace

std::vector<NamedTensor> Learner::states() const {
  State& s = *state_;
  std::vector<NamedTensor> all;
  const auto add = [&](const std::string& name, const Buffer<float>& arena) {
    for (NamedTensor& tensor : download_tensors(s.ctx, entries_named(s.network.plan(), name), arena)) {
      all.push_back(std::move(tensor));
    }
  };
  for (std::size_t i = 0; i < s.optimizer.states().size(); ++i)
    add(Optimizer::state_name(i), s.optimizer.states()[i]);
  if (averages()) add("average", s.optimizer.average());
  return all;
}

void Learner::set_states(const std::vector<NamedTensor>& states) {
  State& s = *state_;
  const auto take = [&](const std::string& suffix, Buffer<float>& arena) {
    std::vector<NamedTensor> mine;
    for (const NamedTensor& tensor : states) {
      if (tensor.name.ends_with("/" + suffix)) mine.push_back(tensor);
    }
    upload_tensors(s.ctx, entries_named(s.network.plan(), suffix), mine, arena);
  };
  for (std::size_t i = 0; i < s.optimizer.states().size(); ++i)
    take(Optimizer::state_name(i), s.optimizer.states()[i]);
  if (averages()) take("average", s.optimizer.average());
}

bool Learner::averages() const { return state_->optimizer.averages(); }

void Learner::swap_average() { std::swap(state_->network.parameters(), state_->optimizer.average()); }

}  // namespace thalweg
