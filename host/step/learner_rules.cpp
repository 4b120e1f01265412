#include "host/step/learner_rules.hpp"

#include <fmt/format.h>

#include "host/config/optimizer_rules.hpp"
#include "host/config/section_rules.hpp"
#include "host/data/validate_data.hpp"
#include "host/model/network.hpp"
#include "host/step/learner_ranks.hpp"
#include "host/step/step_program.hpp"
#include "thalweg/error.hpp"
#include "thalweg/settings/train.hpp"

namespace thalweg {
namespace {

void require(const char* key, const Range& range, double value) {
  if (contains(range, value)) return;
  const Setting setting{.name = key, .about = "", .range = range};
  refuse_value(key, shown_value(value), wanted(setting, value));
}

void check_per_sample(const PerSampleOptions& options) {
  require("PerSampleOptions::clip_norm", at_least(0), options.clip_norm);
  require("PerSampleOptions::noise_multiplier", at_least(0), options.noise_multiplier);
  require("PerSampleOptions::divisor", at_least(0), options.divisor);
}

void check_batches(const Dataset& data, const LearnerOptions& options) {
  if (options.batches == nullptr) return;
  const RowSet& rows = options.batches->rows();
  require_row_ids(data, rows.list());
  if (rows.list().empty() && rows.size() > data.rows)
    throw ShapeError(fmt::format("LearnerOptions::batches has the rows 0 to {}; {} has the rows 0 to {}",
                                 rows.size() - 1, source_of(data), data.rows - 1));
  if (options.batches->batch_size() > options.max_batch)
    throw ConfigError(fmt::format("LearnerOptions::batches has batches of {} rows; max_batch is {}",
                                  options.batches->batch_size(), options.max_batch));
}

/// Floats that a step keeps of each row, each input and output of a layer several times.
double floats_per_row(const Network& network) {
  double floats = 64;
  for (const auto& layer : network.layers())
    floats += 8 * static_cast<double>(layer->in_features() + layer->out_features());
  return floats;
}

}  // namespace

void require_options(const Model& model, const Dataset& data, const LearnerOptions& options) {
  if (data.rows == 0) throw ShapeError(fmt::format("{} has no rows to learn from", source_of(data)));
  check_per_sample(options.per_sample);
  require("LearnerOptions::max_batch", at_least(1), static_cast<double>(options.max_batch));
  require("LearnerOptions::micro_batch", at_least(0), static_cast<double>(options.micro_batch));
  require("LearnerOptions::reduction_slices", from_to(1, kMostReductionSlices),
          static_cast<double>(options.reduction_slices));
  require("LearnerOptions::ranks", from_to(1, kMostRanks), static_cast<double>(options.ranks));
  require("LoadingOptions::memory", at_least(0), static_cast<double>(options.loading.memory));
  require("LoadingOptions::readers", from_to(1, 256), static_cast<double>(options.loading.readers));
  check_batches(data, options);
  require_ranks(model.context(), model.network(), data, options);
  const double bytes = 4 * floats_per_row(model.network()) * static_cast<double>(options.max_batch);
  if (bytes > 0x1p62)
    throw InternalError(
        fmt::format("out of memory: a batch of {} rows (LearnerOptions::max_batch) takes {:.3g} bytes",
                    options.max_batch, bytes));
}

void require_rate(double lr) {
  // A gradient whose norm has a square in float32 is below 2e19, so that its step is finite, too.
  constexpr double kLargest = 1e18;
  if (lr >= 0 && lr <= kLargest) return;
  throw ConfigError(fmt::format("the learning rate of a step is {}; want 0 to {:g}", lr, kLargest));
}

void require_steps(std::int64_t steps) {
  if (steps < 0) throw ConfigError(fmt::format("the number of steps is {}; want 0 or more", steps));
}

}  // namespace thalweg
