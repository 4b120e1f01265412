#pragma once
// Section [ranks]: processes that share each batch.
#include <cstdint>

#include "thalweg/choices.hpp"
#include "thalweg/setting.hpp"

namespace thalweg {

struct RanksConfig {
  RankTransport transport = RankTransport::automatic;
  std::int64_t timeout_seconds = 120;

  static constexpr std::string_view kAbout = "Processes that share each batch (docs/ranks.md)";

  template <class Self, class Visit>
  static void fields(Self& c, Visit&& v) {
    v(Setting{.name = "transport",
              .about =
                  "How processes that a launcher started talk; auto: by MPI where mpirun or srun announces "
                  "more than one, none: each is a run of its own.",
              .on_resume = OnResume::go_on},
      c.transport);
    v(Setting{.name = "timeout_seconds",
              .about =
                  "Seconds that a rank waits in a step for another before it gives up with exit code 68.",
              .range = from_to(1, 86400),
              .on_resume = OnResume::go_on},
      c.timeout_seconds);
  }
};

}  // namespace thalweg
