#pragma once
// Every setting of a run, once: each section is a struct that describes its fields in `fields` (setting.hpp).
// The TOML file, flags, validation, help, docs/settings.md, completion and the comparison on resume are all
// made from these descriptions.
// Example: config_example in examples/tour.cpp.
#include <cstdint>
#include <string>

#include "thalweg/api.hpp"
#include "thalweg/choices.hpp"
#include "thalweg/read_progress.hpp"
#include "thalweg/setting.hpp"
#include "thalweg/settings/data.hpp"
#include "thalweg/settings/model.hpp"
#include "thalweg/settings/optimizer.hpp"
#include "thalweg/settings/per_sample.hpp"
#include "thalweg/settings/ranks.hpp"
#include "thalweg/settings/schedule.hpp"
#include "thalweg/settings/train.hpp"

namespace thalweg {

/// Lengths are in rows, steps or epochs as their names say, times in seconds, and sizes of files in bytes.
/// What each setting means stands in its description below and in docs/settings.md.
struct Config {
  std::int64_t seed = 1;
  std::string device = "auto";
  Numerics numerics = Numerics::exact;
  std::string out;
  DataConfig data;
  ModelConfig model;
  OptimizerConfig optimizer;
  ScheduleConfig schedule;
  TrainConfig train;
  PerSampleConfig per_sample;
  CheckpointConfig checkpoint;
  RanksConfig ranks;

  static constexpr std::string_view kAbout = "The run as a whole";

  /// Settings outside any section, then one call per section: section(name, struct).
  template <class Self, class Visit>
  static void fields(Self& c, Visit&& v) {
    v(Setting{.name = "seed",
              .about = "Seed of everything random: initial parameters, order of the rows, dropout, split.",
              .range = at_least(0),
              .aliases = "random_state random_seed"},
      c.seed);
    v(Setting{.name = "device",
              .about = "Device that trains; auto: cuda where it can be used, else cpu.",
              .form = TextForm::device,
              .aliases = "device_type",
              .on_resume = OnResume::go_on,
              .read_by = ReadBy::training_and_model},
      c.device);
    v(Setting{.name = "numerics",
              .about = "exact: the same bits on every device; fast: tensor cores of a GPU, other bits.",
              .read_by = ReadBy::training_and_model},
      c.numerics);
    v(Setting{.name = "out",
              .about = "Folder that the run writes to; empty: nothing is written.",
              .aliases = "output out_dir output_dir output_model",
              .path = true,
              .on_resume = OnResume::go_on},
      c.out);
  }
  template <class Self, class Section>
  static void sections(Self& c, Section&& s) {
    s("data", c.data), s("model", c.model), s("optimizer", c.optimizer), s("schedule", c.schedule);
    s("train", c.train), s("per_sample", c.per_sample), s("checkpoint", c.checkpoint);
    s("ranks", c.ranks);
  }
};

/// Reads a TOML file into `config`. Throws NoInputError, or ConfigError naming file, line and key: an unknown
/// key (with "did you mean"), a wrong type, an unknown name. `progress` hears of a pipe that stays empty.
THALWEG_API void read_config_file(const std::string& path, Config& config, const ReadProgress& progress = {});

/// Sets one value from text, as a flag `--section.key=value` does; aliases of other tools are accepted.
/// Throws ConfigError for an unknown key (with "did you mean") and for a text that is not a value of it.
THALWEG_API void set_config_value(Config& config, const std::string& key, const std::string& value);

/// Checks ranges, forms of texts and contradictions. Throws ConfigError naming the key, the value and what is
/// allowed.
THALWEG_API void validate_config(const Config& config);

/// The whole config as TOML; reading it back gives an equal one.
THALWEG_API std::string to_toml(const Config& config);

}  // namespace thalweg
