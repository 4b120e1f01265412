#pragma once
// The other ranks of a learner: threads that take each of its steps, too.
#include <sys/types.h>

#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "host/ranks/communicator.hpp"
#include "host/step/step_rows.hpp"

namespace thalweg {

/// What all ranks do together.
enum class RankTask {
  update,         ///< a step
  gradient,       ///< its gradient alone
  gather_states,  ///< each rank gets the states that the others have
};

struct RankOrder {
  RankTask task = RankTask::update;
  StepRows rows = {};
  double lr = 0;
  std::int64_t steps = 0;                           ///< taken before it
  bool new_parameters = false, new_states = false;  ///< which rank 0 gives to the others first
};

/// Rank 0 is the learner itself.
class RankTeam {
 public:
  using Follow = std::function<void(const RankOrder&)>;
  /// `follow` [ranks]: what ranks 1, 2, ... do with an order. Throws InternalError if the system gives no
  /// thread.
  RankTeam(std::vector<std::unique_ptr<Communicator>> ranks, std::vector<Follow> follow);
  /// Ends the threads, which wait for an order or whose calls of the communicator end.
  ~RankTeam();
  RankTeam(const RankTeam&) = delete;
  RankTeam& operator=(const RankTeam&) = delete;

  /// Gives the order to the other ranks, then runs the step of rank 0. Throws what either throws first; after
  /// that the ranks stay where they are, and each call throws that again, or UsageError where rank 0 had
  /// thrown.
  template <class Step>
  void run(const RankOrder& order, const Step& step) {
    give(order);
    do_own(step);
  }
  /// Runs `change`, which may change what the other ranks have: they are done with the last order. Throws as
  /// `run` does, and stops the ranks as it does.
  template <class Change>
  void between_orders(const Change& change) {
    wait();
    require_going();
    do_own(change);
  }
  /// False in the child of a fork, which has none of the threads: nothing but this may be called there.
  bool are_here() const;

 private:
  template <class Step>
  void do_own(const Step& step) {
    try {
      step();
    } catch (...) {  // an objective of the caller may throw anything
      fail(words_of_exception());
      throw;
    }
  }
  /// What the exception says that is being handled; valid as long as that is.
  static const char* words_of_exception() noexcept;
  /// Waits until the other ranks are done with the last order.
  void wait();
  void require_going();
  void work(std::size_t rank);
  void take_orders(const Follow& follow);
  void give(const RankOrder& order);
  /// Ends the calls of the other ranks. Throws what one of them had failed with before.
  void fail(const char* why);
  void end() noexcept;

  const std::vector<std::unique_ptr<Communicator>> ranks_;
  const std::vector<Follow> follow_;
  std::mutex mutex_;
  std::condition_variable changed_;
  RankOrder order_;
  std::int64_t orders_ = 0, working_ = 0;
  bool stop_ = false, failed_ = false;
  std::exception_ptr first_failure_;  ///< of another rank
  const pid_t process_;
  std::vector<std::thread> threads_;
};

}  // namespace thalweg
