#pragma once
// Row ids of the epochs' batches, on a backend that reads host memory and runs each step when it is called.
// While batches follow each other, the ids of several are computed at once, which is cheaper. They are
// computed one batch early, so that kernels can prefetch the rows of the next batch in time.
#include <optional>

#include "host/step/step_rows.hpp"

namespace thalweg {

class EpochIds {
 public:
  EpochIds(const Context& ctx, PlacedOrder& order);

  /// The ids of `batch`, until the next call.
  const std::int64_t* move_to(const EpochBatch& batch);
  /// The ids of the batch after it; null: they are not known.
  const std::int64_t* upcoming() const;
  std::int64_t upcoming_count() const { return upcoming_ ? upcoming_->count() : 0; }

 private:
  /// The ids of a run of an epoch.
  struct Window {
    Buffer<std::int64_t> ids;
    std::int64_t epoch = 0, first = 0, count = 0;

    const std::int64_t* find(const EpochBatch& batch) const;  ///< null: not in it
  };
  void fill(Window& window, const EpochBatch& begin, std::int64_t batches) const;

  const Context& ctx_;
  PlacedOrder& order_;
  Window current_, other_;
  std::optional<EpochBatch> upcoming_;
};

}  // namespace thalweg
