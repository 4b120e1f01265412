// Ranks that are processes, over a transport in memory: what each gets of the others, and who is named when
// one does not come.
#include "host/ranks/process_ranks.hpp"

#include <gmock/gmock.h>

#include <thread>

#include "tests/support/gathered_pieces.hpp"
#include "tests/support/memory_transport.hpp"
#include "tests/support/threads.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using test::MemoryTransport;
using test::MessageBoard;
using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using Floats = std::vector<float>;

constexpr RankPatience kPatient{1min, 1min}, kHasty{200ms, 200ms};

/// Runs body(its end) on a thread per rank. Returns what each threw; "" where it did not.
std::vector<std::string> on_ranks(
    int count, RankPatience patience, const std::function<void(ProcessRanks&)>& body,
    const std::shared_ptr<MessageBoard>& board = std::make_shared<MessageBoard>()) {
  std::vector<std::string> thrown(static_cast<std::size_t>(count));
  test::on_threads(count, [&](int rank) {
    try {
      ProcessRanks ranks(std::make_unique<MemoryTransport>(board, rank, count), patience);
      body(ranks);
    } catch (const RankError& error) {
      thrown[static_cast<std::size_t>(rank)] = error.what();
    }
  });
  return thrown;
}

TEST(ProcessRanks, ExchangeTheMessagesOfEachPairInOrder) {
  const auto thrown = on_ranks(3, kPatient, [](ProcessRanks& ranks) {
    const int me = ranks.rank(), left = (me + 2) % 3, right = (me + 1) % 3;
    const auto base = static_cast<float>(100 * me);
    Floats first{base + 1, base + 2}, second{base + 3}, got(2), then(1);
    const Message sends[] = {{right, first.data(), 2}, {right, second.data(), 1}};
    const Message receives[] = {{left, got.data(), 2}, {left, then.data(), 1}};
    ranks.exchange(sends, receives);
    const auto of_left = static_cast<float>(100 * left);
    EXPECT_EQ(got, (Floats{of_left + 1, of_left + 2}));
    EXPECT_EQ(then, Floats{of_left + 3});
  });
  EXPECT_THAT(thrown, Each(""));
}

TEST(ProcessRanks, ExchangeWhatIsLongerThanAMessage) {
  const auto thrown = on_ranks(2, kPatient, [](ProcessRanks& ranks) {
    Floats own(1000, static_cast<float>(ranks.rank())), got(1000, 7);
    own[0] = own[999] = 5;
    const Message send[] = {{1 - ranks.rank(), own.data(), 1000}},
                  receive[] = {{1 - ranks.rank(), got.data(), 1000}};
    ranks.exchange(send, receive);
    Floats wanted(1000, static_cast<float>(1 - ranks.rank()));
    wanted[0] = wanted[999] = 5;
    EXPECT_EQ(got, wanted);
  });
  EXPECT_THAT(thrown, Each(""));
}

TEST(ProcessRanks, GatherThePieceOfEachRankOfEveryArray) {
  EXPECT_THAT(on_ranks(3, kPatient, test::expect_gathered_pieces), Each(""));
}

TEST(ProcessRanks, BroadcastWhatRankZeroHas) {
  const auto thrown = on_ranks(3, kPatient, [](ProcessRanks& ranks) {
    const auto own = static_cast<float>(ranks.rank() + 1);
    Floats numbers(5, own), others(3, own);
    const Message from_first[] = {{0, numbers.data(), 5}, {0, others.data(), 1}};
    ranks.broadcast(from_first);
    EXPECT_EQ(numbers, (Floats{1, 1, 1, 1, 1}));
    EXPECT_EQ(others, (Floats{1, own, own}));
  });
  EXPECT_THAT(thrown, Each(""));
}

TEST(ProcessRanks, GatherTextsOfAnyLength) {
  const auto thrown = on_ranks(3, kPatient, [](ProcessRanks& ranks) {
    const std::string own(static_cast<std::size_t>(2 * ranks.rank()), 'x');
    EXPECT_THAT(ranks.gather_texts(own), testing::ElementsAre("", "xx", "xxxx"));
    EXPECT_EQ(ranks.text_of_leader("of " + std::to_string(ranks.rank())), "of 0");
  });
  EXPECT_THAT(thrown, Each(""));
}

TEST(ProcessRanks, HearWhatAllSaidWithTheLastCall) {
  const auto thrown = on_ranks(2, kPatient, [](ProcessRanks& ranks) {
    ranks.calls().say({.stop = ranks.rank(), .save = 1 - ranks.rank(), .seconds = 2.5, .step = 7});
    ranks.meet();
    const std::vector<RankWord>& heard = ranks.calls().heard();
    EXPECT_EQ(heard[0].stop, 0);
    EXPECT_EQ(heard[1].stop, 1);
    EXPECT_EQ(heard[0].save, 1);
    EXPECT_EQ(heard[1].save, 0);
    EXPECT_EQ(heard[0].seconds, 2.5);
    EXPECT_EQ(ranks.calls().sharers(), 2) << "threads of one process have one set of cores";
  });
  EXPECT_THAT(thrown, Each(""));
}

