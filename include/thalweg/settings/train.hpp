#pragma once
// Sections [train] and [checkpoint]: the loop, when it ends, and what it saves.
#include <cstdint>
#include <string>

#include "thalweg/choices.hpp"
#include "thalweg/setting.hpp"

namespace thalweg {

constexpr std::int64_t kMostReductionSlices = 1024;
constexpr std::int64_t kMostRanks = 64;

struct TrainConfig {
  std::int64_t epochs = -1;
  std::int64_t max_steps = 0;
  std::int64_t batch_size = 0;
  std::int64_t micro_batch = 0;
  std::int64_t reduction_slices = 8;
  std::int64_t ranks = 1;
  bool shuffle = true;
  bool drop_last = false;
  std::int64_t threads = 0;
  std::int64_t patience = 0;
  std::string metric = "loss";
  double gradient_tolerance = 0.0;
  double loss_tolerance = 0.0;
  double max_seconds = 0.0;
  SpikePolicy on_spike = SpikePolicy::stop;
  std::int64_t log_every_steps = 0;
  bool tensorboard = false;
  bool report = false;

  static constexpr std::string_view kAbout = "Batches, and when the run ends";

  template <class Self, class Visit>
  static void fields(Self& c, Visit&& v) {
    v(Setting{.name = "epochs",
              .about = "Passes over the training rows; auto: by the data (docs/defaults.md).",
              .range = at_least(0),
              .aliases = "max_iter n_iter n_epochs num_epochs max_epochs num_train_epochs num_iterations "
                         "num_boost_round",
              .automatic = -1,
              .on_resume = OnResume::go_on},
      c.epochs);
    v(Setting{.name = "max_steps",
              .about = "Steps after which the run ends; 0: the epochs alone decide.",
              .range = at_least(0),
              .on_resume = OnResume::go_on},
      c.max_steps);
    v(Setting{.name = "batch_size",
              .about = "Rows of a step; auto: by the data (docs/defaults.md).",
              .range = at_least(1),
              .aliases = "batch minibatch_size",
              .automatic = 0},
      c.batch_size);
    v(Setting{.name = "micro_batch",
              .about = "Rows that go through the model at once; 0: the batch, or parts of it that fit the "
                       "caches of the cpu.",
              .range = at_least(0),
              .aliases = "micro_batch_size",
              .on_resume = OnResume::go_on,
              .read_by = ReadBy::training_and_model},
      c.micro_batch);
    v(Setting{.name = "reduction_slices",
              .about = "Parts of a batch that are summed apart; another number gives other bits.",
              .range = from_to(1, kMostReductionSlices)},
      c.reduction_slices);
    v(Setting{.name = "ranks",
              .about =
                  "Parts of the cpu's threads that share each batch; they change no bit (docs/ranks.md).",
              .range = from_to(1, kMostRanks),
              .on_resume = OnResume::go_on},
      c.ranks);
    v(Setting{.name = "shuffle", .about = "Whether each epoch has an order of its own."}, c.shuffle);
    v(Setting{.name = "drop_last", .about = "Whether a last batch that is not full is left out."},
      c.drop_last);
    v(Setting{.name = "threads",
              .about = "Threads of the cpu; 0: all.",
              .range = from_to(0, 4096),
              .aliases = "n_jobs nthread n_threads num_threads",
              .on_resume = OnResume::go_on,
              .read_by = ReadBy::all},
      c.threads);
    v(Setting{.name = "patience",
              .about = "Epochs without a better `metric` after which the run ends; 0: no limit.",
              .range = at_least(0),
              .aliases = "n_iter_no_change patience early_stopping_round early_stopping_rounds",
              .on_resume = OnResume::go_on},
      c.patience);
    v(Setting{.name = "metric",
              .about = "Metric of the validation rows that patience watches and that chooses the best model.",
              .aliases = "eval_metric early_stopping_metric",
              .on_resume = OnResume::allow_on_demand},
      c.metric);
    v(Setting{.name = "gradient_tolerance",
              .about = "The run ends when the gradient norm is below this; 0: no limit.",
              .range = at_least(0),
              .on_resume = OnResume::go_on},
      c.gradient_tolerance);
    v(
        Setting{
            .name = "loss_tolerance",
            .about =
                "The run ends when the loss of five epochs in a row changes by less than this; 0: no limit.",
            .range = at_least(0),
            .aliases = "tol",
            .on_resume = OnResume::go_on},
        c.loss_tolerance);
    v(Setting{.name = "max_seconds",
              .about = "Seconds of wall time after which the run ends; 0: no limit.",
              .range = at_least(0),
              .aliases = "max_time",
              .on_resume = OnResume::go_on},
      c.max_seconds);
    v(Setting{.name = "on_spike",
              .about = "What follows a loss or gradient that is not finite: stop, skip the batch, or go on "
                       "after it from the last checkpoint."},
      c.on_spike);
    v(Setting{.name = "log_every_steps",
              .about = "Steps between lines of metrics.jsonl, besides one for each epoch; 0: none.",
              .range = at_least(0),
              .on_resume = OnResume::go_on},
      c.log_every_steps);
    v(Setting{.name = "tensorboard",
              .about = "Whether the run writes TensorBoard event files, too, into its folder tensorboard/.",
              .on_resume = OnResume::go_on},
      c.tensorboard);
    v(Setting{.name = "report",
              .about = "Whether the run ends with a page, report.html, in its folder.",
              .on_resume = OnResume::go_on},
      c.report);
  }
};

struct CheckpointConfig {
  std::int64_t every_steps = 0;
  std::int64_t every_epochs = -1;
  std::int64_t keep = 3;
  std::string resume = "auto";
  OnChange on_change = OnChange::error;

  static constexpr std::string_view kAbout = "What the run saves, and where it goes on from";

  template <class Self, class Visit>
  static void fields(Self& c, Visit&& v) {
    v(Setting{.name = "every_steps",
              .about = "Steps between checkpoints, besides those of every_epochs; 0: none.",
              .range = at_least(0),
              .aliases = "save_steps",
              .on_resume = OnResume::go_on},
      c.every_steps);
    v(Setting{.name = "every_epochs",
              .about = "Epochs between checkpoints; 0: only the last; -1: as many as take some tenths of a "
                       "second.",
              .range = at_least(-1),
              .on_resume = OnResume::go_on},
      c.every_epochs);
    v(Setting{.name = "keep",
              .about = "Newest checkpoints that are kept, besides the best.",
              .range = at_least(1),
              .aliases = "save_total_limit",
              .on_resume = OnResume::go_on},
      c.keep);
    v(Setting{.name = "resume",
              .about = "Where the run goes on from: auto (its newest checkpoint), never, or the path of a "
                       "checkpoint.",
              .form = TextForm::resume,
              .aliases = "resume_from_checkpoint",
              .path = true,
              .on_resume = OnResume::go_on},
      c.resume);
    v(Setting{.name = "on_change",
              .about = "What follows a rate, schedule, metric or number of epochs that is not the one the "
                       "run began with; allow: the run goes on with it.",
              .on_resume = OnResume::go_on},
      c.on_change);
  }
};

}  // namespace thalweg
