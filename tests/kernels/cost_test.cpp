// What each op says that it moves and computes, counted by hand at one small shape. The shares of the machine
// that `thalweg bench` shows are made of these numbers.
#include "kernels/base/cost.hpp"

#include <gtest/gtest.h>

#include "kernels/activation/activation.hpp"
#include "kernels/batch_norm/batch_norm.hpp"
#include "kernels/dropout/dropout.hpp"
#include "kernels/elementwise_loss/elementwise_loss.hpp"
#include "kernels/layer_norm/layer_norm.hpp"
#include "kernels/linear/linear.hpp"
#include "kernels/linear_step/linear_step.hpp"
#include "kernels/metrics/metrics.hpp"
#include "kernels/order/order.hpp"
#include "kernels/per_sample/per_sample.hpp"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy.hpp"
#include "kernels/sparse_linear/sparse_linear.hpp"
#include "kernels/update/update.hpp"

namespace thalweg {
namespace {

void expect_cost(const Cost& got, std::int64_t flops, std::int64_t bytes_read, std::int64_t bytes_written) {
  EXPECT_EQ(got.flops, flops);
  EXPECT_EQ(got.bytes_read, bytes_read);
  EXPECT_EQ(got.bytes_written, bytes_written);
}

TEST(Cost, OfAnActivationIsOneFloatInAndOutAndBackwardOneMoreIn) {
  expect_cost(activation_cost(5), 5, 20, 20);
  expect_cost(activation_backward_cost(5), 5, 40, 20);
}

TEST(Cost, OfDropoutIsOneFloatInAndOut) { expect_cost(dropout_cost(5), 5, 20, 20); }

/// 3 rows of 5 features: 15 elements.
TEST(Cost, OfBatchNormReadsTheRowsThreeTimesForwardAndTwoMatricesTwiceBackward) {
  // 7 operations an element. In: 3 * 15 floats, 4 rows of 5. Out: 15 floats, 4 rows of 5.
  expect_cost(batch_norm_forward_cost(3, 5), 105, 260, 140);
  // 11 operations. In: 2 * 2 * 15 floats, 5 rows of 5. Out: 15 floats, 2 rows of 5.
  expect_cost(batch_norm_backward_cost(3, 5), 165, 340, 100);
}

TEST(Cost, OfLayerNormReadsTheRowsOnceForwardAndTwoMatricesTwiceBackward) {
  // 7 operations an element. In: 15 floats, weight and bias of 5. Out: 15 floats, mean and rstd of 3.
  expect_cost(layer_norm_forward_cost(3, 5), 105, 100, 84);
  // 17 operations. In: 2 * 2 * 15 floats, mean and rstd of 3 twice, weight of 5. Out: 15 floats, 2 rows of 5.
  expect_cost(layer_norm_backward_cost(3, 5), 255, 308, 100);
}

/// 3 rows of 5 outputs. In: 15 floats, 3 targets and 3 weights. Out: 15 floats and 3 losses.
TEST(Cost, OfLossesIsOutputsTargetsAndWeightsInAndGradientsAndLossesOut) {
  expect_cost(elementwise_loss_cost(3, 5), 120, 84, 72);       // 8 operations an output
  expect_cost(softmax_cross_entropy_cost(3, 5), 180, 84, 72);  // 12
}

/// 3 rows, 5 inputs, 7 outputs: products of 105 multiplications and additions.
TEST(Cost, OfLinearIsItsThreeMatricesAndBiasOnceEach) {
  expect_cost(linear_forward_cost(3, 5, 7), 210, 228, 84);     // in: 15 + 35 + 7 floats; out: 21
  expect_cost(linear_input_grad_cost(3, 5, 7), 210, 224, 60);  // in: 21 + 35; out: 15
  // 21 additions more, for the bias. In: 15 + 21 floats; out: 35 + 7.
  expect_cost(linear_parameter_grad_cost(3, 5, 7), 231, 144, 168);
  // The rows meet the weights forward and backward. In: 15 + 5 + two of 3; out: 5 + two of 3.
  expect_cost(dense_linear_step_cost(3, 5), 60, 104, 44);
}

/// 3 rows with 11 entries in 4 features.
TEST(Cost, OfSparseLinearGrowsWithTheEntries) {
  // 7 outputs: 77 multiplications and additions. In: column, value and 7 weights an entry, 3 offsets of 8.
  expect_cost(sparse_linear_forward_cost(3, 11, 7), 154, 420, 84);
  // In: 11 columns, 3 offsets of 8. Out: 11 slots, 4 features, 3 offsets of 8.
  expect_cost(sparse_index_cost(3, 11, 4), 0, 68, 84);
  // In: 5 words an entry, 20 bytes a row, 4 features. Out: 11 + 4 floats, two floats a row.
  expect_cost(sparse_linear_step_cost(3, 11, 4), 44, 296, 84);
}

TEST(Cost, OfMetricsIsWhatARowBrings) {
  expect_cost(metric_sum_cost(5), 15, 20, 0);
  expect_cost(residuals_cost(5), 50, 100, 0);
  expect_cost(confusion_cost(3, 5), 15, 108, 24);  // in: 15 floats and 16 bytes a row; out: 8 bytes a row
  expect_cost(pairs_cost(3), 24, 264, 144);  // in: 4 + 4 * 12 + 36 = 88 bytes a row; out: 8 + 32 + 8 = 48
}

/// Parameter, gradient and states in, parameter and states out: five floats of each.
TEST(Cost, OfAnUpdateGrowsWithTheStatesOfItsRule) {
  expect_cost(update_cost(Rule::sgd, 5), 70, 40, 20);
  expect_cost(update_cost(Rule::momentum, 5), 70, 60, 40);
  expect_cost(update_cost(Rule::adam, 5), 70, 80, 60);
  expect_cost(update_cost(Rule::amsgrad, 5), 70, 100, 80);
  expect_cost(gradient_norm_cost(5), 10, 20, 8);  // out: the sum and the factor
}

TEST(Cost, OfAnOrderIsOneRowNumberInAndOut) { expect_cost(order_cost(5), 0, 40, 40); }

/// 3 samples, 5 inputs, 7 outputs.
TEST(Cost, OfThePerSampleOps) {
  expect_cost(row_squares_cost(3, 5), 30, 60, 12);
  expect_cost(linear_squared_norms_cost(3, 5, 7), 78, 144, 12);  // 5 + 7 + 1 squares a sample
  expect_cost(scale_rows_cost(3, 7), 21, 96, 84);                // in: 7 floats and a factor a row
  expect_cost(dense_gradients_cost(3, 5, 7), 210, 144, 504);     // out: 7 * (5 + 1) floats a sample
  expect_cost(gaussian_noise_cost(5), 200, 20, 20);              // 40 operations a draw
}

}  // namespace
}  // namespace thalweg
