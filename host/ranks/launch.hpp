#pragma once
// How the processes of a run come together: what their launcher says, and the communicator between them.
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "host/ranks/process_ranks.hpp"
#include "thalweg/settings/ranks.hpp"

namespace thalweg {

/// The value of a variable of the environment; empty where it is not set.
using Variables = std::function<std::string(const char* name)>;

/// What a launcher says of the processes that it started.
struct Announced {
  std::string variable;  ///< that says it
  int count = 0;         ///< 0: it does not tell
  int rank = 0;
};

/// By the first of mpirun's, MPICH's, Slurm's and PMIx's variables that is set; nothing where none is.
std::optional<Announced> announced_ranks(const Variables& variables);

/// Meets the other processes of the run; null: this one is alone. Throws DeviceUnavailable where more than
/// one rank is announced that cannot talk, so that no two runs share a folder.
std::unique_ptr<ProcessRanks> join_ranks(const RanksConfig& config, const Variables& variables);

}  // namespace thalweg
