#include "host/model/metric_sums.hpp"

#include <algorithm>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kSumWords = sizeof(ExactSum) / sizeof(Count);
constexpr std::int64_t kPairWords = sizeof(PairCount) / sizeof(Count);

std::int64_t classes_of(const ModelSpec& spec) {
  if (!traits_of(spec.config.loss).classification) return 0;
  return std::max<std::int64_t>(std::ssize(spec.schema.classes), 2);
}

/// The objective with which minus the logarithm of the true class's probability is the loss.
Objective log_objective(const Objective& objective) {
  if (std::holds_alternative<SoftmaxCrossEntropySpec>(objective)) return SoftmaxCrossEntropySpec{0.0f};
  return objective;
}

bool smooths(const Objective& objective) {
  const auto* softmax = std::get_if<SoftmaxCrossEntropySpec>(&objective);
  return softmax != nullptr && softmax->label_smoothing != 0.0f;
}

}  // namespace

MetricSums::MetricSums(const Context& ctx, const ModelSpec& spec, const Objective& objective,
                       const PlacedRows& rows, double total_weight)
    : ctx_(ctx),
      objective_(objective),
      rows_(rows),
      outputs_(spec.outputs),
      classes_(classes_of(spec)),
      unit_(weight_unit(total_weight)),
      rates_(traits_of(spec.config.loss).rates),
      words_(ctx, kSums * kSumWords + classes_ * classes_ + kPairWords),
      losses_(ctx, kBlockRows),
      scores_(ctx, ranks() ? rows.count() : 0) {
  words_.zero(ctx);
}

void MetricSums::add_losses(const Objective& objective, const OutputBlock& block, Sum which) {
  evaluate_objective(ctx_, objective, block.output, block.targets, losses_.data(), {});
  backend_of(ctx_).metrics.sum(device_of(ctx_),
                               {.values = losses_.data(), .count = block.output.rows, .sum = sum(which)});
}

void MetricSums::add(const OutputBlock& block) {
  add_losses(objective_, block, kLoss);
  if (classes_ != 0) return add_classes(block);
  backend_of(ctx_).metrics.residuals(device_of(ctx_), {.output = block.output,
                                                       .targets = block.targets,
                                                       .rates = rates_,
                                                       .squared = sum(kSquared),
                                                       .absolute = sum(kAbsolute)});
}

void MetricSums::add_classes(const OutputBlock& block) {
  if (smooths(objective_)) add_losses(log_objective(objective_), block, kLogLoss);
  backend_of(ctx_).metrics.confusion(device_of(ctx_), {.output = block.output,
                                                       .targets = block.targets,
                                                       .classes = classes_,
                                                       .unit = unit_,
                                                       .confusion = confusion()});
  if (ranks()) {
    backend_of(ctx_).memory.copy(device_of(ctx_), scores_.data() + block.first, block.output.data,
                                 block.output.rows * std::int64_t{sizeof(float)});
  }
}

MetricNumbers MetricSums::read() {
  if (ranks()) {
    backend_of(ctx_).metrics.pairs(device_of(ctx_), {.scores = scores_.data(),
                                                     .rows = rows_.count(),
                                                     .targets = rows_.targets(),
                                                     .unit = unit_,
                                                     .pairs = pairs()});
  }
  const std::vector<Count> words = words_.download(ctx_);
  const auto* sums = reinterpret_cast<const ExactSum*>(words.data());
  MetricNumbers numbers{.loss = exact_value(sums[kLoss]),
                        .log_loss = exact_value(sums[smooths(objective_) ? kLogLoss : kLoss]),
                        .squared = exact_value(sums[kSquared]),
                        .absolute = exact_value(sums[kAbsolute])};
  const Count* cell = words.data() + kSums * kSumWords;
  for (std::int64_t target = 0; target < classes_; ++target) {
    std::vector<double>& row = numbers.confusion.emplace_back();
    for (std::int64_t predicted = 0; predicted < classes_; ++predicted)
      row.push_back(weight_of(*cell++, unit_));
  }
  if (ranks()) numbers.pairs = weight_of_pairs(*reinterpret_cast<const PairCount*>(cell), unit_);
  return numbers;
}

}  // namespace thalweg
