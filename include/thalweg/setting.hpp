#pragma once
// What is known of a setting besides its value: each section of Config describes its fields with these, and
// validation, help, documentation and completion are made from them.
// Example: setting_example in examples/tour.cpp.
#include <limits>
#include <string_view>

namespace thalweg {

/// An interval of numbers. The whole line includes the infinities; NaN lies in none.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false, high_open = false;
};
constexpr Range at_least(double low) { return {.low = low, .high_open = true}; }
constexpr Range above(double low) { return {.low = low, .low_open = true, .high_open = true}; }
constexpr Range from_to(double low, double high) { return {.low = low, .high = high}; }
constexpr Range from_to_below(double low, double high) {
  return {.low = low, .high = high, .high_open = true};
}
constexpr Range above_to(double low, double high) { return {.low = low, .high = high, .low_open = true}; }
constexpr Range between(double low, double high) {
  return {.low = low, .high = high, .low_open = true, .high_open = true};
}

/// Forms that a text may have to have (host/config/text_form.hpp).
enum class TextForm { any, device, row_range, class_weight, init, resume, size };

/// What follows where a run goes on from a checkpoint with another value of a setting.
enum class OnResume {
  refuse,           ///< the parameters would be others
  allow_on_demand,  ///< the run goes on by checkpoint.on_change = allow
  compare_data,     ///< it names where the data are: they have to be the same
  go_on,            ///< no parameter depends on it
};

/// The commands that read a setting, as bits.
enum class ReadBy : unsigned {
  training = 1,
  model = 2,  ///< those that take a trained model: evaluate, predict, ...
  conversion = 4,
  training_and_model = training | model,
  training_and_conversion = training | conversion,
  all = training | model | conversion,
};

struct Setting {
  std::string_view name;   ///< within its section
  std::string_view about;  ///< what it means, in one sentence
  Range range = {};        ///< of numbers, and of each item of a list of numbers
  TextForm form = TextForm::any;
  std::string_view aliases = {};  ///< its names in other tools, separated by spaces
  /// The number that "auto" stands for; NaN: it takes no such word.
  double automatic = std::numeric_limits<double>::quiet_NaN();
  bool path = false;  ///< names a file or folder: "~" at its beginning is the user's home
  OnResume on_resume = OnResume::refuse;
  ReadBy read_by = ReadBy::training;
};

}  // namespace thalweg
