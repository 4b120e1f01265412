#include "kernels/common/simd.hpp"
#include "kernels/common/tasks_cpu.hpp"
#include "kernels/order/order.hpp"
#include "kernels/order/order_math.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

/// Rows of a task: enough to be worth a thread, and that the last ones, which pass alone, do not count.
constexpr std::int64_t kLeastTaskRows = 128, kMostTaskRows = 1024;
constexpr std::int64_t kElementsPerRow = 128;  // a row's passes cost as much as so many elements elsewhere

constexpr int kWords = kLanes / 2;
typedef std::uint64_t Words __attribute__((vector_size(8 * kWords)));

/// The products of the lower halves.
THALWEG_HD Words product(Words a, Words b) {
#if defined(__AVX512F__)
  // The masked form, because GCC 12 warns of the plain one's undefined pass-through.
  return (Words)_mm512_maskz_mul_epu32(0xFF, (__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
  return (Words)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#else
  constexpr std::uint64_t kLow = 0xffffffffu;
  return (a & kLow) * (b & kLow);
#endif
}

/// feistel.hpp with a position per lane, in 64 bits. Upper halves of the words of a Philox block hold what
/// happens to be there: the products ignore them, and the network's mask removes them.
class VectorPass {
 public:
  static constexpr int kVecs = 4;  ///< what a core multiplies while one waits for its product
  static constexpr int kWalkers = kVecs * kWords;

  THALWEG_HD static void run(const Feistel& network, std::uint64_t* value, int walking) {
    if (walking > kWords) {
      pass<kVecs>(network, value);
    } else {
      pass<1>(network, value);
    }
  }

 private:
  template <int vecs>
  THALWEG_HD static void pass(const Feistel& network, std::uint64_t* value) {
    const std::uint64_t mask = (std::uint64_t{1} << network.half_bits) - 1;
    Words left[vecs], right[vecs];
    for (int v = 0; v < vecs; ++v) {
      Words both;
      __builtin_memcpy(&both, value + v * kWords, sizeof both);
      left[v] = both >> network.half_bits;
      right[v] = both & mask;
    }
    const int rounds = feistel_rounds(network.half_bits);
    for (int round = 0; round < rounds; ++round) {
      Words word[vecs];
      philox_words<vecs>(network, round, right, word);
      for (int v = 0; v < vecs; ++v) {
        const Words next = left[v] ^ (word[v] & mask);
        left[v] = right[v];
        right[v] = next;
      }
    }
    for (int v = 0; v < vecs; ++v) {
      const Words both = (left[v] << network.half_bits) | right[v];
      __builtin_memcpy(value + v * kWords, &both, sizeof both);
    }
  }

  /// Word 0 of each position's block of philox.hpp.
  template <int vecs>
  THALWEG_HD static void philox_words(const Feistel& network, int feistel_round, const Words* right,
                                      Words* out) {
    constexpr std::uint64_t kMultiplier0 = 0xD2511F53u, kMultiplier1 = 0xCD9E8D57u;
    constexpr std::uint32_t kWeyl0 = 0x9E3779B9u, kWeyl1 = 0xBB67AE85u;
    Words word0[vecs], word1[vecs], word2[vecs], word3[vecs];
    for (int v = 0; v < vecs; ++v) {
      word0[v] = right[v];
      word1[v] = Words{} + static_cast<std::uint64_t>(feistel_round);
      word2[v] = Words{} + (network.epoch & 0xffffffffu);
      word3[v] = Words{} + (network.epoch >> 32);
    }
    PhiloxKey key = network.key;
#pragma GCC unroll 10
    for (int round = 0; round < 10; ++round) {
      for (int v = 0; v < vecs; ++v) {
        const Words p0 = product(word0[v], Words{} + kMultiplier0);
        const Words p1 = product(word2[v], Words{} + kMultiplier1);
        word0[v] = (p1 >> 32) ^ word1[v] ^ std::uint64_t{key.lo};
        word2[v] = (p0 >> 32) ^ word3[v] ^ std::uint64_t{key.hi};
        word1[v] = p1;
        word3[v] = p0;
      }
      key.lo += kWeyl0;
      key.hi += kWeyl1;
    }
    for (int v = 0; v < vecs; ++v) out[v] = word0[v];
  }
};

void batch(const Context& ctx, const OrderArgs& args) {
  const BatchPlace place = *args.place;
  const std::int64_t threads = ctx.pool().threads(), fair = (args.count + threads - 1) / threads;
  const std::int64_t rows = fair < kLeastTaskRows  ? kLeastTaskRows
                            : fair < kMostTaskRows ? fair
                                                   : kMostTaskRows;
  for_tasks(ctx.pool(), (args.count + rows - 1) / rows, args.count * kElementsPerRow, [&](std::int64_t task) {
    const std::int64_t begin = task * rows;
    const std::int64_t count = args.count - begin < rows ? args.count - begin : rows;
    std::int64_t* const ids = args.ids + begin;
    feistel_rows<VectorPass>(place.network, place.first + begin, count, ids);
    if (args.rows == nullptr) return;
    for (std::int64_t i = 0; i < count; ++i) ids[i] = args.rows[ids[i]];
  });
}

}  // namespace

extern const OrderOps order_cpu;
const OrderOps order_cpu{.batch = &batch};
}  // namespace thalweg::THALWEG_ISA
