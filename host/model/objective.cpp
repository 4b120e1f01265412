#include "host/model/objective.hpp"

#include <fmt/format.h>

#include "host/data/text.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/elementwise_loss/elementwise_loss.hpp"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

Loss loss_for(const DataSchema& schema) {
  if (schema.target_kind == TargetKind::number) return Loss::squared;
  return schema.classes.size() > 2 ? Loss::softmax_cross_entropy : Loss::logistic;
}

/// Throws ConfigError where the loss is for other targets than the data have.
void check_loss(Loss loss, const DataSchema& schema) {
  const bool classes = schema.target_kind == TargetKind::classes,
             wants_classes = traits_of(loss).classification;
  if (wants_classes && !classes) {
    throw ConfigError(
        fmt::format("model.loss = {} is a classification loss, but the targets are numbers", name_of(loss)));
  }
  if (!wants_classes && classes) {
    throw ConfigError(
        fmt::format("model.loss = {} is a regression loss, but the targets are classes ({} of them)",
                    name_of(loss), schema.classes.size()));
  }
  if (classes && schema.classes.size() == 1)
    throw DataError(
        fmt::format("every target{} is of the class \"{}\"; want two classes or more to tell apart",
                    schema.target_column.empty() ? "" : " in the column " + shown(schema.target_column),
                    schema.classes[0]));
  if (loss == Loss::logistic && schema.classes.size() > 2) {
    throw ConfigError(
        fmt::format("model.loss = logistic has two classes, but the data has {}; use softmax_cross_entropy",
                    schema.classes.size()));
  }
}

double parameter_of(LossParameter parameter, const ModelConfig& config) {
  switch (parameter) {
    case LossParameter::none:  // the op does not read it
    case LossParameter::huber_delta:
      return config.huber_delta;
    case LossParameter::quantile:
      return config.quantile;
  }
  throw InternalError("a parameter of a loss without a setting");
}

}  // namespace

std::int64_t outputs_for(Loss loss, const DataSchema& schema) {
  const auto classes = static_cast<std::int64_t>(schema.classes.size());
  if (loss == Loss::softmax_cross_entropy) return classes;
  return traits_of(loss).scores && classes > 2 ? classes : 1;  // mutant: hinge-outputs
}

std::optional<double> loss_unit(const ModelSpec& spec) {
  const TargetTransform& transform = spec.schema.target_transform;
  if (transform == TargetTransform{}) return std::nullopt;
  const bool of_residual = spec.config.loss == Loss::absolute || spec.config.loss == Loss::quantile;
  return of_residual ? transform.deviation : transform.deviation * transform.deviation;
}

TargetUse target_use(Loss loss) {
  if (loss == Loss::automatic) return TargetUse::automatic;
  return traits_of(loss).classification ? TargetUse::classes : TargetUse::numbers;
}

ModelSpec resolve_model(const ModelConfig& config, const DataSchema& schema, std::uint64_t seed) {
  ModelSpec spec{.config = config, .schema = schema, .outputs = 1, .seed = seed};
  Loss& loss = spec.config.loss;
  if (loss == Loss::automatic) loss = loss_for(schema);
  check_loss(loss, schema);
  spec.outputs = outputs_for(loss, schema);
  return spec;
}

Objective make_objective(const ModelConfig& config) {
  const LossTraits traits = traits_of(config.loss);
  if (!traits.elementwise) return SoftmaxCrossEntropySpec{static_cast<float>(config.label_smoothing)};
  return LossSpec{*traits.elementwise, static_cast<float>(parameter_of(traits.parameter, config))};
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
