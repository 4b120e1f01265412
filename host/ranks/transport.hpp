#pragma once
// Messages of bytes between processes.
#include <cstdint>
#include <memory>

namespace thalweg {

/// One rank's end. Its calls come from one thread. A call throws RankError where the system reports a fault.
class Transport {
 public:
  Transport() = default;
  virtual ~Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  virtual int rank() const = 0;
  virtual int count() const = 0;

  /// Bytes of the longest message.
  virtual std::int64_t longest() const = 0;

  /// Begin a message, and return its number. Those of one peer and tag are matched in order.
  /// The memory may change when the message is done.
  virtual std::int64_t send(int peer, int tag, const void* data, std::int64_t bytes) = 0;
  virtual std::int64_t receive(int peer, int tag, void* data, std::int64_t bytes) = 0;
  /// Whether the message is done; after that its number is that of no message.
  virtual bool test(std::int64_t message) = 0;
  /// Waits until all ranks close. Nothing is called after it.
  virtual void close() = 0;
};

/// The processes of an MPI job. Throws DeviceUnavailable, which says `who` wants it, if the module
/// thalweg_mpi.so (plugins/mpi) is missing or of another version. A process can open it once.
std::unique_ptr<Transport> open_mpi(const char* who);

}  // namespace thalweg
