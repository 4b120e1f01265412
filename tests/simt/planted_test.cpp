// Each planted bug is caught in the builds that can see it, with a message that names what and where.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <string>
#include <vector>

#include "sanitizers.hpp"

namespace simt {
namespace {

enum class Seen { always, by_address_check, by_race_check };

struct Planted {
  const char* bug;
  Seen seen;
  std::vector<const char*> says;
};

const Planted kPlanted[] = {
    {"store_past_the_end",
     Seen::by_address_check,
     {"AddressSanitizer", "planted.cu", "device memory of 4096 bytes", "at byte 4096",
      "kernel \"store_past_the_end\", block (0,0,0), thread (63,0,0)"}},
    {"shared_overrun",
     Seen::by_address_check,
     {"planted.cu", "shared memory \"tile\" of 256 bytes", "at byte 256", "thread (63,0,0)"}},
    {"dynamic_overrun", Seen::by_address_check, {"dynamic shared memory of 256 bytes", "at byte 256"}},
    {"missing_barrier", Seen::by_race_check, {"data race", "missing_barrier", "planted.cu"}},
    {"missing_grid_sync", Seen::by_race_check, {"data race", "missing_grid_sync", "planted.cu"}},
    {"missing_copy_wait",
     Seen::always,
     {"missing wait", "asynchronous copy", "kernel \"missing_copy_wait\", block (0,0,0), thread",
      "planted.cu:"}},
    {"late_copy_wait", Seen::always, {"the result is not a number"}},
    {"divergent_barrier",
     Seen::always,
     {"cannot go on", "block (0,0,0) thread (0,0,0) waits at __syncthreads",
      "planted.cu:", "32 of 64 threads returned"}},
    {"two_barriers", Seen::always, {"divergent barrier", "planted.cu:", "two_barriers"}},
    {"foreign_mask", Seen::always, {"wrong mask", "0x0000ffff", "which is not in it", "planted.cu:"}},
    {"returned_lane", Seen::always, {"wrong mask", "returned", "planted.cu:"}},
    {"block_race", Seen::by_race_check, {"data race", "block_race", "planted.cu"}},
    {"barrier_block_race", Seen::by_race_check, {"data race", "barrier_block_race", "planted.cu"}},
    {"missing_fence", Seen::by_race_check, {"data race", "missing_fence", "planted.cu"}},
    {"misaligned", Seen::always, {"misaligned access", "not a multiple of 16", "planted.cu:"}},
    {"trap", Seen::always, {"__trap", "thread (7,0,0)", "planted.cu:"}},
    {"use_after_free",
     Seen::always,
     {"freed device memory of 4096 bytes", "planted.cu:", "kernel \"use_after_free\""}},
    {"leak", Seen::always, {"leaked at exit", "4096 bytes allocated at", "planted.cu:"}},
    {"host_read", Seen::always, {"device memory of 4096 bytes", "in host code"}},
};

struct Outcome {
  bool clean;
  std::string output;
};

Outcome run(const std::string& bug, const std::string& seed) {
  const std::string command = "THALWEG_SIMT_HOST_ACCESS=check THALWEG_SIMT_SEED=" + seed +
                              " " THALWEG_SIMT_PLANTED " " + bug + " 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  std::string output;
  for (char piece[4096]; std::fgets(piece, sizeof piece, pipe) != nullptr;) output += piece;
  return {pclose(pipe) == 0, output};
}

bool visible(Seen seen) {
  return seen == Seen::always || (seen == Seen::by_address_check ? address_checked() : races_checked());
}

TEST(PlantedBugs, EachIsCaughtAndNamed) {
  for (const Planted& planted : kPlanted) {
    if (!visible(planted.seen)) continue;
    for (const char* seed : {"0", "1", "2"}) {
      const Outcome outcome = run(planted.bug, seed);
      EXPECT_FALSE(outcome.clean) << planted.bug << " was not caught; seed " << seed;
      for (const char* words : planted.says)
        EXPECT_NE(outcome.output.find(words), std::string::npos)
            << planted.bug << " does not say: " << words << "\n"
            << outcome.output;
    }
  }
}

TEST(PlantedBugs, ACleanProgramIsSilent) {
  const Outcome outcome = run("none", "0");
  EXPECT_TRUE(outcome.clean);
  EXPECT_EQ(outcome.output, "");
}

}  // namespace
}  // namespace simt
