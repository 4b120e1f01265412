#include "host/run/lazy_note.hpp"

#include <fmt/format.h>

#include "host/config/optimizer_rules.hpp"

namespace thalweg {

std::string lazy_note(const OptimizerConfig& config, const Dataset& data) {
  if (!data.sparse || config.lazy != Tristate::automatic) return "";
  if (!config_rules::changes_untouched_weights(config)) return "";
  return fmt::format(
      "optimizer.lazy = auto: regularisation, bounds and averages change every weight, so each step passes "
      "over all {} features; optimizer.lazy = true passes over those of the batch alone, but reaches a "
      "feature "
      "only where the batch has it, which is another optimum",
      data.features);
}

}  // namespace thalweg
