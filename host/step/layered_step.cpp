#include "host/runtime/device_of.hpp"
#include "host/step/step_program.hpp"
#include "kernels/backend.hpp"

namespace thalweg {
namespace {

/// Norms and clip factors come from the unscaled output gradients. The rows are then scaled and multiplied by
/// the inputs, once per layer, which gives the clipped sum (book-keeping: one forward, one backward).
class ClippedStep final : public LayeredStep {
 public:
  ClippedStep(const StepParts& parts, std::int64_t max_rows)
      : LayeredStep(parts, max_rows, PassUse::per_sample) {}

  void run(const MicroBatch& batch, const HostObjective* objective) override {
    const auto& [ctx, network, data, per_sample] = parts_;
    const BatchSlices& slices = batch.input.slices;
    forward_and_loss(batch, nullptr, objective);
    pass_.output_gradients(ctx, network, batch.input, batch.arenas, &per_sample->squared_norms());
    per_sample->find_factors(ctx, batch.first, slices.rows, batch.scale);
    per_sample->scale_gradients(ctx, network, pass_, slices.rows);
    pass_.parameter_gradients(ctx, network, batch.input, batch.arenas);
  }
};

}  // namespace

LayeredStep::LayeredStep(const StepParts& parts, std::int64_t max_rows)
    : LayeredStep(parts, max_rows, PassUse::backward) {}

LayeredStep::LayeredStep(const StepParts& parts, std::int64_t max_rows, PassUse use)
    : parts_(parts), pass_(parts.ctx, parts.network, max_rows, use) {}

void LayeredStep::run(const MicroBatch& batch, const HostObjective* objective) {
  const auto& [ctx, network, data, per_sample] = parts_;
  const BatchSlices& slices = batch.input.slices;
  forward_and_loss(batch, batch.scale, objective);
  pass_.backward(ctx, network, batch.input, batch.arenas,
                 per_sample != nullptr ? &per_sample->squared_norms() : nullptr);
  if (per_sample != nullptr) per_sample->find_factors(ctx, batch.first, slices.rows, nullptr);
}

void LayeredStep::forward_and_loss(const MicroBatch& batch, const float* scale,
                                   const HostObjective* objective) {
  const auto& [ctx, network, data, per_sample] = parts_;
  const Matrix output = pass_.forward(ctx, network, batch.input, batch.arenas);
  if (objective != nullptr) return evaluate_on_host(batch, *objective, output);
  evaluate_objective(ctx, network.objective(), output, data.targets(batch.input.ids, scale), batch.losses,
                     pass_.output_gradient(network, output.rows));
}

ObjectiveResult LayeredStep::ask(const MicroBatch& batch, const HostObjective& objective) {
  return call(batch, objective, pass_.forward(parts_.ctx, parts_.network, batch.input, batch.arenas));
}

ObjectiveResult LayeredStep::call(const MicroBatch& batch, const HostObjective& objective,
                                  Matrix output) const {
  const bool clips = parts_.per_sample != nullptr && parts_.per_sample->clips();
  std::vector<float> outputs(static_cast<std::size_t>(output.rows * output.cols));
  backend_of(parts_.ctx)
      .memory.download(device_of(parts_.ctx), outputs.data(), output.data,
                       output.rows * output.cols * std::int64_t{sizeof(float)});
  ObjectiveResult result =
      call_objective(objective, matrix<const float>(outputs.data(), output.rows, output.cols), batch.first,
                     clips ? 1.0f : objective.scale, parts_.data.host());
  require_finite_gradient(result, objective.rows + batch.first, parts_.data.host());
  return result;
}

void LayeredStep::evaluate_on_host(const MicroBatch& batch, const HostObjective& objective, Matrix output) {
  const Device& device = device_of(parts_.ctx);
  const MemoryOps& memory = backend_of(parts_.ctx).memory;
  const ObjectiveResult result = call(batch, objective, output);
  memory.upload(device, batch.losses, result.losses.data(), output.rows * std::int64_t{sizeof(float)});
  memory.upload(device, pass_.output_gradient(parts_.network, output.rows).data, result.gradient.data(),
                output.rows * output.cols * std::int64_t{sizeof(float)});
}

std::unique_ptr<LayeredStep> make_layered_step(const StepParts& parts, std::int64_t max_rows) {
  if (parts.per_sample != nullptr && parts.per_sample->clips())
    return std::make_unique<ClippedStep>(parts, max_rows);
  return std::make_unique<LayeredStep>(parts, max_rows);
}

}  // namespace thalweg
