#include "thalweg/learner.hpp"

#include "host/data/checked_data.hpp"
#include "host/model/data_rules.hpp"
#include "host/model/evaluation.hpp"
#include "host/model/model_call.hpp"
#include "host/step/learner_ranks.hpp"
#include "host/step/learner_rules.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// The one result of a step that was not queued with others.
StepResult only_result(std::vector<StepResult> results) {
  if (!results.back().diverged.empty()) throw DivergedError(results.back().diverged);
  return results.back();
}

}  // namespace

Learner::Learner(Model& model, const Dataset& data, const LearnerOptions& options) {
  const ReadingCall call(model, "Learner::Learner");
  require_data(model.context(), model.spec(), data, DataUse::features);
  require_options(model, data, options);
  state_ = std::make_unique<State>(model, data, options);
  if (!data.target.empty()) require_targets(model.spec(), state_->data.host());
}

Learner::Learner(Model& model, const CheckedData& data, const LearnerOptions& options) {
  const ReadingCall call(model, "Learner::Learner");
  require_fits(model.spec(), data.rows);
  require_options(model, data.rows, options);
  state_ = std::make_unique<State>(model, data.rows, options);
}

Learner::~Learner() = default;

std::int64_t Learner::burst_limit() const { return state_->burst.limit(); }

void Learner::enqueue(const std::vector<std::int64_t>& rows, std::optional<double> lr) {
  const ChangingCall call(state_->ctx, state_->network.live(), "Learner::enqueue");
  state_->enqueue(rows, state_->rate(lr), true, nullptr);
}

void Learner::enqueue(const EpochBatch& batch, std::optional<double> lr) {
  const ChangingCall call(state_->ctx, state_->network.live(), "Learner::enqueue");
  state_->enqueue(batch, state_->rate(lr), true, nullptr);
}

std::vector<StepResult> Learner::collect() {
  const ChangingCall call(state_->ctx, state_->network.live(), "Learner::collect");
  return state_->collect();
}

StepResult Learner::step(const std::vector<std::int64_t>& rows, std::optional<double> lr) {
  const ChangingCall call(state_->ctx, state_->network.live(), "Learner::step");
  state_->enqueue(rows, state_->rate(lr), true, nullptr);
  return only_result(state_->collect());
}

StepResult Learner::step(const EpochBatch& batch, std::optional<double> lr) {
  const ChangingCall call(state_->ctx, state_->network.live(), "Learner::step");
  state_->enqueue(batch, state_->rate(lr), true, nullptr);
  return only_result(state_->collect());
}

StepResult Learner::step(const std::vector<std::int64_t>& rows, std::optional<double> lr,
                         const ObjectiveFunction& objective) {
  const ChangingCall call(state_->ctx, state_->network.live(), "Learner::step");
  state_->enqueue(rows, state_->rate(lr), true, &objective);
  return only_result(state_->collect());
}

StepResult Learner::value_and_gradient(const std::vector<std::int64_t>& rows,
                                       std::vector<NamedTensor>& gradients) {
  return state_->gradient_alone(rows, gradients, nullptr);
}

StepResult Learner::value_and_gradient(const std::vector<std::int64_t>& rows,
                                       std::vector<NamedTensor>& gradients,
                                       const ObjectiveFunction& objective) {
  return state_->gradient_alone(rows, gradients, &objective);
}

StepResult Learner::State::gradient_alone(const std::vector<std::int64_t>& rows,
                                          std::vector<NamedTensor>& gradients,
                                          const ObjectiveFunction* objective) {
  const ChangingCall call(ctx, network.live(), "Learner::value_and_gradient");
  require_collected("Learner::value_and_gradient");
  if (sparse) gradient.sum.zero(ctx);  // a lazy gradient is defined only where the batch touched it
  enqueue(rows, 0.0, false, objective);
  const StepResult result = only_result(collect());
  // mutant: gradient-is-no-step
  --steps;  // nothing was learnt
  gradients = download_tensors(ctx, network->plan().parameters(), gradient.sum);
  return result;
}

void Learner::State::require_collected(const std::string& call) const {
  if (burst.length() > 0) throw UsageError("steps are queued; collect them before " + call);
}

Metrics Learner::evaluate(const std::vector<std::int64_t>& rows, const std::atomic<int>* stop_signal,
                          MetricScope scope) const {
  const ReadingCall call(state_->ctx, state_->network.live(), "Learner::evaluate");
  state_->require_rows(rows);
  state_->run_queued();
  return evaluate_rows(state_->ctx, *state_->network, PlacedRows(state_->ctx, state_->data.placed(), &rows),
                       {.stop_signal = stop_signal, .scope = scope});
}

std::int64_t Learner::steps() const { return state_->steps; }
void Learner::set_steps(std::int64_t steps) {
  const ChangingCall call(state_->ctx, state_->network.live(), "Learner::set_steps");
  require_steps(steps);
  state_->steps = steps;
}

bool Learner::averages() const { return state_->optimizer.averages(); }

void Learner::swap_average() {
  const ChangingCall call(state_->ctx, state_->network.live(), "Learner::swap_average");
  if (!averages()) throw UsageError("Learner::swap_average: optimizer.average is none, there is no average");
  state_->find_states();
  if (state_->ranks != nullptr) state_->ranks->new_states = true;
  std::swap(state_->network->parameters(), state_->optimizer.average());
}

}  // namespace thalweg
