#pragma once
#include <string>

namespace thalweg {

/// A metric's value, or why the rows do not define it.
struct MetricValue {
  double value = 0;
  std::string undefined = {};

  MetricValue(double number) : value(number) {}  // NOLINT: metrics are mostly numbers
  static MetricValue none(std::string why) {
    MetricValue value(0.0);
    value.undefined = std::move(why);
    return value;
  }
};

}  // namespace thalweg
