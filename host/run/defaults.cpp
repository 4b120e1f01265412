#include "host/run/defaults.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/config/config_text.hpp"
#include "host/data/block_reader.hpp"
#include "host/data/dataset_rows.hpp"
#include "host/data/labels.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kMostBatch = 256;
constexpr std::int64_t kLeastBatch = 4;
/// Where noise hides the gradient, the rule has not been measured.
constexpr std::int64_t kPrivateEpochs = 10;
constexpr double kPrivateRate = 1e-3;

/// A row and its norm tell enough of their kind: so many are looked at.
constexpr std::int64_t kRowsLookedAt = 1000;

double square_norm_of_row(const Dataset& data, std::int64_t row) {
  double sum = 0;
  for_each_input(data, row, [&](std::size_t, double value) { sum += value * value; });
  return sum;
}

double entries_of_row(const Dataset& data, std::int64_t row) {
  if (!data.sparse) return static_cast<double>(data.features);
  const auto at = static_cast<std::size_t>(row);
  return static_cast<double>(data.offsets[at + 1] - data.offsets[at]);
}

/// An eighth of the rows, so that an epoch has some steps; a power of two.
std::int64_t batch_size_for(std::int64_t rows) {
  std::int64_t batch = kLeastBatch;
  while (batch * 2 <= kMostBatch && batch * 2 * 8 <= rows) batch *= 2;
  return std::max<std::int64_t>(1, std::min(batch, rows));
}

/// Epochs that have about so many steps, but at least `least`.
std::int64_t epochs_for(std::int64_t steps, std::int64_t least, std::int64_t rows, const TrainConfig& train) {
  const std::int64_t batch = train.batch_size, short_batch = train.drop_last ? 0 : batch - 1;
  const std::int64_t per_epoch = std::max<std::int64_t>(1, (rows + short_batch) / batch);
  return std::max(least, (steps + per_epoch - 1) / per_epoch);
}

/// The length of the rows where it is below 1; rows of zeros alone have no unit.
double short_length(const RunShape& shape) {
  return shape.square_norm > 0 ? std::min(1.0, std::sqrt(shape.square_norm)) : 1.0;
}

/// adamw moves each weight by about the rate, hence an output by up to the rate times |x|_1, which lies
/// between |x|_2 and sqrt(entries) |x|_2. Longer rows want a smaller rate, by the unit of their values too.
/// Rows shorter than 1 want weights as much larger, and the rate of rows of length 1 for the bias.
double linear_rate(const RunShape& shape) {
  const double entries = std::max(shape.entries, 1.0), norm = std::max(shape.square_norm, 1.0);
  const double rate = 0.1 / std::sqrt(std::sqrt(entries * norm) * std::max(1.0, std::sqrt(norm / entries)));
  return rate / short_length(shape);
}

double network_rate(const ModelConfig& model) {
  const std::int64_t widest = *std::max_element(model.hidden.begin(), model.hidden.end());
  return 0.04 / std::sqrt(static_cast<double>(std::max<std::int64_t>(widest, 16)));
}

/// A gradient step is stable below 2 / curvature; the loss bends by at most 1 or 1/4, the row by |x|^2.
double gradient_rate(const RunShape& shape, bool linear) {
  const double bend = linear && shape.loss == Loss::logistic ? 0.25 : 1.0;
  return 0.5 / (bend * (1.0 + shape.square_norm));
}

/// Whether the step of the rule has the size of the gradient; the others move a weight by about the rate.
bool follows_gradient(Rule rule) {
  return rule == Rule::sgd || rule == Rule::adams_bashforth || rule == Rule::momentum ||
         rule == Rule::nesterov;
}

double rate_for(const Config& config, const RunShape& shape) {
  const bool linear = config.model.hidden.empty();
  const double adam = linear ? linear_rate(shape) : network_rate(config.model);
  switch (config.optimizer.name) {
    case Rule::rmsprop:
      return adam / 2;
    case Rule::lion:
      return adam / 5;
    case Rule::adagrad:
    case Rule::ftrl:
      return adam * 4;
    case Rule::sgd:
      return gradient_rate(shape, linear);
    case Rule::adams_bashforth:
      return gradient_rate(shape, linear) / 2;
    case Rule::momentum:
    case Rule::nesterov:
      return gradient_rate(shape, linear) * (1 - config.optimizer.momentum);
    default:  // the Adam rules, sign, and any that has not been measured
      return adam;
  }
}

/// The input of a bias is 1, however short the rows are.
double bias_factor_for(const Config& config, const RunShape& shape) {
  return config.model.hidden.empty() && !follows_gradient(config.optimizer.name) ? short_length(shape) : 1.0;
}

