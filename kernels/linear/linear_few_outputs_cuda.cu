#include "kernels/common/launch.cuh"
#include "kernels/linear/few_outputs.cuh"
#include "kernels/linear/linear_cuda.cuh"

namespace thalweg {
namespace {

template <int kRows, int kOutputs, class Source>
void launch_few(const Context& ctx, const FewOutputsArgs<Source>& args) {
  launch(ctx.stream(), {blocks_for(args.rows, kRows * (kFewThreads / kWarp)), kFewThreads}, "linear_forward",
         few_outputs_kernel<kRows, kOutputs, Source>, args);
}

}  // namespace

namespace cuda {

void linear_forward_few(const Context& ctx, const LinearForward& a) {
  with_rows(a.input, [&](auto input) {
    const FewOutputsArgs<decltype(input)> args{
        input,        make_lines(a.weight, a.input.cols), a.bias,        a.input.rows,
        a.input.cols, static_cast<int>(a.output.cols),    a.output.data, a.output.stride};
    if (args.outputs == 1) return launch_few<4, 1>(ctx, args);
    if (args.outputs == 2) return launch_few<4, 2>(ctx, args);
    if (args.outputs <= 4) return launch_few<2, 4>(ctx, args);
    launch_few<2, 8>(ctx, args);
  });
}

}  // namespace cuda
}  // namespace thalweg
