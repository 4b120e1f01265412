#include <ostream>

#include "host/cli/cli.hpp"
#include "host/cli/model_data.hpp"
#include "host/cli/report_text.hpp"
#include "thalweg/error.hpp"
#include "thalweg/verify.hpp"

namespace thalweg::cli {

int verify_command(const VerifyArguments& arguments, Streams streams) {
  const ReadProgress waiting = tell_of_waiting(streams.err, arguments.quiet);
  const Config config = config_for_training(arguments.config_file, arguments.settings, waiting);
  const VerifyReport report = verify(
      config,
      {.first = arguments.first, .second = arguments.second, .steps = arguments.steps, .reading = waiting});
  streams.out << (arguments.json ? to_json(report).dump(2) + "\n" : to_text(report)) << std::flush;
  return static_cast<int>(report.passed() ? ExitCode::done : ExitCode::internal);
}

}  // namespace thalweg::cli
