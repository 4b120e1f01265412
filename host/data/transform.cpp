#include "host/data/transform.hpp"
#include "host/config/keys.hpp"
#include "host/config/values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "host/data/counted.hpp"
#include "host/data/text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

bool is_text(const RawData& raw, std::int64_t column) {
  return !raw.texts.empty() && !raw.texts[static_cast<std::size_t>(column)].empty();
}

void renumber(RawData& raw, std::int64_t column, const std::vector<std::int32_t>& number) {
  for (std::int64_t r = 0; r < raw.rows; ++r) {
    float& cell = raw.cells[static_cast<std::size_t>(r * raw.width + column)];
    if (std::isnan(cell)) continue;
    const std::int32_t category = number[static_cast<std::size_t>(cell)];
    if (category == kNoCategory) ++raw.unseen;
    cell = static_cast<float>(category);
  }
}

[[noreturn]] void refuse_category(const RawData& raw, std::int64_t column, float code,
                                  const std::string& text, const std::vector<std::string>& known) {
  std::int64_t row = 0;
  while (raw.cells[static_cast<std::size_t>(row * raw.width + column)] != code) ++row;
  throw DataError(fmt::format(
      "{}, {}: {} was not seen in training{}; want one of {}, or data.unseen = ignore", raw.where(row),
      raw.column(column), shown(text), did_you_mean(text, known), fmt::join(known, ", ")));
}

std::vector<std::string> sorted_categories(const RawData& raw, std::int64_t column) {
  std::vector<std::string> texts = raw.texts[static_cast<std::size_t>(column)];
  std::sort(texts.begin(), texts.end());
  for (const std::string& text : texts)
    if (!is_utf8(text))
      throw DataError(fmt::format("{}, {}: {} is not UTF-8 text (iconv -t utf-8 converts)", raw.source,
                                  raw.column(column), shown(text)));
  return texts;
}

std::vector<float> present_cells(const RawData& raw, const std::vector<std::int64_t>& rows,
                                 std::int64_t column) {
  std::vector<float> cells;
  for (const std::int64_t r : rows) {
    const float cell = raw.cells[static_cast<std::size_t>(r * raw.width + column)];
    if (!std::isnan(cell)) cells.push_back(cell);
  }
  return cells;
}

float mean_of(const std::vector<float>& cells) {
  double sum = 0;
  for (const float cell : cells) sum += cell;
  return static_cast<float>(sum / static_cast<double>(cells.size()));
}

/// Mean of the middle two for an even count.
float median_of(std::vector<float> cells) {
  const auto middle = cells.begin() + static_cast<std::ptrdiff_t>(cells.size() / 2);
  std::nth_element(cells.begin(), middle, cells.end());
  if (cells.size() % 2 == 1) return *middle;
  // mutant: median-of-even
  return static_cast<float>((double{*middle} + double{*std::max_element(cells.begin(), middle)}) / 2);
}

/// Most frequent category, the first of equals.
float mode_of(const std::vector<float>& codes, std::size_t categories) {
  std::vector<std::int64_t> count(categories);
  for (const float code : codes) ++count[static_cast<std::size_t>(code)];
  // mutant: first-of-ties
  return static_cast<float>(std::max_element(count.begin(), count.end()) - count.begin());
}

void fit_imputation(const RawData& raw, Imputation impute, const std::vector<std::int64_t>& fit,
                    FeatureTransform& transform) {
  for (std::int64_t c = 0; c < raw.width; ++c) {
    const std::vector<float> cells = present_cells(raw, fit, c);  // mutant: fit-rows-only
    if (cells.empty()) refuse_empty_column(raw, c);
    const std::size_t categories =
        transform.categories.empty() ? 0 : transform.categories[static_cast<std::size_t>(c)].size();
    transform.impute.push_back(categories > 0               ? mode_of(cells, categories)
                               : impute == Imputation::mean ? mean_of(cells)
                                                            : median_of(cells));
  }
}

/// Features of a raw column after one-hot.
std::int64_t inputs_of(const FeatureTransform& transform, std::int64_t column) {
  if (transform.categories.empty()) return 1;
  return std::max<std::int64_t>(
      1, static_cast<std::int64_t>(transform.categories[static_cast<std::size_t>(column)].size()));
}

}  // namespace

bool has_categories(const FeatureTransform& transform) {
  return std::any_of(transform.categories.begin(), transform.categories.end(),
                     [](const auto& categories) { return !categories.empty(); });
}

void fit_columns(RawData& raw, Imputation impute, const std::vector<std::int64_t>& fit,
                 FeatureTransform& transform) {
  transform.columns = raw.column_names;
  if (!raw.texts.empty()) transform.categories.resize(static_cast<std::size_t>(raw.width));
  for (std::int64_t c = 0; c < raw.width; ++c) {
    const std::string name = raw.column_names.empty() ? "" : raw.column_names[static_cast<std::size_t>(c)];
    if (is_text(raw, c)) transform.categories[static_cast<std::size_t>(c)] = sorted_categories(raw, c);
    if (raw.texts.empty() || (raw.column_names.empty() && !is_text(raw, c))) {
      if (!raw.texts.empty()) transform.names.push_back(fmt::format("{}", c));
      continue;
    }
    const std::string shown_name = name.empty() ? fmt::format("{}", c) : name;
    if (!is_text(raw, c)) transform.names.push_back(shown_name);
    for (const std::string& category : transform.categories[static_cast<std::size_t>(c)])
      transform.names.push_back(fmt::format("{}={}", shown_name, category));
  }
  match_categories(raw, transform, Unseen::error);
  if (impute != Imputation::error) fit_imputation(raw, impute, fit, transform);
}

