#include "kernels/softmax_cross_entropy/softmax_cross_entropy_cuda.cuh"

namespace thalweg {
namespace {

// softmax: probabilities of each row of logits.
// math         exp(z_k - m) * (1 / s), as the loss has them
// shapes       logits, probabilities [N, K] f32, any stride; may be the same memory
// bytes        reads 4NK, writes 4NK; flops 3NK and NK exponentials (memory bound)
// launch       128 threads: 2 to 32 lanes, a warp or the whole block per row (chains_cuda.cuh)
// determinism  exact
// contract     a thread reads its elements before it writes them, so in place is fine
template <class Team>
__global__ void __launch_bounds__(Team::kThreads) softmax_kernel(const SoftmaxArgs args, const bool vectors) {
  const Team team(args.logits.rows, args.logits.cols, vectors);
  auto z = team.load(0, args.logits.row(team.row()));
  float* probabilities = args.probabilities.row(team.row());
  const float max = team.max(z);
  auto&& term = team.overwritten(z, probabilities);
  const float reciprocal = 1.0f / exponential_sum(team, z, max, term, true);
  team.store(probabilities, [&](int slot, std::int64_t) { return term[slot] * reciprocal; });
}

}  // namespace

namespace cuda {

void softmax(const Device& device, const SoftmaxArgs& args) {
  const ConstMatrix logits = args.logits;
  const bool vectors = has_quads(logits) && has_quads(args.probabilities);
  with_row_team(logits.cols, kKeptRows, [&](auto tag) {
    using Team = typename decltype(tag)::Team;
    launch(device.stream, team_shape<Team>(logits.rows, logits.cols, kKeptRows), "softmax",
           &softmax_kernel<Team>, args, vectors);
  });
}

}  // namespace cuda
}  // namespace thalweg
