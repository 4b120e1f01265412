#pragma once
// A store, and how much was read from it in which time.
#include <chrono>
#include <cstdint>
#include <mutex>

#include "host/data/row_store.hpp"

namespace thalweg {

class CountedStore final : public RowStore {
 public:
  explicit CountedStore(const RowStore& store) : store_(store) {}

  const StoredForm& form() const override { return store_.form(); }
  void read(std::int64_t first, std::int64_t count, FeatureRows& to) const override;

  /// Of the features, as they lie in memory.
  std::int64_t bytes() const;
  /// In which at least one thread was reading.
  double seconds() const;

 private:
  using Clock = std::chrono::steady_clock;
  void begin() const;
  void end(std::int64_t bytes) const;

  const RowStore& store_;
  mutable std::mutex mutex_;
  mutable std::int64_t readers_ = 0, bytes_ = 0;
  mutable Clock::time_point since_;
  mutable Clock::duration busy_{};
};

}  // namespace thalweg
