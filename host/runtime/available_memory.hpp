#pragma once
// The memory that this process may have.
#include <cstdint>
#include <limits>
#include <string>

namespace thalweg {

inline constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();

/// The least of the machine's memory, the limits of the control groups that the process is in, and its limit
/// of address space (ulimit -v).
std::int64_t available_memory();

/// What is left of the limit of address space; kNoLimit: there is none.
std::int64_t free_address_space();

/// The least limit of the control groups of the process, of version 1 or 2, and of the groups above them;
/// kNoLimit: they have none. `root`: of the file system, as tests make one.
std::int64_t control_group_limit(const std::string& root);

}  // namespace thalweg
