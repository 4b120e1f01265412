#include "host/data/held_out_categories.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/data/counted.hpp"
#include "host/data/text.hpp"
#include "host/data/transform.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

std::vector<std::int64_t> rows_besides(const std::vector<std::int64_t>& train, std::int64_t rows) {
  std::vector<bool> trains(static_cast<std::size_t>(rows));
  for (const std::int64_t row : train) trains[static_cast<std::size_t>(row)] = true;
  std::vector<std::int64_t> others;
  for (std::int64_t row = 0; row < rows; ++row)
    if (!trains[static_cast<std::size_t>(row)]) others.push_back(row);
  return others;
}

float& cell_of(RawData& raw, std::int64_t row, std::size_t column) {
  return raw.cells[static_cast<std::size_t>(row * raw.width) + column];
}

/// Which categories the rows have.
std::vector<bool> categories_in(const std::vector<std::int64_t>& rows, std::size_t column, std::size_t count,
                                RawData& raw) {
  std::vector<bool> seen(count);
  for (const std::int64_t row : rows)
    if (const float cell = cell_of(raw, row, column); !std::isnan(cell))
      seen[static_cast<std::size_t>(cell)] = true;
  return seen;
}

/// Leaves out the categories of a column that no cell has any more; `input` is that of the column's first.
void drop_categories(const std::vector<bool>& kept, std::size_t column, std::size_t input,
                     FeatureTransform& transform, RawData& raw) {
  std::vector<std::string>& categories = transform.categories[column];
  std::vector<std::string> some;
  std::vector<float> number;
  for (std::size_t k = 0; k < kept.size(); ++k) {
    number.push_back(static_cast<float>(some.size()));
    if (kept[k])
      some.push_back(categories[k]);
    else
      transform.names.erase(transform.names.begin() + static_cast<std::ptrdiff_t>(input + some.size()));
  }
  for (std::int64_t row = 0; row < raw.rows; ++row)
    if (float& cell = cell_of(raw, row, column); !std::isnan(cell) && cell != kNoCategory)
      cell = number[static_cast<std::size_t>(cell)];
  if (!transform.impute.empty()) {
    float& filler = transform.impute[column];
    filler = number[static_cast<std::size_t>(filler)];
  }
  categories = std::move(some);
}

}  // namespace

void match_held_out(const std::vector<std::int64_t>& train, const std::vector<std::int64_t>& fit,
                    FeatureTransform& transform, Unseen unseen, RawData& raw) {
  if (transform.categories.empty() || std::ssize(train) == raw.rows) return;
  const std::vector<std::int64_t> held_out = rows_besides(train, raw.rows);
  std::string first;
  for (std::size_t c = 0, input = 0; c < transform.categories.size();
       input += std::max<std::size_t>(1, transform.categories[c].size()), ++c) {
    const std::vector<std::string>& categories = transform.categories[c];
    if (categories.empty()) continue;  // numbers
    const std::vector<bool> seen = categories_in(fit, c, categories.size(), raw);
    for (const std::int64_t row : held_out) {
      float& cell = cell_of(raw, row, c);
      if (std::isnan(cell) || seen[static_cast<std::size_t>(cell)]) continue;
      const std::string text = shown(categories[static_cast<std::size_t>(cell)]);
      const std::string column = raw.column(static_cast<std::int64_t>(c));
      if (unseen == Unseen::error)
        throw DataError(
            fmt::format("{}, {}: {} stands in held-out rows alone; want data.unseen = ignore, or "
                        "categories that rows to train on have",
                        raw.where(row), column, text));
      if (first.empty()) first = fmt::format("{} in {}", text, column);
      cell = static_cast<float>(kNoCategory);
      ++raw.unseen;
    }
    // Those of rows of weight 0 stay: their cells are not held out.
    const std::vector<bool> kept = categories_in(train, c, categories.size(), raw);
    if (std::find(kept.begin(), kept.end(), false) != kept.end())
      drop_categories(kept, c, input, transform, raw);
  }
  if (!first.empty())
    raw.notes.push_back(
        fmt::format("{}: {} of held-out rows with a category that no row to train on has, as {}; left out "
                    "(data.unseen = ignore)",
                    raw.source, counted(raw.unseen, "cell"), first));
}

}  // namespace thalweg
