#include "host/ranks/local_ranks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <string>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

void copy_floats(float* to, const float* from, std::int64_t count) {
  if (count > 0) std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(float));
}

using Deadline = std::optional<std::chrono::milliseconds>;

/// Where ranks meet.
class MeetingPoint {
 public:
  MeetingPoint(int count, Deadline deadline) : deadline_(deadline), here_(static_cast<std::size_t>(count)) {}

  int count() const { return static_cast<int>(here_.size()); }

  /// Waits until all ranks are in the call that `what` names.
  void meet(int rank, const char* what) {
    std::unique_lock lock(mutex_);
    require_going();
    const std::int64_t meeting = arrive(rank);
    const auto over = [&] { return meetings_ != meeting || !stopped_.empty(); };
    if (!deadline_) {
      changed_.wait(lock, over);
    } else if (!changed_.wait_for(lock, *deadline_, over)) {
      stop(late(rank, what));
    }
    if (meetings_ == meeting) require_going();
  }

  /// Waits until all ranks that met have copied. Until then each reads what the others point at, so no rank
  /// leaves earlier, not even where one has stopped: the next meeting says so.
  void part(int rank) noexcept {
    std::unique_lock lock(mutex_);
    const std::int64_t meeting = arrive(rank);
    changed_.wait(lock, [&] { return meetings_ != meeting; });
  }

  void abort(int rank, const char* why) noexcept {
    const std::lock_guard lock(mutex_);
    try {
      stop(fmt::format("rank {} stopped: {}", rank, why));
    } catch (...) {  // no memory for the words
      stop("a rank stopped");
    }
  }

 private:
  /// The number of the meeting, which is over when the last rank has arrived.
  std::int64_t arrive(int rank) {
    const std::int64_t meeting = meetings_;
    here_[static_cast<std::size_t>(rank)] = true;
    if (std::find(here_.begin(), here_.end(), false) == here_.end()) {
      std::fill(here_.begin(), here_.end(), false);
      ++meetings_;
      changed_.notify_all();
    }
    return meeting;
  }
  void require_going() const {
    if (!stopped_.empty()) throw InternalError(stopped_);
  }
  /// The first reason stays.
  void stop(std::string why) {
    if (stopped_.empty()) stopped_ = std::move(why);
    changed_.notify_all();
  }
  std::string late(int rank, const char* what) const {
    std::string missing;
    for (int r = 0; r < count(); ++r) {
      if (!here_[static_cast<std::size_t>(r)]) missing += fmt::format("{}{}", missing.empty() ? "" : ", ", r);
    }
    return fmt::format("rank {} waited {} ms for rank {} in {}", rank, deadline_->count(), missing, what);
  }

  const Deadline deadline_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<bool> here_;
  std::int64_t meetings_ = 0;
  std::string stopped_;
};

/// What the ranks of a call look at: each rank's own arrays.
struct Board {
  Board(int count, Deadline deadline)
      : point(count, deadline),
        messages(static_cast<std::size_t>(count)),
        arrays(static_cast<std::size_t>(count)) {}

  MeetingPoint point;
  std::vector<std::span<const Message>> messages;
  std::vector<std::span<const Gathered>> arrays;
};

/// Floats that a rank wants of another, and those that it sends.
struct Mismatch {
  int peer = 0;
  std::int64_t wanted = 0, sent = 0;
};

class LocalRank final : public Communicator {
 public:
  LocalRank(std::shared_ptr<Board> board, int rank) : board_(std::move(board)), rank_(rank) {}

  int rank() const override { return rank_; }
  int count() const override { return board_->point.count(); }
  int on_these_threads() const override { return count(); }

  void exchange(std::span<const Message> sends, std::span<const Message> receives) override {
    std::vector<std::size_t> seen(static_cast<std::size_t>(count()), 0);  // nothing throws after the meeting
    std::optional<Mismatch> mismatch;
    own(board_->messages) = sends;
    meet("an exchange");
    for (const Message& receive : receives) {
      const auto peer = static_cast<std::size_t>(receive.peer);
      const Message* const sent = next_for_me(board_->messages[peer], seen[peer]);
      const std::int64_t floats = sent != nullptr ? sent->count : 0;
      if (sent != nullptr && floats == receive.count) {
        copy_floats(receive.data, sent->data, floats);
      } else {
        mismatch = {receive.peer, receive.count, floats};
      }
    }
    part();
    if (mismatch)
      throw InternalError(fmt::format("rank {} wants {} floats of rank {}, which sends {}", rank_,
                                      mismatch->wanted, mismatch->peer, mismatch->sent));
  }

  void gather(std::span<const Gathered> arrays) override {
    own(board_->arrays) = arrays;
    meet("a gather");
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      for (std::size_t peer = 0; peer < arrays[i].pieces.size(); ++peer) {
        const auto [begin, end] = arrays[i].pieces[peer];
        if (static_cast<int>(peer) != rank_)
          copy_floats(arrays[i].data + begin, board_->arrays[peer][i].data + begin, end - begin);
      }
    }
    part();
  }

  void broadcast(std::span<const Message> arrays) override {
    own(board_->messages) = arrays;
    meet("a broadcast");
    for (std::size_t i = 0; i < arrays.size() && rank_ != 0; ++i)
      copy_floats(arrays[i].data, board_->messages[0][i].data, arrays[i].count);
    part();
  }

  void abort(const char* why) noexcept override { board_->point.abort(rank_, why); }

 private:
  template <class T>
  T& own(std::vector<T>& of_ranks) const {
    return of_ranks[static_cast<std::size_t>(rank_)];
  }
  void meet(const char* what) { board_->point.meet(rank_, what); }
  void part() noexcept { board_->point.part(rank_); }

  /// The peer's next message for this rank, from number `at` on; null: there is none.
  const Message* next_for_me(std::span<const Message> sends, std::size_t& at) const {
    while (at < sends.size() && sends[at].peer != rank_) ++at;
    return at < sends.size() ? &sends[at++] : nullptr;
  }

  std::shared_ptr<Board> board_;
  int rank_;
};

}  // namespace

std::vector<std::unique_ptr<Communicator>> local_ranks(int count, Deadline deadline) {
  const auto board = std::make_shared<Board>(count, deadline);
  std::vector<std::unique_ptr<Communicator>> ranks;
  for (int rank = 0; rank < count; ++rank) ranks.push_back(std::make_unique<LocalRank>(board, rank));
  return ranks;
}

}  // namespace thalweg
