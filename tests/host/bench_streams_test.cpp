// The loops that measure memory and arithmetic, on numbers whose results are known: each goes over all that
// it is given and nothing beside it.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "host/bench/chunks.hpp"
#include "host/bench/limits.hpp"

namespace thalweg::bench {
namespace {

constexpr std::int64_t kGuard = 64;
const float kNaN = std::numeric_limits<float>::quiet_NaN();

/// Floats between guards of NaN, which any sum would show, on a cache line's boundary.
class GuardedFloats {
 public:
  GuardedFloats(std::int64_t count, float (*value)(std::int64_t))
      : count_(count), floats_(static_cast<std::size_t>(count + 2 * kGuard + 16), kNaN) {
    const auto address = reinterpret_cast<std::uintptr_t>(floats_.data());
    begin_ = kGuard + static_cast<std::int64_t>((64 - address % 64) % 64 / sizeof(float));
    for (std::int64_t i = 0; i < count; ++i) data()[i] = value(i);
  }
  float* data() { return floats_.data() + begin_; }
  void expect(float (*value)(std::int64_t)) {
    for (std::int64_t i = 0; i < count_; ++i) ASSERT_EQ(data()[i], value(i)) << i;
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(floats_.size()); ++i) {
      if (i < begin_ || i >= begin_ + count_) {
        ASSERT_TRUE(std::isnan(floats_[static_cast<std::size_t>(i)])) << i;
      }
    }
  }