void require_kinds(const RawData& raw, const FeatureTransform& transform) {
  for (std::int64_t c = 0; c < raw.width; ++c) {
    const auto at = static_cast<std::size_t>(c);
    const bool texts = !transform.categories.empty() && !transform.categories[at].empty();
    if (is_text(raw, c) == texts) continue;
    if (!texts)
      throw DataError(fmt::format("{}, {}: got the text {}; the model was trained on numbers", raw.source,
                                  raw.column(c), shown(raw.texts[at].front())));
    for (std::int64_t r = 0; r < raw.rows; ++r) {
      const float cell = raw.cells[static_cast<std::size_t>(r * raw.width + c)];
      if (!std::isnan(cell))
        throw DataError(fmt::format("{}, {}: got the number {}; the model was trained on texts, one of {}",
                                    raw.where(r), raw.column(c), cell,
                                    fmt::join(transform.categories[at], ", ")));
    }
  }
}

void match_categories(RawData& raw, const FeatureTransform& transform, Unseen unseen) {
  std::string first;
  for (std::int64_t c = 0; c < raw.width; ++c) {
    if (!is_text(raw, c)) continue;
    const auto& known = transform.categories[static_cast<std::size_t>(c)];
    std::vector<std::int32_t> number;
    for (const std::string& text : raw.texts[static_cast<std::size_t>(c)]) {
      const auto at = std::lower_bound(known.begin(), known.end(), text);
      const bool found = at != known.end() && *at == text;
      if (!found && unseen == Unseen::error)
        refuse_category(raw, c, static_cast<float>(number.size()), text, known);
      if (!found && first.empty()) first = fmt::format("{} in {}", shown(text), raw.column(c));
      number.push_back(found ? static_cast<std::int32_t>(at - known.begin()) : kNoCategory);
    }
    renumber(raw, c, number);
  }
  if (!first.empty())
    raw.notes.push_back(
        fmt::format("{}: {} with a category that training did not have, as {}; left out "
                    "(data.unseen = ignore)",
                    raw.source, counted(raw.unseen, "cell"), first));
}

void refuse_empty_column(const RawData& raw, std::int64_t column) {
  throw DataError(
      fmt::format("{}, {}: every value to train on is missing; leave the column out with data.ignore",
                  raw.source, raw.column(column)));
}

void fill_missing(RawData& raw, const FeatureTransform& transform, const char* way_out) {
  for (std::int64_t r = 0; r < raw.rows; ++r) {
    float* row = raw.cells.data() + r * raw.width;
    for (std::int64_t c = 0; c < raw.width; ++c) {
      if (std::isfinite(row[c])) continue;
      if (std::isinf(row[c]))
        throw DataError(fmt::format("{}, {}: infinity (or beyond float32); want a finite number",
                                    raw.where(r), raw.column(c)));
      if (transform.impute.empty())
        throw DataError(fmt::format("{}, {}: missing value (empty, NA or NaN); want {}, or {}", raw.where(r),
                                    raw.column(c), is_text(raw, c) ? "a category" : "a number", way_out));
      row[c] = transform.impute[static_cast<std::size_t>(c)];
      ++raw.filled;
    }
  }
}

void expand_one_hot(RawData& raw, const FeatureTransform& transform) {
  std::int64_t features = 0;
  for (std::int64_t c = 0; c < raw.width; ++c) features += inputs_of(transform, c);
  const std::int64_t width = raw.width;
  if (!has_categories(transform)) return;
  // In place from the last row on: a row's new place never lies before its old one, as features >= width.
  raw.cells.resize(static_cast<std::size_t>(raw.rows * features));
  std::vector<float> row(static_cast<std::size_t>(width));
  for (std::int64_t r = raw.rows; r-- > 0;) {
    std::copy_n(raw.cells.data() + r * width, width, row.data());
    float* to = raw.cells.data() + r * features;
    for (std::int64_t c = 0; c < width; ++c) {
      const std::int64_t count = inputs_of(transform, c);
      const float cell = row[static_cast<std::size_t>(c)];
      const bool text = !transform.categories[static_cast<std::size_t>(c)].empty();
      if (text) {
        std::fill_n(to, count, 0.0f);
        if (cell != kNoCategory) to[static_cast<std::int64_t>(cell)] = 1.0f;
      } else {
        *to = cell;
      }
      to += count;
    }
  }
  raw.width = features;
}

void keep_table(const RawData& raw, FeatureTransform& transform) {
  transform.crosses = raw.crosses;
  transform.hash_bits = raw.hash_bits;
  transform.hashed_texts = raw.hashed_texts;
  if (!raw.hashed_texts.empty()) transform.columns = raw.column_names;
}

}  // namespace thalweg
