// The products of kernels/gemm on every instruction set of this machine: sums in double with the error bound
// of float chains, integers without an error, and the same bits whichever product serves a shape.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "host/runtime/device_of.hpp"
#include "tests/kernels/gemm/double_products.hpp"
#include "tests/kernels/gemm/products.hpp"
#include "tests/kernels/linear_test_problem.hpp"

namespace thalweg::test {
namespace {

/// The products of a cpu variant ("cpu:avx2").
const GemmProducts& products_of(const std::string& device) {
#if defined(THALWEG_HAS_avx512)
  if (device == "cpu:avx512") return avx512::gemm_products;
#endif
#if defined(THALWEG_HAS_avx2)
  if (device == "cpu:avx2") return avx2::gemm_products;
#endif
#if defined(THALWEG_HAS_generic)
  if (device == "cpu:generic") return generic::gemm_products;
#endif
  throw std::runtime_error("no products for " + device);
}

std::vector<std::string> cpu_devices() {
  std::vector<std::string> devices = all_devices();
  std::erase_if(devices, [](const std::string& name) { return !name.starts_with("cpu:"); });
  return devices;
}

class GemmTest : public testing::TestWithParam<std::string> {
 protected:
  const Context& ctx(int threads = 2) const { return context_of(GetParam(), threads); }
  const GemmProducts& gemm() const { return products_of(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Devices, GemmTest, testing::ValuesIn(cpu_devices()),
                         [](const auto& info) { return test_name(info.param); });

const std::vector<Shape> kShapes = {{0, 5, 9},     {1, 1, 1},     {2, 3, 31},   {3, 33, 5},
                                    {31, 127, 15}, {33, 31, 14},  {127, 32, 6}, {257, 17, 33},
                                    {32, 256, 16}, {255, 64, 12}, {5, 1000, 3}, {64, 1024, 30},
                                    {17, 15, 257}, {19, 48, 7},   {9, 300, 127}};

/// One chain for each output, then the bias.
Floats chain_forward(const Problem& p) {
  const auto [samples, features, outputs] = p.shape;
  Floats out;
  for (std::int64_t n = 0; n < samples; ++n) {
    for (std::int64_t o = 0; o < outputs; ++o) {
      float sum = 0;
      for (std::int64_t i = 0; i < features; ++i)
        sum = std::fma(p.x[at(n * features + i)], p.weight[at(o * features + i)], sum);
      out.push_back(sum + p.bias[at(o)]);
    }
  }
  return out;
}

// Every array ends in front of a closed page: no product reads or writes behind it.
Floats forward(const Context& ctx, decltype(GemmProducts::packed_forward) product, const Problem& p) {
  const auto [samples, features, outputs] = p.shape;
  const Guarded<float> x(ctx, p.x, Place::last), weight(ctx, p.weight, Place::last);
  const Guarded<float> bias(ctx, p.bias, Place::last), out(ctx, samples * outputs, Place::last);
  product(device_of(ctx), {.input = dense_rows(matrix<const float>(x.data(), samples, features)),
                           .weight = weight.data(),
                           .bias = bias.data(),
                           .output = matrix(out.data(), samples, outputs)});
  return out.download();
}

Floats input_grad(const Context& ctx, decltype(GemmProducts::packed_input_grad) product, const Problem& p) {
  const auto [samples, features, outputs] = p.shape;
  const Guarded<float> grad(ctx, p.grad, Place::last), weight(ctx, p.weight, Place::last);
  const Guarded<float> out(ctx, samples * features, Place::last);
  product(device_of(ctx), {.grad_output = matrix<const float>(grad.data(), samples, outputs),
                           .weight = weight.data(),
                           .grad_input = matrix(out.data(), samples, features)});
  return out.download();
}

/// The weights' gradient, then that of the bias.
Floats parameter_grad(const Context& ctx, decltype(GemmProducts::packed_parameter_grad) product,
                      const Problem& p) {
  const auto [samples, features, outputs] = p.shape;
  const Guarded<float> x(ctx, p.x, Place::last), grad(ctx, p.grad, Place::last);
  const Guarded<float> weight_sum(ctx, outputs * features, Place::last), bias_sum(ctx, outputs, Place::last);
  product(device_of(ctx), {.input = dense_rows(matrix<const float>(x.data(), samples, features)),
                           .grad_output = matrix<const float>(grad.data(), samples, outputs),
                           .slices = whole_batch(samples),
                           .grad_weight = {.sum = weight_sum.data()},
                           .grad_bias = {.sum = bias_sum.data()}});
  Floats all = weight_sum.download();
  const Floats bias = bias_sum.download();
  all.insert(all.end(), bias.begin(), bias.end());
  return all;
}

Floats plain_sums(const Problem& p) {
  ParameterGrad grad = plain_parameter_grad(p, 8);
  grad.weight.insert(grad.weight.end(), grad.bias.begin(), grad.bias.end());
  return grad.weight;
}

void expect_products(const Floats& got, const Products& want, const Floats& chains, const std::string& what) {
  expect_within(got, want.want, want.bound, what);
  expect_same_bits(got, chains, what);
}

TEST_P(GemmTest, EachForwardProductIsWithinTheBoundAndOneChainForEachOutput) {
  for (const Shape& s : kShapes) {
    const Problem p = real_problem(s);
    const Products want = double_forward(p);
    const Floats chains = chain_forward(p);
    for (const int threads : {1, 3}) {
      expect_products(forward(ctx(threads), gemm().packed_forward, p), want, chains, "packed " + text(s));
      if (s.outputs <= gemm().panel && s.samples > 0)
        expect_products(forward(ctx(threads), gemm().thin_forward, p), want, chains, "thin " + text(s));
    }
  }
}

TEST_P(GemmTest, EachInputGradientIsWithinTheBoundAndOneChainForEachOutput) {
  for (const Shape& s : kShapes) {
    const Problem p = real_problem(s);
    const Products want = double_input_grad(p);
    const Floats chains = plain_input_grad(p);
    for (const int threads : {1, 3}) {
      expect_products(input_grad(ctx(threads), gemm().packed_input_grad, p), want, chains,
                      "packed " + text(s));
      expect_products(input_grad(ctx(threads), gemm().short_input_grad, p), want, chains, "short " + text(s));
      if (s.features % gemm().lanes == 0)
        expect_products(input_grad(ctx(threads), gemm().plain_input_grad, p), want, chains,
                        "plain " + text(s));
    }
  }
}

TEST_P(GemmTest, EachParameterGradientIsWithinTheBoundAndTheTreeOfEightChains) {
  for (const Shape& s : kShapes) {
    const Problem p = real_problem(s);
    const Products want = double_parameter_grad(p);
    const Floats chains = plain_sums(p);
    for (const int threads : {1, 3}) {
      expect_products(parameter_grad(ctx(threads), gemm().packed_parameter_grad, p), want, chains,
                      "packed " + text(s));
      if (s.outputs <= gemm().tile_rows)
        expect_products(parameter_grad(ctx(threads), gemm().plain_parameter_grad, p), want, chains,
                        "plain " + text(s));
    }
  }
}

TEST_P(GemmTest, ADotProductOfEveryLengthIsTheTreeOf128Chains) {
  const Floats x = random_floats(1000, 1), w = random_floats(1000, 2);
  for (std::int64_t n = 0; n <= 1000; n = n < 300 ? n + 1 : n + 50) {
    const Guarded<float> a(ctx(), Floats(x.begin(), x.begin() + n), Place::last);
    const Guarded<float> b(ctx(), Floats(w.begin(), w.begin() + n), Place::last);
    ASSERT_EQ(gemm().chain_dot(a.data(), b.data(), n), plain_chains(x.data(), w.data(), n)) << n;
  }
}

TEST_P(GemmTest, ADotProductOfOneToThousandHasItsKnownSum) {
  Floats x;
  for (int i = 1; i <= 1000; ++i) x.push_back(static_cast<float>(i));
  const Floats ones(1000, 1.0f);
  EXPECT_EQ(gemm().chain_dot(x.data(), ones.data(), 1000), 500500.0f);
  EXPECT_EQ(gemm().chain_dot(x.data(), ones.data(), 131), 8646.0f);
}

/// How often each output of a product is in a tile.
std::vector<int> coverage(const GemmProducts& gemm, std::int64_t rows, std::int64_t cols, std::int64_t depth,
                          int threads) {
  struct Outputs {
    const GemmProducts& gemm;
    std::int64_t cols;
    std::vector<int> times;
  } outputs{gemm, cols, std::vector<int>(at(rows * cols), 0)};
  gemm.tiles(rows, cols, depth, threads, &outputs, [](void* to, const TileExtent& tile) {
    Outputs& all = *static_cast<Outputs*>(to);
    EXPECT_GE(tile.rows, 1);
    EXPECT_LE(tile.rows, all.gemm.tile_rows);
    EXPECT_GE(tile.cols, 1);
    EXPECT_LE(tile.cols, all.gemm.panel);
    for (std::int64_t r = tile.row; r < tile.row + tile.rows; ++r)
      for (std::int64_t c = tile.col; c < tile.col + tile.cols; ++c) ++all.times.at(at(r * all.cols + c));
  });
  return outputs.times;
}

TEST_P(GemmTest, TheTilesOfAProductHaveEachOutputOnce) {
  for (const std::int64_t rows : kNastySizes) {
    for (const std::int64_t cols : {0, 1, 15, 16, 17, 33, 257}) {
      for (const auto& [depth, threads] : {std::pair{0, 1}, {1, 2}, {300, 5}, {100000, 64}}) {
        const std::vector<int> times = coverage(gemm(), rows, cols, depth, threads);
        ASSERT_EQ(std::count(times.begin(), times.end(), 1), rows * cols)
            << rows << " x " << cols << ", depth " << depth << ", threads " << threads;
      }
    }
  }
}

}  // namespace
}  // namespace thalweg::test
