#include "host/cli/report_text.hpp"

#include <fmt/format.h>

#include <cmath>

#include "host/cli/confusion_text.hpp"
#include "host/cli/printable.hpp"
#include "host/cli/summary_json.hpp"

namespace thalweg::cli {
namespace {

/// The class that precision, recall and their kin are of; null where they are of all classes.
const std::string* positive_class(const Metrics& metrics) {
  const bool two = metrics.classes.size() == 2 && !std::isnan(metrics["precision"]);
  return two ? &metrics.classes[1] : nullptr;
}

}  // namespace

void add_json(Json& object, const std::string& prefix, const Metrics& metrics) {
  for (const auto& [name, value] : metrics.values) object[prefix + "." + name] = value;
  for (const auto& [name, why] : metrics.undefined) {
    object[prefix + "." + name] = nullptr;
    object[prefix + ".undefined"][name] = why;
  }
  if (const std::string* const positive = positive_class(metrics))
    object[prefix + ".positive_class"] = *positive;
  if (!metrics.confusion.empty()) {
    object[prefix + ".confusion"] = metrics.confusion;
    object[prefix + ".classes"] = metrics.classes;
  }
}

std::string to_text(const std::string& title, const Metrics& metrics, int columns) {
  std::string text = title + "\n";
  for (const auto& [name, value] : metrics.values) text += fmt::format("  {:<19} {:.6g}\n", name, value);
  for (const auto& [name, why] : metrics.undefined)
    text += fmt::format("  {:<19} undefined: {}\n", name, why);
  if (const std::string* const positive = positive_class(metrics))
    text += fmt::format("  {:<19} {}\n", "positive class", printable(*positive));
  return text + confusion_text(metrics, columns);
}

namespace {

/// The loss of the training is that of the last epoch, whatever the model is. A run that was interrupted has
/// not chosen its model yet.
std::string best_text(const TrainReport& report) {
  const std::string best = fmt::format("best epoch {} of {} on the validation rows (step {})",
                                       report.best_epoch, report.epochs, report.best_step);
  if (report.stopped_by == "signal") return best + " so far\n";
  return best + (report.best_is_model ? "; the model is that of this epoch\n"
                                      : "; the model is that of the last epoch\n");
}

}  // namespace

Json to_json(const TrainReport& report) {
  Json object;
  if (report.summary.rows > 0) add_json(object, report.summary);
  if (!report.folds.empty()) add_folds(object, report);
  object["steps"] = report.steps;
  object["epochs"] = report.epochs;
  object["seconds"] = report.seconds;
  object["samples_per_second"] = report.samples_per_second;
  if (report.folds.empty()) object["train.loss"] = report.train_loss;
  if (report.train_loss_in_target_unit)
    object["train.loss_in_target_unit"] = *report.train_loss_in_target_unit;
  if (report.best_step > 0) {
    object["best.epoch"] = report.best_epoch;
    object["best.step"] = report.best_step;
    object["best.is_model"] = report.best_is_model;
  }
  if (report.validation) add_json(object, "validation", *report.validation);
  if (report.test) add_json(object, "test", *report.test);
  for (const auto& [name, value] : report.per_sample) object[name] = value;
  if (report.privacy) {
    object["privacy.epsilon"] = report.privacy->epsilon;
    object["privacy.delta"] = report.privacy->delta;
    object["privacy.noise_multiplier"] = report.privacy->noise_multiplier;
    object["privacy.sampling_rate"] = report.privacy->sampling_rate;
    object["privacy.accountant"] = report.privacy->accountant;
    object["privacy.reproducible_noise"] = report.privacy->reproducible_noise;
  }
  if (report.folds.empty()) object["parameters.xxh3"] = report.parameters_xxh3;
  object["stopped_by"] = report.stopped_by;
  object["device"] = report.device;
  if (!report.resumed_from.empty()) object["resumed_from"] = report.resumed_from;
  return object;
}

std::string to_text(const PrivacyReport& privacy) {
  // mutant: reproducible-noise
  if (privacy.reproducible_noise) return "privacy: none, the noise is reproducible\n";
  return fmt::format(
      "privacy: ({:.4g}, {:.3g})-differentially private parameters (noise multiplier {:.4g}, sampling rate "
      "{:.4g}, {} accountant); metrics are not covered\n",
      privacy.epsilon, privacy.delta, privacy.noise_multiplier, privacy.sampling_rate, privacy.accountant);
}

std::string to_text(const TrainReport& report, int columns) {
  std::string text = fmt::format(
      "train ({} steps, {} epochs, {:.2f} s, {:.3g} samples/s on {}; stopped by {})\n", report.steps,
      report.epochs, report.seconds, report.samples_per_second, report.device, report.stopped_by);
  if (!report.folds.empty()) return text + folds_text(report);
  text += fmt::format("  {:<19} {:.6g}\n", "loss", report.train_loss);
  if (report.train_loss_in_target_unit)
    text += fmt::format("  {:<19} {:.6g}\n", "loss_in_target_unit", *report.train_loss_in_target_unit);
  if (report.best_step > 0) text += best_text(report);
  if (report.validation) text += to_text("validation", *report.validation, columns);
  if (report.test) text += to_text("test", *report.test, columns);
  if (!report.per_sample.empty()) text += "per-sample statistics of the last epoch\n";
  for (const auto& [name, value] : report.per_sample) {
    text += fmt::format("  {:<34} {:.6g}\n", name.substr(name.find('.') + 1), value);
  }
  if (report.privacy) text += to_text(*report.privacy);
  return text + fmt::format("parameters.xxh3 {}\n", report.parameters_xxh3);
}

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

}  // namespace thalweg::cli
