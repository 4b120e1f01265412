#include "host/cli/model_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "host/checkpoint/files.hpp"
#include "host/config/home_path.hpp"
#include "host/config/keys.hpp"
#include "host/data/row_blocks.hpp"
#include "host/data/text.hpp"

namespace thalweg::cli {

std::vector<std::string> keys_of(const std::vector<std::string>& settings) {
  std::vector<std::string> keys;
  for (const std::string& text : settings)
    keys.push_back(resolve_key(text.substr(2, text.find('=') - 2)).name);
  return keys;
}

std::string output_file(const std::string& output, const std::string& model, const Config& config,
                        std::string_view option) {
  std::vector<std::string> read = input_paths(config.data);
  for (const char* file : {"", "/config.toml", "/model.safetensors"}) read.push_back(model + file);
  for (const std::string& input : read) {
    std::error_code none;
    if (!input.empty() && std::filesystem::equivalent(with_home(output), with_home(input), none))
      throw UsageError(
          fmt::format("{} is {}, which the command reads; expected another file", option, output));
  }
  return replaceable_file(with_home(output));
}

namespace {

/// Whether only training reads the setting.
bool is_for_training(const std::string& key) {
  constexpr std::array<std::string_view, 5> kSections{"model.", "optimizer.", "schedule.", "per_sample.",
                                                      "checkpoint."};
  constexpr std::array<std::string_view, 19> kKeys{"seed",
                                                   "out",
                                                   "data.impute",
                                                   "data.features",
                                                   "data.hash_bits",
                                                   "data.crosses",
                                                   "data.categorical",
                                                   "data.standardize",
                                                   "data.standardize_target",
                                                   "data.stratify",
                                                   "data.folds",
                                                   "data.validation",
                                                   "data.validation_fraction",
                                                   "data.validation_target",
                                                   "data.class_weight",
                                                   "data.fingerprint",
                                                   "data.order",
                                                   "data.block_bytes",
                                                   "data.window_bytes"};
  if (key.starts_with("train.")) return key != "train.threads" && key != "train.micro_batch";
  return std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end() ||
         std::any_of(kSections.begin(), kSections.end(),
                     [&](auto section) { return key.starts_with(section); });
}

bool names(const std::vector<std::string>& settings, const std::string& key) {
  const std::vector<std::string> keys = keys_of(settings);
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

Dataset read(const Config& config, const Model& model, bool need_target, const Common& arguments,
             Streams streams) {
  try {
    return read_test_data(config.data, model.spec().schema, need_target,
                          read_options(config, tell_of_waiting(streams.err, arguments.quiet)));
  } catch (const NoInputError& error) {
    if (names(arguments.settings, "data.test")) throw;
    throw NoInputError(
        fmt::format("{}; the run's config names it, from where the run was started; give "
                    "--data.test=FILE",
                    error.what()));
  }
}

/// A column that the call asks for has to be there; the run's own may be missing.
void require_row_names(const Config& config, const Dataset& data, const Common& arguments) {
  if (!data.row_name_column.empty() || config.data.id.empty() || !names(arguments.settings, "data.id"))
    return;
  throw ConfigError(fmt::format("data.id = {}: {} has no such column", shown(config.data.id), data.source));
}

void tell_of_settings(const Common& arguments, Streams streams) {
  for (const std::string& key : keys_of(arguments.settings)) {
    if (!is_for_training(key)) continue;
    streams.err << key << " has no effect on a trained model; only training reads it" << std::endl;
  }
}

}  // namespace

Dataset read_for_model(const Config& config, const Model& model, bool need_target, const Common& arguments,
                       Streams streams) {
  Dataset data = read(config, model, need_target, arguments, streams);
  require_row_names(config, data, arguments);
  if (arguments.quiet) return data;
  tell_of_settings(arguments, streams);
  for (const std::string& note : data.notes) streams.err << note << std::endl;
  return data;
}

void read_blocks_for_model(const Config& config, const Model& model, bool need_target,
                           const Common& arguments, Streams streams,
                           const std::function<void(const Dataset&)>& take) {
  if (!arguments.quiet) tell_of_settings(arguments, streams);
  std::int64_t unseen = 0, first_unseen = 0;
  std::vector<std::string> told;
  const ReadOptions reading = read_options(config, tell_of_waiting(streams.err, arguments.quiet));
  read_test_blocks(config.data, model.spec().schema, need_target, reading, [&](const Dataset& data) {
    require_row_names(config, data, arguments);
    // A block's own count of what it left out is told once; the sum follows at the end.
    if (unseen == 0 || data.unseen == 0)
      for (const std::string& note : data.notes)
        if (std::find(told.begin(), told.end(), note) == told.end()) told.push_back(note);
    if (unseen == 0) first_unseen = data.unseen;
    unseen += data.unseen;
    take(data);
  });
  if (arguments.quiet) return;
  for (const std::string& note : told) streams.err << note << std::endl;
  if (unseen > first_unseen)
    streams.err << fmt::format("in all {} of these were left out", unseen) << std::endl;
}

}  // namespace thalweg::cli
