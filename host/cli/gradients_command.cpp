#include <fmt/format.h>

#include <ostream>

#include "host/cli/cli.hpp"
#include "host/cli/model_data.hpp"
#include "host/cli/unfinished_output.hpp"
#include "host/data/npy_writer.hpp"
#include "host/json/json.hpp"
#include "host/run/context_options.hpp"
#include "thalweg/per_sample.hpp"

namespace thalweg::cli {

int gradients_command(const GradientsArguments& arguments, Streams streams) {
  if (!arguments.output.ends_with(".npy")) {
    throw UsageError("--output is \"" + arguments.output + "\"; expected a name that ends in .npy");
  }
  const Config config = config_for_model(arguments.model, arguments.settings);
  const std::string output = output_file(arguments.output, arguments.model, config);
  const Context ctx(context_options(config));
  const Model model = load_model(ctx, arguments.model, arguments, streams);
  const Dataset data = read_for_model(config, model, true, arguments, streams);
  const std::int64_t columns = parameter_count(model);
  const UnfinishedOutput unfinished(output);
  NpyMatrixWriter writer(output, data.rows, columns);
  for_each_gradient_block(model, data, nullptr,
                          [&](std::int64_t, ConstMatrix block) { writer.append(block); });
  writer.commit();
  if (arguments.json) {
    Json object;
    object["rows"] = data.rows;
    object["parameters"] = columns;
    object["output"] = arguments.output;
    streams.out << object.dump() << std::endl;
  } else {
    streams.out << fmt::format("{}: {} rows, {} parameters\n", arguments.output, data.rows, columns)
                << std::flush;
  }
  return 0;
}

}  // namespace thalweg::cli
