// Has the functions of plugins/mpi and none of its messages, so that loading the module is tested without
// MPI. STAND_IN_RANKS says what it tells of the job: the number of ranks, "fails" or "other version".
#include <cstdlib>
#include <string>

#include "host/ranks/mpi_interface.h"

namespace {

std::string asked() {
  const char* const ranks = std::getenv("STAND_IN_RANKS");
  return ranks != nullptr ? ranks : "1";
}

const char* open(std::int32_t* rank, std::int32_t* count) {
  if (asked() == "fails") return "MPI_Init_thread failed";
  *rank = 0, *count = std::stoi(asked());
  return nullptr;
}

const char* message(std::int64_t* request) {
  *request = 0;
  return nullptr;
}

const char* send(std::int32_t, std::int32_t, const void*, std::int64_t, std::int64_t* request) {
  return message(request);
}
const char* receive(std::int32_t, std::int32_t, void*, std::int64_t, std::int64_t* request) {
  return message(request);
}
const char* test(std::int64_t, std::int32_t* done) {
  *done = 0;
  return nullptr;
}
const char* close() { return nullptr; }

}  // namespace

extern "C" [[gnu::visibility("default")]] const ThalwegMpi* thalweg_mpi() {
  static ThalwegMpi functions{kThalwegMpiVersion, open, send, receive, test, close};
  functions.version = asked() == "other version" ? 0 : kThalwegMpiVersion;
  return &functions;
}
