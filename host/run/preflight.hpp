#pragma once
// What the processes of a run have to have in common, compared before the first step.
#include <string>
#include <vector>

#include "host/run/prepared_run.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

/// Something that is the same on all ranks.
struct SharedFact {
  enum Kind { text, config } kind;
  ExitCode code;      ///< of a run whose ranks differ in it
  std::string what;   ///< "rows of training data"
  std::string value;  ///< of a config: its TOML
};

/// Version, numerics, config, data and schema, in the order in which a difference is to be told.
std::vector<SharedFact> shared_facts(const RunEnvironment& run, const PreparedRun& prepared);

/// For a message to the other ranks.
std::string to_text(const std::vector<SharedFact>& facts);

/// Throws an Error that names the first difference from rank 0, with both values and ranks. `texts` [ranks]:
/// to_text of each; `names` [ranks]; `own`: this rank's facts.
void require_equal_facts(const std::vector<SharedFact>& own, const std::vector<std::string>& texts,
                         const std::vector<std::string>& names);

}  // namespace thalweg
