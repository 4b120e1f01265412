#include "host/cli/watch_values.hpp"

#include <fmt/format.h>

#include <cmath>

namespace thalweg::cli {

double last_of(const report::Curve& curve) {
  return curve.values.empty() ? std::nan("") : curve.values.back();
}

std::string last_text(const report::Curve& curve) {
  const double last = last_of(curve);
  return std::isnan(last) ? kNothing : fmt::format("{:.5g}", last);
}

std::string of_all(std::int64_t done, const char* of, std::int64_t all) {
  return all > 0 ? fmt::format("{}{}{}", done, of, all) : std::to_string(done);
}

}  // namespace thalweg::cli
