// Which features a batch touches, in ascending order, and for each entry its place among them. Two ways to
// the same answer: a bitmap over all features when the batch has enough entries to pay for scanning it, else
// a radix sort of (feature, entry) pairs.
#include "kernels/sparse_linear/sparse_index_cpu.hpp"

#include "kernels/base/parallel.hpp"
#include "kernels/base/tasks_cpu.hpp"
#include "kernels/sparse_linear/feature_bits_cpu.hpp"
#include "kernels/sparse_linear/sorted_index_cpu.hpp"
#include "kernels/sparse_linear/sparse_entries.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

/// A bitmap of this many features per entry costs about what sorting the entry does.
constexpr std::int64_t kFeaturesPerEntry = 512;
constexpr std::int64_t kBlockFeatures = kBlockWords * kWordBits;
constexpr std::int64_t kEntriesWorthAThread = 4096;  // fewer are not worth waking one
constexpr std::int64_t kTasksPerThread = 4;
constexpr std::int64_t kFeaturesPerBlock = 64;  // listing a block costs what listing so many features does

/// Fills row_begin and returns the number of entries of the batch.
std::int64_t count_entries(const Device& device, const SparseRows& input, std::int64_t* row_begin) {
  constexpr std::int64_t kElementsPerRow = 128;  // a row's offset comes from far away
  for_rows(device.pool, input.rows, kElementsPerRow, [&input, row_begin](std::int64_t n) {
    const std::int64_t id = sparse_row_id(input, n);
    row_begin[n + 1] = input.offsets[id + 1] - input.offsets[id];
  });
  row_begin[0] = 0;
  for (std::int64_t n = 0; n < input.rows; ++n) row_begin[n + 1] += row_begin[n];
  return row_begin[input.rows];
}

/// The bitmap way. What one core has written is slow for another to read, so each thread marks the features
/// of its rows in a bitmap of its own, and threads tell each other no more than the features that were new to
/// them. With these each completes its bitmap, and from there on it ranks, lists and looks up in its own
/// memory.
class BitmapIndex {
 public:
  BitmapIndex(const Device& device, const SparseIndexArgs& args, std::int64_t entries)
      : frame_(device), pool_(device.pool), input_(args.input), touched_(args.touched) {
    const std::int64_t most =
        kFeaturesPerEntry * entries / input_.cols;  // bitmaps that are worth their clearing
    const std::int64_t threads = pool_.threads();
    tasks_ = entries < 2 * kEntriesWorthAThread ? 1 : threads <= most ? kTasksPerThread * threads : most;
    blocks_ = (input_.cols + kBlockFeatures - 1) / kBlockFeatures;
    // Threads that take tasks of the second job need not be those of the first.
    const std::int64_t bitmaps = threads < 2 * tasks_ ? threads : 2 * tasks_;
    bitmaps_ = frame_.take<Bitmap>(threads);
    marked_ = frame_.take<Marked>(tasks_);
    bits_ = frame_.take<Word>(bitmaps * words());
    before_ = frame_.take<std::int32_t>(bitmaps * ranks());
    new_features_ = frame_.take<std::int32_t>(entries);
    for (std::int64_t thread = 0; thread < threads; ++thread) bitmaps_[thread] = {};
  }

  void build() {
    pool_.run(tasks_, [this](std::int64_t task, int thread) { mark(task, thread); });
    pool_.run(tasks_, [this](std::int64_t task, int thread) {
      const Bitmap& whole = completed(thread);
      list_features(whole, task);
      find_slots(whole, task);
    });
  }

 private:
  /// A thread's. Once it is complete, `before[w]` features come before those of word w.
  struct alignas(64) Bitmap {
    Word* bits = nullptr;
    std::int32_t* before = nullptr;
    bool complete = false;
  };

  /// The features that a task of mark found and that were new to its thread: `count` of new_features_ from
  /// the place of the task's first entry on.
  struct alignas(64) Marked {
    std::int64_t count;
    int thread;
  };

  std::int64_t words() const { return blocks_ * kBlockWords; }
  /// Of each word, and of the end; whole cache lines.
  std::int64_t ranks() const { return words() + kBlockWords; }

  /// The first of `count` things that is the task's; those of the next task follow.
  std::int64_t share(std::int64_t count, std::int64_t task) const { return count * task / tasks_; }

  std::int32_t* new_features(std::int64_t task) const {
    return new_features_ + touched_.row_begin[share(input_.rows, task)];
  }

  /// The thread's bitmap, empty when it asks for the first time.
  Bitmap& own(int thread) {
    Bitmap& bitmap = bitmaps_[thread];
    if (bitmap.bits == nullptr) {
      const std::int64_t number = __atomic_fetch_add(&bitmaps_in_use_, 1, __ATOMIC_RELAXED);
      bitmap = {bits_ + number * words(), before_ + number * ranks()};
      __builtin_memset(bitmap.bits, 0, static_cast<std::size_t>(words()) * sizeof(Word));
    }
    return bitmap;
  }

  template <class Visit>
  THALWEG_HD void for_each_row(std::int64_t task, const Visit& visit) const {
    walk_rows(
        input_, share(input_.rows, task), share(input_.rows, task + 1),
        [this](std::int64_t n) { prefetch_columns(input_, n); }, visit);
  }

