#include "thalweg/learner.hpp"

#include "host/model/evaluation.hpp"
#include "host/model/model_call.hpp"
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

Learner::Learner(Model& model, const Dataset& data, const LearnerOptions& options) {
  const ReadingCall call(model, "Learner::Learner");
  state_ = std::make_unique<State>(model, data, options);
}

Learner::~Learner() = default;

std::int64_t Learner::burst_limit() const { return state_->burst.limit(); }

void Learner::enqueue(const std::vector<std::int64_t>& rows, std::optional<double> lr) {
  const ChangingCall call(state_->ctx, state_->network, "Learner::enqueue");
  state_->enqueue(rows, state_->rate(lr), true, nullptr);
}

void Learner::enqueue(const EpochBatch& batch, std::optional<double> lr) {
  const ChangingCall call(state_->ctx, state_->network, "Learner::enqueue");
  state_->enqueue(batch, state_->rate(lr), true, nullptr);
}

std::vector<StepResult> Learner::collect() {
  const ChangingCall call(state_->ctx, state_->network, "Learner::collect");
  return state_->collect();
}

StepResult Learner::step(const std::vector<std::int64_t>& rows, std::optional<double> lr) {
  const ChangingCall call(state_->ctx, state_->network, "Learner::step");
  state_->enqueue(rows, state_->rate(lr), true, nullptr);
  return only_result(state_->collect());
}

StepResult Learner::step(const EpochBatch& batch, std::optional<double> lr) {
  const ChangingCall call(state_->ctx, state_->network, "Learner::step");
  state_->enqueue(batch, state_->rate(lr), true, nullptr);
  return only_result(state_->collect());
}

StepResult Learner::step(const std::vector<std::int64_t>& rows, std::optional<double> lr,
                         const ObjectiveFunction& objective) {
  const ChangingCall call(state_->ctx, state_->network, "Learner::step");
  state_->enqueue(rows, state_->rate(lr), true, &objective);
  return only_result(state_->collect());
}

StepResult Learner::value_and_gradient(const std::vector<std::int64_t>& rows,
                                       std::vector<NamedTensor>& gradients) {
  const ChangingCall call(state_->ctx, state_->network, "Learner::value_and_gradient");
  State& s = *state_;
  if (s.sparse) s.gradient.sum.zero(s.ctx);  // a lazy gradient is defined only where the batch touched it
  s.enqueue(rows, 0.0, false, nullptr);
  const StepResult result = only_result(s.collect());
  // mutant: gradient-is-no-step
  --s.steps;  // nothing was learnt
  gradients = download_tensors(s.ctx, s.network.plan().parameters(), s.gradient.sum);
  return result;
}

Metrics Learner::evaluate(const std::vector<std::int64_t>& rows, const std::atomic<int>* stop_signal,
                          MetricScope scope) const {
  const ReadingCall call(state_->ctx, state_->network, "Learner::evaluate");
  return evaluate_rows(state_->ctx, state_->network, PlacedRows(state_->ctx, state_->data, &rows),
                       {.stop_signal = stop_signal, .scope = scope});
}

std::int64_t Learner::steps() const { return state_->steps; }
void Learner::set_steps(std::int64_t steps) {
  const ChangingCall call(state_->ctx, state_->network, "Learner::set_steps");
  state_->steps = steps;
}

namespace {

/// The plan's entries under the names that a state has in a checkpoint.
std::vector<ParameterPlan::Entry> entries_named(const ParameterPlan& plan, const std::string& suffix) {
  std::vector<ParameterPlan::Entry> entries = plan.parameters();
  for (auto& entry : entries) entry.spec.name += "/" + suffix;
  return entries;
}

}  // namespace

std::vector<NamedTensor> Learner::states() const {
  const ReadingCall call(state_->ctx, state_->network, "Learner::states");
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
  const ChangingCall call(state_->ctx, state_->network, "Learner::set_states");
  state_->set_states(states);
}

void Learner::State::set_states(const std::vector<NamedTensor>& states) {
  const auto take = [&](const std::string& suffix, Buffer<float>& arena) {
    std::vector<NamedTensor> mine;
    for (const NamedTensor& tensor : states) {
      if (tensor.name.ends_with("/" + suffix)) mine.push_back(tensor);
    }
    upload_tensors(ctx, entries_named(network.plan(), suffix), mine, arena);
  };
  for (std::size_t i = 0; i < optimizer.states().size(); ++i)
    take(Optimizer::state_name(i), optimizer.states()[i]);
  if (optimizer.averages()) take("average", optimizer.average());
}

bool Learner::averages() const { return state_->optimizer.averages(); }

void Learner::swap_average() {
  const ChangingCall call(state_->ctx, state_->network, "Learner::swap_average");
  std::swap(state_->network.parameters(), state_->optimizer.average());
}

}  // namespace thalweg
