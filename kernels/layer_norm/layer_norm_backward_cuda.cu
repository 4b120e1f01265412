#include "kernels/base/chains_cuda.cuh"
#include "kernels/base/slices_cuda.cuh"
#include "kernels/layer_norm/layer_norm_cuda.cuh"
#include "kernels/layer_norm/layer_norm_math.hpp"

namespace thalweg {
namespace {

// layer_norm backward: the gradient of the input.
// math         layer_norm_math.hpp
// shapes       grad_output, input, grad_input [N, C] f32, any stride; weight [C]; mean, rstd [N]
// bytes        reads 8NC + 4C + 8N, writes 4NC: rows are read once, for C above 6,080 three times as above;
//              flops 13NC (memory bound)
// launch       as the forward kernel, with two rows on chip
// determinism  exact
// contract     grad_input may be grad_output: a thread reads its elements before it writes them
template <class Team>
__global__ void __launch_bounds__(Team::kThreads)
    input_grad_kernel(const LayerNormBackward args, const bool vectors) {
  const Team team(args.input.rows, args.input.cols, vectors);
  const std::int64_t row = team.row();
  const float n = static_cast<float>(args.input.cols);
  const auto dy = team.load(0, args.grad_output.row(row)), x = team.load(1, args.input.row(row));
  const auto weight = team.view(args.weight);
  const float mean = team.present() ? args.mean[row] : 0.0f, rstd = team.present() ? args.rstd[row] : 0.0f;
  const auto g = [&](int slot) { return dy[slot] * weight[slot]; };
  const auto xhat = [&](int slot) { return layer_norm_xhat(x[slot], mean, rstd); };
  const float g_mean = team.sum([&](float chain, int slot, std::int64_t) { return chain + g(slot); }) / n;
  const float gx_mean = team.sum([&](float chain, int slot, std::int64_t) {
    return __builtin_fmaf(g(slot), xhat(slot), chain);
  }) / n;
  team.store(args.grad_input.row(row), [&](int slot, std::int64_t) {
    return layer_norm_grad_input(g(slot), xhat(slot), g_mean, gx_mean, rstd);
  });
}

/// The terms of a row in the gradients of weight (sum 0) and bias (sum 1).
struct ParameterGrads {
  static constexpr int kTerms = 2;
  ConstMatrix grad_output, input;
  const float *mean, *rstd;

  __device__ __forceinline__ void enter(std::int64_t col) {
    grad_output.data += col;
    input.data += col;
  }
  __device__ __forceinline__ Terms<kTerms> read(std::int64_t row) const {
    return {{*grad_output.row(row), layer_norm_xhat(*input.row(row), mean[row], rstd[row])}};
  }
  template <int k>
  static __device__ __forceinline__ float step(const Terms<kTerms>& terms, float chain) {
    return k == 0 ? __builtin_fmaf(terms.value[0], terms.value[1], chain) : chain + terms.value[0];
  }
};

void input_grad(const Device& device, const LayerNormBackward& args) {
  constexpr int kKeptRows = 2;
  const std::int64_t rows = args.input.rows, cols = args.input.cols;
  const bool vectors = has_quads(args.grad_output) && has_quads(args.input) && has_quads(args.grad_input) &&
                       has_quads(args.weight);
  with_row_team(cols, kKeptRows, [&](auto tag) {
    using Team = typename decltype(tag)::Team;
    launch(device.stream, team_shape<Team>(rows, cols, kKeptRows), "layer_norm_backward",
           &input_grad_kernel<Team>, args, vectors);
  });
}

}  // namespace

namespace cuda {

/// The parameters first: the input gradient may overwrite grad_output.
void layer_norm_backward(const Device& device, const LayerNormBackward& args) {
  const std::int64_t cols = args.input.cols;
  const BatchSum sums[] = {args.grad_weight, args.grad_bias};
  column_sums(device, "layer_norm_parameter_grads", args.slices, cols, sums,
              ParameterGrads{args.grad_output, args.input, args.mean, args.rstd},
              StoreSums<2>{{args.grad_weight.sum, args.grad_bias.sum}});
  input_grad(device, args);
}

}  // namespace cuda
}  // namespace thalweg
