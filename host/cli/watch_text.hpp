#pragma once
// What `thalweg watch` says of runs.
#include <span>
#include <string>

#include "host/cli/terminal.hpp"
#include "host/json/json.hpp"
#include "host/report/run_glance.hpp"

namespace thalweg::cli {

/// Lines about one run, each shorter than `columns`.
std::string run_text(const report::RunGlance& glance, int columns, const Abilities& abilities);
/// A table with a line for each run, in at most as many columns and lines as the window has; it says how many
/// runs it leaves out. Empty where there are no runs.
std::string runs_text(std::span<const report::RunGlance> glances, const Window& window,
                      const Abilities& abilities);
/// One line, for a log.
std::string run_line(const report::RunGlance& glance);

Json to_json(const report::RunGlance& glance);

}  // namespace thalweg::cli
