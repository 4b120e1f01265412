#include "host/report/sparkline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

namespace thalweg::report {
namespace {

constexpr std::array<std::string_view, 8> kBlocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<std::string_view, 8> kAscii = {"_", ".", ":", "-", "=", "+", "*", "#"};

/// NaN where none is finite. No sum of values is made, which could overflow.
double mean_of(std::span<const double> values) {
  double mean = 0, count = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    ++count;
    mean += value / count - mean / count;
  }
  return count > 0 ? mean : std::numeric_limits<double>::quiet_NaN();
}

std::vector<double> shared(std::span<const double> values, std::size_t places) {
  std::vector<double> means;
  for (std::size_t place = 0; place < places; ++place) {
    const std::size_t begin = place * values.size() / places, end = (place + 1) * values.size() / places;
    means.push_back(mean_of(values.subspan(begin, end - begin)));
  }
  return means;
}

/// In halves, because the difference of two large numbers may overflow.
std::size_t level_of(double value, double least, double most) {
  const double share = most > least ? (value / 2 - least / 2) / (most / 2 - least / 2) : 0;
  return static_cast<std::size_t>(std::lround(7 * share));
}

}  // namespace

std::string sparkline(std::span<const double> values, int width, bool blocks) {
  if (width <= 0) return "";
  const std::vector<double> shown = shared(values, std::min(values.size(), static_cast<std::size_t>(width)));
  double least = std::numeric_limits<double>::infinity(), most = -least;
  for (const double value : shown) {
    if (std::isnan(value)) continue;
    least = std::min(least, value);
    most = std::max(most, value);
  }
  const auto& levels = blocks ? kBlocks : kAscii;
  std::string text;
  for (const double value : shown)
    text += std::isnan(value) ? std::string_view(" ") : levels[level_of(value, least, most)];
  return text;
}

}  // namespace thalweg::report
