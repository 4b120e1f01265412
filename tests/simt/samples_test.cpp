// Kernels of every kind give what plain loops give.
#include "samples/samples.hpp"

#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <vector>

#include "device_array.hpp"
#include "kernels/base/philox.hpp"

namespace thalweg::samples {
namespace {

using simt::test::DeviceArray;

constexpr std::int64_t kSizes[] = {0, 1, 2, 3, 31, 32, 33, 127, 255, 256, 257, 1000};

std::vector<float> integers(std::int64_t n, int bound = 7) {
  std::vector<float> values(static_cast<std::size_t>(n));
  std::uint32_t state = 12345;
  for (float& v : values) {
    state = state * 1664525u + 1013904223u;
    v = static_cast<float>(static_cast<int>((state >> 8) % (2u * static_cast<unsigned>(bound) + 1u)) - bound);
  }
  return values;
}

TEST(Samples, FusedAdamMatchesThePlainLoopBitForBit) {
  const AdamStep s{0.1f, 0.001f, 0.01f, 1.5f, 1e-8f};
  for (const std::int64_t quads : kSizes) {
    const std::int64_t n = 4 * quads;
    auto param = integers(n), grad = integers(n, 5), first = integers(n, 3), second = integers(n, 2);
    for (float& v : second) v = v * v;
    DeviceArray<float> p(param), g(grad), m(first), v(second);
    adam(nullptr, n, p.data(), g.data(), m.data(), v.data(), s);
    for (std::size_t i = 0; i < param.size(); ++i) {
      first[i] = std::fmaf(s.one_minus_beta1, grad[i] - first[i], first[i]);
      second[i] = std::fmaf(s.one_minus_beta2, std::fmaf(grad[i], grad[i], -second[i]), second[i]);
      param[i] -= s.step_size * first[i] / std::fmaf(std::sqrt(second[i]), s.denom_scale, s.eps);
    }
    EXPECT_EQ(p.download(), param);
    EXPECT_EQ(m.download(), first);
    EXPECT_EQ(v.download(), second);
  }
}

TEST(Samples, BlockSumsOfIntegersAreExact) {
  for (const std::int64_t n : kSizes) {
    const auto in = integers(n);
    const std::int64_t blocks = (n + 255) / 256;
    DeviceArray<float> from(in), to(blocks);
    block_sum(nullptr, n, from.data(), to.data());
    std::vector<float> want(static_cast<std::size_t>(blocks), 0.0f);
    for (std::size_t i = 0; i < in.size(); ++i) want[i / 256] += in[i];
    EXPECT_EQ(to.download(), want);
  }
}

TEST(Samples, SoftmaxMatchesTheDefinition) {
  for (const std::int64_t rows : {0, 1, 3, 4, 5, 33}) {
    for (const int classes : {1, 2, 31, 32, 33, 100}) {
      const auto logits = integers(rows * classes, 3);
      std::vector<int> targets(static_cast<std::size_t>(rows));
      for (std::size_t r = 0; r < targets.size(); ++r) targets[r] = static_cast<int>(r) % classes;
      DeviceArray<float> z(logits), losses(rows), grad(rows * classes);
      DeviceArray<int> t(targets);
      softmax(nullptr, rows, classes, z.data(), t.data(), losses.data(), grad.data());
      const auto got_losses = losses.download(), got_grad = grad.download();
      for (std::size_t r = 0; r < targets.size(); ++r) {
        double sum = 0;
        const std::size_t row = r * static_cast<std::size_t>(classes);
        for (int k = 0; k < classes; ++k) sum += std::exp(double{logits[row + static_cast<std::size_t>(k)]});
        EXPECT_NEAR(got_losses[r], std::log(sum) - logits[row + static_cast<std::size_t>(targets[r])], 1e-5);
        for (int k = 0; k < classes; ++k) {
          const std::size_t i = row + static_cast<std::size_t>(k);
          EXPECT_NEAR(got_grad[i], std::exp(double{logits[i]}) / sum - (k == targets[r]), 1e-6);
        }
      }
    }
  }
}

TEST(Samples, TiledProductOfIntegersIsExact) {
  for (const auto& [m, n, k] : {std::array{64, 64, 16}, {128, 64, 48}, {64, 192, 32}}) {
    const auto a = integers(m * k), b = integers(k * n);
    DeviceArray<float> da(a), db(b), dc(m * n);
    sgemm(nullptr, m, n, k, da.data(), db.data(), dc.data());
    std::vector<float> want(static_cast<std::size_t>(m * n), 0.0f);
    for (int i = 0; i < m; ++i)
      for (int p = 0; p < k; ++p)
        for (int j = 0; j < n; ++j)
          want[static_cast<std::size_t>(i * n + j)] +=
              a[static_cast<std::size_t>(i * k + p)] * b[static_cast<std::size_t>(p * n + j)];
    EXPECT_EQ(dc.download(), want);
  }
}

TEST(Samples, SegmentedSumsOfIntegersAreExact) {
  const std::vector<std::int64_t> offsets{0, 0, 1, 33, 64, 64, 200, 1000};
  const auto in = integers(1000);
  DeviceArray<std::int64_t> o(offsets);
  DeviceArray<float> from(in), to(7);
  segmented_sum(nullptr, 7, o.data(), from.data(), to.data());
  const auto got = to.download();
  for (std::size_t s = 0; s < 7; ++s)
    EXPECT_EQ(got[s], std::accumulate(in.begin() + offsets[s], in.begin() + offsets[s + 1], 0.0f));
}

TEST(Samples, DropoutDrawsTheSameNumbersAsTheHost) {
  for (const std::int64_t n : kSizes) {
    const auto in = integers(n);
    DeviceArray<float> from(in), to(n);
    dropout(nullptr, n, 42, from.data(), to.data());
    const auto got = to.download();
    for (std::size_t i = 0; i < in.size(); ++i) {
      const PhiloxBlock random =
          philox(philox_counter(0, 0, 0, i / 4), philox_key(42, RandomPurpose::dropout));
      EXPECT_EQ(got[i], uniform01(random.word[i % 4]) < 0.5f ? 0.0f : 2.0f * in[i]);
    }
  }
}

TEST(Samples, ATemplateKernelIsOneKernelPerValue) {
  for (const std::int64_t n : kSizes) {
    for (const int factor : {1, 2, 3}) {
      auto in = integers(n);
      DeviceArray<float> from(in), to(n);
      scale(nullptr, n, factor, from.data(), to.data());
      for (float& v : in) v *= static_cast<float>(factor);
      EXPECT_EQ(to.download(), in);
    }
  }
}

TEST(Samples, ACooperativeGridWaitsForAllItsBlocks) {
  for (const int blocks : {1, 2, 7, 64}) {
    std::vector<float> values(static_cast<std::size_t>(64 * blocks), 0.5f);
    DeviceArray<float> device(values), partial(blocks);
    normalize(nullptr, blocks, device.data(), partial.data());
    for (const float v : device.download()) EXPECT_EQ(v, 0.5f / (32.0f * static_cast<float>(blocks)));
  }
}

TEST(Samples, AtomicsCountEveryValue) {
  for (const std::int64_t n : kSizes) {
    std::vector<int> values(static_cast<std::size_t>(n));
    std::vector<unsigned> want(64, 0);
    for (std::size_t i = 0; i < values.size(); ++i)
      ++want[static_cast<std::size_t>(values[i] = static_cast<int>(i * i % 64))];
    DeviceArray<int> from(values);
    DeviceArray<unsigned> bins(std::vector<unsigned>(64, 0));
    histogram(nullptr, n, from.data(), bins.data());
    EXPECT_EQ(bins.download(), want);
  }
}

TEST(Samples, TheLastBlockSeesWhatTheOthersWrote) {
  for (const std::int64_t n : {1, 32, 33, 1000, 5000}) {
    const auto in = integers(n);
    DeviceArray<float> from(in), partial((n + 31) / 32), sum(1);
    DeviceArray<unsigned> tickets(std::vector<unsigned>{0});
    last_block_sum(nullptr, n, from.data(), partial.data(), tickets.data(), sum.data());
    EXPECT_EQ(sum.download()[0], std::accumulate(in.begin(), in.end(), 0.0f));
    EXPECT_EQ(tickets.download()[0], 0u);
  }
}

TEST(Samples, TransposeUsesDynamicSharedMemory) {
  for (const auto& [rows, columns] : {std::pair{1, 1}, {32, 32}, {33, 31}, {100, 7}}) {
    const auto in = integers(rows * columns);
    DeviceArray<float> from(in), to(rows * columns);
    transpose(nullptr, rows, columns, from.data(), to.data());
    const auto got = to.download();
    for (int r = 0; r < rows; ++r)
      for (int c = 0; c < columns; ++c)
        EXPECT_EQ(got[static_cast<std::size_t>(c * rows + r)], in[static_cast<std::size_t>(r * columns + c)]);
  }
}

TEST(Samples, BlocksOfAClusterReadEachOthersSharedMemory) {
  int major = 0;
  cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0);
  if (major < 9) GTEST_SKIP() << "clusters came with sm_90";
  const auto in = integers(3 * 128);
  DeviceArray<float> from(in), sums(3);
  cluster_sum(nullptr, 3, from.data(), sums.data());
  const auto got = sums.download();
  for (std::size_t c = 0; c < 3; ++c)
    EXPECT_EQ(got[c], std::accumulate(in.begin() + 128 * static_cast<long>(c),
                                      in.begin() + 128 * static_cast<long>(c + 1), 0.0f));
}

/// Not a check: the figures that docs/simt.md quotes.
TEST(Samples, TimingsArePrinted) {
  const auto best_ms = [](auto&& work) {
    double best = 1e9;
    for (int i = 0; i < 3; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      work();
      best = std::min(
          best, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
    }
    return best;
  };
  const std::int64_t n = 1 << 20;
  DeviceArray<float> p(integers(n)), g(integers(n)), m(integers(n)), v(std::vector<float>(n, 1.0f));
  std::printf("adam 1M: %.2f ms\n", best_ms([&] {
                adam(nullptr, n, p.data(), g.data(), m.data(), v.data(), {0.1f, 0.001f, 0.01f, 1.5f, 1e-8f});
              }));
  std::printf("sgemm 256^3: %.2f ms\n",
              best_ms([&] { sgemm(nullptr, 256, 256, 256, p.data(), g.data(), m.data()); }));
}

}  // namespace
}  // namespace thalweg::samples
