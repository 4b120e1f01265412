#pragma once
// The features of a step's rows, read from a store ahead of the step.
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "host/step/batch_reading.hpp"
#include "host/step/block_cache.hpp"
#include "host/step/counted_store.hpp"
#include "host/step/reader_threads.hpp"
#include "host/step/step_rows.hpp"
#include "thalweg/learner.hpp"

namespace thalweg {

/// Batches that are read ahead of the steps, as the memory allows.
struct LoaderPlan {
  std::int64_t ready = 1;   ///< batches whose features lie ready besides those of the step
  std::int64_t window = 0;  ///< batches whose blocks are read; 0: rows are read singly
  std::string note;         ///< LoadingReport::note

  /// `batches`: null: steps take lists.
  static LoaderPlan of(const StoredForm& form, const LoadingOptions& options, std::int64_t max_batch,
                       const EpochBatches* batches);
};

/// Used by one thread. Batches of an epoch are read ahead in the order of EpochBatch::next; a list is read
/// when it is asked for.
class RowLoader {
 public:
  RowLoader(std::shared_ptr<const RowStore> store, const LoadingOptions& options, std::int64_t max_batch,
            const EpochBatches* batches);

  /// The features of the rows, in their order, until the next call. Throws what the store throws; then the
  /// same batch may be asked for again.
  const FeatureRows& take(const StepRows& rows);
  /// The ids of the rows that take gave last.
  const std::vector<std::int64_t>& rows() const { return rows_; }
  LoadingReport report() const;
  /// False in the child of a fork, where the loader can neither read nor end.
  bool is_of_this_process() const { return threads_.are_here(); }

 private:
  /// A batch that is announced, and its features once its reading has begun.
  struct Batch {
    std::optional<EpochBatch> place;  ///< none of a list
    std::vector<std::int64_t> rows, blocks;
    std::unique_ptr<BatchReading> reading;
    std::int64_t parts_left = 1;
    bool done = false;  ///< the features are there, or the error is
    std::exception_ptr error;
  };
  using Batches = std::deque<std::unique_ptr<Batch>>;

  void put_first(const StepRows& rows);
  void announce(const EpochBatch& batch);
  void announce_following();
  void begin(Batch& batch);
  void start(Batch& batch);
  void read_part(Batch& batch, std::int64_t part);
  void end_parts(Batch& batch, std::int64_t count, const std::exception_ptr& error);
  void finish(Batch& batch);
  void wait_for(const Batch& batch);
  const FeatureRows& hand_out_first();
  void forget();

  const std::shared_ptr<const RowStore> store_;
  const LoaderPlan plan_;
  const CountedStore counted_;
  std::optional<BlockCache> cache_;
  Batches announced_;
  std::vector<std::unique_ptr<BatchReading>> free_;
  std::unique_ptr<BatchReading> current_;
  std::vector<std::int64_t> rows_;
  double wait_seconds_ = 0;
  mutable std::mutex mutex_;  ///< of wait_seconds_, and of parts_left, done and error of each batch
  std::condition_variable batch_done_;
  ReaderThreads threads_;  ///< ends before what its tasks use
};

}  // namespace thalweg
