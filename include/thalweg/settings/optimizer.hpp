#pragma once
// Section [optimizer]: the update rule and its regularisation.
#include <cstdint>

#include "thalweg/choices.hpp"
#include "thalweg/setting.hpp"

namespace thalweg {

struct OptimizerConfig {
  Rule name = Rule::adamw;
  double lr = 0.0;
  double momentum = 0.9;
  double beta1 = 0.9, beta2 = -1.0;
  double eps = 1e-8;
  double beta = 1.0;
  double weight_decay = -1.0;
  double l1 = 0.0, l2 = 0.0;
  bool decay_bias_and_norm = false;
  double clip_norm = 0.0;
  Constraint constraint = Constraint::none;
  double lower = -1.0, upper = 1.0;
  double bias_lr_factor = 1.0;
  Averaging average = Averaging::none;
  double ema_decay = 0.999;
  std::int64_t average_from = 0;
  Tristate lazy = Tristate::automatic;

  // What a learner takes for a setting that is left open; a run has a rule of its own (docs/defaults.md).
  double plain_lr() const { return lr > 0 ? lr : 1e-3; }
  double plain_decay() const { return weight_decay > 0 ? weight_decay : 0.0; }
  /// beta2, or what the papers and PyTorch use.
  double second_decay() const {
    if (beta2 >= 0) return beta2;
    return name == Rule::rmsprop || name == Rule::lion ? 0.99 : 0.999;
  }

  static constexpr std::string_view kAbout = "Update rule and regularisation";

  template <class Self, class Visit>
  static void fields(Self& c, Visit&& v) {
    v(Setting{.name = "name", .about = "Update rule.", .aliases = "optimizer optim solver"}, c.name);
    v(Setting{.name = "lr",
              .about = "Learning rate, before the schedule; auto: by the data (docs/defaults.md).",
              .range = above(0),
              .aliases = "learning_rate learning_rate_init eta eta0 shrinkage_rate",
              .automatic = 0,
              .on_resume = OnResume::allow_on_demand},
      c.lr);
    v(Setting{.name = "momentum",
              .about = "momentum, nesterov: share of the last update in the next.",
              .range = from_to_below(0, 1)},
      c.momentum);
    v(Setting{.name = "beta1",
              .about = "Adam rules, lion: decay of the first moment.",
              .range = from_to_below(0, 1),
              .aliases = "beta_1"},
      c.beta1);
    v(Setting{.name = "beta2",
              .about =
                  "Adam rules: decay of the second moment; rmsprop: smoothing of the squares; lion: decay "
                  "of the momentum; auto: 0.999, rmsprop and lion 0.99.",
              .range = from_to_below(0, 1),
              .aliases = "beta_2",
              .automatic = -1},
      c.beta2);
    v(Setting{.name = "eps",
              .about = "Constant that is added to the divisor of adaptive rules.",
              .range = at_least(0),
              .aliases = "adam_epsilon"},
      c.eps);
    v(Setting{.name = "beta", .about = "ftrl: constant of the learning rate.", .range = at_least(0)}, c.beta);
    v(Setting{.name = "weight_decay",
              .about = "Decoupled weight decay: each step multiplies weights by 1 - lr * weight_decay; auto: "
                       "docs/defaults.md.",
              .range = at_least(0),
              .automatic = -1,
              .on_resume = OnResume::allow_on_demand},
      c.weight_decay);
    v(Setting{.name = "l1",
              .about = "L1 regularisation, as a proximal step: soft threshold by l1 times the step size of "
                       "the rule.",
              .range = at_least(0),
              .aliases = "lambda_l1 reg_alpha l1_regularization"},
      c.l1);
    v(Setting{.name = "l2",
              .about = "L2 regularisation: l2 * weight is added to the gradient.",
              .range = at_least(0),
              .aliases = "lambda lambda_l2 reg_lambda l2_regularization"},
      c.l2);
    v(Setting{.name = "decay_bias_and_norm",
              .about = "Whether weight_decay, l1 and l2 reach biases and normalization parameters."},
      c.decay_bias_and_norm);
    v(Setting{.name = "clip_norm",
              .about = "Bound of the norm of the whole gradient; 0: no clipping.",
              .range = at_least(0),
              .aliases = "grad_clip clip_grad_norm gradient_clip_val"},
      c.clip_norm);
    v(Setting{.name = "constraint", .about = "Set that the weights are kept in after each step."},
      c.constraint);
    v(Setting{.name = "lower", .about = "box: least value of a weight."}, c.lower);
    v(Setting{.name = "upper",
              .about = "box: largest value of a weight; l2_ball: radius; simplex: sum of the weights."},
      c.upper);
    v(Setting{.name = "bias_lr_factor",
              .about = "Factor of the learning rate of biases and normalization parameters.",
              .range = at_least(0),
              .on_resume = OnResume::allow_on_demand},
      c.bias_lr_factor);
    v(Setting{.name = "average",
              .about = "Average of the parameters over the steps, which becomes the model."},
      c.average);
    v(Setting{.name = "ema_decay",
              .about = "ema: share of the average that a step keeps.",
              .range = from_to_below(0, 1)},
      c.ema_decay);
    v(Setting{.name = "average_from", .about = "polyak: first step that is averaged.", .range = at_least(0)},
      c.average_from);
    v(Setting{.name = "lazy",
              .about =
                  "Whether a step on sparse data updates only the weights of its features; auto: where the "
                  "others would not change."},
      c.lazy);
  }
};

}  // namespace thalweg
