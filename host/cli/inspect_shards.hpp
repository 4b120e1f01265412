#pragma once
#include "host/cli/cli.hpp"

namespace thalweg::cli {

/// What a set of shards holds; with --verify its files are read and checked.
int inspect_shards(const InspectArguments& arguments, Streams streams);

}  // namespace thalweg::cli
