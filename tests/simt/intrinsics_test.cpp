// Device functions against plain loops, on edge cases.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <climits>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/base/launch.cuh"
#include "kernels/base/ptx.cuh"
#include "kernels/base/shared.cuh"
#include "kernels/base/warp.cuh"

namespace thalweg {
namespace {

template <class Body>
__global__ void call(Body body) {
  body();
}

/// Runs body in every thread of `blocks` blocks; what it captures by reference is host memory.
template <class Body>
void run(unsigned blocks, unsigned threads, Body body) {
  launch(nullptr, {blocks, threads}, "test", call<Body>, body);
}

/// What the lanes of one warp get.
template <class T, class Body>
std::array<T, 32> lanes(Body body) {
  std::array<T, 32> got{};
  run(1, 32, [&] { got[threadIdx.x] = body(static_cast<int>(threadIdx.x)); });
  return got;
}

TEST(Shuffles, ReadTheLaneThatCudaSays) {
  for (const int width : {1, 2, 4, 8, 16, 32}) {
    for (const int argument : {0, 1, 2, 5, 15, 16, 31}) {
      const auto value = [](int lane) { return 100.0f + static_cast<float>(lane); };
      const auto unsigned_argument = static_cast<unsigned>(argument);
      const auto direct = lanes<float>([&](int l) { return __shfl_sync(~0u, value(l), argument, width); });
      const auto up =
          lanes<float>([&](int l) { return __shfl_up_sync(~0u, value(l), unsigned_argument, width); });
      const auto down =
          lanes<float>([&](int l) { return __shfl_down_sync(~0u, value(l), unsigned_argument, width); });
      const auto crossed =
          lanes<float>([&](int l) { return __shfl_xor_sync(~0u, value(l), argument, width); });
      for (int l = 0; l < 32; ++l) {
        const int first = l / width * width, at = l - first;
        const auto i = static_cast<std::size_t>(l);
        EXPECT_EQ(direct[i], value(first + argument % width));
        EXPECT_EQ(up[i], at >= argument ? value(l - argument) : value(l));
        EXPECT_EQ(down[i], at + argument < width ? value(l + argument) : value(l));
        EXPECT_EQ(crossed[i], (l ^ argument) < first + width ? value(l ^ argument) : value(l));
      }
    }
  }
}

TEST(Shuffles, CarryEveryTypeAndHalvesOfAWarpApart) {
  EXPECT_EQ(lanes<double>([](int l) { return __shfl_sync(~0u, l + 0.5, 3); })[9], 3.5);
  EXPECT_EQ(lanes<long long>([](int l) { return __shfl_sync(~0u, (1ll << 40) + l, 31); })[0],
            (1ll << 40) + 31);
  const auto halves = lanes<int>(
      [](int l) { return l < 16 ? __shfl_sync(0x0000ffffu, l, 15) : __shfl_sync(0xffff0000u, l, 16); });
  EXPECT_EQ(halves[0], 15);
  EXPECT_EQ(halves[31], 16);
  // A lane that takes no part has no value.
  const auto absent = lanes<float>([](int l) { return l < 16 ? __shfl_sync(0x0000ffffu, 1.0f, 20) : 0.0f; });
  EXPECT_TRUE(std::isnan(absent[0]));
}

TEST(Votes, CountTheirLanes) {
  EXPECT_EQ(lanes<unsigned>([](int l) { return __ballot_sync(~0u, l % 3 == 0); })[5], 0x49249249u);
  EXPECT_EQ(lanes<int>([](int l) { return __any_sync(~0u, l == 31); })[0], 1);
  EXPECT_EQ(lanes<int>([](int) { return __any_sync(~0u, 0); })[0], 0);
  EXPECT_EQ(lanes<int>([](int l) { return __all_sync(~0u, l >= 0); })[7], 1);
  EXPECT_EQ(lanes<int>([](int l) { return __all_sync(~0u, l != 7); })[7], 0);
  EXPECT_EQ(lanes<unsigned>([](int l) { return __match_any_sync(~0u, l / 16); })[20], 0xffff0000u);
}

TEST(Reductions, FoldSignedAndUnsigned) {
  EXPECT_EQ(lanes<int>([](int l) { return __reduce_add_sync(~0u, l - 16); })[3], -16);
  EXPECT_EQ(lanes<unsigned>([](int) { return __reduce_add_sync(~0u, 0x80000000u); })[3], 0u);
  EXPECT_EQ(lanes<int>([](int l) { return __reduce_min_sync(~0u, l - 16); })[3], -16);
  EXPECT_EQ(lanes<int>([](int l) { return __reduce_max_sync(~0u, -l); })[3], 0);
  EXPECT_EQ(lanes<unsigned>([](int l) { return __reduce_max_sync(~0u, unsigned(l) - 1u); })[3], UINT_MAX);
  EXPECT_EQ(lanes<unsigned>([](int l) { return __reduce_min_sync(~0u, unsigned(l) - 1u); })[3], 0u);
  EXPECT_EQ(lanes<unsigned>([](int l) { return __reduce_or_sync(~0u, 1u << l); })[3], ~0u);
  EXPECT_EQ(lanes<unsigned>([](int l) { return __reduce_and_sync(~0u, ~(1u << l)); })[3], 0u);
  EXPECT_EQ(lanes<unsigned>([](int l) { return __reduce_xor_sync(~0u, unsigned(l)); })[3], 0u);
}

TEST(WarpTree, AddsInTheOrderItPromises) {
  std::array<float, 32> value{};
  for (std::size_t l = 0; l < 32; ++l) value[l] = 1.0f / (1.0f + static_cast<float>(l));
  const auto got = lanes<float>([&](int l) { return warp_sum(value[static_cast<std::size_t>(l)]); });
  for (std::size_t stride = 16; stride > 0; stride /= 2)
    for (std::size_t l = 0; l < stride; ++l) value[l] += value[l + stride];
  for (const float sum : got) EXPECT_EQ(sum, value[0]);
}

TEST(BlockBarriers, CountTheirThreads) {
  for (const unsigned threads : {1u, 31u, 32u, 33u, 1024u}) {
    std::vector<int> count(threads), all(threads), any(threads);
    run(1, threads, [&] {
      const unsigned t = threadIdx.x;
      count[t] = __syncthreads_count(t % 2 == 0);
      all[t] = __syncthreads_and(t < 1000);
      any[t] = __syncthreads_or(t == threads - 1);
    });
    for (unsigned t = 0; t < threads; ++t) {
      EXPECT_EQ(count[t], static_cast<int>((threads + 1) / 2));
      EXPECT_EQ(all[t], threads <= 1000);
      EXPECT_EQ(any[t], 1);
    }
  }
}

TEST(Atomics, LoseNothingBetweenBlocks) {
  unsigned sum = 0, wrapped = 0, low = UINT_MAX, bits = 0, flips = 0, ones = ~0u, down = 3;
  int high = INT_MIN, difference = 0;
  float real = 0;
  double fine = 0;
  unsigned long long wide = 0;
  run(40, 64, [&] {
    atomicAdd(&sum, 1u);
    atomicAdd(&real, 1.0f);
    atomicAdd(&fine, 0.5);
    atomicAdd(&wide, 1ull << 33);
    atomicSub(&difference, 1);
    atomicInc(&wrapped, 9u);
    atomicDec(&down, 3u);
    atomicMin(&low, blockIdx.x * 64 + threadIdx.x + 5);
    atomicMax(&high, -static_cast<int>(threadIdx.x));
    atomicOr(&bits, 1u << threadIdx.x % 32);
    atomicAnd(&ones, ~(1u << threadIdx.x % 16));
    atomicXor(&flips, 1u);
  });
  EXPECT_EQ(sum, 2560u);
  EXPECT_EQ(real, 2560.0f);
  EXPECT_EQ(fine, 1280.0);
  EXPECT_EQ(wide, 2560ull << 33);
  EXPECT_EQ(difference, -2560);
  EXPECT_EQ(wrapped, 0u);
  EXPECT_EQ(down, 3u);
  EXPECT_EQ(low, 5u);
  EXPECT_EQ(high, 0);
  EXPECT_EQ(bits, ~0u);
  EXPECT_EQ(ones, 0xffff0000u);
  EXPECT_EQ(flips, 0u);
}

TEST(Atomics, ReturnTheOldValue) {
  int value = 7, seen[3] = {};
  run(1, 1, [&] {
    seen[0] = atomicCAS(&value, 6, 1);
    seen[1] = atomicCAS(&value, 7, 2);
    seen[2] = atomicExch(&value, 9);
  });
  EXPECT_EQ(seen[0], 7);
  EXPECT_EQ(seen[1], 7);
  EXPECT_EQ(seen[2], 2);
  EXPECT_EQ(value, 9);
}

TEST(Bits, AgreeWithPlainLoops) {
  for (const unsigned x : {0u, 1u, 2u, 0x80000000u, 0xffffffffu, 0x12345678u, 0x00f0000fu}) {
    int ones = 0, leading = 0, lowest = 0;
    unsigned reversed = 0;
    for (int b = 0; b < 32; ++b) {
      ones += static_cast<int>(x >> b & 1);
      reversed = reversed << 1 | (x >> b & 1);
      if (lowest == 0 && (x >> b & 1) != 0) lowest = b + 1;
    }
    while (leading < 32 && (x >> (31 - leading) & 1) == 0) ++leading;
    EXPECT_EQ(__popc(x), ones);
    EXPECT_EQ(__clz(static_cast<int>(x)), leading);
    EXPECT_EQ(__ffs(static_cast<int>(x)), lowest);
    EXPECT_EQ(__brev(x), reversed);
    EXPECT_EQ(__popcll(std::uint64_t{x} << 32), ones);
    EXPECT_EQ(__clzll(static_cast<long long>(x)), leading + 32);
  }
  EXPECT_EQ(__umulhi(0xffffffffu, 0xffffffffu), 0xfffffffeu);
  EXPECT_EQ(__mulhi(INT_MIN, INT_MIN), 1 << 30);
  EXPECT_EQ(__umul64hi(~0ull, ~0ull), ~0ull - 1);
  EXPECT_EQ(__funnelshift_l(0x80000000u, 1u, 1), 3u);
  EXPECT_EQ(__funnelshift_r(0x80000000u, 1u, 1), 0xc0000000u);
  EXPECT_EQ(__byte_perm(0x33221100u, 0x77665544u, 0x7410u), 0x77441100u);
  EXPECT_EQ(__byte_perm(0x000000f0u, 0u, 0x0008u), 0xf0f0f0ffu);
}

TEST(Arithmetic, FmaRoundsOnceAndConversionsSaturate) {
  const float x = 1.0f + 0x1p-12f;
  EXPECT_EQ(__fmaf_rn(x, x, -1.0f), static_cast<float>(double{x} * x - 1.0));
  EXPECT_NE(__fadd_rn(__fmul_rn(x, x), -1.0f), __fmaf_rn(x, x, -1.0f));
  EXPECT_EQ(__frcp_rn(3.0f), 1.0f / 3.0f);
  EXPECT_EQ(__fsqrt_rn(2.0f), std::sqrt(2.0f));
  EXPECT_EQ(__float2int_rn(2.5f), 2);
  EXPECT_EQ(__float2int_rz(-2.5f), -2);
  EXPECT_EQ(__float2int_rd(-2.5f), -3);
  EXPECT_EQ(__float2int_ru(2.1f), 3);
  EXPECT_EQ(__float2int_rz(NAN), 0);
  EXPECT_EQ(__float2int_rz(3e9f), INT_MAX);
  EXPECT_EQ(__float2int_rz(-3e9f), INT_MIN);
  EXPECT_EQ(__float_as_uint(-0.0f), 0x80000000u);
  EXPECT_EQ(__uint_as_float(0x3f800000u), 1.0f);
  EXPECT_EQ(max(NAN, 1.0f), 1.0f);
  EXPECT_EQ(min(3, 2), 2);
}

TEST(AsynchronousCopies, AreDoneAtTheWaitAndFillWithZeros) {
  alignas(16) static float source[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  std::array<float, 6> got{};
  run(1, 1, [&] {
    SHARED(tile, float4[2]);
    const float* flat = &tile[0].x;
    copy_async<16>(&tile[0], source);
    commit_copies();
    copy_async<16>(&tile[1], source + 4, 8);
    commit_copies();
    got[0] = flat[0];
    wait_copies<1>();
    got[1] = flat[0];
    got[2] = flat[4];
    wait_copies<0>();
    got[3] = flat[5];
    got[4] = flat[6];
    copy_async<4>(&tile[0], source + 7);
    wait_copies<0>();  // not committed: not waited for
    got[5] = flat[0];
    commit_copies();
    wait_copies<0>();
  });
  EXPECT_TRUE(std::isnan(got[0]));
  EXPECT_EQ(got[1], 1.0f);
  EXPECT_TRUE(std::isnan(got[2]));
  EXPECT_EQ(got[3], 6.0f);
  EXPECT_EQ(got[4], 0.0f);
  EXPECT_EQ(got[5], 1.0f);
}

TEST(BuiltInVariables, WalkThreeDimensions) {
  std::vector<int> visits(2 * 3 * 4 * 5 * 6 * 7, 0);
  const auto body = [&] {
    const unsigned block = blockIdx.x + 2 * (blockIdx.y + 3 * blockIdx.z);
    const unsigned thread = threadIdx.x + 5 * (threadIdx.y + 6 * threadIdx.z);
    ++visits[block * 210 + thread];
    EXPECT_EQ(gridDim.z, 4u);
    EXPECT_EQ(blockDim.y, 6u);
  };
  launch(nullptr, {dim3(2, 3, 4), dim3(5, 6, 7)}, "test", call<decltype(body)>, body);
  for (const int count : visits) EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace thalweg
