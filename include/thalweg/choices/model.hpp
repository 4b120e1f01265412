#pragma once
// The closed sets of the section [model], each with its table of names (choices.hpp); the losses are in
// loss.hpp.
#include <cstdint>

#include "thalweg/names.hpp"

namespace thalweg {

enum class Activation : std::int32_t { relu, tanh, sigmoid, gelu };  ///< gelu is x Phi(x), by erf
template <>
inline constexpr auto kNames<Activation> = std::to_array<Named<Activation>>({{Activation::relu, "relu"},
                                                                             {Activation::tanh, "tanh"},
                                                                             {Activation::sigmoid, "sigmoid"},
                                                                             {Activation::gelu, "gelu"}});

struct ActivationTraits {
  bool backward_needs_input = false;  ///< the slope takes the input, which is then kept; else the output
  bool rectifier = false;             ///< weights begin with He's variance instead of Glorot's
};

constexpr ActivationTraits traits_of(Activation kind) {
  switch (kind) {
    case Activation::relu:
      return {.rectifier = true};
    case Activation::tanh:
    case Activation::sigmoid:
      return {};
    case Activation::gelu:
      return {.backward_needs_input = true, .rectifier = true};  // mutant: he-for-gelu
  }
  return {};
}

enum class Normalization { none, layer, batch };  ///< over the features of a row, or the rows of a batch
template <>
inline constexpr auto kNames<Normalization> = std::to_array<Named<Normalization>>(
    {{Normalization::none, "none"}, {Normalization::layer, "layer"}, {Normalization::batch, "batch"}});

/// Words that model.init takes besides a path.
enum class Initialisation { automatic, zeros };
template <>
inline constexpr auto kNames<Initialisation> = std::to_array<Named<Initialisation>>(
    {{Initialisation::automatic, "auto"}, {Initialisation::zeros, "zeros"}});

/// Where the bias of the last layer begins.
enum class BiasInit { automatic, zero };
template <>
inline constexpr auto kNames<BiasInit> = std::to_array<Named<BiasInit>>({{BiasInit::automatic, "auto"},
                                                                         {BiasInit::zero, "zero"}});

}  // namespace thalweg
