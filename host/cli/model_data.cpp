#include "host/cli/model_data.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/checkpoint/files.hpp"
#include "host/cli/printable.hpp"
#include "host/config/home_path.hpp"
#include "host/config/keys.hpp"
#include "host/config/settings.hpp"
#include "host/data/row_blocks.hpp"
#include "host/data/text.hpp"
#include "host/report/model_origin.hpp"

namespace thalweg::cli {

Model load_model(const Context& ctx, const std::string& path, const Common& arguments, Streams streams) {
  std::vector<std::string> notes;
  Model model = report::load_model(ctx, path, notes);
  for (const std::string& note : notes)
    if (!arguments.quiet) streams.err << printable(note) << std::endl;
  return model;
}

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

bool names(const std::vector<std::string>& settings, const std::string& key) {
  const std::vector<std::string> keys = keys_of(settings);
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

/// Calls `read`; a file that is not there may be one that the run's config names.
template <class Read>
auto naming_config(const Common& arguments, const Read& read) {
  try {
    return read();
  } catch (const NoInputError& error) {
    if (names(arguments.settings, "data.test")) throw;
    throw NoInputError(
        fmt::format("{}; the run's config names it, from where the run was started; give "
                    "--data.test=FILE",
                    error.what()));
  }
}

Dataset read(const Config& config, const Model& model, bool need_target, const Common& arguments,
             Streams streams) {
  return naming_config(arguments, [&] {
    return read_test_data(config.data, model.spec().schema, need_target,
                          read_options(config, tell_of_waiting(streams.err, arguments.quiet)),
                          weight_file_of(arguments));
  });
}

/// A column that the call asks for has to be there; the run's own may be missing.
void require_row_names(const Config& config, const Dataset& data, const Common& arguments) {
  if (!data.row_name_column.empty() || config.data.id.empty() || !names(arguments.settings, "data.id"))
    return;
  throw ConfigError(fmt::format("data.id = {}: {} has no such column", shown(config.data.id), data.source));
}

void tell_of_settings(const Common& arguments, Streams streams) {
  for (const std::string& key : keys_of(arguments.settings)) {
    if (is_read_by(ReadBy::model, key)) continue;
    streams.err << key << " has no effect on a trained model; only training reads it" << std::endl;
  }
}

}  // namespace

WeightFile weight_file_of(const Common& arguments) {
  return names(arguments.settings, "data.weight") ? WeightFile::of_these_rows : WeightFile::of_training_rows;
}

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
  const auto take_block = [&](const Dataset& data) {
    require_row_names(config, data, arguments);
    // A block's own count of what it left out is told once; the sum follows at the end.
    if (unseen == 0 || data.unseen == 0)
      for (const std::string& note : data.notes)
        if (std::find(told.begin(), told.end(), note) == told.end()) told.push_back(note);
    if (unseen == 0) first_unseen = data.unseen;
    unseen += data.unseen;
    take(data);
  };
  naming_config(arguments, [&] {
    read_test_blocks(config.data, model.spec().schema, need_target, reading, take_block);
  });
  if (arguments.quiet) return;
  for (const std::string& note : told) streams.err << note << std::endl;
  if (unseen > first_unseen)
    streams.err << fmt::format("in all {} of these were left out", unseen) << std::endl;
}

}  // namespace thalweg::cli
