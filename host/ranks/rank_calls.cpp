#include "host/ranks/rank_calls.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "host/ranks/idle.hpp"
#include "host/ranks/introduction.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using namespace std::chrono_literals;

constexpr char kMark[8] = {'T', 'W', 'R', 'A', 'N', 'K', 'S', '1'};
enum Tag : int { kHeaders = 1, kData = 2, kLastWords = 3 };

/// Where several ranks are missing, one of them may wait for the other and says so a moment later.
constexpr auto kMomentLater = 1s;
/// That the others have to take a last word.
constexpr auto kFarewell = 1s;

}  // namespace

RankCalls::RankCalls(std::unique_ptr<Transport> transport, RankPatience patience)
    : transport_(std::move(transport)),
      patience_(patience),
      hosts_(static_cast<std::size_t>(count())),
      heard_(hosts_.size()),
      wanted_(hosts_.size()),
      own_headers_(hosts_.size()),
      headers_(hosts_.size()),
      last_words_(hosts_.size()) {
  for (int peer = 0; peer < count(); ++peer) {
    LastWord& word = last_words_[static_cast<std::size_t>(peer)];
    if (peer != rank())
      awaited_words_.push_back(
          {transport_->receive(peer, kLastWords, &word, sizeof word), peer, Pending::last_word});
  }
  introduce();
}

void RankCalls::introduce() {
  std::vector<Introduction> all(hosts_.size());
  Introduction& own = all[static_cast<std::size_t>(rank())] = own_introduction();
  std::vector<Transfer> sends, receives;
  for (int peer = 0; peer < count(); ++peer) {
    if (peer == rank()) continue;
    sends.push_back({peer, &own, sizeof own});
    receives.push_back({peer, &all[static_cast<std::size_t>(peer)], sizeof own});
  }
  call(RankCall::introduction, sends, receives);
  for (std::size_t r = 0; r < all.size(); ++r) hosts_[r] = all[r].host;
  sharers_ = sharers_of(own, all);
}

std::string RankCalls::name_of(int rank) const {
  const std::string& host = hosts_[static_cast<std::size_t>(rank)];
  return host.empty() ? fmt::format("rank {}", rank) : fmt::format("rank {} ({})", rank, host);
}

/// Ranks gather a step's numbers, and the states for a checkpoint.
std::chrono::milliseconds RankCalls::patience_for(RankCall kind) const {
  const bool step = kind == RankCall::exchange || kind == RankCall::gather;
  return step ? patience_.step : std::max(patience_.step, patience_.around);
}

void RankCalls::call(RankCall kind, std::span<const Transfer> sends, std::span<const Transfer> receives) {
  if (left_) throw RankError("this rank has stopped");
  kind_ = kind;
  ++calls_;
  std::vector<Pending> pending;
  try {
    post(sends, receives, pending);
    await(pending, patience_for(kind));
  } catch (const std::exception& error) {
    abort(error.what());  // before what is under way loses its memory
    throw;
  }
  for (std::size_t r = 0; r < heard_.size(); ++r) heard_[r] = headers_[r].word;
  heard_[static_cast<std::size_t>(rank())] = word_;
}

/// Names the rank in what the system says of it.
template <class Act>
auto RankCalls::with(int peer, const Act& act) const {
  try {
    return act();
  } catch (const RankError& error) {
    throw RankError(fmt::format("{} cannot be reached: {}", name_of(peer), error.what()));
  }
}

void RankCalls::post(std::span<const Transfer> sends, std::span<const Transfer> receives,
                     std::vector<Pending>& pending) {
  const auto receive = [&](int peer, Tag tag, void* data, std::int64_t bytes) {
    return with(peer, [&] { return transport_->receive(peer, tag, data, bytes); });
  };
  const auto send = [&](int peer, Tag tag, const void* data, std::int64_t bytes) {
    return with(peer, [&] { return transport_->send(peer, tag, data, bytes); });
  };
  for (int peer = 0; peer < count(); ++peer) {
    const auto p = static_cast<std::size_t>(peer);
    wanted_[p] = bytes_with(receives, peer);
    if (peer == rank()) continue;
    own_headers_[p] = {{}, calls_, kind_, 0, bytes_with(sends, peer), word_};
    std::memcpy(own_headers_[p].mark, kMark, sizeof kMark);
    pending.push_back({receive(peer, kHeaders, &headers_[p], sizeof(Header)), peer, Pending::header});
    pending.push_back({send(peer, kHeaders, &own_headers_[p], sizeof(Header)), peer, Pending::data});
  }
  for (const Transfer& from : receives)
    in_pieces(from, transport_->longest(), [&](char* data, std::int64_t bytes) {
      pending.push_back({receive(from.peer, kData, data, bytes), from.peer, Pending::data});
    });
  for (const Transfer& to : sends)
    in_pieces(to, transport_->longest(), [&](const char* data, std::int64_t bytes) {
      pending.push_back({send(to.peer, kData, data, bytes), to.peer, Pending::data});
    });
}

