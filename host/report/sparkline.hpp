#pragma once
// A curve in one line of text.
#include <span>
#include <string>

namespace thalweg::report {

/// Levels from the smallest to the largest of the finite values, at most `width` characters; neighbours share
/// one, as their mean, where there are more values. A place without a finite value is a space. `blocks`:
/// Unicode block elements, of three bytes each; else ASCII.
std::string sparkline(std::span<const double> values, int width, bool blocks);

}  // namespace thalweg::report
