#pragma once
// Section [per_sample]: clipping of single samples' gradients, noise and privacy (docs/per-sample.md).
#include "thalweg/choices.hpp"
#include "thalweg/setting.hpp"

namespace thalweg {

struct PerSampleConfig {
  double clip_norm = 0.0;
  ClipMode mode = ClipMode::flat;
  double noise_multiplier = 0.0;
  double target_epsilon = 0.0;
  double delta = 0.0;
  Accountant accountant = Accountant::prv;
  Sampling sampling = Sampling::automatic;
  bool reproducible_noise = false;
  bool statistics = false;

  bool private_training() const { return noise_multiplier > 0 || target_epsilon > 0; }
  bool poisson() const {
    return sampling == Sampling::poisson || (sampling == Sampling::automatic && private_training());
  }

  static constexpr std::string_view kAbout = "Clipping of each sample's gradient, noise and privacy";

  template <class Self, class Visit>
  static void fields(Self& c, Visit&& v) {
    v(Setting{.name = "clip_norm",
              .about = "Bound of the norm of each sample's gradient; 0: no clipping.",
              .range = at_least(0)},
      c.clip_norm);
    v(Setting{.name = "mode",
              .about = "What is clipped: the whole gradient (flat), each layer's part (per_layer), or the "
                       "whole scaled to the bound (automatic)."},
      c.mode);
    v(Setting{.name = "noise_multiplier",
              .about = "Standard deviation of the noise, in units of clip_norm; 0: no noise.",
              .range = at_least(0)},
      c.noise_multiplier);
    v(Setting{.name = "target_epsilon",
              .about = "Epsilon that the run may spend, from which the noise multiplier is solved; 0: none.",
              .range = at_least(0)},
      c.target_epsilon);
    v(Setting{.name = "delta",
              .about = "Delta of the guarantee; 0: 1 / (10 * training rows).",
              .range = from_to_below(0, 1)},
      c.delta);
    v(Setting{.name = "accountant", .about = "How the epsilon that is spent is computed; prv is tighter."},
      c.accountant);
    v(Setting{.name = "sampling",
              .about = "How batches are drawn: each row with one probability (poisson), each row once an "
                       "epoch (epochs); auto: poisson with noise."},
      c.sampling);
    v(Setting{.name = "reproducible_noise",
              .about =
                  "Whether noise and Poisson samples follow from the seed; the run is then not private."},
      c.reproducible_noise);
    v(Setting{.name = "statistics",
              .about = "Whether the log has norms, the noise scale and outlier rows of each epoch."},
      c.statistics);
  }
};

}  // namespace thalweg
