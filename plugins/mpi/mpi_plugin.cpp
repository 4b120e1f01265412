// Messages between the processes of an MPI job, for a program that does not link MPI itself
// (host/ranks/mpi_interface.h). It is built against the MPI of the site, because those of two makers do not
// fit each other; plugins/mpi/mpi.sh builds it.
// Not the C++ calls that MPI 3 has removed.
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "host/ranks/mpi_interface.h"

namespace {

MPI_Comm world = MPI_COMM_NULL;

/// Requests by number; those of messages that are done are taken again.
std::vector<MPI_Request> requests;
std::vector<std::int64_t> unused;

const char* problem_of(const char* call, int code) {
  if (code == MPI_SUCCESS) return nullptr;
  static std::string problem;
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(code, text, &length);
  problem = std::string(call) + ": " + std::string(text, static_cast<std::size_t>(length));
  return problem.c_str();
}

MPI_Request* new_request(std::int64_t* number) {
  if (unused.empty()) {
    unused.push_back(static_cast<std::int64_t>(requests.size()));
    requests.push_back(MPI_REQUEST_NULL);
  }
  *number = unused.back();
  unused.pop_back();
  return &requests[static_cast<std::size_t>(*number)];
}

/// A communicator of its own: no other part of the process can take its messages.
const char* open(std::int32_t* rank, std::int32_t* count) {
  int given = 0;
  // The program sleeps where it waits long. With a yield in each look it would wait for the time slices of
  // others: 10 ms instead of 0.3 ms a step where a machine has more threads than cores.
  ::setenv("OMPI_MCA_mpi_yield_when_idle", "0", 1);
  if (const int code = MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &given); code != MPI_SUCCESS)
    return "MPI_Init_thread failed";
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  if (const char* problem = problem_of("MPI_Comm_dup", MPI_Comm_dup(MPI_COMM_WORLD, &world))) return problem;
  MPI_Comm_set_errhandler(world, MPI_ERRORS_RETURN);
  MPI_Comm_rank(world, rank);
  return problem_of("MPI_Comm_size", MPI_Comm_size(world, count));
}

const char* send(std::int32_t peer, std::int32_t tag, const void* data, std::int64_t bytes,
                 std::int64_t* request) {
  return problem_of("MPI_Isend", MPI_Isend(data, static_cast<int>(bytes), MPI_BYTE, peer, tag, world,
                                           new_request(request)));
}

const char* receive(std::int32_t peer, std::int32_t tag, void* data, std::int64_t bytes,
                    std::int64_t* request) {
  return problem_of("MPI_Irecv", MPI_Irecv(data, static_cast<int>(bytes), MPI_BYTE, peer, tag, world,
                                           new_request(request)));
}

const char* test(std::int64_t request, std::int32_t* done) {
  int is_done = 0;
  const int code = MPI_Test(&requests[static_cast<std::size_t>(request)], &is_done, MPI_STATUS_IGNORE);
  *done = is_done;
  if (is_done != 0) unused.push_back(request);
  return problem_of("MPI_Test", code);
}

const char* close() {
  MPI_Comm_free(&world);
  return problem_of("MPI_Finalize", MPI_Finalize());
}

}  // namespace

extern "C" [[gnu::visibility("default")]] const ThalwegMpi* thalweg_mpi() {
  static const ThalwegMpi functions{kThalwegMpiVersion, open, send, receive, test, close};
  return &functions;
}
