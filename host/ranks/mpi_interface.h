#pragma once
// What plugins/mpi gives to the program, which links no MPI itself. Calls come from one thread.
#include <cstdint>

extern "C" {

/// A function returns null, or what is wrong, until the next call.
struct ThalwegMpi {
  std::int32_t version;  ///< kThalwegMpiVersion
  /// MPI_Init, once.
  const char* (*open)(std::int32_t* rank, std::int32_t* count);
  /// Begin a message of at most 2^30 bytes. The memory stays as it is until `test` says that the message is
  /// done.
  const char* (*send)(std::int32_t peer, std::int32_t tag, const void* data, std::int64_t bytes,
                      std::int64_t* request);
  const char* (*receive)(std::int32_t peer, std::int32_t tag, void* data, std::int64_t bytes,
                         std::int64_t* request);
  /// A message that is done has no request any more.
  const char* (*test)(std::int64_t request, std::int32_t* done);
  /// MPI_Finalize, which waits for all ranks.
  const char* (*close)();
};

/// The only symbol.
const ThalwegMpi* thalweg_mpi();
}

inline constexpr std::int32_t kThalwegMpiVersion = 1;
