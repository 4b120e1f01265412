#pragma once
// Rates, times and shares in the few characters that a line of progress has for them.
#include <string>

namespace thalweg::cli {

/// "999", "1.2 k", "12.35 M".
std::string human_rate(double rate);
/// "0:09", "59:59", "1h00m".
std::string human_time(double seconds);
/// "[###.....] ": so many places, of which `share` is filled, and a space.
std::string drawn_bar(double share, int width);

}  // namespace thalweg::cli
