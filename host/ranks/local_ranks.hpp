#pragma once
// Ranks that are threads of this process.
#include <chrono>
#include <memory>
#include <vector>

#include "host/ranks/communicator.hpp"

namespace thalweg {

/// One end per rank, for a thread each. A rank waits at most `deadline` for the others.
std::vector<std::unique_ptr<Communicator>> local_ranks(int count, std::chrono::milliseconds deadline);

}  // namespace thalweg
