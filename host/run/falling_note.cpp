#include "host/run/falling_note.hpp"
#include "host/data/labels.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/data/memory_rows.hpp"
#include "host/model/curvature.hpp"
#include "host/model/network.hpp"

namespace thalweg {
namespace {

/// A Hessian of so many columns and rows takes some tenths of a second.
constexpr std::int64_t kMostFeatures = 128;
constexpr std::int64_t kRowsLookedAt = 10000;
/// A hundredth is 2 % of the loss of the mean, which is 1/2; the loss of a fair coin is 0.69.
constexpr double kLeastFall = 0.01;
/// A smaller share of the loss is noise of the last steps.
constexpr double kLeastShare = 0.1;

bool is_plain(const OptimizerConfig& c) {
  return c.l1 == 0 && c.l2 == 0 && c.weight_decay <= 0 && c.constraint == Constraint::none &&
         c.average == Averaging::none;
}

bool is_measured(const Config& config, const Model& model, const Dataset& data) {
  const LossTraits loss = traits_of(model.spec().config.loss);
  const bool scaled = loss.classification || data.target_transform != TargetTransform{};
  return model.network().is_single_output_linear() && loss.curvature != nullptr && scaled &&
         data.features <= kMostFeatures && !config.per_sample.private_training() &&
         is_plain(config.optimizer);
}

std::vector<std::int64_t> looked_at(const Dataset& data, const std::vector<std::int64_t>& all) {
  const CountedRows counted(data.weight, all);
  const std::vector<std::int64_t>& rows = *counted;
  const std::int64_t stride = std::max<std::int64_t>(1, std::ssize(rows) / kRowsLookedAt);
  std::vector<std::int64_t> some;
  for (std::int64_t i = 0; i < std::ssize(rows); i += stride)
    some.push_back(rows[static_cast<std::size_t>(i)]);
  return some;
}

}  // namespace

bool leaves_length_to_rule(const Config& asked) {
  return asked.train.epochs < 0 && asked.train.max_steps == 0 && asked.optimizer.lr == 0;
}

double fall_left(const Config& config, const Model& model, const Dataset& data,
                 const std::vector<std::int64_t>& rows) {
  return is_measured(config, model, data) ? expected_fall(model, select_rows(data, looked_at(data, rows)))
                                          : 0;
}

std::string falling_note(double fall, const TrainReport& report) {
  if (!(fall > kLeastFall) || fall < kLeastShare * report.train_loss) return "";
  return fmt::format(
      "the training loss was still falling at the end: about {:.2g} of its {:.2g} is left to gain. Columns "
      "that "
      "nearly follow from others need more steps than the rule gives: try train.epochs = {}, or leave such "
      "columns out",
      std::min(fall, report.train_loss), report.train_loss, 10 * report.epochs);
}

}  // namespace thalweg
