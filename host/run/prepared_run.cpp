#include "host/run/prepared_run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/config/choice.hpp"
#include "host/config/keys.hpp"
#include "host/config/values.hpp"
#include "host/data/checked_data.hpp"
#include "host/data/shard_data.hpp"
#include "host/model/network.hpp"
#include "host/run/defaults.hpp"
#include "host/run/lazy_note.hpp"
#include "host/run/learner_options.hpp"
#include "host/run/numerics_note.hpp"
#include "host/run/output_bias.hpp"
#include "host/run/row_order.hpp"
#include "host/run/run_memory.hpp"
#include "host/run/run_summary.hpp"
#include "host/runtime/cuda_backend.hpp"
#include "host/runtime/lane.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

RunData read_data(RunEnvironment& run, const ReadRunData& read) {
  run.enter(TrainPhase::load);
  run.out.lock_existing();
  run.config = with_data_defaults(run.config);
  if (is_shard_set(run.config.out))
    throw ConfigError(
        fmt::format("out = {} is a set of shards, which the files of a run would damage; want "
                    "another folder",
                    run.config.out));
  Config reading = run.config;
  reading.train.threads = run.ranks.threads(reading.train.threads);
  RunData data = read(reading, run.observer.reading);
  run.enter(TrainPhase::train);
  run.note(numerics_note(run.ctx));
  return data;
}

/// A name that no metric of this model has would never improve.
void require_metric(const std::string& metric, const ModelSpec& spec) {
  const std::vector<std::string> names = metric_names(spec);
  if (std::find(names.begin(), names.end(), metric) != names.end()) return;
  refuse_value("train.metric", value_to_toml(metric),
               fmt::format("{} with model.loss = {}", one_of(names), name_of(spec.config.loss)),
               did_you_mean(metric, names));
}

/// What is left open depends on the data. The config that is saved and compared on resume is the whole one.
void choose_defaults(RunEnvironment& run, const RunData& data, const ModelSpec& spec) {
  RunShape shape = run_shape(data.train, data.split.train, spec);
  shape.target_by_rule = run.asked.data.standardize_target == Tristate::automatic;
  run.config = with_run_defaults(run.config, shape);
  validate_config(run.config);
}

ModelSpec resolve_spec(RunEnvironment& run, const RunData& data) {
  const auto seed = static_cast<std::uint64_t>(run.config.seed);
  ModelSpec spec = resolve_model(model_config(run.config, data), schema_of(data.train), seed);
  check_targets(data, spec);
  require_metric(run.config.train.metric, spec);
  choose_defaults(run, data, spec);
  return spec;
}

EpochBatches batches_of(const Config& config, const RunData& data) {
  return {data.split.train,     config.train.batch_size, static_cast<std::uint64_t>(config.seed),
          config.train.shuffle, config.train.drop_last,  block_order_of(config, data.train)};
}

/// Work of an epoch: its rows times the parameters.
double epoch_work(const EpochBatches& batches, const ModelSpec& spec) {
  return static_cast<double>(batches.rows().size()) * static_cast<double>(Network(spec).plan().arena_size());
}

std::optional<Privacy> privacy_of(const RunEnvironment& run, const RunData& data, const RunPlan& plan) {
  std::optional<Privacy> privacy;
  if (!run.config.per_sample.poisson()) return privacy;
  privacy.emplace(run.config, data.train, data.split.train, plan.total_steps());
  for (const std::string& note : privacy->notes()) run.say(note);
  return privacy;
}

/// Device memory is reported before it is allocated. The host's memory grows with the data, which are already
/// read.
void plan_memory_of(const RunEnvironment& run, const PreparedRun& prepared) {
  const Lane lane(run.ctx);
  if (cuda_free_bytes(run.ctx) < 0) return;
  const RunToPlan to_plan{run.ctx, prepared.spec, prepared.data, prepared.options};
  const MemoryPlan plan = plan_run(to_plan);
  require_room(to_plan, plan, cuda_free_bytes(run.ctx));  // of which the kernels' code has taken its part
  run.say(describe(plan));
}

Model make_model(const RunEnvironment& run, const PreparedRun& prepared) {
  plan_memory_of(run, prepared);
  Model model(run.ctx, prepared.spec);
  start_output_bias(run.config, prepared.data.train, prepared.data.split.train, model);
  return model;
}

std::optional<DeviceDataset> placed(const Context& ctx, const std::optional<Dataset>& data) {
  const Lane lane(ctx);
  if (!data) return {};
  return DeviceDataset(ctx, *data);
}

void say_what_was_read(const RunEnvironment& run, const PreparedRun& prepared) {
  for (const std::string& line : summary_lines(prepared.summary)) run.say(line);
  const RunData& data = prepared.data;
  for (const Dataset* set :
       {&data.train, data.validation ? &*data.validation : nullptr, data.test ? &*data.test : nullptr}) {
    if (set == nullptr) continue;
    for (const std::string& note : set->notes) run.say(note);
  }
}

}  // namespace

PreparedRun::PreparedRun(RunEnvironment& run, const ReadRunData& read)
    : data(read_data(run, read)),
      spec(resolve_spec(run, data)),
      batches(batches_of(run.config, data)),
      plan(run.config, batches.batches_per_epoch(), epoch_work(batches, spec)),
      privacy(privacy_of(run, data, plan)),
      options(run.ranks.options(
          learner_options(run.config, std::ssize(data.split.train), &batches, private_side()))),
      model(make_model(run, *this)),
      learner(model, CheckedData{data.train}, options, run.ranks.ends()),
      validation(placed(run.ctx, data.validation)),
      summary(summarize(run.config, data, spec)) {
  run.note(lazy_note(run.config.optimizer, data.train));
  say_what_was_read(run, *this);
  run.note(learner.loading().note);
}

}  // namespace thalweg
