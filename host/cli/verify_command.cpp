#include <fmt/format.h>

#include <ostream>

#include "host/cli/cli.hpp"
#include "host/cli/model_data.hpp"
#include "host/json/json.hpp"
#include "thalweg/error.hpp"
#include "thalweg/verify.hpp"

namespace thalweg::cli {
namespace {

Json to_json(const VerifyReport& report) {
  Json object;
  object["first"] = report.first;
  object["second"] = report.second;
  object["steps"] = report.steps;
  object["exact"] = report.exact;
  object["bound"] = report.bound;
  object["passed"] = report.passed();
  object["tensors"] = Json::Array();
  for (const TensorVerdict& verdict : report.tensors) {
    Json tensor;
    tensor["name"] = verdict.tensor;
    tensor["largest_error"] = verdict.largest_error;
    if (verdict.difference) {
      tensor["step"] = verdict.difference->step;
      tensor["element"] = verdict.difference->element;
      tensor["first"] = verdict.difference->first;
      tensor["second"] = verdict.difference->second;
    }
    object["tensors"].push_back(tensor);
  }
  return object;
}

std::string to_text(const VerifyReport& report) {
  std::string text = fmt::format("{} against {}, {} steps, ", report.first, report.second, report.steps);
  text += report.exact ? "bit for bit\n" : fmt::format("relative error at most {:.3g}\n", report.bound);
  for (const TensorVerdict& verdict : report.tensors) {
    if (verdict.difference) {
      const Difference& d = *verdict.difference;
      text += fmt::format("  {:<26} differs first at step {}, element {}: {:.9g} against {:.9g}\n",
                          verdict.tensor, d.step, d.element, d.first, d.second);
    } else {
      text +=
          fmt::format("  {:<26} {}\n", verdict.tensor,
                      report.exact ? "equal" : fmt::format("largest error {:.3g}", verdict.largest_error));
    }
  }
  return text + (report.passed() ? "passed\n" : "FAILED\n");
}

}  // namespace

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
