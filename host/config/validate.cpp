// What a config may hold: each setting by its description, then settings that contradict each other.
#include <fmt/format.h>

#include "host/config/model_rules.hpp"
#include "host/config/optimizer_rules.hpp"
#include "host/config/per_sample_rules.hpp"
#include "host/config/section_rules.hpp"
#include "kernels/base/slices.hpp"
#include "thalweg/config.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using namespace config_rules;

/// The range of a number, the form of a text.
void check_each_setting(const Config& config) {
  for_each_described_setting(config, [](const char* section, const Setting& setting, const auto& value) {
    check_setting(section, setting, value);
  });
}

void check_schedule(const ScheduleConfig& c, double lr) {
  if (c.name == ScheduleKind::inverse_time && c.decay == 0) {
    refuse("schedule.name = inverse_time needs schedule.decay above 0: lr / (1 + decay * step)");
  }
  if (c.name == ScheduleKind::plateau && c.gamma == 1) {
    refuse("schedule.gamma = 1 never lowers the rate; the plateau schedule wants it below 1");
  }
  const bool decays = c.name == ScheduleKind::polynomial || c.name == ScheduleKind::cosine;
  const bool floored = decays || c.name == ScheduleKind::plateau;  // mutant: floor-below-rate
  if (floored && lr > 0 && c.min_lr > lr) {  // 0: the run finds its rate, and asks again
    refuse(fmt::format("schedule.min_lr = {} is above optimizer.lr = {}", c.min_lr, lr));
  }
}

/// Its weights follow from all gradients so far and the rate of the step: they shrink with a rate that falls.
void check_ftrl(const OptimizerConfig& optimizer, const ScheduleConfig& schedule) {
  if (optimizer.name != Rule::ftrl) return;
  const std::string why =
      ": ftrl lowers the rate of each weight itself, and another rate would rescale the weights; ";
  if (schedule.name != ScheduleKind::constant && schedule.name != ScheduleKind::automatic)
    refuse(fmt::format("schedule.name = {}{}want constant", name_of(schedule.name), why));
  if (schedule.warmup_steps > 0)
    refuse(fmt::format("schedule.warmup_steps = {}{}want 0", schedule.warmup_steps, why));
}

void check_train(const TrainConfig& c) {
  if (c.epochs == 0 && c.max_steps == 0) {
    refuse("train.epochs = 0 and train.max_steps = 0: nothing would end the run; set one of them");
  }
  if (c.ranks > c.reduction_slices) {
    refuse(
        fmt::format("train.ranks = {} is above train.reduction_slices = {}: a rank shares a batch by its "
                    "slices; more of them give other bits",
                    c.ranks, c.reduction_slices));
  }
}

/// Rows are held out in one way.
void check_held_out_rows(const DataConfig& c) {
  if (!c.validation.empty() && c.validation_fraction > 0) {
    refuse(fmt::format("data.validation_fraction = {} and data.validation = {}: want one of them",
                       c.validation_fraction, value_to_toml(c.validation)));
  }
  if (c.validation.empty() && !c.validation_target.empty()) {
    refuse(fmt::format("data.validation_target = {} needs the file data.validation",
                       value_to_toml(c.validation_target)));
  }
}

void check_folds(const Config& c) {
  const std::int64_t folds = c.data.folds;
  if (folds == 0) return;
  const auto refuse_with = [&](const char* key, const char* reason) {
    refuse(fmt::format("data.folds = {} with {}: {}", folds, key, reason));
  };
  if (folds == 1) refuse("data.folds = 1 leaves no row to train on; want 0 for one run, or at least 2");
  if (c.data.validation_fraction > 0)
    refuse_with("data.validation_fraction", "each fold holds out its own rows");
  if (!c.data.validation.empty()) refuse_with("data.validation", "each fold holds out its own rows");
  if (!c.data.test.empty() || !c.data.test_rows.empty())
    refuse_with("data.test or data.test_rows",
                "the rows held out are the test; use a run without folds for others");
  const std::optional<Resume> resume = value_named<Resume>(c.checkpoint.resume);
  if (!resume) refuse_with("the path checkpoint.resume", "a checkpoint is of one fold; want auto or never");
}

/// Early stopping watches held-out rows; without any it would never act.
void check_watched(const Config& c) {
  const bool held_out = c.data.validation_fraction > 0 || !c.data.validation.empty() || c.data.folds > 0;
  if (held_out) return;
  const char* const way_out = "set data.validation_fraction = 0.1 or data.validation = FILE";
  if (c.train.patience > 0) {
    refuse(fmt::format(
        "train.patience = {} needs validation data: {}; train.loss_tolerance watches the training loss",
        c.train.patience, way_out));
  }
  if (c.train.metric != TrainConfig{}.metric) {
    refuse(
        fmt::format("train.metric = {} needs validation data: {}", value_to_toml(c.train.metric), way_out));
  }
}

void check_contradictions(const Config& c) {
  check_private_training(c);
  if (c.data.standardize_target == Tristate::yes && c.model.loss == Loss::poisson) {
    refuse(
        "data.standardize_target = true makes counts negative; model.loss = poisson needs them as they are");
  }
  if (c.train.reduction_slices > kMaxSlices && c.model.normalization == Normalization::batch) {
    refuse(fmt::format(
        "train.reduction_slices = {} is above {}, so a batch comes in parts, and model.normalization "
        "= batch needs it whole; use layer normalization or fewer slices",
        c.train.reduction_slices, kMaxSlices));
  }
  const bool splits = c.train.micro_batch > 0 && c.train.micro_batch < c.train.batch_size;
  if (splits && c.model.normalization == Normalization::batch) {
    refuse(
        fmt::format("train.micro_batch = {} splits the batch of {}, whose statistics model.normalization = "
                    "batch needs whole; use layer normalization or micro_batch = 0",
                    c.train.micro_batch, c.train.batch_size));
  }
  if (c.out.empty() && c.checkpoint.every_steps > 0) {
    refuse(fmt::format("checkpoint.every_steps = {} needs a folder to write to: set out",
                       c.checkpoint.every_steps));
  }
  if (c.out.empty() && c.train.tensorboard) {
    refuse("train.tensorboard = true needs a folder to write to: set out");
  }
  if (c.out.empty() && c.train.on_spike == SpikePolicy::rollback) {
    refuse("train.on_spike = rollback needs a folder for the checkpoints to go back to: set out");
  }
  if (c.out.empty() && c.train.report) refuse("train.report = true needs a folder for its page: set out");
}

}  // namespace

void validate_config(const Config& c) {
  check_each_setting(c);
  check_model(c.model);
  check_optimizer(c.optimizer);
  check_schedule(c.schedule, c.optimizer.lr);
  check_ftrl(c.optimizer, c.schedule);
  check_train(c.train);
  check_per_sample(c);
  check_held_out_rows(c.data);
  check_folds(c);
  check_watched(c);
  check_contradictions(c);
}

}  // namespace thalweg
