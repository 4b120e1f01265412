#include "host/step/counted_store.hpp"

namespace thalweg {
void CountedStore::read(std::int64_t first, std::int64_t count, FeatureRows& to) const {
  const std::int64_t before = to.bytes();
  begin();
  try {
    store_.read(first, count, to);
  } catch (...) {
    end(0);
    throw;
  }
  end(to.bytes() - before);
}

void CountedStore::begin() const {
  const std::lock_guard lock(mutex_);
  if (readers_++ == 0) since_ = Clock::now();
}

void CountedStore::end(std::int64_t bytes) const {
  const std::lock_guard lock(mutex_);
  bytes_ += bytes;
  if (--readers_ == 0) busy_ += Clock::now() - since_;
}

std::int64_t CountedStore::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

double CountedStore::seconds() const {
  const std::lock_guard lock(mutex_);
  const Clock::duration now = readers_ > 0 ? Clock::now() - since_ : Clock::duration{};
  return std::chrono::duration<double>(busy_ + now).count();
}

}  // namespace thalweg
