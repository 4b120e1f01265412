// The states of a learner's optimizer, by name.
#include <algorithm>

#include "host/model/model_call.hpp"
#include "host/model/tensor_rules.hpp"
#include "host/step/learner_ranks.hpp"
#include "host/step/learner_rules.hpp"
#include "host/step/state_names.hpp"

namespace thalweg {
namespace {

constexpr std::string_view kAverage = "average";

struct NamedArena {
  std::string_view name;
  Buffer<float>* arena;
};

/// The states of the rule in its order, then the average if there is one.
std::vector<NamedArena> arenas_of(Rule rule, Optimizer& optimizer) {
  std::vector<NamedArena> arenas;
  for (const std::string_view name : names_of_states(rule))
    arenas.push_back({name, &optimizer.states()[arenas.size()]});
  if (optimizer.averages()) arenas.push_back({kAverage, &optimizer.average()});
  return arenas;
}

bool any_not_zero(const NamedTensor& tensor) {
  return std::any_of(tensor.values.begin(), tensor.values.end(), [](float value) { return value != 0; });
}

}  // namespace

std::vector<NamedTensor> Learner::states() const {
  State& s = *state_;
  const ReadingCall call(s.ctx, s.network.live(), "Learner::states");
  s.find_states();
  std::vector<NamedTensor> all;
  for (const auto& [name, arena] : arenas_of(s.options.optimizer.name, s.optimizer))
    for (NamedTensor& tensor : download_tensors(s.ctx, entries_named(s.network->plan(), name), *arena))
      all.push_back(std::move(tensor));
  return all;
}

void Learner::set_states(const std::vector<NamedTensor>& states) {
  const ChangingCall call(state_->ctx, state_->network.live(), "Learner::set_states");
  state_->run_queued();
  state_->set_states(states);
}

void Learner::State::set_states(const std::vector<NamedTensor>& states) {
  const Rule rule = options.optimizer.name;
  const std::vector<NamedArena> arenas = arenas_of(rule, optimizer);
  std::vector<ParameterPlan::Entry> entries;
  for (const NamedArena& named : arenas)
    for (ParameterPlan::Entry& entry : entries_named(network->plan(), named.name))
      entries.push_back(std::move(entry));
  const std::vector<NamedTensor> given = with_state_names(states, rule);
  const std::vector<const NamedTensor*> in_order = matched(entries, given);
  const std::size_t per_arena = network->plan().parameters().size();
  states_need_steps = false;
  if (ranks != nullptr) ranks->new_states = ranks->states_whole = true;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const NamedArena& to = arenas[i / per_arena];
    to.arena->upload(ctx, in_order[i]->values.data(), entries[i].size, entries[i].offset);
    // mutant: states-with-steps
    states_need_steps |= to.name != kAverage && any_not_zero(*in_order[i]);
  }
}

}  // namespace thalweg
