#include "host/model/objective.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/elementwise_loss/elementwise_loss.hpp"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::array<std::pair<std::string_view, LossKind>, 8> kElementwiseLosses{
    {{"squared", LossKind::squared},
     {"absolute", LossKind::absolute},
     {"huber", LossKind::huber},
     {"quantile", LossKind::quantile},
     {"poisson", LossKind::poisson},
     {"logistic", LossKind::logistic},
     {"hinge", LossKind::hinge},
     {"squared_hinge", LossKind::squared_hinge}}};

bool is_hinge(const std::string& loss) { return loss == "hinge" || loss == "squared_hinge"; }

std::string loss_for(const DataSchema& schema) {
  if (schema.target_kind == TargetKind::number) return "squared";
  return schema.classes.size() > 2 ? "softmax_cross_entropy" : "logistic";
}

std::int64_t outputs_for(const std::string& loss, const DataSchema& schema) {
  const auto classes = static_cast<std::int64_t>(schema.classes.size());
  if (loss == "softmax_cross_entropy") return std::max<std::int64_t>(classes, 2);
  return is_hinge(loss) && classes > 2 ? classes : 1;  // mutant: hinge-outputs
}

}  // namespace

bool is_classification_loss(const std::string& loss) {
  return loss == "logistic" || loss == "softmax_cross_entropy" || is_hinge(loss);
}

TargetUse target_use(const std::string& loss) {
  if (loss == "auto") return TargetUse::automatic;
  return is_classification_loss(loss) ? TargetUse::classes : TargetUse::numbers;
}

ModelSpec resolve_model(const ModelConfig& config, const DataSchema& schema, std::uint64_t seed) {
  ModelSpec spec{.config = config, .schema = schema, .outputs = 1, .seed = seed};
  std::string& loss = spec.config.loss;
  if (loss == "auto") loss = loss_for(schema);
  const bool classes = schema.target_kind == TargetKind::classes;
  if (is_classification_loss(loss) && !classes) {
    throw ConfigError("model.loss is \"" + loss + "\", a classification loss, but the targets are numbers");
  }
  if (!is_classification_loss(loss) && classes) {
    throw ConfigError("model.loss is \"" + loss + "\", a regression loss, but the targets are classes (" +
                      std::to_string(schema.classes.size()) + " of them)");
  }
  if (loss == "logistic" && schema.classes.size() > 2) {
    throw ConfigError("model.loss is \"logistic\", which has two classes, but the data has " +
                      std::to_string(schema.classes.size()) + "; use softmax_cross_entropy");
  }
  spec.outputs = outputs_for(loss, schema);
  return spec;
}

Objective make_objective(const ModelConfig& config) {
  if (config.loss == "softmax_cross_entropy") {
    return SoftmaxCrossEntropySpec{static_cast<float>(config.label_smoothing)};
  }
  for (const auto& [name, kind] : kElementwiseLosses) {
    if (name != config.loss) continue;
    const double parameter = kind == LossKind::quantile ? config.quantile : config.huber_delta;
    return LossSpec{kind, static_cast<float>(parameter)};
  }
  throw ConfigError("model.loss is \"" + config.loss +
                    "\"; expected softmax_cross_entropy, squared, absolute, huber, " +
                    "quantile, poisson, logistic, hinge or squared_hinge");
}

void evaluate_objective(const Context& ctx, const Objective& objective, ConstMatrix output,
                        const LossTargets& targets, float* losses, Matrix grad_output) {
  if (const auto* softmax = std::get_if<SoftmaxCrossEntropySpec>(&objective)) {
    backend_of(ctx).softmax_cross_entropy.evaluate(device_of(ctx),
                                                   {.logits = output,
                                                    .targets = targets,
                                                    .label_smoothing = softmax->label_smoothing,
                                                    .losses = losses,
                                                    .grad_logits = grad_output});
  } else {
    backend_of(ctx).elementwise_loss.evaluate(device_of(ctx), {.loss = std::get<LossSpec>(objective),
                                                               .output = output,
                                                               .targets = targets,
                                                               .losses = losses,
                                                               .grad_output = grad_output});
  }
}

}  // namespace thalweg
