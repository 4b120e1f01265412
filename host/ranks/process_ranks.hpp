#pragma once
// Ranks that are processes: one end of the communicator that their learners share.
#include <memory>
#include <string>
#include <vector>

#include "host/ranks/communicator.hpp"
#include "host/ranks/rank_calls.hpp"

namespace thalweg {

/// Errors are those of RankCalls::call.
class ProcessRanks final : public Communicator {
 public:
  ProcessRanks(std::unique_ptr<Transport> transport, RankPatience patience)
      : calls_(std::move(transport), patience) {}

  int rank() const override { return calls_.rank(); }
  int count() const override { return calls_.count(); }
  int on_these_threads() const override { return 1; }
  void exchange(std::span<const Message> sends, std::span<const Message> receives) override;
  void gather(std::span<const Gathered> arrays) override;
  void broadcast(std::span<const Message> arrays) override;
  void abort(const char* why) noexcept override { calls_.abort(why); }

  /// [count] leaves a text of each rank with all.
  std::vector<std::string> gather_texts(const std::string& own);
  /// The text that rank 0 has.
  std::string text_of_leader(const std::string& own) { return gather_texts(rank() == 0 ? own : "").front(); }
  /// Waits until all ranks are here.
  void meet() { calls_.call(RankCall::meeting, {}, {}); }
  /// What is said with each call, who is named how, and the end.
  RankCalls& calls() { return calls_; }
  const RankCalls& calls() const { return calls_; }

 private:
  template <class Visit>
  void for_each_peer(const Visit& visit) const;

  RankCalls calls_;
};

}  // namespace thalweg
