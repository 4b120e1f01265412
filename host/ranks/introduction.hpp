#pragma once
// What a rank tells of where it runs.
#include <cstdint>
#include <span>

namespace thalweg {

struct Introduction {
  char host[64] = {};
  std::uint64_t cores = 0;  ///< checksum of the set of cores that the process may use
};

Introduction own_introduction();

/// How many of `all` have the machine and the cores of `own`.
int sharers_of(const Introduction& own, std::span<const Introduction> all);

}  // namespace thalweg
