#include "kernels/activation/activation_math.hpp"
#include "kernels/base/quads.cuh"

namespace thalweg {
namespace {

constexpr int kThreads = 256;

// activation: y = f(x), element by element.
// math         activation_math.hpp
// shapes       input, output [size] f32; may be the same memory
// bytes        reads 4 size, writes 4 size; flops 1 (relu) to 45 (gelu) per element (memory bound)
// launch       256 threads, four neighbouring elements each
// determinism  exact: elements do not meet
// contract     16-byte accesses when both arrays lie on 16 bytes; size == 0 never reaches the launch
template <Activation Kind>
__global__ void __launch_bounds__(kThreads)
    forward_kernel(std::int64_t size, const float* input, float* output, bool vectors) {
  const std::int64_t i = 4 * (std::int64_t{blockIdx.x} * kThreads + threadIdx.x);
  if (i >= size) return;
  const float4 x = load_quad(input + i, size - i, vectors);
  const float4 y =
      make_float4(activate<Kind>(x.x), activate<Kind>(x.y), activate<Kind>(x.z), activate<Kind>(x.w));
  store_quad(output + i, y, size - i, vectors);
}

// activation backward: dx = dy f'(x), element by element.
// math         activation_math.hpp; `kept` is the input or the output (backward_needs_input)
// shapes       kept, grad_output, grad_input [size] f32; the last two may be the same memory
// bytes        reads 8 size, writes 4 size; flops 1 (relu) to 70 (gelu) per element (memory bound)
// launch       256 threads, four neighbouring elements each
// determinism  exact
// contract     as forward_kernel
template <Activation Kind>
__global__ void __launch_bounds__(kThreads)
    backward_kernel(std::int64_t size, const float* kept, const float* grad_output, float* grad_input,
                    bool vectors) {
  const std::int64_t i = 4 * (std::int64_t{blockIdx.x} * kThreads + threadIdx.x);
  if (i >= size) return;
  const float4 at = load_quad(kept + i, size - i, vectors);
  const float4 dy = load_quad(grad_output + i, size - i, vectors);
  const float4 dx = make_float4(activation_gradient<Kind>(at.x, dy.x), activation_gradient<Kind>(at.y, dy.y),
                                activation_gradient<Kind>(at.z, dy.z), activation_gradient<Kind>(at.w, dy.w));
  store_quad(grad_input + i, dx, size - i, vectors);
}

void forward(const Device& device, const ActivationForward& args) {
  const auto kernel =
      with_activation(args.kind, [](auto kind) { return &forward_kernel<decltype(kind)::value>; });
  launch(device.stream, {blocks_for(args.size, 4 * kThreads), kThreads}, "activation", kernel, args.size,
         args.input, args.output, has_quads(args.input) && has_quads(args.output));
}

void backward(const Device& device, const ActivationBackward& args) {
  const float* kept = backward_needs_input(args.kind) ? args.input : args.output;
  const auto kernel =
      with_activation(args.kind, [](auto kind) { return &backward_kernel<decltype(kind)::value>; });
  launch(device.stream, {blocks_for(args.size, 4 * kThreads), kThreads}, "activation_backward", kernel,
         args.size, kept, args.grad_output, args.grad_input,
         has_quads(kept) && has_quads(args.grad_output) && has_quads(args.grad_input));
}

}  // namespace

extern const ActivationOps activation_cuda;
const ActivationOps activation_cuda{.forward = &forward, .backward = &backward};
}  // namespace thalweg
