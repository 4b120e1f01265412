// Memory that runs out on the thread of rank 0: no rank goes on alone or with other data.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <new>
#include <stdexcept>
#include <thread>

#include "host/ranks/local_ranks.hpp"
#include "host/step/rank_team.hpp"
#include "tests/support/files.hpp"
#include "tests/support/random_rows.hpp"
#include "thalweg/error.hpp"
#include "thalweg/learner.hpp"

namespace {

/// Allocations of this thread before one fails; negative: none fails.
thread_local std::int64_t left = -1;
thread_local bool all_after = false, struck = false;

void* counted(std::size_t bytes, std::size_t alignment) noexcept {
  if (left == 0) struck = true;
  if (left == 0 && all_after) return nullptr;
  if (left >= 0 && left-- == 0) return nullptr;
  const std::size_t padded = (bytes + alignment - 1) / alignment * alignment;
  return alignment > 16 ? std::aligned_alloc(alignment, padded) : std::malloc(bytes == 0 ? 1 : bytes);
}

void* counted_or_throw(std::size_t bytes, std::size_t alignment) {
  void* const memory = counted(bytes, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

std::size_t size_of(std::align_val_t alignment) { return static_cast<std::size_t>(alignment); }

}  // namespace

void* operator new(std::size_t bytes) { return counted_or_throw(bytes, 1); }
void* operator new(std::size_t bytes, std::align_val_t to) { return counted_or_throw(bytes, size_of(to)); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return counted(bytes, 1); }
void* operator new(std::size_t bytes, std::align_val_t to, const std::nothrow_t&) noexcept {
  return counted(bytes, size_of(to));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace thalweg {
namespace {

using test::first_rows;
using test::joined;
using test::random_data;

/// Whether `call` throws where allocation `number` of it fails. `struck` says whether there is one.
bool throws_at(std::int64_t number, const std::function<void()>& call) {
  struck = false;
  left = number;
  try {
    call();
  } catch (const std::exception&) {
    left = -1;
    return true;
  }
  left = -1;
  return false;
}

/// A learner that ranks share, and two sets of data that give it other parameters.
struct Shared {
  Dataset data = random_data(20, 5, true, 3, false), more = random_data(33, 5, true, 3, false);
  Model model;
  Learner learner;

  Shared()
      : model(test::context_of("cpu"), resolve_model({.hidden = {6}}, schema_of(data), 1)),
        learner(model, data, {.max_batch = 40, .ranks = 2}) {
    learner.step(first_rows(20));
  }
  std::vector<float> after_a_step() {
    learner.step(first_rows(20));
    return joined(model.parameters());
  }
};

TEST(RankAllocations, StopTheRanksOrKeepTheirDataWhereOneOfSetDataFails) {
  const std::vector<float> before = Shared().after_a_step();
  int stopped = 0, kept = 0;
  for (std::int64_t number = 0;; ++number) {
    Shared shared;
    const bool thrown = throws_at(number, [&] { shared.learner.set_data(shared.more); });
    if (!struck) break;
    if (!thrown) continue;  // the standard library can do without it
    try {
      EXPECT_EQ(shared.after_a_step(), before) << "allocation " << number;
      ++kept;
    } catch (const UsageError& error) {
      EXPECT_STREQ(error.what(), "the ranks of this learner have stopped, because a call threw");
      EXPECT_THROW(shared.learner.set_data(shared.data), UsageError);
      ++stopped;
    }
  }
  EXPECT_GT(kept, 10) << "what fails before anything is replaced";
  EXPECT_GT(stopped, 10) << "what fails between the ranks";
}

TEST(RankAllocations, EndTheThreadsThatWereStartedWhereOneFails) {
  int thrown = 0;
  do {
    auto ranks = local_ranks(3);
    std::vector<RankTeam::Follow> follow(3, [](const RankOrder&) {});
    if (throws_at(thrown, [&] { const RankTeam team(std::move(ranks), std::move(follow)); })) ++thrown;
  } while (struck);
  EXPECT_GE(thrown, 3) << "one for the threads, and one for each";
}

TEST(RankAllocations, AreNotNeededToStopTheOtherRanks) {
  auto ranks = local_ranks(2);
  Communicator& other = *ranks[1];
  std::string seen;
  const auto follow = [&](const RankOrder&) {
    try {
      other.gather({});
    } catch (const InternalError& error) {
      seen = error.what();
    }
  };
  RankTeam team(std::move(ranks), {{}, follow});
  const std::range_error far("further than the small strings reach");
  const auto step = [&] {
    left = 0;
    all_after = true;
    throw far;
  };
  EXPECT_THROW(team.run({}, step), std::range_error);
  left = -1;
  all_after = false;
  EXPECT_EQ(seen, "a rank stopped");
}

TEST(RankTeam, ChangesWhatTheRanksHaveAfterTheLastOrder) {
  std::atomic<bool> done = false;
  RankTeam team(local_ranks(2), {{}, [&](const RankOrder&) {
                                   std::this_thread::sleep_for(std::chrono::milliseconds(50));
                                   done = true;
                                 }});
  team.run({}, [] {});
  bool seen = false;
  team.between_orders([&] { seen = done; });
  EXPECT_TRUE(seen);
}

TEST(RankTeam, StopsWhereAChangeThrowsAndMakesNoOtherAfterThat) {
  RankTeam team(local_ranks(2), {{}, [](const RankOrder&) {}});
  EXPECT_THROW(team.between_orders([] { throw std::range_error("halfway"); }), std::range_error);
  bool changed = false;
  EXPECT_THROW(team.between_orders([&] { changed = true; }), UsageError);
  EXPECT_FALSE(changed);
  EXPECT_THROW(team.run({}, [] {}), UsageError);
}

}  // namespace
}  // namespace thalweg
