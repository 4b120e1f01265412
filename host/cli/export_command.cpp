#include <fmt/format.h>

#include <ostream>

#include "host/checkpoint/files.hpp"
#include "host/cli/cli.hpp"
#include "host/cli/model_data.hpp"
#include "host/cli/unfinished_output.hpp"
#include "host/json/json.hpp"
#include "thalweg/error.hpp"
#include "thalweg/export.hpp"

namespace thalweg::cli {

int export_command(const ExportArguments& arguments, Streams streams) {
  if (!arguments.to.ends_with(".onnx"))
    throw UsageError("--to is \"" + arguments.to + "\"; expected a name that ends in .onnx");
  if (!arguments.settings.empty())
    throw UsageError("unexpected argument \"" + arguments.settings[0] +
                     "\"; an export reads no settings, the model has them all");
  const std::string file =
      output_file(arguments.to, arguments.model, config_for_model(arguments.model, {}), "--to");
  const Model model = Model::load(Context({.device = "cpu"}), arguments.model);
  const UnfinishedOutput unfinished(file);
  export_onnx(model, file);
  const auto bytes = static_cast<std::int64_t>(file_size(file).value_or(0));
  if (arguments.json) {
    Json object;
    object["to"] = arguments.to;
    object["bytes"] = bytes;
    streams.out << object.dump() << std::endl;
  } else {
    streams.out << fmt::format("{}: {} bytes\n", arguments.to, bytes) << std::flush;
  }
  return 0;
}

}  // namespace thalweg::cli
