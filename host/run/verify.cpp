#include "thalweg/verify.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "host/data/checked_data.hpp"
#include "host/model/objective.hpp"
#include "host/run/context_options.hpp"
#include "host/run/defaults.hpp"
#include "host/run/error_bound.hpp"
#include "host/run/learner_options.hpp"
#include "host/run/output_bias.hpp"
#include "host/run/row_order.hpp"
#include "host/run/run_data.hpp"
#include "host/run/run_plan.hpp"
#include "host/runtime/cuda_backend.hpp"
#include "host/step/step_rows.hpp"
#include "thalweg/epoch_batches.hpp"
#include "thalweg/error.hpp"
#include "thalweg/learner.hpp"
#include "thalweg/schedule.hpp"

namespace thalweg {
namespace {

/// One device's side of the comparison.
struct Side {
  Context ctx;
  Model model;
  Learner learner;

  Side(const Config& config, const std::string& device, const ModelSpec& spec, const Dataset& data,
       const LearnerOptions& options)
      : ctx(context_options(config, device)), model(ctx, spec), learner(model, CheckedData{data}, options) {}
};

std::string second_device(const std::string& asked) {
  std::string reason;
  return asked != "auto" ? asked : cuda_usable(reason) ? "cuda" : "reference";
}

std::int64_t longest_sum(const Config& config, const ModelSpec& spec) {
  std::int64_t longest = std::max<std::int64_t>(spec.schema.features, config.train.batch_size);
  for (const std::int64_t width : config.model.hidden) longest = std::max(longest, width);
  return longest;
}

bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

/// Compares one tensor after one step and notes the first difference that counts.
void compare(const NamedTensor& a, const NamedTensor& b, std::int64_t step, const VerifyReport& report,
             TensorVerdict& verdict) {
  double largest = 0;
  for (const float x : a.values) largest = std::max(largest, std::abs(static_cast<double>(x)));
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    const double error = std::abs(static_cast<double>(a.values[i]) - b.values[i]) / std::max(largest, 1e-30);
    verdict.largest_error = std::max(verdict.largest_error, error);
    const bool counts = report.exact ? !same_bits(a.values[i], b.values[i]) : !(error <= report.bound);
    if (counts && !verdict.difference) {
      verdict.difference = Difference{step, static_cast<std::int64_t>(i), a.values[i], b.values[i]};
    }
  }
}

void compare(const Side& first, const Side& second, std::int64_t step, VerifyReport& report) {
  const auto a = first.model.parameters(), b = second.model.parameters();
  for (std::size_t t = 0; t < a.size(); ++t) compare(a[t], b[t], step, report, report.tensors[t]);
}

void take_step(const StepRows& rows, double lr, Side& first, Side& second) {
  std::visit([&](const auto& batch) { first.learner.step(batch, lr), second.learner.step(batch, lr); }, rows);
}

}  // namespace

bool VerifyReport::passed() const {
  return std::none_of(tensors.begin(), tensors.end(),
                      [](const TensorVerdict& t) { return t.difference.has_value(); });
}

namespace {

/// The rows to train on, as a run has them; of files nothing else is read.
RunData training_data(Config config, const ReadProgress& progress, MemoryData* memory) {
  if (memory != nullptr) return read_run_data(config, progress, memory);
  config.data.validation.clear();
  config.data.validation_target.clear();
  config.data.test.clear();
  config.data.test_target.clear();
  config.data.test_rows.clear();
  return read_run_data(config, progress);
}

VerifyReport verify_on(MemoryData* memory, const Config& asked, const VerifyOptions& options) {
  validate_config(asked);
  if (options.steps < 1)
    throw ConfigError("VerifyOptions::steps is " + std::to_string(options.steps) + "; want 1 or more");
  Config config = with_data_defaults(asked);
  const auto seed = static_cast<std::uint64_t>(config.seed);
  const RunData read = training_data(config, options.reading, memory);
  const Dataset& data = read.train;
  const Split& split = read.split;
  const ModelSpec spec = resolve_model(model_config(config, read), schema_of(data), seed);
  check_targets(read, spec);
  config = with_run_defaults(config, run_shape(data, split.train, spec));
  const EpochBatches batches(split.train, config.train.batch_size, seed, config.train.shuffle,
                             config.train.drop_last, block_order_of(config, data));
  const std::int64_t per_epoch = batches.batches_per_epoch();
  std::optional<Privacy> privacy;  // one for both sides: the same batches and noise
  if (config.per_sample.poisson())
    privacy.emplace(config, data, split.train, RunPlan(config, per_epoch, 1).total_steps());
  const Privacy* const drawn = privacy ? &*privacy : nullptr;
  LearnerOptions learner = learner_options(config, std::ssize(split.train), &batches, drawn);
  learner.ranks = 1;  // they change no bit, and devices other than the cpu have none
  Side first(config, options.first, spec, data, learner),
      second(config, second_device(options.second), spec, data, learner);

  for (Side* side : {&first, &second}) start_output_bias(config, data, split.train, side->model);

  VerifyReport report{.first = first.ctx.device(), .second = second.ctx.device(), .steps = options.steps};
  report.exact =
      config.numerics == Numerics::exact && report.first != "reference" && report.second != "reference";
  const double cut = std::max(cut_factors_bound(first.ctx), cut_factors_bound(second.ctx));
  report.bound = 8.0 * static_cast<double>(options.steps) * (rounding_bound(longest_sum(config, spec)) + cut);
  for (const NamedTensor& tensor : first.model.parameters())
    report.tensors.push_back({.tensor = tensor.name});
  for (std::int64_t step = 0; step < options.steps; ++step) {
    const double lr = scheduled_lr(config.schedule, config.optimizer.lr, {options.steps, per_epoch}, step);
    take_step(rows_of_step(batches, drawn, step), lr, first, second);
    if (options.after_step) options.after_step(step + 1, second.model);
    compare(first, second, step + 1, report);
  }
  return report;
}

}  // namespace

VerifyReport verify(const Config& config, const VerifyOptions& options) {
  return verify_on(nullptr, config, options);
}

VerifyReport verify(const Config& config, Dataset data, const VerifyOptions& options) {
  MemoryData memory = checked_memory(std::move(data), nullptr);
  return verify_on(&memory, config, options);
}

}  // namespace thalweg
