#pragma once
// What the activation op and the layers that fuse it share.
#include "thalweg/choices.hpp"

namespace thalweg {

/// An activation that the op of a neighbouring layer applies on its way.
struct FusedActivation {
  bool present = false;
  Activation kind = Activation::relu;
};

/// Whether backward needs the input kept (otherwise the layer may overwrite it with the output).
constexpr bool backward_needs_input(Activation kind) { return traits_of(kind).backward_needs_input; }

}  // namespace thalweg
