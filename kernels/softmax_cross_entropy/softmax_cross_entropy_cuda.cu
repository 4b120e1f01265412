#include "kernels/softmax_cross_entropy/softmax_cross_entropy_cuda.cuh"

namespace thalweg {
namespace {

struct Sample {
  std::int64_t own_class;
  float weight;  // NaN if the target is not a class: loss and gradient become NaN
};

__device__ __forceinline__ Sample sample_of(const LossTargets& targets, std::int64_t n,
                                            std::int64_t classes) {
  const std::int64_t row = targets.ids ? targets.ids[n] : n;
  const std::int64_t own_class = class_index(targets.target[row], classes);
  if (own_class < 0) return {0, exact::kNan};  // mutant: unknown-class-is-nan
  return {own_class, targets.weight ? targets.weight[row] : 1.0f};
}

// softmax_cross_entropy: loss and gradient of each row of logits.
// math         the order at the head of softmax_cross_entropy.hpp
// shapes       logits, grad_logits [N, K] f32, any stride; ids [N] i64 or none; target, weight by id f32
// bytes        reads 4NK + 16N, writes 4NK + 4N: the row is read once, for K above 12,160 three times (again
//              from the caches, as far as they reach); flops 12NK and NK exponentials (memory bound)
// launch       128 threads: 2 to 32 lanes, a warp or the whole block per row (chains_cuda.cuh); up to 48 KiB
//              of shared memory in the last case
// determinism  exact: 128 chains and their tree, owned by the row's team
// contract     K >= 2; grad_logits null: losses only; N == 0 never reaches the launch
template <class Team>
__global__ void __launch_bounds__(Team::kThreads)
    evaluate_kernel(const SoftmaxCrossEntropyArgs args, const bool vectors) {
  const std::int64_t classes = args.logits.cols;
  const Team team(args.logits.rows, classes, vectors);
  const std::int64_t n = team.row();
  const float* logits = args.logits.row(n);
  auto z = team.load(0, logits);
  const Sample sample = team.present() ? sample_of(args.targets, n, classes) : Sample{};
  const float own_logit = team.present() ? logits[sample.own_class] : 0.0f;

  const float max = team.max(z);
  float shifts = 0.0f;
  if (args.label_smoothing != 0.0f) {
    shifts = team.sum([&](float chain, int slot, std::int64_t) { return chain + (z[slot] - max); });
  }
  float* gradient = args.grad_logits.data ? args.grad_logits.row(n) : nullptr;
  auto&& term = team.overwritten(z, gradient);
  const float sum = exponential_sum(team, z, max, term, Team::kOnChip || gradient != nullptr);
  if (team.leads()) {
    const float loss = cross_entropy(exact::log(sum), own_logit - max, shifts, args.label_smoothing, classes);
    args.losses[n] = sample.weight * loss;
  }
  if (gradient == nullptr) return;

  const SmoothedTarget q = smoothed_target(args.label_smoothing, classes);
  const float reciprocal = 1.0f / sum, factor = sample.weight * loss_scale(args.targets);
  team.store(gradient, [&](int slot, std::int64_t k) {
    return factor * (term[slot] * reciprocal - (k == sample.own_class ? q.own : q.other));
  });
}

void evaluate(const Device& device, const SoftmaxCrossEntropyArgs& args) {
  const ConstMatrix logits = args.logits;
  const bool vectors = has_quads(logits) && has_quads(args.grad_logits);
  with_row_team(logits.cols, kKeptRows, [&](auto tag) {
    using Team = typename decltype(tag)::Team;
    launch(device.stream, team_shape<Team>(logits.rows, logits.cols, kKeptRows), "softmax_cross_entropy",
           &evaluate_kernel<Team>, args, vectors);
  });
}

}  // namespace

extern const SoftmaxCrossEntropyOps softmax_cross_entropy_cuda;
const SoftmaxCrossEntropyOps softmax_cross_entropy_cuda{.evaluate = &evaluate, .softmax = &cuda::softmax};
}  // namespace thalweg
