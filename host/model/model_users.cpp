#include "host/model/model_users.hpp"

#include <string>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

[[noreturn]] void refuse(const char* call, const std::string& other) {
  throw UsageError(std::string(call) + ": " + other +
                   " at this moment; a call that changes a model needs it alone, other threads and callbacks "
                   "included");
}

[[noreturn]] void refuse_beside_change(const char* call, const std::string& changing) {
  refuse(call, changing + " is changing the model");
}

}  // namespace

ModelUsers::Reads::Reads(ModelUsers& users, const char* call) : users_(users) {
  std::int64_t now = users.users_.load(std::memory_order_relaxed);
  do {
    // mutant: read-beside-change
    if (now == kOneChanges) refuse_beside_change(call, users.changing_.load());
  } while (!users.users_.compare_exchange_weak(now, now + 1, std::memory_order_acquire,
                                               std::memory_order_relaxed));
}

ModelUsers::Reads::~Reads() { users_.users_.fetch_sub(1, std::memory_order_release); }

ModelUsers::Changes::Changes(ModelUsers& users, const char* call) : users_(users) {
  std::int64_t now = 0;
  // mutant: change-beside-reads
  if (!users.users_.compare_exchange_strong(now, kOneChanges, std::memory_order_acquire)) {
    if (now == kOneChanges) refuse_beside_change(call, users.changing_.load());
    refuse(call, now == 1 ? "another call is reading the model"
                          : std::to_string(now) + " other calls are reading the model");
  }
  users.changing_.store(call);
}

ModelUsers::Changes::~Changes() { users_.users_.store(0, std::memory_order_release); }

}  // namespace thalweg
