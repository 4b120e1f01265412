#pragma once
// Section [schedule]: the learning rate over the steps of a run.
#include <cstdint>

#include "thalweg/choices.hpp"
#include "thalweg/setting.hpp"

namespace thalweg {

struct ScheduleConfig {
  ScheduleKind name = ScheduleKind::automatic;
  std::int64_t warmup_steps = 0;
  double warmup_start = 0.0;
  double decay = 0.0;
  double gamma = 0.1;
  std::int64_t step_size = 0;
  double power = 1.0;
  double min_lr = 0.0;
  std::int64_t cycle_steps = 0;
  double cycle_factor = 1.0;
  double max_lr_start_factor = 25.0, max_lr_end_factor = 1e4;
  double rise_fraction = 0.3;
  std::int64_t patience = 10;
  double threshold = 1e-4;

  static constexpr std::string_view kAbout = "Learning rate over the steps of the run";

  template <class Self, class Visit>
  static void fields(Self& c, Visit&& v) {
    v(Setting{.name = "name",
              .about =
                  "Shape of the learning rate over the steps; auto: cosine where optimizer.lr is auto, else "
                  "constant.",
              .aliases = "schedule scheduler lr_schedule lr_scheduler lr_scheduler_type",
              .on_resume = OnResume::allow_on_demand},
      c.name);
    v(Setting{.name = "warmup_steps",
              .about = "Steps in which the rate first rises linearly.",
              .range = at_least(0),
              .aliases = "warmup",
              .on_resume = OnResume::allow_on_demand},
      c.warmup_steps);
    v(Setting{.name = "warmup_start",
              .about = "Fraction of the rate at which the warm-up begins.",
              .range = from_to(0, 1),
              .on_resume = OnResume::allow_on_demand},
      c.warmup_start);
    v(Setting{.name = "decay",
              .about = "inverse_time: the rate is lr / (1 + decay * step).",
              .range = at_least(0),
              .on_resume = OnResume::allow_on_demand},
      c.decay);
    v(Setting{.name = "gamma",
              .about = "step, exponential, plateau: factor of each drop.",
              .range = above_to(0, 1),
              .on_resume = OnResume::allow_on_demand},
      c.gamma);
    v(Setting{.name = "step_size",
              .about = "step: steps between drops; exponential: steps for one factor; 0: an epoch.",
              .range = at_least(0),
              .on_resume = OnResume::allow_on_demand},
      c.step_size);
    v(Setting{.name = "power",
              .about = "polynomial: power of the fraction of steps that is left.",
              .range = above(0),
              .on_resume = OnResume::allow_on_demand},
      c.power);
    v(Setting{.name = "min_lr",
              .about = "polynomial, cosine, plateau: least rate.",
              .range = at_least(0),
              .aliases = "eta_min",
              .on_resume = OnResume::allow_on_demand},
      c.min_lr);
    v(Setting{.name = "cycle_steps",
              .about = "cosine: steps of the first cycle, after which it restarts; 0: one cycle for the run.",
              .range = at_least(0),
              .on_resume = OnResume::allow_on_demand},
      c.cycle_steps);
    v(Setting{.name = "cycle_factor",
              .about = "cosine: length of each cycle in lengths of the one before.",
              .range = at_least(1),
              .on_resume = OnResume::allow_on_demand},
      c.cycle_factor);
    v(Setting{.name = "max_lr_start_factor",
              .about = "one_cycle: lr divided by the first rate.",
              .range = at_least(1),
              .aliases = "div_factor",
              .on_resume = OnResume::allow_on_demand},
      c.max_lr_start_factor);
    v(Setting{.name = "max_lr_end_factor",
              .about = "one_cycle: first rate divided by the last.",
              .range = at_least(1),
              .aliases = "final_div_factor",
              .on_resume = OnResume::allow_on_demand},
      c.max_lr_end_factor);
    v(Setting{.name = "rise_fraction",
              .about = "one_cycle: fraction of the steps in which the rate rises.",
              .range = from_to(0, 1),
              .aliases = "pct_start",
              .on_resume = OnResume::allow_on_demand},
      c.rise_fraction);
    v(Setting{.name = "patience",
              .about = "plateau: epochs without improvement before a drop.",
              .range = at_least(0),
              .on_resume = OnResume::allow_on_demand},
      c.patience);
    v(Setting{.name = "threshold",
              .about = "plateau: relative improvement of the loss that counts.",
              .range = at_least(0),
              .on_resume = OnResume::allow_on_demand},
      c.threshold);
  }
};

}  // namespace thalweg
