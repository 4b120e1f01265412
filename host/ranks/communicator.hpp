#pragma once
// What ranks say to each other. All ranks make the same calls in the same order.
#include <cstdint>
#include <span>

namespace thalweg {

/// Floats for rank `peer`, or from it.
struct Message {
  int peer = 0;
  float* data = nullptr;
  std::int64_t count = 0;
};

/// Elements [begin, end) of an array.
struct Piece {
  std::int64_t begin = 0, end = 0;
  bool operator==(const Piece&) const = default;
};

/// An array of which each rank has one piece.
struct Gathered {
  float* data = nullptr;
  std::span<const Piece> pieces;  ///< [ranks]
};

/// One rank's end. A call throws an error, naming a rank, if that rank has stopped or does not come in
/// time.
class Communicator {
 public:
  Communicator() = default;
  virtual ~Communicator() = default;
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;

  virtual int rank() const = 0;
  virtual int count() const = 0;
  /// Ranks that share the threads of this process.
  virtual int on_these_threads() const = 0;

  /// The messages of a pair of ranks are matched in order. Returns when `sends` may change.
  virtual void exchange(std::span<const Message> sends, std::span<const Message> receives) = 0;
  /// Leaves all pieces of each array with every rank.
  virtual void gather(std::span<const Gathered> arrays) = 0;
  /// Leaves what rank 0 has with every rank.
  virtual void broadcast(std::span<const Message> arrays) = 0;
  /// Ends the calls of all ranks, now and later, with an error that names this rank and says why.
  virtual void abort(const char* why) noexcept = 0;
};

}  // namespace thalweg
