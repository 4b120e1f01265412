#include "host/model/spec_rules.hpp"

#include <fmt/format.h>

#include "host/config/model_rules.hpp"
#include "host/config/wanted.hpp"
#include "host/data/transform_sizes.hpp"
#include "host/model/objective.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// Beyond it, sizes in bytes and sums of a few of them might not fit into 64 bits.
constexpr double kMostParameters = 0x1p53;

double parameters_of(const ModelSpec& spec) {
  double parameters = 0, width = static_cast<double>(spec.schema.features);
  const auto add = [&](std::int64_t next) {
    parameters += (width + 1) * static_cast<double>(next);
    width = static_cast<double>(next);
  };
  for (const std::int64_t hidden : spec.config.hidden) add(hidden);
  add(spec.outputs);
  return parameters;
}

}  // namespace

void require_usable(const ModelSpec& spec) {
  config_rules::check_model(spec.config);
  if (spec.config.loss == Loss::automatic)
    refuse_value("model.loss", name_of(spec.config.loss), "a loss by its name; resolve_model finds it");
  if (spec.schema.features < 1 || spec.outputs < 1)
    throw ShapeError(fmt::format("a model from {} features to {} outputs; expected 1 or more of both",
                                 spec.schema.features, spec.outputs));
  const std::string problem = transform_problem(spec.schema.transform, spec.schema.features);
  if (!problem.empty()) throw ShapeError(fmt::format("the schema of the model has {}", problem));
  if (const double parameters = parameters_of(spec); parameters > kMostParameters)
    throw InternalError(fmt::format("out of memory: a model of {:.3g} parameters", parameters));
}

void require_own_loss(const ModelSpec& spec) {
  const std::int64_t wanted = outputs_for(spec.config.loss, spec.schema);
  if (spec.outputs == wanted) return;
  throw ConfigError(
      fmt::format("the model has {} outputs, but its loss {} takes {}; steps of such a model need an "
                  "objective of the caller's",
                  spec.outputs, name_of(spec.config.loss), wanted));
}

}  // namespace thalweg
