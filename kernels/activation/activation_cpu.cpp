#include "kernels/activation/activation_math.hpp"
#include "kernels/base/parallel.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

constexpr std::int64_t kTaskElements = 16384;  // 64 KiB in and out: several microseconds, within the L2 cache

// Element i of the output depends on element i of the inputs alone. The loops below may therefore run on
// vectors in place, too; ivdep tells the compiler so.

template <Activation Kind>
void activate_all(const float* input, float* output, std::int64_t size) {
#pragma GCC ivdep
  for (std::int64_t i = 0; i < size; ++i) output[i] = activate<Kind>(input[i]);
}

template <Activation Kind>
void differentiate_all(const float* kept, const float* grad_output, float* grad_input, std::int64_t size) {
#pragma GCC ivdep
  for (std::int64_t i = 0; i < size; ++i) grad_input[i] = activation_gradient<Kind>(kept[i], grad_output[i]);
}

/// body(begin, count) over pieces of [0, size).
template <class Body>
void for_each_piece(const Device& device, std::int64_t size, Body body) {
  device.pool.run((size + kTaskElements - 1) / kTaskElements, [&](std::int64_t task, int) {
    const std::int64_t begin = task * kTaskElements;
    body(begin, size - begin < kTaskElements ? size - begin : kTaskElements);
  });
}

void forward(const Device& device, const ActivationForward& args) {
  for_each_piece(device, args.size, [&](std::int64_t begin, std::int64_t count) {
    with_activation(args.kind, [&](auto kind) {
      activate_all<decltype(kind)::value>(args.input + begin, args.output + begin, count);
    });
  });
}

void backward(const Device& device, const ActivationBackward& args) {
  const float* kept = backward_needs_input(args.kind) ? args.input : args.output;
  for_each_piece(device, args.size, [&](std::int64_t begin, std::int64_t count) {
    with_activation(args.kind, [&](auto kind) {
      differentiate_all<decltype(kind)::value>(kept + begin, args.grad_output + begin,
                                               args.grad_input + begin, count);
    });
  });
}

}  // namespace

extern const ActivationOps activation_cpu;
const ActivationOps activation_cpu{.forward = &forward, .backward = &backward};
}  // namespace thalweg::THALWEG_ISA
