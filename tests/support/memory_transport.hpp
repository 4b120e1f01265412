#pragma once
// Messages between ranks that are threads of a test, as a Transport has them between processes.
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "host/ranks/transport.hpp"
#include "thalweg/error.hpp"

namespace thalweg::test {

/// Where the bytes are that nobody has received yet.
struct MessageBoard {
  std::mutex mutex;
  std::map<std::tuple<int, int, int>, std::deque<std::string>> sent;  ///< from, to, tag
  std::function<bool(int from, int to, int tag)> loses;               ///< null: nothing is lost
  std::function<bool(int from, int to, int tag)> holds;               ///< what is on its way; null: nothing
  std::function<bool(int from, int to, int tag)> breaks;              ///< where a send fails; null: nowhere
};

class MemoryTransport final : public Transport {
 public:
  MemoryTransport(std::shared_ptr<MessageBoard> board, int rank, int count)
      : board_(std::move(board)), rank_(rank), count_(count) {}

  int rank() const override { return rank_; }
  int count() const override { return count_; }
  /// Two headers, so that tests send what is longer.
  std::int64_t longest() const override { return 128; }

  std::int64_t send(int peer, int tag, const void* data, std::int64_t bytes) override {
    const std::lock_guard lock(board_->mutex);
    if (board_->breaks && board_->breaks(rank_, peer, tag)) throw RankError("broken");
    if (!board_->loses || !board_->loses(rank_, peer, tag))
      board_->sent[{rank_, peer, tag}].emplace_back(static_cast<const char*>(data),
                                                    static_cast<std::size_t>(bytes));
    wanted_.push_back({});
    return std::ssize(wanted_) - 1;
  }

  std::int64_t receive(int peer, int tag, void* data, std::int64_t bytes) override {
    wanted_.push_back({peer, tag, data, bytes});
    return std::ssize(wanted_) - 1;
  }

  bool test(std::int64_t message) override {
    const std::lock_guard lock(board_->mutex);
    for (std::int64_t at = 0; at <= message; ++at) take(wanted_[static_cast<std::size_t>(at)]);
    return wanted_[static_cast<std::size_t>(message)].data == nullptr;
  }

  void close() override { closed = true; }

  bool closed = false;

 private:
  struct Wanted {
    int peer = 0, tag = 0;
    void* data = nullptr;  ///< null: it is here
    std::int64_t bytes = 0;
  };

  void take(Wanted& wanted) {
    if (wanted.data == nullptr) return;
    if (board_->holds && board_->holds(wanted.peer, rank_, wanted.tag)) return;
    std::deque<std::string>& sent = board_->sent[{wanted.peer, rank_, wanted.tag}];
    if (sent.empty()) return;
    std::memcpy(wanted.data, sent.front().data(),
                std::min(sent.front().size(), static_cast<std::size_t>(wanted.bytes)));
    sent.pop_front();
    wanted.data = nullptr;
  }

  std::shared_ptr<MessageBoard> board_;
  int rank_, count_;
  std::vector<Wanted> wanted_;
};

}  // namespace thalweg::test
