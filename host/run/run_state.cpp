#include "host/run/run_state.hpp"

#include <string_view>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// The one list of what is saved; integers and flags are exact in a double.
template <class State, class Visit>
void visit_fields(State& s, Visit visit) {
  visit("epoch_loss", s.epoch_loss);
  visit("epoch_weight", s.epoch_weight);
  visit("last_epoch_loss", s.last_epoch_loss);
  visit("small_changes", s.small_changes);
  visit("gradient_norm", s.gradient_norm);
  visit("best_validation", s.best_validation);
  visit("best_step", s.best_step);
  visit("epochs_without_improvement", s.epochs_without_improvement);
  visit("spikes_in_a_row", s.spikes_in_a_row);  // mutant: spikes-saved
  visit("plateau.factor", s.plateau.factor);
  visit("plateau.best", s.plateau.best);
  visit("plateau.bad_epochs", s.plateau.bad_epochs);  // mutant: bad-epochs-saved
  visit("plateau.started", s.plateau.started);
}

}  // namespace

void RunState::forget_best() {
  const RunState fresh;
  best_validation = fresh.best_validation;
  best_step = fresh.best_step;
  epochs_without_improvement = fresh.epochs_without_improvement;
}

std::map<std::string, double> RunState::numbers() const {
  std::map<std::string, double> numbers;
  visit_fields(*this,
               [&](const char* name, const auto& value) { numbers[name] = static_cast<double>(value); });
  return numbers;
}

RunState RunState::from(const std::map<std::string, double>& numbers, std::int64_t step,
                        const std::string& folder) {
  RunState state;
  state.step = step;
  visit_fields(state, [&](const char* name, auto& value) {
    const auto found = numbers.find(name);
    if (found == numbers.end() && name == std::string_view("small_changes")) return;  // older ones have none
    if (found == numbers.end()) {
      throw CorruptCheckpoint("checkpoint " + folder + ": the progress has no \"" + name + "\"");
    }
    value = static_cast<std::remove_reference_t<decltype(value)>>(found->second);
  });
  return state;
}

}  // namespace thalweg
