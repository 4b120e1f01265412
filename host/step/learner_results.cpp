// What a learner tells of the steps that it took.
#include <cmath>

#include "host/runtime/device_of.hpp"
#include "host/step/learner_state.hpp"
#include "kernels/backend.hpp"

namespace thalweg {

std::vector<StepResult> Learner::State::collect() {
  run_queued();
  std::vector<StepResult> results;
  burst.collect([&](const QueuedStep& step, const StepRecord& record) {
    results.push_back(result_of(step, record));
    if (record.updated == 0) {
      results.back().diverged = divergence(step, record);
      return false;
    }
    ++steps;
    return true;
  });
  if (launch != nullptr) launch->clear();
  return results;
}

StepResult Learner::State::result_of(const QueuedStep& step, const StepRecord& record) const {
  StepResult result{.loss_sum = record.loss_sum,
                    .weight_sum = step.weight_sum,
                    .gradient_norm = std::sqrt(static_cast<double>(record.squared_norm))};
  if (!options.per_sample.statistics) return result;
  const std::int64_t count = count_of(step.rows);
  result.losses = burst.host_losses(count);
  result.norms = per_sample->norms(ctx, count);
  if (clips()) return result;
  // Without clipping the norms are those of the scaled gradients, because measuring must not change the step.
  const float scale = scale_of(count);
  for (float& norm : result.norms) norm = norm / scale;  // mutant: norms-unscaled
  return result;
}

std::string Learner::State::divergence(const QueuedStep& step, const StepRecord& record) const {
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

LoadingReport Learner::loading() const { return state_->data.loading(); }

}  // namespace thalweg
