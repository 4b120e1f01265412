#include "host/cli/human_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace thalweg::cli {

std::string human_rate(double rate) {
  if (rate >= 1e6) return fmt::format("{:.2f} M", rate / 1e6);
  return rate >= 1e3 ? fmt::format("{:.1f} k", rate / 1e3) : fmt::format("{:.0f}", rate);
}

std::string human_time(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds);
  return whole >= 3600 ? fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60)
                       : fmt::format("{}:{:02}", whole / 60, whole % 60);
}

std::string drawn_bar(double share, int width) {
  const int filled = std::clamp(static_cast<int>(share * width), 0, width);
  return fmt::format("[{}{}] ", std::string(filled, '#'), std::string(width - filled, '.'));
}

}  // namespace thalweg::cli
