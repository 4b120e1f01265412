#pragma once
// Section [model]: layers, loss and initial parameters.
#include <cstdint>
#include <string>
#include <vector>

#include "thalweg/choices.hpp"
#include "thalweg/loss.hpp"
#include "thalweg/setting.hpp"

namespace thalweg {

struct ModelConfig {
  std::vector<std::int64_t> hidden;
  Activation activation = Activation::relu;
  Loss loss = Loss::automatic;
  double huber_delta = 1.0;
  double quantile = 0.5;
  double label_smoothing = 0.0;
  double dropout = 0.0;
  Normalization normalization = Normalization::none;
  bool bias = true;
  std::string init = "auto";
  BiasInit bias_init = BiasInit::automatic;

  static constexpr std::string_view kAbout = "Layers, loss and initial parameters";

  template <class Self, class Visit>
  static void fields(Self& c, Visit&& v) {
    v(Setting{.name = "hidden",
              .about = "Widths of the hidden layers; empty: a linear model.",
              .range = at_least(1),
              .aliases = "hidden_layer_sizes hidden_sizes hidden_units"},
      c.hidden);
    v(Setting{.name = "activation", .about = "Activation of the hidden layers.", .aliases = "activation_fn"},
      c.activation);
    v(Setting{.name = "loss",
              .about = "Loss; auto: squared for numbers, logistic for two classes, softmax_cross_entropy "
                       "for more.",
              .aliases = "criterion objective",
              .read_by = ReadBy::training_and_conversion},
      c.loss);
    v(Setting{.name = "huber_delta",
              .about = "huber: residual at which the loss turns from quadratic to linear.",
              .range = above(0)},
      c.huber_delta);
    v(Setting{.name = "quantile", .about = "quantile: level that is fitted.", .range = between(0, 1)},
      c.quantile);
    v(Setting{.name = "label_smoothing",
              .about = "softmax_cross_entropy: probability that is spread evenly over all classes.",
              .range = from_to_below(0, 1)},
      c.label_smoothing);
    v(Setting{.name = "dropout",
              .about = "Probability with which a hidden unit is set to 0 in a training step.",
              .range = from_to_below(0, 1),
              .aliases = "dropout_rate"},
      c.dropout);
    v(Setting{.name = "normalization", .about = "Normalization of each hidden layer before its activation."},
      c.normalization);
    v(Setting{.name = "bias", .about = "Whether layers have biases.", .aliases = "fit_intercept"}, c.bias);
    v(Setting{.name = "init",
              .about = "Initial parameters: auto (He or Glorot by seed; linear models: zeros), zeros, or "
                       "the path of a model.",
              .form = TextForm::init,
              .path = true,
              .read_by = ReadBy::training_and_conversion},
      c.init);
    v(Setting{.name = "bias_init",
              .about =
                  "Where the bias of the last layer begins; auto: at the best constant output, but not in "
                  "private training."},
      c.bias_init);
  }
};

}  // namespace thalweg
