#pragma once
// From values to positions on a chart, and the round numbers at its axes.
#include <string>
#include <vector>

namespace thalweg::report {

enum class ScaleKind { linear, log };

struct Interval {
  double low = 0, high = 1;
};

/// An axis: its values, widened to round numbers, and the positions where they are drawn.
class Scale {
 public:
  /// Takes any values: those that are not finite, or have no logarithm, give an axis from 0 to 1, or 1 to 10.
  Scale(ScaleKind kind, Interval values, Interval positions);

  /// Whether the value has a place: its size is at most 1e300, and on a logarithmic axis it is at least
  /// 1e-300.
  bool shows(double value) const;
  /// The position of a value that has one.
  double at(double value) const;
  /// Ascending; the first and the last are the ends of the axis.
  const std::vector<double>& ticks() const { return ticks_; }

 private:
  double share(double value) const;

  ScaleKind kind_;
  std::vector<double> ticks_;
  Interval positions_;
};

/// Four digits, in few characters: "0.25", "72500", "1.2e6".
std::string number_text(double value);

}  // namespace thalweg::report
