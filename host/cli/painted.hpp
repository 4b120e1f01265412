#pragma once
// Words in bold or in a colour, where a terminal has them.
#include <string>
#include <string_view>

#include "host/cli/terminal.hpp"
#include "host/report/run_glance.hpp"

namespace thalweg::cli {

enum class Paint { none, bold, good, bad, odd };  ///< good: green, bad: red, odd: yellow

/// Adds no column to its width.
std::string painted(std::string text, Paint paint, const Abilities& abilities);

/// Running runs are good, those that broke are bad, those that somebody may wait for are odd.
Paint paint_of(report::RunStage stage);

}  // namespace thalweg::cli
