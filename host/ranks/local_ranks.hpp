#pragma once
// Ranks that are threads of this process.
#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "host/ranks/communicator.hpp"

namespace thalweg {

/// One end per rank, for a thread each. A rank waits at most `deadline` for the others. Without one it waits
/// until they come or one calls abort: a process that was stopped for hours goes on.
std::vector<std::unique_ptr<Communicator>> local_ranks(
    int count, std::optional<std::chrono::milliseconds> deadline = {});

}  // namespace thalweg
