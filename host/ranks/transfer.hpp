#pragma once
// What ranks send each other in a call.
#include <algorithm>
#include <cstdint>
#include <span>

namespace thalweg {

/// Bytes for rank `peer`, or from it.
struct Transfer {
  int peer;
  void* data;
  std::int64_t bytes;
};

inline std::int64_t bytes_with(std::span<const Transfer> transfers, int peer) {
  std::int64_t bytes = 0;
  for (const Transfer& transfer : transfers) bytes += transfer.peer == peer ? transfer.bytes : 0;
  return bytes;
}

/// Calls post(data, bytes) for each message of at most `longest` bytes.
template <class Post>
void in_pieces(const Transfer& transfer, std::int64_t longest, const Post& post) {
  for (std::int64_t done = 0; done < transfer.bytes; done += longest)
    post(static_cast<char*>(transfer.data) + done, std::min(longest, transfer.bytes - done));
}

}  // namespace thalweg
