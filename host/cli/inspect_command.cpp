#include <filesystem>
#include <ostream>

#include "host/checkpoint/checkpoint.hpp"
#include "host/cli/cli.hpp"
#include "host/cli/explain.hpp"
#include "host/cli/inspect_shards.hpp"
#include "host/cli/inspect_verify.hpp"
#include "host/cli/object_text.hpp"
#include "host/data/shard_data.hpp"
#include "host/json/json.hpp"
#include "host/report/run_watcher.hpp"
#include "thalweg/error.hpp"
#include "thalweg/model.hpp"

namespace thalweg::cli {
namespace {

/// The newest valid checkpoint below `path`, or `path` itself when it is one; nullopt when there is none.
std::optional<std::string> checkpoint_below(const std::string& path, std::vector<std::string>& damaged) {
  if (is_checkpoint(path)) return path;
  return newest_valid_checkpoint(checkpoint_root(path), damaged);
}

Json describe(const Model& model) {
  Json object;
  const std::vector<NamedTensor> parameters = model.parameters();
  object["loss"] = std::string(name_of(model.spec().config.loss));
  object["features"] = model.spec().schema.features;
  object["outputs"] = model.spec().outputs;
  if (!model.spec().schema.classes.empty()) object["classes"] = model.spec().schema.classes;
  std::int64_t total = 0;
  for (const NamedTensor& tensor : parameters) {
    Json segment;
    segment["name"] = tensor.name;
    segment["shape"] = tensor.shape;
    object["segments"].push_back(std::move(segment));
    total += static_cast<std::int64_t>(tensor.values.size());
  }
  object["parameters"] = total;
  object["parameters.xxh3"] = parameters_xxh3(parameters);
  return object;
}

/// Of a run that left no model: why.
void add_stage(const std::string& run, Json& object) {
  const report::RunGlance glance = report::RunWatcher(run).look(0);
  object["stage"] = name_of(glance.stage);
  object["words"] = glance.words;
}

}  // namespace

int inspect_command(const InspectArguments& arguments, Streams streams) {
  if (arguments.weights || arguments.standard_errors) return show_weights(arguments, streams);
  if (arguments.importance) return show_importance(arguments, streams);
  if (arguments.sort) throw UsageError("--sort needs --weights, --standard-errors or --importance");
  if (!arguments.settings.empty()) throw UsageError("unexpected argument \"" + arguments.settings[0] + "\"");
  if (!std::filesystem::exists(arguments.path))
    throw NoInputError(arguments.path + ": no such run, checkpoint, model or set of shards");
  if (is_shard_set(arguments.path)) return inspect_shards(arguments, streams);
  if (arguments.verify) return verify_models(arguments.path, streams);
  const Context ctx({.device = "cpu", .threads = 1});
  std::vector<std::string> damaged;
  const auto checkpoint = checkpoint_below(arguments.path, damaged);
  for (const std::string& report : damaged) streams.err << report << "\n";
  const bool has_model = !std::filesystem::is_directory(arguments.path) ||
                         std::filesystem::exists(arguments.path + "/model.safetensors");
  const std::string source = has_model || !checkpoint ? arguments.path : *checkpoint;
  Json object = describe(Model::load(ctx, source));
  if (checkpoint) {
    const CheckpointData data = read_checkpoint(*checkpoint);
    object["step"] = data.step;
    object["epoch"] = data.epoch;
    object["checkpoint"] = *checkpoint;
    if (!has_model) add_stage(arguments.path, object);
  }
  streams.out << (arguments.json ? object.dump(2) + "\n" : as_text(object)) << std::flush;
  return 0;
}

}  // namespace thalweg::cli
