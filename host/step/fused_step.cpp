#include "host/runtime/device_of.hpp"
#include "host/step/step_program.hpp"
#include "kernels/backend.hpp"
#include "kernels/linear_step/linear_step.hpp"
#include "kernels/per_sample/per_sample.hpp"

namespace thalweg {
namespace {

class FusedStep final : public StepProgram {
 public:
  FusedStep(const StepParts& parts, std::int64_t max_batch)
      : parts_(parts), output_grad_(parts.ctx, max_batch) {
    for (const auto& entry : parts.network.plan().parameters())
      (entry.spec.kind == ParameterKind::bias ? bias_ : weight_) = entry.offset;
  }

  void run(const MicroBatch& batch) override {
    std::visit([&](const auto& rows) { linear_step(rows, batch); }, batch.input.input.rows);
    if (parts_.per_sample != nullptr) find_norms(batch);
  }

 private:
  void linear_step(const DenseRows& rows, const MicroBatch& batch);
  void linear_step(const SparseInput& input, const MicroBatch& batch);
  void find_norms(const MicroBatch& batch);
  /// What both kinds of step take.
  template <class Arguments, class Rows>
  Arguments arguments(const Rows& rows, const MicroBatch& batch, const BatchSum& grad_weight) const;

  float* output_grad(const MicroBatch& batch) const { return output_grad_.data() + batch.input.slices.first; }
  const float* bias(const ArenaView& arenas) const { return bias_ < 0 ? nullptr : arenas.param + bias_; }
  BatchSum grad_bias(const ArenaView& arenas) const {
    return bias_ < 0 ? BatchSum{} : arenas.batch_sum(bias_);
  }

  StepParts parts_;
  Buffer<float> output_grad_;            ///< [batch rows]
  std::int64_t weight_ = 0, bias_ = -1;  ///< offsets in the arena; -1: no bias
};

template <class Arguments, class Rows>
Arguments FusedStep::arguments(const Rows& rows, const MicroBatch& batch, const BatchSum& grad_weight) const {
  return {.input = rows,
          .weight = batch.arenas.param + weight_,
          .bias = bias(batch.arenas),
          .rows = {.loss = std::get<LossSpec>(parts_.network.objective()),
                   .targets = parts_.data.targets(batch.input.ids, batch.scale),
                   .losses = batch.losses,
                   .grad_output = output_grad(batch)},
          .slices = batch.input.slices,
          .grad_weight = grad_weight,
          .grad_bias = grad_bias(batch.arenas)};
}

void FusedStep::linear_step(const DenseRows& rows, const MicroBatch& batch) {
  auto args = arguments<DenseLinearStep>(rows, batch, batch.arenas.batch_sum(weight_));
  args.upcoming = batch.upcoming;
  backend_of(parts_.ctx).linear_step.dense(device_of(parts_.ctx), args);
}

void FusedStep::linear_step(const SparseInput& input, const MicroBatch& batch) {
  auto args = arguments<SparseLinearStep>(input.rows, batch, input.weight_sum);
  args.touched = input.touched;
  backend_of(parts_.ctx).linear_step.sparse(device_of(parts_.ctx), args);
}

/// From the output gradients that the step leaves; the rest is known of the data set.
void FusedStep::find_norms(const MicroBatch& batch) {
  const auto& [ctx, network, data, per_sample] = parts_;
  const BatchSlices& slices = batch.input.slices;
  backend_of(ctx).per_sample.linear_squared_norms(
      device_of(ctx), {.grad_output = matrix<const float>(output_grad(batch), slices.rows, 1),
                       .input_squares = batch.input.input.squares,
                       .ids = batch.input.input.square_ids,
                       .bias = bias_ >= 0,
                       .squared_norms = per_sample->squared_norms().layer(0)});
  per_sample->find_factors(ctx, batch.first, slices.rows, nullptr);
}

}  // namespace

std::unique_ptr<StepProgram> make_fused_step(const StepParts& parts, std::int64_t max_batch) {
  return std::make_unique<FusedStep>(parts, max_batch);
}

}  // namespace thalweg