 private:
  std::int64_t count_, begin_;
  std::vector<float> floats_;
};

float count_up(std::int64_t i) { return static_cast<float>(i + 1); }
float zero(std::int64_t) { return 0; }

std::vector<const StreamOps*> all_ops() {
#if defined(__x86_64__)
  if (&stream_ops() != &avx2::streams_cpu) return {&stream_ops(), &avx2::streams_cpu};
#endif
  return {&stream_ops()};
}

TEST(BenchStreams, ReadingAddsUpEveryFloatOnce) {
  for (const StreamOps* ops : all_ops()) {
    for (const std::int64_t count : {128, 256, 1024}) {
      GuardedFloats floats(count, count_up);
      EXPECT_EQ(ops->read(floats.data(), count), static_cast<float>(count * (count + 1) / 2));
    }
  }
}

TEST(BenchStreams, RowsAreReadInTheOrderOfTheirIdsAndOthersAreNot) {
  for (const StreamOps* ops : all_ops()) {
    for (const std::int64_t columns : {1, 3, 8, 15, 16, 17, 127, 128, 129, 300}) {
      constexpr std::int64_t kRows = 40;
      GuardedFloats base(kRows * columns, [](std::int64_t) { return kNaN; });
      std::vector<std::int64_t> ids;
      for (std::int64_t row = kRows - 1; row > 0; row -= 2) ids.push_back(row);  // 20 rows, each counted once
      for (const std::int64_t row : ids)
        for (std::int64_t j = 0; j < columns; ++j) base.data()[row * columns + j] = count_up(j);
      const float sum = static_cast<float>(20 * columns * (columns + 1) / 2);
      for (const std::int64_t ahead : {0, 4, 16})
        EXPECT_EQ(ops->read_rows(base.data(), ids.data(), 20, columns, ahead), sum)
            << columns << " " << ahead;
    }
  }
}

TEST(BenchStreams, CopiesAreEqualAndEndWhereTheyShould) {
  for (const StreamOps* ops : all_ops()) {
    for (const auto copy : {ops->copy, ops->copy_streaming}) {
      GuardedFloats from(256, count_up), to(256, zero);
      copy(to.data(), from.data(), 256);
      to.expect(count_up);
      from.expect(count_up);
    }
  }
}

TEST(BenchStreams, ATriadAddsHalfOfTheSecond) {
  for (const StreamOps* ops : all_ops()) {
    GuardedFloats a(256, count_up), b(256, [](std::int64_t i) { return static_cast<float>(4 * i); }),
        to(256, zero);
    ops->triad(to.data(), a.data(), b.data(), 256);
    to.expect([](std::int64_t i) { return static_cast<float>(3 * i + 1); });  // i + 1 + 4 i / 2
  }
}

/// Gradient 4, states 2, 8 and 16, parameter 1, all times i: a state becomes the change so far and half of
/// itself, 4 + 1 = 5, 5 + 4 = 9, 9 + 8 = 17, and the parameter grows by half of the last.
TEST(BenchStreams, AnUpdateGoesOverEveryStateThatItIsGiven) {
  using Value = float (*)(std::int64_t);
  const Value times4 = [](std::int64_t i) { return static_cast<float>(4 * i); };
  const Value before[] = {[](std::int64_t i) { return static_cast<float>(2 * i); },
                          [](std::int64_t i) { return static_cast<float>(8 * i); },
                          [](std::int64_t i) { return static_cast<float>(16 * i); }};
  const Value after[] = {[](std::int64_t i) { return static_cast<float>(5 * i); },
                         [](std::int64_t i) { return static_cast<float>(9 * i); },
                         [](std::int64_t i) { return static_cast<float>(17 * i); }};
  const Value parameter[] = {[](std::int64_t i) { return 3.0f * static_cast<float>(i); },
                             [](std::int64_t i) { return 3.5f * static_cast<float>(i); },
                             [](std::int64_t i) { return 5.5f * static_cast<float>(i); },
                             [](std::int64_t i) { return 9.5f * static_cast<float>(i); }};
  for (const StreamOps* ops : all_ops()) {
    for (int states = 0; states <= kMostStates; ++states) {
      for (const std::int64_t ahead : {0, 1024}) {
        GuardedFloats param(256, [](std::int64_t i) { return static_cast<float>(i); }), grad(256, times4);
        GuardedFloats s0(256, before[0]), s1(256, before[1]), s2(256, before[2]);
        float* const state[kMostStates] = {s0.data(), s1.data(), s2.data()};
        ops->update(states, param.data(), grad.data(), state, 256, ahead);
        param.expect(parameter[states]);
        grad.expect(times4);
        s0.expect(states > 0 ? after[0] : before[0]);
        s1.expect(states > 1 ? after[1] : before[1]);
        s2.expect(states > 2 ? after[2] : before[2]);
      }
    }
  }
}

/// Factor 2 and chains that begin at 1, 2, ..., 12: each grows by 4 a round, in every lane.
TEST(BenchStreams, EveryChainGrowsByTheProductOfTheFactorsEachRound) {
  for (const StreamOps* ops : all_ops()) {
    std::vector<float> memory(static_cast<std::size_t>(kFmaZeros), kNaN);
    for (int i = 0; i < ops->lanes; ++i) {
      memory[static_cast<std::size_t>(i)] = 2;
      for (std::int64_t c = 0; c < kFmaChains; ++c)
        memory[static_cast<std::size_t>((1 + c) * ops->lanes + i)] = static_cast<float>(c + 1);
    }
    EXPECT_EQ(ops->fma(0, memory.data()), static_cast<float>(ops->lanes * 78));
    EXPECT_EQ(ops->fma(10, memory.data()), static_cast<float>(ops->lanes * (78 + 10 * 12 * 4)));
  }
}

TEST(BenchChunks, CoverEveryPlaceOnceInPiecesOfSixtyFourThousand) {
  const Context ctx({.device = "cpu", .threads = 1});  // in one thread, so that they can be written down
  using Chunks = std::vector<std::pair<std::int64_t, std::int64_t>>;
  const auto chunks_of = [&](std::int64_t count) {
    Chunks chunks;
    over_chunks(ctx, count, [&](std::int64_t begin, std::int64_t n) { chunks.emplace_back(begin, n); });
    return chunks;
  };
  EXPECT_EQ(chunks_of(0), Chunks{});
  EXPECT_EQ(chunks_of(1), (Chunks{{0, 1}}));
  EXPECT_EQ(chunks_of(65536), (Chunks{{0, 65536}}));
  EXPECT_EQ(chunks_of(131073), (Chunks{{0, 65536}, {65536, 65536}, {131072, 1}}));
}

/// A core reads and writes three registers of 64 bytes a cycle at most and takes 64 operations, at 5 GHz:
/// less than 10^12 of either. A loop that does nothing ends in a microsecond, and seems a hundred times as
/// fast.
TEST(BenchLimits, NoRateIsBeyondWhatCoresCanDo) {
  const Context two({.device = "cpu", .threads = 2});
  const Machine machine(two, {.repetitions = 1, .seconds = 0}, std::int64_t{64} << 20);
  for (const MachineFigure& figure : machine.figures()) EXPECT_LT(figure.value, 2e12) << figure.name;
  const std::vector<float> rows(std::size_t{1} << 24);
  std::vector<std::int64_t> ids(1 << 14);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int64_t>(i);
  const ConstMatrix matrix{rows.data(), 1 << 14, 1 << 10, 1 << 10};
  EXPECT_LT(read_matrix_limit(two, matrix)->rate(), 2e12);
  EXPECT_LT(read_rows_limit(two, matrix, ids)->rate(), 2e12);
}

TEST(BenchLimits, ARateIsOfTheBytesThatAMeasurementMoves) {
  const Context one({.device = "cpu", .threads = 1}), two({.device = "cpu", .threads = 2});
  EXPECT_EQ(stream_limit(one, Stream::copy, 4 << 20)->amount(), 8 << 20) << "read and written";
  EXPECT_EQ(stream_limit(one, Stream::copy_streaming, 4 << 20)->amount(), 8 << 20);
  EXPECT_EQ(stream_limit(one, Stream::triad, 4 << 20)->amount(), 12 << 20) << "two are read, one is written";
  EXPECT_EQ(stream_limit(one, Stream::copy, 1)->amount(), 2 * 128 * 4) << "a step at least";
  EXPECT_EQ(stream_limit(one, Stream::copy, 4 * 300)->amount(), 2 * 256 * 4) << "whole steps";
  // 8192 floats a thread; 3051 times both of them are 2e8 bytes: 763 times in 8 tasks
  EXPECT_EQ(read_limit(two, 1 << 16)->amount(), 32768.0 * 8 * 763);
  EXPECT_EQ(read_limit(two, 1 << 16)->name(), "read from cache");
  // 896 of the 1000 floats are whole steps; gradient read, parameter and two states read and written; 3985
  // times are 1e8 bytes
  EXPECT_EQ(update_limit(one, 2, 1000)->amount(), 4.0 * 896 * 7 * 3985);
  const std::vector<float> rows(40 * 16);
  const ConstMatrix matrix{rows.data(), 40, 16, 16};
  EXPECT_EQ(read_matrix_limit(one, matrix)->amount(), 4 * 640);
  EXPECT_EQ(read_rows_limit(one, matrix, {7, 3, 39})->amount(), 4 * 3 * 16);
}

TEST(BenchLimits, ARateIsOfTheOperationsThatAMeasurementTakes) {
  const Context two({.device = "cpu", .threads = 2});
  const double round = 2.0 * 16 * 12;  // of the widest registers
  EXPECT_NEAR(fma_limit(two)->amount(), 2e9, 8 * round);
}

}  // namespace
}  // namespace thalweg::bench
