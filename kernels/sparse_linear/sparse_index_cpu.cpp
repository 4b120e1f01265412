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
/// A bitmap of this many features per entry costs about what sorting the entry does.
constexpr std::int64_t kFeaturesPerEntry = 512;
constexpr std::int64_t kEntriesPerTask = 4096;  // fewer are not worth waking a thread
constexpr std::int64_t kMaxTasks = 16;

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

/// How many of the row's columns lie below `feature`.
THALWEG_HD std::int64_t columns_below(SparseEntries row, std::int64_t feature) {
  std::int64_t below = 0;
  for (std::int64_t left = row.count; left > 0;) {
    const std::int64_t half = (left + 1) / 2;
    below += row.columns[below + half - 1] < feature ? half : 0;
    left -= half;
  }
  return below;
}

/// The bitmap way: ranks[w] counts the features before word w, and the slot of a feature is the rank of its
/// word plus the bits below its own. Each task owns a range of words and, in every row, the entries that fall
/// into it, so that no word of the bitmap moves between cores.
class BitmapIndex {
 public:
  BitmapIndex(const Context& ctx, const SparseIndexArgs& args, std::int64_t entries)
      : ctx_(ctx), input_(args.input), touched_(args.touched) {
    const std::int64_t wanted = entries / kEntriesPerTask;
    const std::int64_t most = ctx.pool().threads() < kMaxTasks ? ctx.pool().threads() : kMaxTasks;
    tasks_ = wanted < 1 ? 1 : wanted < most ? wanted : most;
    words_ = (input_.cols + kWordBits - 1) / kWordBits;
    constexpr std::int64_t kWordBytes = sizeof(Word), kRankBytes = sizeof(std::int32_t);
    bits_ = static_cast<Word*>(ctx.scratch((words_ + kBlockWords) * (kWordBytes + kRankBytes)));
    ranks_ = reinterpret_cast<std::int32_t*>(bits_ + words_ + kBlockWords);
    for (std::int64_t task = 1; task < tasks_; ++task) first_word_[task] = quantile(task) / kWordBits;
    first_word_[tasks_] = words_;
  }

  void build() {
    ThreadPool& pool = ctx_.pool();
    pool.run(tasks_, [this](std::int64_t task, int) { mark(task); });
    for (std::int64_t task = 1; task < tasks_; ++task)
      first_rank_[task] = first_rank_[task - 1] + features_in_[task - 1];
    pool.run(tasks_, [this](std::int64_t task, int) {
      list_features(task);
      find_slots(task);
    });
  }

 private:
  /// A feature that about task / tasks of the entries lie below: the median over a few rows of each one's
  /// own. It ascends with the task because it does so in every row.
  std::int64_t quantile(std::int64_t task) const {
    constexpr std::int64_t kSample = 15;
    std::int64_t sample[kSample];
    std::int64_t size = 0;
    for (std::int64_t i = 0; i < kSample; ++i) {
      const SparseEntries row = sparse_entries(input_, input_.rows * i / kSample);
      if (row.count == 0) continue;
      const std::int64_t feature = row.columns[row.count * task / tasks_];
      std::int64_t at = size++;
      for (; at > 0 && sample[at - 1] > feature; --at) sample[at] = sample[at - 1];
      sample[at] = feature;
    }
    return size > 0 ? sample[size / 2] : 0;
  }

  /// visit(n, row, begin, end) for every row and its entries [begin, end) in the task's words.
  template <class Visit>
  THALWEG_HD void for_each_row(std::int64_t task, Visit visit) const {
    const std::int64_t first = first_word_[task] * kWordBits, last = first_word_[task + 1] * kWordBits;
    for (std::int64_t n = 0; n < input_.rows; ++n) {
      if (n + kPrefetchRows < input_.rows) prefetch_columns(input_, n + kPrefetchRows);
      const SparseEntries row = sparse_entries(input_, n);
      visit(n, row, task == 0 ? 0 : columns_below(row, first),
            task == tasks_ - 1 ? row.count : columns_below(row, last));
    }
  }

  void mark(std::int64_t task) {
    Word* bits = bits_;
    for (std::int64_t w = first_word_[task]; w < first_word_[task + 1]; ++w) bits[w] = 0;
    for_each_row(task, [bits](std::int64_t, SparseEntries row, std::int64_t begin, std::int64_t end) {
      for (std::int64_t j = begin; j < end; ++j) {
        const auto column = static_cast<std::uint32_t>(row.columns[j]);
        bits[column / kWordBits] |= Word{1} << (column % kWordBits);
      }
    });
    if (task == tasks_ - 1) {  // nobody asks how many features follow
      for (std::int64_t w = words_; w < words_ + kBlockWords; ++w) bits[w] = 0;
      return;
    }
    std::int64_t count = 0;
    for (std::int64_t w = first_word_[task]; w < first_word_[task + 1]; ++w)
      count += __builtin_popcountll(bits[w]);
    features_in_[task] = count;
  }

  void list_features(std::int64_t task) {
    std::int64_t rank = first_rank_[task];
    const std::int64_t end = first_word_[task + 1];
    for (std::int64_t block = first_word_[task]; block < end; block += kBlockWords) {
      Word filled = nonzero_words(bits_ + block);
      if (end - block < kBlockWords) filled &= (Word{1} << (end - block)) - 1;  // the rest is another task's
      for (; filled != 0; filled &= filled - 1) {
        const std::int64_t w = block + __builtin_ctzll(filled);
        ranks_[w] = static_cast<std::int32_t>(rank);
        for (Word bits = bits_[w]; bits != 0; bits &= bits - 1)
          touched_.features[rank++] = static_cast<std::int32_t>(w * kWordBits + __builtin_ctzll(bits));
      }
    }
    if (task == tasks_ - 1) *touched_.count = rank;
  }

  void find_slots(std::int64_t task) {
    for_each_row(task, [this](std::int64_t n, SparseEntries row, std::int64_t begin, std::int64_t end) {
      std::int32_t* slots = touched_.slots + touched_.row_begin[n];
      for (std::int64_t j = begin; j < end; ++j) {
        const auto column = static_cast<std::uint32_t>(row.columns[j]);
        const Word below = bits_[column / kWordBits] & ((Word{1} << (column % kWordBits)) - 1);
        slots[j] = ranks_[column / kWordBits] + static_cast<std::int32_t>(__builtin_popcountll(below));
      }
    });
  }

  const Context& ctx_;
  const SparseRows& input_;
  const TouchedFeatures& touched_;
  std::int64_t tasks_ = 1;
  std::int64_t words_ = 0;
  Word* bits_ = nullptr;
  std::int32_t* ranks_ = nullptr;
  std::int64_t first_word_[kMaxTasks + 1] = {};
  std::int64_t features_in_[kMaxTasks] = {};  // of every task but the last
  std::int64_t first_rank_[kMaxTasks] = {};
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
