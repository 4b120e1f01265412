// Which features a batch touches, in ascending order, and for each entry its place among them. Two ways to
// the same answer: a bitmap over all features when the batch has enough entries to pay for scanning it, else
// a radix sort of (feature, entry) pairs.
#include "kernels/sparse_linear/sparse_index_cpu.hpp"

#include "kernels/common/parallel.hpp"
#include "kernels/common/simd.hpp"
#include "kernels/common/tasks_cpu.hpp"
#include "kernels/sparse_linear/sparse_entries.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

using Word = std::uint64_t;

constexpr std::int64_t kWordBits = 64;
constexpr std::int64_t kBlockWords = 64;  // words whose emptiness one mask describes
/// A bitmap of this many features per entry costs about what sorting the entry does.
constexpr std::int64_t kFeaturesPerEntry = 512;
constexpr std::int64_t kBlockFeatures = kBlockWords * kWordBits;
constexpr std::int64_t kEntriesWorthAThread = 4096;  // fewer are not worth waking one
constexpr std::int64_t kTasksPerThread = 4;
constexpr std::int64_t kFeaturesPerBlock = 64;  // listing a block costs what listing so many features does

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
std::int64_t count_entries(const Context& ctx, const SparseRows& input, std::int64_t* row_begin) {
  constexpr std::int64_t kElementsPerRow = 128;  // a row's offset comes from far away
  for_rows(ctx.pool(), input.rows, kElementsPerRow, [&input, row_begin](std::int64_t n) {
    const std::int64_t id = sparse_row_id(input, n);
    row_begin[n + 1] = input.offsets[id + 1] - input.offsets[id];
  });
  row_begin[0] = 0;
  for (std::int64_t n = 0; n < input.rows; ++n) row_begin[n + 1] += row_begin[n];
  return row_begin[input.rows];
}

/// The bitmap way. Threads mark the features of the rows they take in bitmaps of their own, so that no word
/// moves between cores while it changes, and then share out the words: the union of the bitmaps gives each
/// feature its rank.
class BitmapIndex {
 public:
  BitmapIndex(const Context& ctx, const SparseIndexArgs& args, std::int64_t entries)
      : pool_(ctx.pool()), input_(args.input), touched_(args.touched) {
    const std::int64_t most =
        kFeaturesPerEntry * entries / input_.cols;  // bitmaps that are worth their clearing
    const std::int64_t threads = pool_.threads();
    tasks_ = entries < 2 * kEntriesWorthAThread ? 1 : threads <= most ? kTasksPerThread * threads : most;
    blocks_ = (input_.cols + kBlockFeatures - 1) / kBlockFeatures;
    const std::int64_t words = blocks_ * kBlockWords, bitmaps = threads < tasks_ ? threads : tasks_;
    places_ = static_cast<Place*>(ctx.scratch(words * std::int64_t{sizeof(Place)} +
                                              words * bitmaps * std::int64_t{sizeof(Word)} +
                                              (blocks_ + 1) * std::int64_t{sizeof(std::int64_t)} +
                                              (threads + tasks_ + 1) * std::int64_t{sizeof(std::int64_t)}));
    bits_ = reinterpret_cast<Word*>(places_ + words);
    first_rank_ = reinterpret_cast<std::int64_t*>(bits_ + words * bitmaps);
    first_block_ = first_rank_ + blocks_ + 1;
    bitmap_of_ = first_block_ + tasks_ + 1;
    for (std::int64_t thread = 0; thread < threads; ++thread) bitmap_of_[thread] = -1;
  }

  void build() {
    pool_.run(tasks_, [this](std::int64_t task, int thread) { mark(task, thread); });
    pool_.run(tasks_, [this](std::int64_t task, int) { unite(task); });
    share_out();
    pool_.run(tasks_, [this](std::int64_t task, int) { list_features(task); });
    pool_.run(tasks_, [this](std::int64_t task, int) { find_slots(task); });
  }

 private:
  /// 64 features of which those in `bits` are touched, the first of them behind position `before` of the
  /// list.
  struct Place {
    Word bits;
    std::int64_t before;
  };

  /// The first of `count` things that is the task's; those of the next task follow.
  std::int64_t share(std::int64_t count, std::int64_t task) const { return count * task / tasks_; }

  /// The thread's bitmap, empty when it asks for the first time.
  Word* own_bits(int thread) {
    const std::int64_t words = blocks_ * kBlockWords;
    if (bitmap_of_[thread] < 0) {
      bitmap_of_[thread] = __atomic_fetch_add(&bitmaps_, 1, __ATOMIC_RELAXED);
      __builtin_memset(bits_ + bitmap_of_[thread] * words, 0, static_cast<std::size_t>(words) * sizeof(Word));
    }
    return bits_ + bitmap_of_[thread] * words;
  }

  template <class Visit>
  THALWEG_HD void for_each_row(std::int64_t task, const Visit& visit) const {
    walk_rows(
        input_, share(input_.rows, task), share(input_.rows, task + 1),
        [this](std::int64_t n) { prefetch_columns(input_, n); }, visit);
  }

