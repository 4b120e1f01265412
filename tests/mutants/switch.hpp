#pragma once
// Which of the mutants that are compiled in is the one that runs. Every mutated source includes this first.
#include <type_traits>

namespace thalweg_mutants {

extern int chosen;  ///< THALWEG_MUTANT of the environment; 0: none
extern unsigned char*
    reached;  ///< a byte for each mutant that was asked for, shared with child processes; null: not recorded

inline bool is_chosen(int number) {
  if (reached != nullptr && reached[number] == 0) reached[number] = 1;
  return chosen == number;
}

}  // namespace thalweg_mutants

/// Whether to behave as mutant `number` does. What the compiler evaluates is never mutated.
constexpr bool thalweg_mutant(int number) {
  return !std::is_constant_evaluated() && thalweg_mutants::is_chosen(number);
}
