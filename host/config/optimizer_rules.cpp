#include "host/config/optimizer_rules.hpp"

#include <fmt/format.h>

#include "host/config/choice.hpp"
#include "host/config/wanted.hpp"
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

}  // namespace

void refuse(const std::string& message) { throw ConfigError(message); }

void check_optimizer(const OptimizerConfig& c) {
  check_constraint(c);
  check_average(c, c.lazy == Tristate::yes);
  if (c.name == Rule::ftrl && c.weight_decay > 0) {
    refuse(
        "optimizer.weight_decay does not apply to ftrl, which computes each parameter anew; use "
        "optimizer.l2");
  }
}

void check_average(const OptimizerConfig& c, bool lazy) {
  if (c.average == Averaging::none || !lazy) return;
  refuse(fmt::format(
      "optimizer.average = {} changes every parameter in every step, lazy updates of sparse data do not; set "
      "optimizer.lazy = false",
      name_of(c.average)));
}

void check_noise(const OptimizerConfig& c) {
  if (c.lazy != Tristate::yes) return;
  refuse(
      "optimizer.lazy = true updates only the features that a batch touches, which tells them; noise needs "
      "every parameter updated");
}

}  // namespace thalweg::config_rules
