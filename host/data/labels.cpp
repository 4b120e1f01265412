#include "host/data/labels.hpp"
#include "host/config/values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <utility>

#include "host/data/number_label.hpp"
#include "host/data/task_rule.hpp"
#include "host/data/text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// Distinct labels and, per row, which of them.
struct CodedLabels {
  std::vector<std::string> texts;
  std::vector<std::int32_t> codes;
};

std::string number_text(double value) {
  return value == std::floor(value) && std::abs(value) < 0x1p63
             ? fmt::format("{}", static_cast<std::int64_t>(value))
             : fmt::format("{}", value);
}

void require_finite(const LabelColumn& labels, const Dataset& data) {
  for (std::size_t r = 0; r < labels.numbers.size(); ++r)
    if (!std::isfinite(static_cast<float>(labels.numbers[r])))
      throw DataError(fmt::format("{}: the target is {}; want a finite number of float32's range",
                                  data.where(static_cast<std::int64_t>(r)), labels.numbers[r]));
}

/// False when there are more than `most` distinct numbers.
bool code_numbers(const std::vector<double>& numbers, std::size_t most, CodedLabels& out) {
  std::unordered_map<double, std::int32_t> codes;
  out.codes.reserve(numbers.size());
  for (const double number : numbers) {
    const auto [at, added] = codes.try_emplace(number, static_cast<std::int32_t>(codes.size()));
    if (added) out.texts.push_back(number_text(number));
    if (codes.size() > most) return false;  // mutant: most-classes
    out.codes.push_back(at->second);
  }
  return true;
}

CodedLabels coded_labels(const LabelColumn& labels, const Dataset& data) {
  CodedLabels coded{labels.texts, labels.codes};
  const bool fits = labels.texts.empty() ? code_numbers(labels.numbers, kMostClasses, coded)
                                         : labels.texts.size() <= kMostClasses;
  if (!fits)
    throw DataError(
        fmt::format("{}: more than {} distinct labels; want classes, or a loss for numbers (squared)",
                    data.source, kMostClasses));
  for (const std::string& text : coded.texts)
    if (!is_utf8(text))
      throw DataError(fmt::format("{}: the label {} is not UTF-8 text", data.source, shown(text)));
  return coded;
}

/// All texts as numbers, or nothing if one of them is none.
std::vector<NumberLabel> all_numbers(const std::vector<std::string>& texts) {
  std::vector<NumberLabel> numbers;
  for (const std::string& text : texts) {
    std::optional<NumberLabel> number = number_label(text);
    if (!number) return {};
    numbers.push_back(std::move(*number));
  }
  return numbers;
}

/// Class of each distinct label: numerically if all are numbers ("1" and "1.0" are one), else by text. The
/// shortest of equal numbers names their class, whatever the order of the rows.
std::vector<std::int32_t> sort_classes(const std::vector<std::string>& texts,
                                       std::vector<std::string>& classes) {
  const std::vector<NumberLabel> numbers = all_numbers(texts);
  std::vector<std::int32_t> order(texts.size()), class_of(texts.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
    if (numbers.empty()) return texts[i] < texts[j];
    if (numbers[i] < numbers[j] || numbers[j] < numbers[i]) return numbers[i] < numbers[j];
    return std::pair(texts[i].size(), texts[i]) < std::pair(texts[j].size(), texts[j]);
  });
  for (std::size_t k = 0; k < order.size(); ++k) {
    const auto i = static_cast<std::size_t>(order[k]);
    const bool same =
        k > 0 && !numbers.empty() && numbers[i] == numbers[static_cast<std::size_t>(order[k - 1])];
    if (!same) classes.push_back(texts[i]);
    class_of[i] = static_cast<std::int32_t>(classes.size()) - 1;
  }
  return class_of;
}

/// Class of each distinct label by text, or by value ("+1" is "1"); -1: none.
std::vector<std::int32_t> known_classes(const std::vector<std::string>& texts,
                                        const std::vector<std::string>& known) {
  std::vector<std::optional<NumberLabel>> numbers;
  for (const std::string& label : known) numbers.push_back(number_label(label));
  std::vector<std::int32_t> class_of;
  for (const std::string& text : texts) {
    auto found = std::find(known.begin(), known.end(), text) - known.begin();
    if (found == std::ssize(known)) {
      const std::optional<NumberLabel> number = number_label(text);
      if (number) found = std::find(numbers.begin(), numbers.end(), number) - numbers.begin();
    }
    class_of.push_back(found == std::ssize(known) ? -1 : static_cast<std::int32_t>(found));
  }
  return class_of;
}

void set_classes(const CodedLabels& coded, const std::vector<std::int32_t>& class_of, Dataset& data) {
  data.target.reserve(coded.codes.size());
  for (const std::int32_t code : coded.codes)
    data.target.push_back(static_cast<float>(class_of[static_cast<std::size_t>(code)]));
}

std::vector<double> listed_weights(const std::string& setting, const Dataset& data) {
  std::vector<double> weights;
  for (std::size_t at = 0; at <= setting.size();) {
    const std::size_t comma = std::min(setting.find(',', at), setting.size());
    double weight;
    const std::string part = setting.substr(at, comma - at);
    if (parse_number(part, weight) != ParsedNumber::ok || weight < 0)
      throw ConfigError(
          fmt::format("data.class_weight = {}: got {}; want none, balanced or numbers not below 0 like "
                      "\"0.5,2\"",
                      shown(setting), shown(part)));
    weights.push_back(weight);
    at = comma + 1;
  }
  if (weights.size() != data.classes.size())
    throw ConfigError(fmt::format("data.class_weight has {} numbers; want {}, one for each of the classes {}",
                                  weights.size(), data.classes.size(), fmt::join(data.classes, ", ")));
  return weights;
}