/// One by one, so that it is known whose messages are missing.
void RankCalls::await(std::vector<Pending>& pending, std::chrono::milliseconds limit) {
  const auto begin = Clock::now();
  for (Idle idle;; idle.wait()) {
    std::erase_if(pending, [&](const Pending& message) { return is_done(message); });
    if (pending.empty()) return;
    if (!idle.looks_around()) continue;
    require_going(pending);
    const auto waited = Clock::now() - begin;
    if (waited < limit) continue;
    const bool several = std::any_of(pending.begin(), pending.end(), [&](const Pending& message) {
      return message.peer != pending.front().peer;
    });
    if (!several || waited >= limit + kMomentLater) fail(late(pending, limit));
  }
}

bool RankCalls::is_done(const Pending& message) {
  if (!with(message.peer, [&] { return transport_->test(message.message); })) return false;
  if (message.kind == Pending::header) check_header(message.peer);
  if (message.kind == Pending::last_word && last_words_[static_cast<std::size_t>(message.peer)].stopped != 0)
    fail_by(message.peer);
  return true;
}

void RankCalls::check_header(int peer) {
  const Header& header = headers_[static_cast<std::size_t>(peer)];
  if (std::memcmp(header.mark, kMark, sizeof kMark) != 0)
    fail(fmt::format("{} is of another version of thalweg", name_of(peer)));
  if (header.call != calls_ || header.kind != kind_)
    fail(fmt::format("{} is in {}, its call {}, and {} in {}, its call {}", name_of(peer),
                     thalweg::name_of(header.kind), header.call, name_of(rank()), thalweg::name_of(kind_),
                     calls_));
  const std::int64_t wanted = wanted_[static_cast<std::size_t>(peer)];
  if (header.bytes != wanted)
    fail(fmt::format("{} wants {} bytes of {}, which sends {}", name_of(rank()), wanted, name_of(peer),
                     header.bytes));
}

/// A rank that has ended may have sent all of this call before. Its header is then here at the next look.
void RankCalls::require_going(const std::vector<Pending>& pending) {
  for (const Pending& message : pending) {
    const bool ended = std::find(ended_.begin(), ended_.end(), message.peer) != ended_.end();
    if (ended && message.kind == Pending::header) fail_by(message.peer);
  }
  std::erase_if(awaited_words_, [&](const Pending& word) {
    if (!is_done(word)) return false;
    ended_.push_back(word.peer);
    return true;
  });
}

void RankCalls::fail_by(int peer) {
  const LastWord& said = last_words_[static_cast<std::size_t>(peer)];
  fail(fmt::format("{} stopped: {}", name_of(peer), said.stopped != 0 ? said.why : "its run has ended"));
}

std::string RankCalls::late(const std::vector<Pending>& pending, std::chrono::milliseconds limit) const {
  std::vector<int> peers;
  for (const Pending& message : pending) peers.push_back(message.peer);
  std::sort(peers.begin(), peers.end());
  peers.erase(std::unique(peers.begin(), peers.end()), peers.end());
  std::string names;
  for (const int peer : peers) names += (names.empty() ? "" : " and ") + name_of(peer);
  const std::string step = word_.step > 0 ? fmt::format("in step {}", word_.step) : "before the first step";
  return fmt::format("{} did not come within {:g} s: {} waits {} in {} (ranks.timeout_seconds)", names,
                     std::chrono::duration<double>(limit).count(), name_of(rank()), step,
                     thalweg::name_of(kind_));
}

void RankCalls::fail(const std::string& what) { throw RankError(what); }

void RankCalls::send_last_words(std::vector<Pending>& pending) {
  for (int peer = 0; peer < count(); ++peer) {
    if (peer == rank()) continue;
    const std::int64_t message = transport_->send(peer, kLastWords, &own_last_word_, sizeof own_last_word_);
    pending.push_back({message, peer, Pending::data});
  }
}

void RankCalls::abort(const char* why) noexcept {
  if (left_) return;
  left_ = true;
  own_last_word_.stopped = 1;
  std::strncpy(own_last_word_.why, why, sizeof own_last_word_.why - 1);
  try {
    std::vector<Pending> pending;
    send_last_words(pending);
    const auto end = Clock::now() + kFarewell;
    for (Idle idle; !pending.empty() && Clock::now() < end; idle.wait())
      std::erase_if(pending, [&](const Pending& word) { return transport_->test(word.message); });
  } catch (...) {  // whoever cannot be told finds out by the deadline
  }
}

void RankCalls::finish() {
  if (left_) return;
  kind_ = RankCall::meeting;
  std::vector<Pending> pending;
  try {
    send_last_words(pending);
    pending.insert(pending.end(), awaited_words_.begin(), awaited_words_.end());
    awaited_words_.clear();
    await(pending, patience_for(kind_));
  } catch (const std::exception&) {
    left_ = true;
    throw;
  }
  left_ = true;
  transport_->close();
}

}  // namespace thalweg
