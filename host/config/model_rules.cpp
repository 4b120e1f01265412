#include "host/config/model_rules.hpp"

#include <fmt/format.h>

#include "host/config/optimizer_rules.hpp"
#include "host/config/section_rules.hpp"

namespace thalweg::config_rules {

void check_model(const ModelConfig& c) {
  check_section("model", c);
  if (c.label_smoothing > 0 && c.loss != Loss::automatic && c.loss != Loss::softmax_cross_entropy) {
    refuse(fmt::format("model.label_smoothing = {} needs model.loss = softmax_cross_entropy, got {}",
                       c.label_smoothing, name_of(c.loss)));
  }
  if (c.hidden.empty() && c.dropout > 0) {
    refuse(fmt::format("model.dropout = {} acts on hidden layers; model.hidden is empty", c.dropout));
  }
  if (c.hidden.empty() && c.normalization != Normalization::none) {
    refuse(fmt::format("model.normalization = {} acts on hidden layers; model.hidden is empty",
                       name_of(c.normalization)));
  }
}

}  // namespace thalweg::config_rules