TEST(ProcessRanks, NameTheRankThatDoesNotComeTheStepAndWhatTheyWaitFor) {
  std::atomic<int> ended = 0;
  const auto thrown = on_ranks(3, {200ms, 1min}, [&](ProcessRanks& ranks) {
    ranks.calls().say({.step = 17});
    if (ranks.rank() != 1) {
      ++ended;
      return ranks.exchange({}, {});
    }
    while (ended < 2) std::this_thread::yield();
    std::this_thread::sleep_for(700ms);
    ranks.exchange({}, {});  // what the others have sent is here
    ranks.exchange({}, {});
  });
  for (const std::size_t rank : {0u, 2u}) {
    EXPECT_THAT(thrown[rank], HasSubstr("rank 1 ("));
    EXPECT_THAT(thrown[rank], HasSubstr(") did not come within 0.2 s"));
    EXPECT_THAT(thrown[rank], HasSubstr("in step 17 in an exchange of sums"));
    EXPECT_THAT(thrown[rank], Not(HasSubstr(" and rank")));
  }
  EXPECT_THAT(thrown[1], HasSubstr("stopped: rank 1 ("))
      << "it comes late, and hears why the others have gone";
}

/// Rank 1 has sent to rank 0 and not to rank 2. Rank 0 waits for both in the next call, rank 2 for one.
TEST(ProcessRanks, NameTheOneForWhomOthersWait) {
  const auto board = std::make_shared<MessageBoard>();
  board->loses = [](int from, int to, int tag) { return from == 1 && to == 2 && tag == 1; };
  const auto thrown = on_ranks(
      3, kHasty, [](ProcessRanks&) {}, board);
  EXPECT_THAT(thrown[2], HasSubstr("rank 1 did not come within 0.2 s: rank 2 waits before the first step"));
}

TEST(ProcessRanks, NameTheRankOfWhichTheSystemReportsAFault) {
  const auto board = std::make_shared<MessageBoard>();
  board->breaks = [](int from, int to, int tag) { return from == 0 && to == 1 && tag == 2; };
  const auto thrown = on_ranks(
      2, kPatient,
      [](ProcessRanks& ranks) {
        float own = 0, other = 0;
        const Message send{1 - ranks.rank(), &own, 1}, receive{1 - ranks.rank(), &other, 1};
        ranks.exchange({&send, 1}, {&receive, 1});
      },
      board);
  const std::string fault = "rank 1 cannot be reached: broken";
  EXPECT_EQ(thrown[0], fault);
  EXPECT_EQ(thrown[1], "rank 0 stopped: " + fault);
}

TEST(ProcessRanks, WaitLongerAroundSteps) {
  const auto thrown = on_ranks(2, {50ms, 1min}, [](ProcessRanks& ranks) {
    if (ranks.rank() == 1) std::this_thread::sleep_for(300ms);
    ranks.meet();
  });
  EXPECT_THAT(thrown, Each(""));
}

TEST(ProcessRanks, TellTheOthersWhyOneStops) {
  const auto thrown = on_ranks(3, kPatient, [](ProcessRanks& ranks) {
    if (ranks.rank() == 2) return ranks.abort("the disk is full");
    ranks.meet();
  });
  EXPECT_THAT(thrown[0], AllOf(HasSubstr("rank 2 ("), HasSubstr(") stopped: the disk is full")));
  EXPECT_THAT(thrown[1], HasSubstr("stopped: the disk is full"));
}

TEST(ProcessRanks, RefuseEachOthersCallsInsteadOfWaiting) {
  const auto calls = on_ranks(2, kPatient, [](ProcessRanks& ranks) {
    if (ranks.rank() == 0) return ranks.exchange({}, {});
    ranks.gather({});
  });
  EXPECT_THAT(calls[0] + calls[1], HasSubstr("is in a gather, its call 2, and rank 0 ("));
  const auto sizes = on_ranks(2, kPatient, [](ProcessRanks& ranks) {
    Floats floats(3);
    const Message message[] = {{1 - ranks.rank(), floats.data(), 2 + ranks.rank()}};
    ranks.exchange(message, message);
  });
  EXPECT_THAT(sizes[0] + sizes[1], HasSubstr("wants 8 bytes of rank 1 ("));
}

TEST(ProcessRanks, EndTogether) {
  std::atomic<bool> second_came = false;
  const auto thrown = on_ranks(2, kPatient, [&](ProcessRanks& ranks) {
    if (ranks.rank() == 1) {
      std::this_thread::sleep_for(100ms);
      second_came = true;
    }
    ranks.calls().finish();
    EXPECT_TRUE(second_came);
    ranks.calls().finish();  // does nothing
    EXPECT_THROW(ranks.meet(), RankError);
  });
  EXPECT_THAT(thrown, Each(""));
}

/// What rank 1 sends to rank 2 takes long. Rank 0 has all that it needs, and ends.
TEST(ProcessRanks, MayEndWhileOthersWaitForEachOther) {
  const auto board = std::make_shared<MessageBoard>();
  const auto end = std::chrono::steady_clock::now() + 300ms;
  board->holds = [&](int from, int to, int) {
    return from == 1 && to == 2 && std::chrono::steady_clock::now() < end;
  };
  const auto thrown = on_ranks(
      3, kPatient, [](ProcessRanks& ranks) { ranks.calls().finish(); }, board);
  EXPECT_THAT(thrown, Each(""));
}

TEST(ProcessRanks, AreNotLeftByOneThatHasEnded) {
  const auto thrown = on_ranks(2, kPatient, [&](ProcessRanks& ranks) {
    if (ranks.rank() == 0) return ranks.meet();
    ranks.calls().finish();
  });
  EXPECT_THAT(thrown[0], HasSubstr("stopped: its run has ended"));
  EXPECT_THAT(thrown[1], HasSubstr("stopped: rank 1 ("));
}

}  // namespace
}  // namespace thalweg
