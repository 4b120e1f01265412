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
#include "host/data/row_checks.hpp"
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

}  // namespace

void require_targets(const RowOrigin& origin, std::span<const double> targets) {
  for (std::size_t r = 0; r < targets.size(); ++r)
    if (!std::isfinite(static_cast<float>(targets[r])))
      throw DataError(fmt::format("{}: the target is {}; want a finite number of float32's range",
                                  origin.where(static_cast<std::int64_t>(r)), targets[r]));
}

std::string number_text(double value) {
  return value == std::floor(value) && std::abs(value) < 0x1p63
             ? fmt::format("{}", static_cast<std::int64_t>(value))
             : fmt::format("{}", value);
}

void fit_targets(const LabelColumn& labels, TargetUse use, Dataset& data) {
  if (!labels.present)
    throw DataError(fmt::format("{} has no targets; want one per row to train on", data.source));
  const bool no_numbers = labels.numbers.empty();
  if (use == TargetUse::numbers && no_numbers)
    throw DataError(fmt::format("{}: the targets are text, as {}; want numbers for this loss", data.source,
                                shown(labels.texts.at(0))));
  require_targets(data, labels.numbers);
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
  if (labels.in_class_order) {
    data.classes = labels.texts;
    data.target.assign(labels.codes.begin(), labels.codes.end());
    return;
  }
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
    require_targets(data, labels.numbers);
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

}  // namespace thalweg