/// A class that no row of `fit` has weighs nothing.
std::vector<double> balanced_weights(const Dataset& data, const std::vector<std::int64_t>& fit) {
  std::vector<double> count(data.classes.size(), 0.0), weights;
  for (const std::int64_t row : fit)
    ++count[static_cast<std::size_t>(data.target[static_cast<std::size_t>(row)])];
  // mutant: balance-of-fit-rows
  const auto rows = static_cast<double>(fit.size()), classes = static_cast<double>(count.size());
  for (const double n : count) weights.push_back(n > 0 ? rows / (classes * n) : 0.0);
  return weights;
}

/// By class; empty: none.
std::vector<double> class_weights(const std::string& setting, const std::vector<std::int64_t>& fit,
                                  const Dataset& data) {
  const std::optional<ClassWeighting> word =
      setting.empty() ? ClassWeighting::none : value_named<ClassWeighting>(setting);
  if (word == ClassWeighting::none) return {};
  if (data.target_kind != TargetKind::classes)
    throw ConfigError(
        fmt::format("data.class_weight = {}: the targets of {} are numbers; want none, or a loss for "
                    "classes (model.loss = logistic or softmax_cross_entropy)",
                    shown(setting), data.source));
  return word == ClassWeighting::balanced ? balanced_weights(data, fit) : listed_weights(setting, data);
}

}  // namespace

void fit_targets(const LabelColumn& labels, TargetUse use, Dataset& data) {
  if (!labels.present)
    throw DataError(fmt::format("{} has no targets; want one per row to train on", data.source));
  const bool no_numbers = labels.numbers.empty();
  if (use == TargetUse::numbers && no_numbers)
    throw DataError(fmt::format("{}: the targets are text, as {}; want numbers for this loss", data.source,
                                shown(labels.texts.at(0))));
  require_finite(labels, data);
  bool classes = use == TargetUse::classes;
  if (use == TargetUse::automatic) {
    const Task task = automatic_task(labels);
    classes = task.kind == TargetKind::classes;
    data.target_reason = task.reason;
  }
  if (!classes) {
    data.target.assign(labels.numbers.begin(), labels.numbers.end());
    return;
  }
  data.target_kind = TargetKind::classes;
  const CodedLabels coded = coded_labels(labels, data);
  set_classes(coded, sort_classes(coded.texts, data.classes), data);
}

void apply_targets(const LabelColumn& labels, const DataSchema& schema, bool need_target, Dataset& data) {
  data.target_kind = schema.target_kind;
  data.classes = schema.classes;
  if (!labels.present) {
    if (need_target) throw DataError(fmt::format("{} has no targets; want one per row", data.source));
    return;
  }
  if (schema.target_kind == TargetKind::number) {
    const auto finite = [](double x) { return std::isfinite(static_cast<float>(x)); };
    const bool usable =
        !labels.numbers.empty() && std::all_of(labels.numbers.begin(), labels.numbers.end(), finite);
    if (!usable && !need_target) return;
    if (labels.numbers.empty())
      throw DataError(fmt::format("{}: the targets are text, as {}; the model was trained on numbers",
                                  data.source, shown(labels.texts.at(0))));
    require_finite(labels, data);
    data.target.assign(labels.numbers.begin(), labels.numbers.end());
    return;
  }
  const CodedLabels coded = coded_labels(labels, data);
  const auto class_of = known_classes(coded.texts, schema.classes);
  for (std::size_t r = 0; r < coded.codes.size(); ++r) {
    const auto code = static_cast<std::size_t>(coded.codes[r]);
    if (class_of[code] >= 0) continue;
    if (!need_target) return;
    throw DataError(fmt::format("{}: label {} was not seen in training; want one of {}",
                                data.where(static_cast<std::int64_t>(r)), shown(coded.texts[code]),
                                fmt::join(schema.classes, ", ")));
  }
  set_classes(coded, class_of, data);
}

void check_weights(const Dataset& data) {
  bool positive = data.weight.empty();
  for (std::size_t r = 0; r < data.weight.size(); ++r) {
    const float weight = data.weight[r];
    if (!std::isfinite(weight) || weight < 0)
      throw DataError(fmt::format("{}: the weight is {}; want a finite number not below 0",
                                  data.where(static_cast<std::int64_t>(r)), weight));
    positive |= weight > 0;  // mutant: one-weight-positive
  }
  if (!positive) throw DataError(fmt::format("{}: every weight is 0; want at least one above", data.source));
}

void fit_weights(const std::string& class_weight, const std::vector<std::int64_t>& fit, Dataset& data) {
  const std::vector<double> of_class = class_weights(class_weight, fit, data);
  if (data.weight.empty() && of_class.empty()) return;
  if (data.weight.empty()) data.weight.assign(static_cast<std::size_t>(data.rows), 1.0f);
  const auto weight_of = [&](std::size_t r) {
    return data.weight[r] * (of_class.empty() ? 1.0 : of_class[static_cast<std::size_t>(data.target[r])]);
  };
  double sum = 0;
  for (const std::int64_t row : fit) sum += weight_of(static_cast<std::size_t>(row));
  if (!(sum > 0))
    throw DataError(fmt::format("{}: every row to train on has weight 0; want at least one above in {}",
                                data.source, of_class.empty() ? "data.weight" : "data.class_weight"));
  const double mean = sum / static_cast<double>(fit.size());  // mutant: mean-of-fit-rows
  for (const std::int64_t row : fit) {
    const auto r = static_cast<std::size_t>(row);
    data.weight[r] = static_cast<float>(weight_of(r) / mean);
  }
}

}  // namespace thalweg
