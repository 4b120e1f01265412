#include "host/step/rank_team.hpp"

#include <unistd.h>

#include <string>
#include <system_error>

#include "kernels/base/blocked_signals.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

RankTeam::RankTeam(std::vector<std::unique_ptr<Communicator>> ranks, std::vector<Follow> follow)
    : ranks_(std::move(ranks)), follow_(std::move(follow)), process_(::getpid()) {
  const BlockedSignals blocked;
  threads_.reserve(ranks_.size());
  try {
    for (std::size_t rank = 1; rank < ranks_.size(); ++rank)
      threads_.emplace_back([this, rank] { work(rank); });
  } catch (const std::system_error& error) {
    end();
    throw InternalError(std::string("no thread for a rank could be started: ") + error.what());
  } catch (...) {  // no memory for one
    end();
    throw;
  }
}

RankTeam::~RankTeam() { end(); }

void RankTeam::end() noexcept {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

const char* RankTeam::words_of_exception() noexcept {
  try {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "something that is no std::exception was thrown";
  }
}

bool RankTeam::are_here() const { return ::getpid() == process_; }

void RankTeam::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return working_ == 0; });
}

void RankTeam::require_going() {
  const std::lock_guard lock(mutex_);
  if (first_failure_ != nullptr) std::rethrow_exception(first_failure_);
  if (failed_) throw UsageError("the ranks of this learner have stopped, because a call threw");
}

void RankTeam::give(const RankOrder& order) {
  wait();
  require_going();
  {
    const std::lock_guard lock(mutex_);
    order_ = order;
    working_ = std::ssize(threads_);
    ++orders_;
  }
  changed_.notify_all();
}

void RankTeam::fail(const char* why) {
  {
    const std::lock_guard lock(mutex_);
    failed_ = true;
  }
  ranks_[0]->abort(why);
  wait();
  if (first_failure_ != nullptr) std::rethrow_exception(first_failure_);
}

void RankTeam::take_orders(const Follow& follow) {
  for (std::int64_t done = 0;;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stop_ || orders_ > done; });
    if (orders_ == done) return;
    done = orders_;
    const RankOrder order = order_;
    lock.unlock();
    follow(order);
    lock.lock();
    --working_;
    lock.unlock();
    changed_.notify_all();
  }
}

void RankTeam::work(std::size_t rank) {
  try {
    take_orders(follow_[rank]);
  } catch (...) {
    {
      const std::lock_guard lock(mutex_);
      if (!failed_) first_failure_ = std::current_exception();
      failed_ = true;
      --working_;
    }
    ranks_[rank]->abort(words_of_exception());
    changed_.notify_all();
  }
}

}  // namespace thalweg
