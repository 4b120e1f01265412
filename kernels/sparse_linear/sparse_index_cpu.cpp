// Which features a batch touches, in ascending order, and for each entry its place among them. Two ways to
// the same answer: a bitmap over all features when the batch has enough entries to pay for scanning it, else
// a radix sort of (feature, entry) pairs.
#include "kernels/sparse_linear/sparse_index_cpu.hpp"

#include "kernels/common/parallel.hpp"
#include "kernels/common/simd.hpp"
#include "kernels/sparse_linear/sparse_entries.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

using Word = std::uint64_t;

constexpr std::int64_t kWordBits = 64;
constexpr std::int64_t kBlockWords = 64;  // words whose emptiness one mask describes
constexpr std::int64_t kBlockBits = kBlockWords * kWordBits;
/// A bitmap of this many features per entry costs about what sorting the entry does.
constexpr std::int64_t kFeaturesPerEntry = 512;
/// Fewer are not worth a thread: moving marked words between cores costs more than marking them.
constexpr std::int64_t kEntriesPerTask = 32768;
constexpr std::int64_t kMaxTasks = 8;  // each has a bitmap of its own, merged afterwards

/// Bit i of the result: word i is not zero, for one block.
THALWEG_HD Word nonzero_words(const Word* words) {
  Word mask = 0;
#if defined(__AVX512F__)
  for (int i = 0; i < kBlockWords; i += 8) {
    const __m512i eight = _mm512_loadu_si512(words + i);
    mask |= static_cast<Word>(_mm512_test_epi64_mask(eight, eight)) << i;
  }
#elif defined(__AVX2__)
  for (int i = 0; i < kBlockWords; i += 4) {
    const __m256i four = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(words + i));
    const __m256i empty = _mm256_cmpeq_epi64(four, _mm256_setzero_si256());
    mask |= static_cast<Word>(~_mm256_movemask_pd(_mm256_castsi256_pd(empty)) & 15) << i;
  }
#else
  for (int i = 0; i < kBlockWords; ++i) mask |= static_cast<Word>(words[i] != 0) << i;
#endif
  return mask;
}

/// Fills row_begin and returns the number of entries of the batch.
std::int64_t count_entries(const SparseRows& input, std::int64_t* row_begin) {
  std::int64_t entries = 0;
  for (std::int64_t n = 0; n < input.rows; ++n) {
    row_begin[n] = entries;
    const std::int64_t id = sparse_row_id(input, n);
    entries += input.offsets[id + 1] - input.offsets[id];
  }
  row_begin[input.rows] = entries;
  return entries;
}

/// The bitmap way. Every task marks the features of its rows in its own copy of the bitmap; the copies are
/// merged, ranks[w] counts the features before word w, and the slot of a feature is the rank of its word plus
/// the bits below its own.
class BitmapIndex {
 public:
  BitmapIndex(const Context& ctx, const SparseIndexArgs& args, std::int64_t entries)
      : ctx_(ctx), input_(args.input), touched_(args.touched) {
    const std::int64_t wanted = entries / kEntriesPerTask;
    const std::int64_t most = ctx.pool().threads() < kMaxTasks ? ctx.pool().threads() : kMaxTasks;
    tasks_ = wanted < 1 ? 1 : wanted < most ? wanted : most;
    blocks_ = (input_.cols + kBlockBits - 1) / kBlockBits;
    words_ = blocks_ * kBlockWords;
    constexpr std::int64_t kWordBytes = sizeof(Word), kRankBytes = sizeof(std::int32_t);
    bits_ = static_cast<Word*>(ctx.scratch(words_ * (tasks_ * kWordBytes + kRankBytes)));
    ranks_ = reinterpret_cast<std::int32_t*>(bits_ + tasks_ * words_);
  }

  void build() {
    ThreadPool& pool = ctx_.pool();
    pool.run(tasks_, [this](std::int64_t task, int) { mark(task); });
    if (tasks_ > 1) pool.run(tasks_, [this](std::int64_t task, int) { merge(task); });
    for (std::int64_t task = 0, before = 0; task < tasks_; ++task) {
      const std::int64_t count = features_in_[task];
      features_in_[task] = before;
      before += count;
    }
    pool.run(tasks_, [this](std::int64_t task, int) { list_features(task); });
    pool.run(tasks_, [this](std::int64_t task, int) { find_slots(task); });
  }

 private:
  std::int64_t first_row(std::int64_t task) const { return input_.rows * task / tasks_; }
  std::int64_t first_block(std::int64_t task) const { return blocks_ * task / tasks_; }

  void mark(std::int64_t task) {
    Word* bits = bits_ + task * words_;
    for (std::int64_t w = 0; w < words_; ++w) bits[w] = 0;
    const std::int64_t end = first_row(task + 1);
    for (std::int64_t n = first_row(task); n < end; ++n) {
      if (n + kPrefetchRows < end) prefetch_columns(input_, n + kPrefetchRows);
      const SparseEntries row = sparse_entries(input_, n);
      for (std::int64_t j = 0; j < row.count; ++j) {
        const auto column = static_cast<std::uint32_t>(row.columns[j]);
        bits[column / kWordBits] |= Word{1} << (column % kWordBits);
      }
    }
  }

