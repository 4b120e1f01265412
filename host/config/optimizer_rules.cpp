#include "host/config/optimizer_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "host/config/section_rules.hpp"
#include "thalweg/error.hpp"

namespace thalweg::config_rules {
namespace {

void check_constraint(const OptimizerConfig& c) {
  if (c.constraint == Constraint::box && !(c.lower <= c.upper)) {
    refuse(fmt::format("optimizer.lower = {} is above optimizer.upper = {}", c.lower, c.upper));
  }
  const bool has_size = c.constraint == Constraint::l2_ball || c.constraint == Constraint::simplex;
  if (has_size && !contains(above(0), c.upper)) {
    refuse_value(
        "optimizer.upper", shown_value(c.upper),
        fmt::format("a finite number above 0 with optimizer.constraint = {}", name_of(c.constraint)));
  }
}

/// Rules that divide by the root of a state, which is 0 before the first gradient.
bool divides_by_root(Rule rule) {
  constexpr Rule kDividing[] = {Rule::adagrad, Rule::rmsprop, Rule::adam, Rule::adamw, Rule::amsgrad};
  return std::find(std::begin(kDividing), std::end(kDividing), rule) != std::end(kDividing);
}

void check_divisor(const OptimizerConfig& c) {
  if (static_cast<float>(c.eps) > 0 || !divides_by_root(c.name)) return;
  refuse(fmt::format(
      "optimizer.eps = {} is 0 in float32: with optimizer.name = {} a weight without a gradient would become "
      "0 / 0",
      c.eps, name_of(c.name)));
}

/// An average moves every parameter in every step, which a lazy update does not.
void check_average(const OptimizerConfig& c) {
  if (c.average == Averaging::none || c.lazy != Tristate::yes) return;
  refuse(fmt::format(
      "optimizer.average = {} changes every parameter in every step, lazy updates of sparse data do not; set "
      "optimizer.lazy = false",
      name_of(c.average)));
}

}  // namespace

void refuse(const std::string& message) { throw ConfigError(message); }

void check_optimizer(const OptimizerConfig& c) {
  check_section("optimizer", c);
  check_divisor(c);
  check_constraint(c);
  check_average(c);
  if (c.name == Rule::ftrl && c.weight_decay > 0) {
    refuse(
        "optimizer.weight_decay does not apply to ftrl, which computes each parameter anew; use "
        "optimizer.l2");
  }
}

bool changes_untouched_weights(const OptimizerConfig& c) {
  const bool shrinks = c.weight_decay > 0 || (c.name != Rule::ftrl && (c.l1 > 0 || c.l2 > 0));
  const bool clamps = c.constraint == Constraint::box || c.constraint == Constraint::non_negative;
  return shrinks || clamps || c.average != Averaging::none;  // mutant: lazy-shrinkage
}

bool updates_lazily(const OptimizerConfig& c) {
  return c.lazy == Tristate::automatic ? !changes_untouched_weights(c) : c.lazy == Tristate::yes;
}

void check_noise(const OptimizerConfig& c) {
  if (c.lazy != Tristate::yes) return;
  refuse(
      "optimizer.lazy = true updates only the features that a batch touches, which tells them; noise needs "
      "every parameter updated");
}

}  // namespace thalweg::config_rules