/// A network has more parameters than small data have rows: the fewer rows, the more they are held small.
double decay_for(const Config& config, const RunShape& shape) {
  if (config.model.hidden.empty() || config.optimizer.name != Rule::adamw) return 0.0;
  return std::clamp(3000.0 / static_cast<double>(shape.rows), 0.01, 2.0);
}

/// Two digits say all that the rule knows.
double rounded(double x) { return std::stod(fmt::format("{:.2g}", x)); }

void resolve_optimizer(Config& config, const RunShape& shape) {
  OptimizerConfig& optimizer = config.optimizer;
  const bool by_rule = optimizer.lr == 0, noise = config.per_sample.private_training();
  if (by_rule && !noise) optimizer.bias_lr_factor *= rounded(bias_factor_for(config, shape));
  if (by_rule) optimizer.lr = noise ? kPrivateRate : rounded(rate_for(config, shape));
  optimizer.beta2 = optimizer.second_decay();
  if (optimizer.weight_decay < 0)
    optimizer.weight_decay = by_rule && !noise ? rounded(decay_for(config, shape)) : 0.0;
  // ftrl computes each weight anew from its rate: one that ends at 0 would end all weights there
  const bool falls = by_rule && !noise && optimizer.name != Rule::ftrl;
  if (config.schedule.name == ScheduleKind::automatic)
    config.schedule.name = falls ? ScheduleKind::cosine : ScheduleKind::constant;
}

void resolve_length(Config& config, const RunShape& shape) {
  TrainConfig& train = config.train;
  const bool noise = config.per_sample.private_training(), linear = config.model.hidden.empty();
  if (train.batch_size == 0) train.batch_size = noise ? kMostBatch : batch_size_for(shape.rows);
  if (train.epochs >= 0) return;
  if (train.max_steps > 0) {
    train.epochs = epochs_for(train.max_steps, 1, shape.rows, train);
  } else if (noise) {
    train.epochs = kPrivateEpochs;
  } else {
    train.epochs = epochs_for(linear ? 2000 : 2500, linear ? 3 : 10, shape.rows, train);
  }
}

}  // namespace

Config with_data_defaults(Config config) {
  if (config.data.standardize_target != Tristate::automatic) return config;
  const LossTraits loss = traits_of(config.model.loss);
  const bool wanted = !loss.rates && !loss.classification && !config.per_sample.private_training();
  config.data.standardize_target = wanted ? Tristate::yes : Tristate::no;
  return config;
}

RunShape run_shape(const Dataset& data, const std::vector<std::int64_t>& rows, const ModelSpec& spec) {
  const CountedRows those(data.weight, rows);
  const std::vector<std::int64_t>& counted = *those;
  RunShape shape{.rows = std::ssize(counted), .loss = spec.config.loss};
  const std::int64_t stride = std::max<std::int64_t>(1, shape.rows / kRowsLookedAt);
  std::vector<std::int64_t> some;
  for (std::int64_t i = 0; i < shape.rows; i += stride) some.push_back(counted[static_cast<std::size_t>(i)]);
  double count = 0, entries = 0, norms = 0;
  for_each_row(data, &some, MissingValues::refused,
               [&](const Dataset& holder, std::int64_t row, std::int64_t) {
                 const double norm = square_norm_of_row(holder, row);
                 if (norm == 0) return;  // a row of zeros moves the bias alone
                 entries += entries_of_row(holder, row);
                 norms += norm;
                 ++count;
               });
  shape.entries = entries / std::max(count, 1.0);
  shape.square_norm = norms / std::max(count, 1.0);
  return shape;
}

Config with_run_defaults(Config config, const RunShape& shape) {
  resolve_optimizer(config, shape);
  resolve_length(config, shape);
  const bool classes = traits_of(shape.loss).classification;
  if (classes && shape.target_by_rule) config.data.standardize_target = Tristate::no;
  return config;
}

namespace {

/// Nothing is done, or what everyone expects.
bool goes_without_saying(const SettingDifference& chosen) {
  return chosen.after == "\"false\"" || chosen.after == "\"constant\"" || chosen.after == "0.0" ||
         chosen.key == "optimizer.beta2";
}

}  // namespace

std::string describe_defaults(const Config& asked, const Config& resolved) {
  std::string text;
  for (const SettingDifference& chosen : config_differences(asked, resolved)) {
    if (goes_without_saying(chosen)) continue;
    text += fmt::format("{}{} = {}", text.empty() ? "by rule: " : ", ", chosen.key, chosen.after);
  }
  return text.empty() ? text : text + " (docs/defaults.md)";
}

}  // namespace thalweg
