#include "kernels/base/simd.hpp"
#include "kernels/base/tasks_cpu.hpp"
#include "kernels/order/order.hpp"
#include "kernels/order/order_math.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

/// Rows of a task: enough to be worth a thread, and that the last ones, which walk alone, do not count.
constexpr std::int64_t kLeastTaskRows = 128, kMostTaskRows = 1024;
constexpr std::int64_t kElementsPerRow = 16;  // a row's passes cost as much as so many elements elsewhere

constexpr int kWords = kLanes / 2;
typedef std::uint64_t Words __attribute__((vector_size(8 * kWords)));

struct VectorProduct {
  THALWEG_HD static Words of(Words words) {
    const Words multiplier = Words{} + kFeistelMultiplier;
#if defined(__AVX512F__)
    // The masked form, because GCC 12 warns about the undefined pass-through of the plain one.
    return (Words)_mm512_maskz_mul_epu32(0xFF, (__m512i)words, (__m512i)multiplier);
#elif defined(__AVX2__)
    return (Words)_mm256_mul_epu32((__m256i)words, (__m256i)multiplier);
#else
    return words * multiplier;
#endif
  }
};

/// A position per lane, in 64 bits.
struct VectorPass {
  using Word = Words;
  using Product = VectorProduct;

  THALWEG_HD static int keep(const Feistel& network, int walking, std::uint64_t* value, std::int64_t* index) {
#if defined(__AVX512F__)
    int kept = 0;
    for (int w = 0; w < walking; w += kWords) {
      const __m512i at = _mm512_load_si512(value + w), where = _mm512_load_si512(index + w);
      const int left = walking - w;
      const __mmask8 on = _mm512_mask_cmpge_epu64_mask(left < kWords ? (1u << left) - 1 : 0xFF, at,
                                                       _mm512_set1_epi64(network.rows));
      _mm512_storeu_si512(value + kept, _mm512_maskz_compress_epi64(on, at));
      _mm512_storeu_si512(index + kept, _mm512_maskz_compress_epi64(on, where));
      kept += __builtin_popcount(on);  // mutant: cycle-walking
    }
    return kept;
#else
    return PlainPass::keep(network, walking, value, index);
#endif
  }
};

void batch(const Device& device, const OrderArgs& args) {
  const BatchPlace place = *args.place;
  const std::int64_t threads = device.pool.threads(), fair = (args.count + threads - 1) / threads;
  const std::int64_t rows = fair < kLeastTaskRows  ? kLeastTaskRows
                            : fair < kMostTaskRows ? fair
                                                   : kMostTaskRows;
  for_tasks(device.pool, (args.count + rows - 1) / rows, args.count * kElementsPerRow,
            [&](std::int64_t task) {
              const std::int64_t begin = task * rows;
              const std::int64_t count = args.count - begin < rows ? args.count - begin : rows;
              std::int64_t* const ids = args.ids + begin;
              feistel_rows<VectorPass>(place.network, place.first + begin, count, ids);  // mutant: task-begin
              if (args.rows == nullptr) return;  // mutant: training-rows
              for (std::int64_t i = 0; i < count; ++i) ids[i] = args.rows[ids[i]];
            });
}

}  // namespace

extern const OrderOps order_cpu;
const OrderOps order_cpu{.batch = &batch};
}  // namespace thalweg::THALWEG_ISA
