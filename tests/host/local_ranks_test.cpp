// Ranks that are threads: what one has reaches the others, and none waits for ever.
#include "host/ranks/local_ranks.hpp"

#include <gtest/gtest.h>

#include <sys/mman.h>

#include <functional>
#include <string>
#include <thread>

#include "tests/support/gathered_pieces.hpp"
#include "tests/support/threads.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using Floats = std::vector<float>;

/// Runs body(its end) on a thread per rank. Returns what each threw; "" where it did not.
std::vector<std::string> on_ranks(int count, std::optional<std::chrono::milliseconds> deadline,
                                  const std::function<void(Communicator&)>& body) {
  const auto ranks = local_ranks(count, deadline);
  std::vector<std::string> thrown(static_cast<std::size_t>(count));
  test::on_threads(count, [&](int rank) {
    try {
      body(*ranks[static_cast<std::size_t>(rank)]);
    } catch (const InternalError& error) {
      thrown[static_cast<std::size_t>(rank)] = error.what();
    }
  });
  return thrown;
}

const std::vector<std::string> kNothing{"", "", ""};

TEST(LocalRanks, KnowWhichOfHowManyTheyAre) {
  const auto ranks = local_ranks(3, 1min);
  EXPECT_EQ(ranks[2]->rank(), 2);
  EXPECT_EQ(ranks[2]->count(), 3);
}

TEST(LocalRanks, ExchangeTheMessagesOfEachPairInOrder) {
  const auto thrown = on_ranks(3, 1min, [](Communicator& ranks) {
    const int me = ranks.rank(), left = (me + 2) % 3, right = (me + 1) % 3;
    const auto base = static_cast<float>(100 * me);
    Floats first{base + 1, base + 2}, second{base + 3}, to_left{base + 4};
    Floats from_left(2), then_from_left(1), from_right(1);
    const Message sends[] = {{right, first.data(), 2}, {left, to_left.data(), 1}, {right, second.data(), 1}};
    const Message receives[] = {
        {right, from_right.data(), 1}, {left, from_left.data(), 2}, {left, then_from_left.data(), 1}};
    ranks.exchange(sends, receives);
    const auto of_left = static_cast<float>(100 * left), of_right = static_cast<float>(100 * right);
    EXPECT_EQ(from_left, (Floats{of_left + 1, of_left + 2}));
    EXPECT_EQ(then_from_left, Floats{of_left + 3});
    EXPECT_EQ(from_right, Floats{of_right + 4});
  });
  EXPECT_EQ(thrown, kNothing);
}

TEST(LocalRanks, GatherThePieceOfEachRankOfEveryArray) {
  const auto thrown = on_ranks(3, 1min, test::expect_gathered_pieces);
  EXPECT_EQ(thrown, kNothing);
}

TEST(LocalRanks, BroadcastWhatRankZeroHas) {
  const auto thrown = on_ranks(3, 1min, [](Communicator& ranks) {
    const auto own = static_cast<float>(ranks.rank() + 1);
    Floats values(2, own), more(1, -own);
    const Message arrays[] = {{0, values.data(), 2}, {0, more.data(), 1}};
    ranks.broadcast(arrays);
    EXPECT_EQ(values, (Floats{1, 1}));
    EXPECT_EQ(more, Floats{-1});
  });
  EXPECT_EQ(thrown, kNothing);
}

TEST(LocalRanks, NameTheRankThatDoesNotCome) {
  const auto first_alone = [](Communicator& ranks) {
    if (ranks.rank() == 0) ranks.gather({});
  };
  EXPECT_EQ(on_ranks(2, 50ms, first_alone)[0], "rank 0 waited 50 ms for rank 1 in a gather");
  EXPECT_EQ(on_ranks(3, 20ms, first_alone)[0], "rank 0 waited 20 ms for rank 1, 2 in a gather");
}

TEST(LocalRanks, WaitForOneThatIsLateWhereNoDeadlineIsGiven) {
  const auto thrown = on_ranks(3, {}, [](Communicator& ranks) {
    if (ranks.rank() == 1) std::this_thread::sleep_for(300ms);
    ranks.gather({});
  });
  EXPECT_EQ(thrown, kNothing);
}

/// Floats that no page of memory is behind before they are written.
class UntouchedFloats {
 public:
  explicit UntouchedFloats(std::int64_t count) : bytes_(static_cast<std::size_t>(count) * sizeof(float)) {
    memory_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }
  ~UntouchedFloats() { munmap(memory_, bytes_); }
  UntouchedFloats(const UntouchedFloats&) = delete;
  UntouchedFloats& operator=(const UntouchedFloats&) = delete;

  float* data() const { return static_cast<float*>(memory_); }
  /// Whether the first one was written; asks the system, as a look at it would be a race.
  bool begun() const {
    unsigned char in_memory = 0;
    return mincore(memory_, 1, &in_memory) == 0 && (in_memory & 1) != 0;
  }

 private:
  std::size_t bytes_;
  void* memory_;
};

TEST(LocalRanks, KeepWhatTheySendUntilItIsReadEvenWhereOneStops) {
  constexpr std::int64_t kFloats = std::int64_t{1} << 24;
  const auto ranks = local_ranks(2);
  const UntouchedFloats received(kFloats);
  Floats sent(kFloats, 1.0f);
  std::thread stops([&] {
    while (!received.begun()) std::this_thread::yield();
    ranks[1]->abort("while the other reads");
  });
  test::on_threads(2, [&](int rank) {
    const Message message[] = {{1 - rank, rank == 0 ? received.data() : sent.data(), kFloats}};
    if (rank == 0) return ranks[0]->exchange({}, message);
    EXPECT_NO_THROW(ranks[1]->exchange(message, {}));
    EXPECT_EQ(received.data()[kFloats - 1], 1.0f);
  });
  stops.join();
  EXPECT_THROW(ranks[0]->gather({}), InternalError) << "the next call says that one has stopped";
}

TEST(LocalRanks, EndTheCallsOfAllWhenOneStopsAndSayWhy) {
  const auto thrown = on_ranks(3, 1min, [](Communicator& ranks) {
    if (ranks.rank() == 2) return ranks.abort("out of memory");
    ranks.broadcast({});
  });
  EXPECT_EQ(thrown,
            (std::vector<std::string>{"rank 2 stopped: out of memory", "rank 2 stopped: out of memory", ""}));
}

TEST(LocalRanks, RefuseMessagesThatDoNotMatch) {
  const auto thrown = on_ranks(2, 1min, [](Communicator& ranks) {
    Floats values(3);
    const Message message[] = {{1 - ranks.rank(), values.data(), ranks.rank() == 0 ? 3 : 2}};
    ranks.exchange(message, message);
  });
  EXPECT_EQ(thrown[0], "rank 0 wants 3 floats of rank 1, which sends 2");
  EXPECT_EQ(thrown[1], "rank 1 wants 2 floats of rank 0, which sends 3");
  const auto missing = on_ranks(2, 1min, [](Communicator& ranks) {
    Floats value(1);
    const Message message[] = {{1 - ranks.rank(), value.data(), 1}};
    ranks.exchange(ranks.rank() == 0 ? std::span(message) : std::span<const Message>(), message);
  });
  EXPECT_EQ(missing[0], "rank 0 wants 1 floats of rank 1, which sends 0");
  EXPECT_EQ(missing[1], "");
}

}  // namespace
}  // namespace thalweg
