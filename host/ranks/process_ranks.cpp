#include "host/ranks/process_ranks.hpp"

namespace thalweg {
namespace {

Transfer transfer_of(int peer, float* data, std::int64_t count) {
  return {peer, data, count * std::int64_t{sizeof(float)}};
}

std::vector<Transfer> transfers_of(std::span<const Message> messages) {
  std::vector<Transfer> transfers;
  for (const auto& [peer, data, count] : messages) transfers.push_back(transfer_of(peer, data, count));
  return transfers;
}

}  // namespace

template <class Visit>
void ProcessRanks::for_each_peer(const Visit& visit) const {
  for (int peer = 0; peer < count(); ++peer) {
    if (peer != rank()) visit(peer);
  }
}

void ProcessRanks::exchange(std::span<const Message> sends, std::span<const Message> receives) {
  calls_.call(RankCall::exchange, transfers_of(sends), transfers_of(receives));
}

void ProcessRanks::gather(std::span<const Gathered> arrays) {
  std::vector<Transfer> sends, receives;
  for (const auto& [data, pieces] : arrays) {
    const auto piece_of = [data = data, pieces = pieces](int peer, int owner) {
      const auto [begin, end] = pieces[static_cast<std::size_t>(owner)];
      return transfer_of(peer, data + begin, end - begin);
    };
    for_each_peer([&](int peer) {
      sends.push_back(piece_of(peer, rank()));
      receives.push_back(piece_of(peer, peer));
    });
  }
  calls_.call(RankCall::gather, sends, receives);
}

void ProcessRanks::broadcast(std::span<const Message> arrays) {
  std::vector<Transfer> sends, receives;
  for (const auto& [leader, data, count] : arrays) {
    if (rank() != 0) receives.push_back(transfer_of(0, data, count));
    if (rank() == 0)
      for_each_peer([&, d = data, n = count](int peer) { sends.push_back(transfer_of(peer, d, n)); });
  }
  calls_.call(RankCall::broadcast, sends, receives);
}

/// Their lengths first.
std::vector<std::string> ProcessRanks::gather_texts(const std::string& own) {
  std::string mine = own;
  std::int64_t length = std::ssize(mine);
  std::vector<std::int64_t> lengths(static_cast<std::size_t>(count()), length);
  std::vector<std::string> texts(lengths.size(), mine);
  std::vector<Transfer> sends, receives;
  for_each_peer([&](int peer) {
    sends.push_back({peer, &length, sizeof length});
    receives.push_back({peer, &lengths[static_cast<std::size_t>(peer)], sizeof length});
  });
  calls_.call(RankCall::texts, sends, receives);
  sends.clear(), receives.clear();
  for_each_peer([&](int peer) {
    std::string& text = texts[static_cast<std::size_t>(peer)];
    text.resize(static_cast<std::size_t>(lengths[static_cast<std::size_t>(peer)]));
    sends.push_back({peer, mine.data(), length});
    receives.push_back({peer, text.data(), std::ssize(text)});
  });
  calls_.call(RankCall::texts, sends, receives);
  return texts;
}

}  // namespace thalweg
