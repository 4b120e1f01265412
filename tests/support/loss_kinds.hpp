#pragma once
// The losses that the op elementwise_loss evaluates, by their kinds.
#include <utility>
#include <vector>

#include "thalweg/loss.hpp"

namespace thalweg::test {

inline std::vector<std::pair<LossKind, Loss>> elementwise_losses() {
  std::vector<std::pair<LossKind, Loss>> all;
  for (const auto& [loss, name] : kNames<Loss>) {
    if (const auto kind = traits_of(loss).elementwise) all.emplace_back(*kind, loss);
  }
  return all;
}

inline LossTraits traits_of(LossKind kind) {
  for (const auto& [known, loss] : elementwise_losses()) {
    if (known == kind) return traits_of(loss);
  }
  return {};
}

}  // namespace thalweg::test
