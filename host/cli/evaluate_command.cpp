#include <ostream>

#include "host/cli/cli.hpp"
#include "host/cli/model_data.hpp"
#include "host/cli/model_rows.hpp"
#include "host/cli/report_text.hpp"
#include "host/cli/terminal.hpp"
#include "host/model/evaluation.hpp"
#include "host/model/model_file.hpp"
#include "host/run/context_options.hpp"

namespace thalweg::cli {

int evaluate_command(const EvaluateArguments& arguments, Streams streams) {
  const Config config = config_for_model(arguments.model, arguments.settings);
  const Context ctx(context_options(config));
  const Model model = load_model(ctx, arguments.model, arguments, streams);
  if (arguments.threshold) check_option([&] { require_threshold(model.spec(), *arguments.threshold); });
  const ModelRows read =
      read_model_rows(config, {arguments.model, arguments.rows}, model, true, arguments, streams);
  const Metrics metrics = evaluate(model, read.data, &read.rows, nullptr, arguments.threshold);
  if (arguments.json) {
    Json object;
    if (arguments.threshold) object["threshold"] = *arguments.threshold;
    add_json(object, arguments.rows, metrics);
    streams.out << object.dump(2) << std::endl;
  } else {
    streams.out << to_text(arguments.rows, metrics, table_columns(streams.out)) << std::flush;
  }
  return 0;
}

}  // namespace thalweg::cli
