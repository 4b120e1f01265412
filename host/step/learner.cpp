#include "thalweg/learner.hpp"

#include "host/model/evaluation.hpp"
#include "host/step/learner_state.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// The one result of a step that was not queued with others.
StepResult only_result(std::vector<StepResult> results) {
  if (!results.back().diverged.empty()) throw DivergedError(results.back().diverged);
  return results.back();
}

}  // namespace

Learner::Learner(Model& model, const Dataset& data, const LearnerOptions& options)
    : state_(std::make_unique<State>(model, data, options)) {}

Learner::~Learner() = default;

std::int64_t Learner::burst_limit() const { return state_->burst.limit(); }

void Learner::enqueue(const std::vector<std::int64_t>& rows, std::optional<double> lr) {
  state_->enqueue(rows, state_->rate(lr), true, nullptr);
}

void Learner::enqueue(const EpochBatch& batch, std::optional<double> lr) {
  state_->enqueue(batch, state_->rate(lr), true, nullptr);
}

std::vector<StepResult> Learner::collect() { return state_->collect(); }

StepResult Learner::step(const std::vector<std::int64_t>& rows, std::optional<double> lr) {
  state_->enqueue(rows, state_->rate(lr), true, nullptr);
  return only_result(state_->collect());
}

StepResult Learner::step(const EpochBatch& batch, std::optional<double> lr) {
  state_->enqueue(batch, state_->rate(lr), true, nullptr);
  return only_result(state_->collect());
}

StepResult Learner::step(const std::vector<std::int64_t>& rows, std::optional<double> lr,
                         const ObjectiveFunction& objective) {
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
  require_collected("Learner::value_and_gradient");
  if (sparse) gradient.sum.zero(ctx);  // a lazy gradient is defined only where the batch touched it
  enqueue(rows, 0.0, false, objective);
  const StepResult result = only_result(collect());
  // mutant: gradient-is-no-step
  --steps;  // nothing was learnt
  gradients = download_tensors(ctx, network.plan().parameters(), gradient.sum);
  return result;
}

void Learner::State::require_collected(const std::string& call) const {
  if (burst.length() > 0) throw UsageError("steps are queued; collect them before " + call);
}

Metrics Learner::evaluate(const std::vector<std::int64_t>& rows, const std::atomic<int>* stop_signal,
                          MetricScope scope) const {
  return evaluate_rows(state_->ctx, state_->network, PlacedRows(state_->ctx, state_->data, &rows),
                       {.stop_signal = stop_signal, .scope = scope});
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
