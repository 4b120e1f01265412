#include "kernels/base/chains_cuda.cuh"
#include "kernels/layer_norm/layer_norm_cuda.cuh"
#include "kernels/layer_norm/layer_norm_math.hpp"

namespace thalweg {
namespace {

// layer_norm: each row to mean 0 and variance 1, then weight and bias.
// math         layer_norm_math.hpp
// shapes       input, output [N, C] f32, any stride; weight, bias [C]; mean, rstd [N]
// bytes        reads 4NC + 8C, writes 4NC + 8N: a row is read once, for C above 12,160 three times (again
//              from the caches, as far as they reach); flops 7NC (memory bound)
// launch       128 threads: 2 to 32 lanes, a warp or the whole block per row (chains_cuda.cuh)
// determinism  exact: 128 chains and their tree, owned by the row's team
// contract     output is not the input; N == 0 never reaches the launch
template <class Team>
__global__ void __launch_bounds__(Team::kThreads)
    forward_kernel(const LayerNormForward args, const bool vectors) {
  const Team team(args.input.rows, args.input.cols, vectors);
  const std::int64_t row = team.row();
  const float n = static_cast<float>(args.input.cols);
  const auto x = team.load(0, args.input.row(row));
  const float mean = team.sum([&](float chain, int slot, std::int64_t) { return chain + x[slot]; }) / n;
  const float squares = team.sum(
      [&](float chain, int slot, std::int64_t) { return layer_norm_square_step(x[slot], mean, chain); });
  const float rstd = layer_norm_rstd(squares / n, args.eps);
  if (team.leads()) {
    args.mean[row] = mean;
    args.rstd[row] = rstd;
  }
  const auto weight = team.view(args.weight), bias = team.view(args.bias);
  team.store(args.output.row(row), [&](int slot, std::int64_t) {
    return layer_norm_output(x[slot], mean, rstd, weight[slot], bias[slot]);
  });
}

void forward(const Device& device, const LayerNormForward& args) {
  constexpr int kKeptRows = 1;
  const std::int64_t rows = args.input.rows, cols = args.input.cols;
  const bool vectors =
      has_quads(args.input) && has_quads(args.output) && has_quads(args.weight) && has_quads(args.bias);
  with_row_team(cols, kKeptRows, [&](auto tag) {
    using Team = typename decltype(tag)::Team;
    launch(device.stream, team_shape<Team>(rows, cols, kKeptRows), "layer_norm", &forward_kernel<Team>, args,
           vectors);
  });
}

}  // namespace

extern const LayerNormOps layer_norm_cuda;
const LayerNormOps layer_norm_cuda{.forward = &forward, .backward = &cuda::layer_norm_backward};
}  // namespace thalweg