  void merge(std::int64_t task) {
    std::int64_t count = 0;
    const std::int64_t end = first_block(task + 1) * kBlockWords;
    for (std::int64_t w = first_block(task) * kBlockWords; w < end; ++w) {
      Word merged = bits_[w];
      for (std::int64_t copy = 1; copy < tasks_; ++copy) merged |= bits_[copy * words_ + w];
      bits_[w] = merged;
      count += __builtin_popcountll(merged);
    }
    features_in_[task] = count;
  }

  void list_features(std::int64_t task) {
    std::int64_t rank = features_in_[task];
    for (std::int64_t b = first_block(task); b < first_block(task + 1); ++b) {
      for (Word filled = nonzero_words(bits_ + b * kBlockWords); filled != 0; filled &= filled - 1) {
        const std::int64_t w = b * kBlockWords + __builtin_ctzll(filled);
        ranks_[w] = static_cast<std::int32_t>(rank);
        for (Word bits = bits_[w]; bits != 0; bits &= bits - 1)
          touched_.features[rank++] = static_cast<std::int32_t>(w * kWordBits + __builtin_ctzll(bits));
      }
    }
    if (task == tasks_ - 1) *touched_.count = rank;
  }

  void find_slots(std::int64_t task) {
    for (std::int64_t n = first_row(task); n < first_row(task + 1); ++n) {
      const SparseEntries row = sparse_entries(input_, n);
      std::int32_t* slots = touched_.slots + touched_.row_begin[n];
      for (std::int64_t j = 0; j < row.count; ++j) {
        const auto column = static_cast<std::uint32_t>(row.columns[j]);
        const Word below = bits_[column / kWordBits] & ((Word{1} << (column % kWordBits)) - 1);
        slots[j] = ranks_[column / kWordBits] + static_cast<std::int32_t>(__builtin_popcountll(below));
      }
    }
  }

  const Context& ctx_;
  const SparseRows& input_;
  const TouchedFeatures& touched_;
  std::int64_t tasks_ = 1;
  std::int64_t blocks_ = 0;
  std::int64_t words_ = 0;
  Word* bits_ = nullptr;
  std::int32_t* ranks_ = nullptr;
  std::int64_t features_in_[kMaxTasks] = {};  // of each task's blocks, then of the blocks before them
};

/// One stable pass of the radix sort, by the eight bits from `shift` up.
void sort_pass(const std::uint64_t* from, std::uint64_t* to, std::int64_t count, int shift) {
  std::int64_t begin[257] = {};
  for (std::int64_t i = 0; i < count; ++i) ++begin[((from[i] >> shift) & 255) + 1];
  for (int digit = 0; digit < 256; ++digit) begin[digit + 1] += begin[digit];
  for (std::int64_t i = 0; i < count; ++i) to[begin[(from[i] >> shift) & 255]++] = from[i];
}

/// The sorting way: pairs of a feature (upper half) and its entry (lower half).
void index_by_sorting(const Context& ctx, const SparseIndexArgs& args, std::int64_t entries) {
  const SparseRows& input = args.input;
  auto* pairs = static_cast<std::uint64_t*>(ctx.scratch(2 * entries * std::int64_t{sizeof(std::uint64_t)}));
  std::uint64_t* other = pairs + entries;
  std::uint64_t entry = 0;
  for (std::int64_t n = 0; n < input.rows; ++n) {
    const SparseEntries row = sparse_entries(input, n);
    for (std::int64_t j = 0; j < row.count; ++j, ++entry)
      pairs[entry] = static_cast<std::uint64_t>(row.columns[j]) << 32 | entry;
  }
  const auto largest = static_cast<std::uint64_t>(input.cols - 1) << 32;
  for (int shift = 32; shift < 64 && largest >> shift != 0; shift += 8) {
    sort_pass(pairs, other, entries, shift);
    std::uint64_t* sorted = other;
    other = pairs;
    pairs = sorted;
  }
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < entries; ++i) {
    const auto feature = static_cast<std::int32_t>(pairs[i] >> 32);
    if (count == 0 || args.touched.features[count - 1] != feature) args.touched.features[count++] = feature;
    args.touched.slots[static_cast<std::uint32_t>(pairs[i])] = static_cast<std::int32_t>(count - 1);
  }
  *args.touched.count = count;
}

}  // namespace

void sparse_index(const Context& ctx, const SparseIndexArgs& args) {
  const std::int64_t entries = count_entries(args.input, args.touched.row_begin);
  require_index_capacity(args, entries);
  if (entries == 0) {
    *args.touched.count = 0;
  } else if (args.input.cols <= kFeaturesPerEntry * entries) {
    BitmapIndex(ctx, args, entries).build();
  } else {
    index_by_sorting(ctx, args, entries);
  }
}

}  // namespace thalweg::THALWEG_ISA
