#pragma once
// The pages of the gallery. Each is made by the program that has its name, with the shipped optimizers.
#include <string>
#include <string_view>
#include <vector>

#include "host/report/chart.hpp"

namespace thalweg::gallery {

/// A number that a page shows.
struct Number {
  std::string name;
  double value = 0;
};

struct Page {
  std::string title;
  std::string text;  ///< Markdown
  std::vector<report::Chart> charts = {};
  std::vector<Number> numbers = {};
  std::string says = "";  ///< the sentence that Thalweg prints

  /// Throws UsageError if no number has the name.
  double operator[](std::string_view name) const;
};

Page revenue();
Page maximise();
Page two_starts();
Page stationary_points();
Page curved_path();
Page regression();
Page one_unit();
Page landscape();
Page low_pass();
Page bias_correction();
Page nesterov();
Page sharp_minimum();
Page gradient_flow();
Page l2_convexifies();
Page choice_of_loss();
Page feature_scaling();
Page bad_scale();
Page rate_too_large();
Page rate_too_small();
Page overfitting();
Page biased_by_l2();
Page local_minima();

/// A page with the name of its files: docs/gallery/NAME.md and its plots, examples/gallery/NAME.cpp.
struct NamedPage {
  std::string name;
  Page (*make)();
};
const std::vector<NamedPage>& pages();

}  // namespace thalweg::gallery