  /// Who knows whether a feature is new: each is listed, and overwritten by the next if it was not.
  void mark(std::int64_t task, int thread) {
    Word* const bits = own(thread).bits;
    std::int32_t* const list = new_features(task);
    std::int64_t count = 0;
    for_each_row(task, [bits, list, &count](std::int64_t, SparseEntries row) {
      for (std::int64_t j = 0; j < row.count; ++j) {
        list[count] = row.columns[j];
        count += mark_feature(bits, row.columns[j]) ? 1 : 0;
      }
    });
    marked_[task] = {count, thread};
  }

  /// The thread's bitmap with the features of the whole batch, ranked.
  const Bitmap& completed(int thread) {
    Bitmap& bitmap = own(thread);
    if (bitmap.complete) return bitmap;
    for (std::int64_t task = 0; task < tasks_; ++task) {
      if (marked_[task].thread == thread) continue;
      const std::int32_t* const list = new_features(task);
      for (std::int64_t i = 0; i < marked_[task].count; ++i) mark_feature(bitmap.bits, list[i]);
    }
    bitmap.before[words()] = rank_words(bitmap.bits, words(), bitmap.before);
    bitmap.complete = true;
    return bitmap;
  }

  /// The first block that the task lists. Blocks are shared out so that listing takes about as long.
  std::int64_t first_block(const Bitmap& bitmap, std::int64_t task) const {
    const auto work = [&bitmap](std::int64_t block) {
      return bitmap.before[block * kBlockWords] + block * kFeaturesPerBlock;
    };
    const std::int64_t wanted = share(work(blocks_), task);
    std::int64_t first = 0, last = blocks_;
    while (first < last) {
      const std::int64_t middle = first + (last - first) / 2;
      work(middle) < wanted ? first = middle + 1 : last = middle;
    }
    return first;
  }

  void list_features(const Bitmap& bitmap, std::int64_t task) {
    const std::int64_t end = first_block(bitmap, task + 1), last_rank = bitmap.before[end * kBlockWords];
    for (std::int64_t block = first_block(bitmap, task); block < end; ++block) {
      Word filled = nonzero_words(bitmap.bits + block * kBlockWords);
      for (; filled != 0; filled &= filled - 1)
        list_word(bitmap, block * kBlockWords + __builtin_ctzll(filled), last_rank);
    }
    if (task + 1 == tasks_) *touched_.count = last_rank;
  }

  /// Lists the features of word w. Most words have few, but who knows how many: up to four are written
  /// without asking, what is too much being overwritten by the next word, unless there is none in the task.
  void list_word(const Bitmap& bitmap, std::int64_t w, std::int64_t last_rank) {
    constexpr int kUnasked = 4;
    const auto base = static_cast<std::int32_t>(w * kWordBits);
    const std::int64_t rank = bitmap.before[w], count = bitmap.before[w + 1] - rank;
    std::int32_t* const features = touched_.features + rank;
    Word bits = bitmap.bits[w];
    std::int64_t i = 0;
    if (rank + kUnasked <= last_rank) {
      for (; i < kUnasked; ++i, bits &= bits - 1)
        features[i] = base + __builtin_ctzll(bits | Word{1} << (kWordBits - 1));
    }
    for (; i < count; ++i, bits &= bits - 1) features[i] = base + __builtin_ctzll(bits);
  }

  void find_slots(const Bitmap& bitmap, std::int64_t task) {
    for_each_row(task, [this, &bitmap](std::int64_t n, SparseEntries row) {
      std::int32_t* const slots = touched_.slots + touched_.row_begin[n];
      for (std::int64_t j = 0; j < row.count; ++j) {
        const auto column = static_cast<std::uint32_t>(row.columns[j]);
        const Word below = (Word{1} << (column % kWordBits)) - 1;
        slots[j] =
            bitmap.before[column / kWordBits] + __builtin_popcountll(bitmap.bits[column / kWordBits] & below);
      }
    });
  }

  const Scratch::Frame frame_;
  ThreadPool& pool_;
  const SparseRows& input_;
  const TouchedFeatures& touched_;
  std::int64_t tasks_ = 1, blocks_ = 0;
  Bitmap* bitmaps_ = nullptr;  // by thread
  Marked* marked_ = nullptr;   // by task
  std::int64_t bitmaps_in_use_ = 0;
  Word* bits_ = nullptr;                  // of each bitmap in turn
  std::int32_t* before_ = nullptr;        // the same
  std::int32_t* new_features_ = nullptr;  // by task
};

}  // namespace

void sparse_index(const Device& device, const SparseIndexArgs& args) {
  const std::int64_t entries = count_entries(device, args.input, args.touched.row_begin);
  require_index_capacity(args, entries);
  if (entries == 0) {
    *args.touched.count = 0;
  } else if (args.input.cols <= kFeaturesPerEntry * entries) {
    BitmapIndex(device, args, entries).build();
  } else {
    index_by_sorting(device, args, entries);
  }
}

}  // namespace thalweg::THALWEG_ISA
