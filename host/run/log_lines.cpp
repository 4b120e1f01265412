#include "host/run/log_lines.hpp"

#include <cmath>

namespace thalweg {

NamedNumbers line_of(const StepReport& step, const Progress& progress) {
  NamedNumbers line{{"step", static_cast<double>(step.step)}};
  // A batch of weight 0 has no mean loss.
  if (step.result.weight_sum > 0) line.emplace_back("loss", step.result.loss_sum / step.result.weight_sum);
  line.emplace_back("gradient_norm", step.result.gradient_norm);
  line.emplace_back("lr", progress.lr);
  line.emplace_back("seconds", progress.seconds);
  return line;
}

NamedNumbers line_of(const EpochReport& epoch) {
  NamedNumbers line{{"step", static_cast<double>(epoch.step)}, {"epoch", static_cast<double>(epoch.epoch)}};
  // NaN: every row of the epoch had weight 0.
  if (!std::isnan(epoch.train_loss)) line.emplace_back("train.loss", epoch.train_loss);
  line.emplace_back("lr", epoch.lr);
  line.emplace_back("seconds", epoch.seconds);
  if (epoch.validation) {
    for (const auto& [name, value] : epoch.validation->values) line.emplace_back("validation." + name, value);
  }
  line.insert(line.end(), epoch.values.begin(), epoch.values.end());
  return line;
}

}  // namespace thalweg