  /// Byte by byte: frequent features are neighbours more often than not, and of two that change the same
  /// unit of memory the second waits for the first.
  void mark(std::int64_t task, int thread) {
    static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "byte b of a word holds its bits from 8 b on");
    auto* const bytes = reinterpret_cast<unsigned char*>(own_bits(thread));
    for_each_row(task, [bytes](std::int64_t, SparseEntries row) {
      for (std::int64_t j = 0; j < row.count; ++j) {
        const auto column = static_cast<std::uint32_t>(row.columns[j]);
        bytes[column / 8] = static_cast<unsigned char>(bytes[column / 8] | 1u << (column % 8));
      }
    });
  }

  /// The union of the bitmaps, in the first one, and how many features each block has (first_rank_, for now).
  void unite(std::int64_t task) {
    const std::int64_t words = blocks_ * kBlockWords, end = share(blocks_, task + 1);
    for (std::int64_t block = share(blocks_, task); block < end; ++block) {
      Word* const bits = bits_ + block * kBlockWords;
      for (std::int64_t other = 1; other < bitmaps_; ++other)
        for (std::int64_t w = 0; w < kBlockWords; ++w) bits[w] |= bits[other * words + w];
      std::int64_t count = 0;
      for (std::int64_t w = 0; w < kBlockWords; ++w) count += __builtin_popcountll(bits[w]);
      first_rank_[block] = count;
    }
  }

  /// Ranks of the blocks' first features, and runs of blocks that take about as long to list.
  void share_out() {
    std::int64_t rank = 0;
    for (std::int64_t block = 0; block < blocks_; ++block) {
      const std::int64_t count = first_rank_[block];
      first_rank_[block] = rank;
      rank += count;
    }
    first_rank_[blocks_] = rank;
    *touched_.count = rank;
    const std::int64_t work = rank + blocks_ * kFeaturesPerBlock;
    std::int64_t block = 0;
    for (std::int64_t task = 0; task <= tasks_; ++task) {
      while (block < blocks_ && first_rank_[block] + block * kFeaturesPerBlock < share(work, task)) ++block;
      first_block_[task] = block;
    }
  }

  void list_features(std::int64_t task) {
    const std::int64_t end = first_block_[task + 1], last_rank = first_rank_[end];
    for (std::int64_t block = first_block_[task]; block < end; ++block) {
      std::int64_t rank = first_rank_[block];
      Word filled = nonzero_words(bits_ + block * kBlockWords);
      for (; filled != 0; filled &= filled - 1) {
        const std::int64_t w = block * kBlockWords + __builtin_ctzll(filled);
        places_[w] = {bits_[w], rank - 1};
        rank = list_word(w, rank, last_rank);
      }
    }
  }

  /// Lists the features of word w from `rank` on and returns the rank after them. Most words have few, but
  /// who knows how many: up to four are written without asking, what is too much being overwritten by the
  /// next word, unless there is none in the task.
  std::int64_t list_word(std::int64_t w, std::int64_t rank, std::int64_t last_rank) {
    constexpr int kUnasked = 4;
    const auto base = static_cast<std::int32_t>(w * kWordBits);
    std::int32_t* const features = touched_.features + rank;
    Word bits = bits_[w];
    const std::int64_t count = __builtin_popcountll(bits);
    std::int64_t i = 0;
    if (rank + kUnasked <= last_rank) {
      for (; i < kUnasked; ++i, bits &= bits - 1)
        features[i] = base + __builtin_ctzll(bits | Word{1} << (kWordBits - 1));
    }
    for (; i < count; ++i, bits &= bits - 1) features[i] = base + __builtin_ctzll(bits);
    return rank + count;
  }

  void find_slots(std::int64_t task) {
    for_each_row(task, [this](std::int64_t n, SparseEntries row) {
      std::int32_t* const slots = touched_.slots + touched_.row_begin[n];
      for (std::int64_t j = 0; j < row.count; ++j) {
        const auto column = static_cast<std::uint32_t>(row.columns[j]);
        const Place& place = places_[column / kWordBits];
        const Word up_to_own = place.bits << (kWordBits - 1 - column % kWordBits);
        slots[j] = static_cast<std::int32_t>(place.before + __builtin_popcountll(up_to_own));
      }
    });
  }

  ThreadPool& pool_;
  const SparseRows& input_;
  const TouchedFeatures& touched_;
  std::int64_t tasks_ = 1, blocks_ = 0;
  Place* places_ = nullptr;              // of each word that is not empty
  Word* bits_ = nullptr;                 // of each bitmap in turn
  std::int64_t* bitmap_of_ = nullptr;    // by thread
  std::int64_t bitmaps_ = 0;             // in use
  std::int64_t* first_rank_ = nullptr;   // by block
  std::int64_t* first_block_ = nullptr;  // by task of list_features
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
  const std::int64_t entries = count_entries(ctx, args.input, args.touched.row_begin);
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
