#pragma once
// Calls that use a model at the same time: many may read it, what changes it needs it alone.
#include <atomic>
#include <cstdint>

namespace thalweg {

/// Counts the calls. None waits: a call that may not go on throws UsageError.
class ModelUsers {
 public:
  class Reads;
  class Changes;

 private:
  static constexpr std::int64_t kOneChanges = -1;

  std::atomic<std::int64_t> users_{0};                 ///< that read, or kOneChanges
  std::atomic<const char*> changing_{"another call"};  ///< the last one that did
};

/// A call that reads the model, until it ends. `call` is its name and outlives it.
class ModelUsers::Reads {
 public:
  Reads(ModelUsers& users, const char* call);
  ~Reads();
  Reads(const Reads&) = delete;
  Reads& operator=(const Reads&) = delete;

 private:
  ModelUsers& users_;
};

/// A call that changes the model or what a learner has of it.
class ModelUsers::Changes {
 public:
  Changes(ModelUsers& users, const char* call);
  ~Changes();
  Changes(const Changes&) = delete;
  Changes& operator=(const Changes&) = delete;

 private:
  ModelUsers& users_;
};

}  // namespace thalweg
