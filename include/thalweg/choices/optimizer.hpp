#pragma once
// The closed sets of the sections [optimizer] and [schedule], each with its table of names (choices.hpp).
#include <array>
#include <cstdint>
#include <string_view>

#include "thalweg/names.hpp"

namespace thalweg {

/// Update rules of the optimizer.
enum class Rule : std::int32_t {
  sgd,
  momentum,
  nesterov,
  adagrad,
  rmsprop,
  adam,
  adamw,
  amsgrad,
  sign,
  lion,
  adams_bashforth,
  ftrl
};
template <>
inline constexpr auto kNames<Rule> = std::to_array<Named<Rule>>({{Rule::sgd, "sgd"},
                                                                 {Rule::momentum, "momentum"},
                                                                 {Rule::nesterov, "nesterov"},
                                                                 {Rule::adagrad, "adagrad"},
                                                                 {Rule::rmsprop, "rmsprop"},
                                                                 {Rule::adam, "adam"},
                                                                 {Rule::adamw, "adamw"},
                                                                 {Rule::amsgrad, "amsgrad"},
                                                                 {Rule::sign, "sign"},
                                                                 {Rule::lion, "lion"},
                                                                 {Rule::adams_bashforth, "adams_bashforth"},
                                                                 {Rule::ftrl, "ftrl"}});

/// Arenas of state that a rule keeps: floats per parameter.
constexpr int state_count(Rule rule) {
  switch (rule) {
    case Rule::sgd:
    case Rule::sign:
      return 0;
    case Rule::momentum:
    case Rule::nesterov:
    case Rule::adagrad:
    case Rule::rmsprop:
    case Rule::lion:
    case Rule::adams_bashforth:
      return 1;
    case Rule::adam:
    case Rule::adamw:
    case Rule::ftrl:
      return 2;
    case Rule::amsgrad:
      return 3;
  }
  return 0;
}

/// The names of these arenas in order, as a checkpoint has them: "layers.0.weight/first_moment". Those
/// behind the last are empty.
constexpr std::array<std::string_view, 3> state_names(Rule rule) {
  switch (rule) {
    case Rule::sgd:
    case Rule::sign:
      return {};
    case Rule::momentum:
    case Rule::nesterov:
      return {"momentum"};
    case Rule::adagrad:
      return {"sum_of_squares"};
    case Rule::rmsprop:
      return {"second_moment"};
    case Rule::adam:
    case Rule::adamw:
      return {"first_moment", "second_moment"};
    case Rule::amsgrad:
      return {"first_moment", "second_moment", "largest_second_moment"};
    case Rule::lion:
      return {"first_moment"};
    case Rule::adams_bashforth:
      return {"last_gradient"};
    case Rule::ftrl:
      return {"adjusted_sum", "sum_of_squares"};
  }
  return {};
}

/// What weights are kept to after each step.
enum class Constraint : std::int32_t { none, non_negative, box, l2_ball, simplex };
template <>
inline constexpr auto kNames<Constraint> =
    std::to_array<Named<Constraint>>({{Constraint::none, "none"},
                                      {Constraint::non_negative, "non_negative"},
                                      {Constraint::box, "box"},
                                      {Constraint::l2_ball, "l2_ball"},
                                      {Constraint::simplex, "simplex"}});

/// Averages of the parameters over the steps.
enum class Averaging { none, polyak, ema };
template <>
inline constexpr auto kNames<Averaging> = std::to_array<Named<Averaging>>({{Averaging::none, "none"},
                                                                           {Averaging::polyak, "polyak"},
                                                                           {Averaging::ema, "ema"}});

/// Shapes of the learning rate over the steps.
enum class ScheduleKind {
  automatic,
  constant,
  inverse_time,
  step,
  exponential,
  polynomial,
  cosine,
  one_cycle,
  plateau
};
template <>
inline constexpr auto kNames<ScheduleKind> =
    std::to_array<Named<ScheduleKind>>({{ScheduleKind::automatic, "auto"},
                                        {ScheduleKind::constant, "constant"},
                                        {ScheduleKind::inverse_time, "inverse_time"},
                                        {ScheduleKind::step, "step"},
                                        {ScheduleKind::exponential, "exponential"},
                                        {ScheduleKind::polynomial, "polynomial"},
                                        {ScheduleKind::cosine, "cosine"},
                                        {ScheduleKind::one_cycle, "one_cycle"},
                                        {ScheduleKind::plateau, "plateau"}});

}  // namespace thalweg
