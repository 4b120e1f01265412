#include "host/data/shards/leftover_note.hpp"

#include <fmt/format.h>

namespace thalweg {

std::string note_of_leftovers(std::int64_t found, std::int64_t reused, std::int64_t shards) {
  if (found == 0) return "";
  if (reused == 0)
    return "a conversion that was cut off had left nothing that could be used; all shards are new";
  return fmt::format("{} of {} shards were there already, from a conversion that was cut off", reused,
                     shards);
}

}  // namespace thalweg
