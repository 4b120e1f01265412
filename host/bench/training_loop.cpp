#include "host/bench/training_loop.hpp"

#include <algorithm>
#include <cmath>

#include "host/data/all_rows.hpp"
#include "host/run/error_bound.hpp"
#include "kernels/activation/activation.hpp"
#include "kernels/linear/linear.hpp"
#include "kernels/linear_step/linear_step.hpp"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy.hpp"
#include "kernels/sparse_linear/sparse_linear.hpp"
#include "kernels/update/update.hpp"
#include "thalweg/error.hpp"

namespace thalweg::bench {
namespace {

constexpr std::uint64_t kSeed = 1;

double error_of(const std::vector<float>& got, const std::vector<float>& want) {
  double largest = 1e-30, error = 0;
  for (const float value : want) largest = std::max(largest, std::abs(static_cast<double>(value)));
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double difference = std::abs(static_cast<double>(got[i]) - want[i]);
    if (!(difference <= error)) error = difference;  // NaN too
  }
  return error / largest;
}

std::vector<std::int64_t> widths_of(const ModelSpec& spec) {
  std::vector<std::int64_t> widths{spec.schema.features};
  widths.insert(widths.end(), spec.config.hidden.begin(), spec.config.hidden.end());
  widths.push_back(spec.outputs);
  return widths;
}

struct Gradient {
  double loss = 0;
  std::vector<NamedTensor> tensors;
  std::vector<float> norms;
};

Gradient gradient_of(const Context& ctx, const Dataset& data, const LoopOptions& options,
                     const std::vector<std::int64_t>& rows) {
  Model model(ctx, resolve_model(options.model, schema_of(data), kSeed));
  Learner learner(model, data, options.learner);
  Gradient gradient;
  const StepResult result = learner.value_and_gradient(rows, gradient.tensors);
  gradient.loss = result.loss_sum;
  gradient.norms = result.norms;
  return gradient;
}

LearnerOptions with_batches(LearnerOptions options, const EpochBatches& batches) {
  options.batches = &batches;
  return options;
}

}  // namespace

TrainingLoop::TrainingLoop(const Context& ctx, const Dataset& data, const LoopOptions& options)
    : options_(options),
      batches_(all_rows(data.rows), options.learner.max_batch, kSeed, options.shuffle, /*drop_last=*/true),
      model_(ctx, resolve_model(options.model, schema_of(data), kSeed)),
      learner_(model_, data, with_batches(options.learner, batches_)) {
  if (options.sum_up_statistics) statistics_.emplace(data, options.learner.per_sample.clip_norm);
}

void TrainingLoop::step() {
  queued_.push_back(next());
  learner_.enqueue(queued_.back(), options_.lr);
  ++step_;
  if (static_cast<std::int64_t>(queued_.size()) == learner_.burst_limit()) finish();
}

void TrainingLoop::finish() {
  if (queued_.empty()) return;
  const std::vector<StepResult> results = learner_.collect();
  if (!results.back().diverged.empty()) throw DivergedError(results.back().diverged);
  for (const StepResult& result : results) loss_sum_ += result.loss_sum;
  for (std::size_t i = 0; i < results.size() && statistics_; ++i)
    statistics_->add(queued_[i].rows(), results[i]);
  queued_.clear();
  if (statistics_ && step_ % batches_.batches_per_epoch() == 0) statistics_->finish_epoch();
}

double progressive_loss(const Context& ctx, const Dataset& data, const LoopOptions& options) {
  TrainingLoop loop(ctx, data, options);
  for (std::int64_t step = 0; step < loop.steps_per_epoch(); ++step) loop.step();
  loop.finish();
  return loop.loss_sum() / static_cast<double>(loop.steps_per_epoch() * options.learner.max_batch);
}

std::vector<Check> check_gradient(const Context& ctx, const Dataset& data, const LoopOptions& options) {
  const EpochBatches batches(all_rows(data.rows), options.learner.max_batch, kSeed, options.shuffle, true);
  const std::vector<std::int64_t> rows = batches.at(0, 0).rows();
  const Context reference({.device = "reference"});
  const Gradient got = gradient_of(ctx, data, options, rows),
                 want = gradient_of(reference, data, options, rows);
  const ModelSpec spec = resolve_model(options.model, schema_of(data), kSeed);
  std::vector<std::int64_t> widths = widths_of(spec);
  const auto layers = static_cast<double>(widths.size() - 1);
  if (data.sparse) widths[0] = 1;  // sums run over a row's entries, which the batch bounds
  const std::int64_t longest =
      std::max(*std::max_element(widths.begin(), widths.end()), options.learner.max_batch);
  const double bound = 8 * layers * (rounding_bound(longest) + cut_factors_bound(ctx));
  std::vector<Check> checks{{"loss", std::abs(got.loss - want.loss) / std::abs(want.loss), bound}};
  for (std::size_t t = 0; t < want.tensors.size(); ++t) {
    const double error = error_of(got.tensors[t].values, want.tensors[t].values);
    checks.push_back({"gradient of " + want.tensors[t].name, error, bound});
  }
  if (!want.norms.empty()) checks.push_back({"norms of the samples", error_of(got.norms, want.norms), bound});
  return checks;
}

Cost operator+(const Cost& a, const Cost& b) {
  return {a.flops + b.flops, a.bytes_read + b.bytes_read, a.bytes_written + b.bytes_written};
}

Cost step_cost(const ModelSpec& spec, std::int64_t batch, Rule rule) {
  const std::vector<std::int64_t> widths = widths_of(spec);
  std::int64_t parameters = 0;
  Cost cost;
  for (std::size_t layer = 0; layer + 1 < widths.size(); ++layer) {
    const std::int64_t in = widths[layer], out = widths[layer + 1];
    parameters += out * (in + 1);
    if (widths.size() == 2 && out == 1) {
      cost = cost + dense_linear_step_cost(batch, in);
      continue;
    }
    cost = cost + linear_forward_cost(batch, in, out) + linear_parameter_grad_cost(batch, in, out);
    if (layer > 0) cost = cost + linear_input_grad_cost(batch, in, out);
    if (layer + 2 < widths.size())
      cost = cost + activation_cost(batch * out) + activation_backward_cost(batch * out);
  }
  if (spec.outputs > 1) cost = cost + softmax_cross_entropy_cost(batch, spec.outputs);
  return cost + gradient_norm_cost(parameters) + update_cost(rule, parameters);
}

Cost sparse_step_cost(std::int64_t batch, std::int64_t entries, std::int64_t touched, Rule rule) {
  return sparse_index_cost(batch, entries, touched) + sparse_linear_step_cost(batch, entries, touched) +
         gradient_norm_cost(touched) + update_cost(rule, touched);
}

}  // namespace thalweg::bench
