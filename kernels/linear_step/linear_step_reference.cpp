// The definition of the step: the separate ops in double, one after the other.
#include <vector>

#include "kernels/elementwise_loss/elementwise_loss.hpp"
#include "kernels/linear/linear.hpp"
#include "kernels/linear_step/linear_step.hpp"
#include "kernels/sparse_linear/sparse_linear.hpp"

namespace thalweg {
namespace {

void evaluate(const Device& device, const RowLosses& rows, const Matrix& output) {
  elementwise_loss_reference.evaluate(device, {.loss = rows.loss,
                                               .output = output,
                                               .targets = rows.targets,
                                               .losses = rows.losses,
                                               .grad_output = matrix(rows.grad_output, output.rows, 1)});
}

void dense_step(const Device& device, const DenseLinearStep& a) {
  std::vector<float> output(static_cast<std::size_t>(a.input.rows));
  const Matrix z = matrix(output.data(), a.input.rows, 1);
  linear_reference.forward(device, {.input = a.input, .weight = a.weight, .bias = a.bias, .output = z});
  evaluate(device, a.rows, z);
  linear_reference.parameter_grad(device, {.input = a.input,
                                           .grad_output = matrix(a.rows.grad_output, a.input.rows, 1),
                                           .slices = a.slices,
                                           .grad_weight = a.grad_weight,
                                           .grad_bias = a.grad_bias});
}

void sparse_step(const Device& device, const SparseLinearStep& a) {
  std::vector<float> output(static_cast<std::size_t>(a.input.rows));
  const Matrix z = matrix(output.data(), a.input.rows, 1);
  sparse_linear_reference.forward(device,
                                  {.input = a.input, .weight = a.weight, .bias = a.bias, .output = z});
  evaluate(device, a.rows, z);
  sparse_linear_reference.parameter_grad(device, {.input = a.input,
                                                  .touched = a.touched,
                                                  .grad_output = matrix(a.rows.grad_output, a.input.rows, 1),
                                                  .slices = a.slices,
                                                  .grad_weight = a.grad_weight,
                                                  .grad_bias = a.grad_bias});
}

}  // namespace

extern const LinearStepOps linear_step_reference;
const LinearStepOps linear_step_reference{.dense = &dense_step, .sparse = &sparse_step};
}  // namespace thalweg
