#include "examples/gallery/pages.hpp"

#include "thalweg/error.hpp"

namespace thalweg::gallery {

double Page::operator[](std::string_view name) const {
  for (const Number& number : numbers)
    if (number.name == name) return number.value;
  throw UsageError("the page \"" + title + "\" has no number \"" + std::string(name) + "\"");
}

const std::vector<NamedPage>& pages() {
  static const std::vector<NamedPage> all{{"revenue", revenue},
                                          {"maximise", maximise},
                                          {"two_starts", two_starts},
                                          {"stationary_points", stationary_points},
                                          {"curved_path", curved_path},
                                          {"regression", regression},
                                          {"one_unit", one_unit},
                                          {"choice_of_loss", choice_of_loss},
                                          {"feature_scaling", feature_scaling},
                                          {"l2_convexifies", l2_convexifies},
                                          {"landscape", landscape},
                                          {"gradient_flow", gradient_flow},
                                          {"low_pass", low_pass},
                                          {"nesterov", nesterov},
                                          {"bias_correction", bias_correction},
                                          {"sharp_minimum", sharp_minimum},
                                          {"bad_scale", bad_scale},
                                          {"rate_too_large", rate_too_large},
                                          {"rate_too_small", rate_too_small},
                                          {"overfitting", overfitting},
                                          {"biased_by_l2", biased_by_l2},
                                          {"local_minima", local_minima}};
  return all;
}

}  // namespace thalweg::gallery
