#pragma once
#include <CLI/CLI.hpp>

#include "host/cli/cli.hpp"

namespace thalweg::cli {

/// The options of `thalweg bench`, which takes no settings.
void add_bench_options(CLI::App& command, BenchArguments& bench);

}  // namespace thalweg::cli
