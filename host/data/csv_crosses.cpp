#include "host/data/csv_crosses.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "host/data/csv_problems.hpp"
#include "host/data/csv_roles.hpp"
#include "host/data/text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// The columns of "a*b", where a name may have a star of its own.
std::array<std::int32_t, 2> columns_of(const std::string& cross, const ReadRequest& request,
                                       const CsvLayout& layout) {
  for (std::size_t star = cross.find('*'); star != std::string::npos; star = cross.find('*', star + 1)) {
    const std::int32_t a = find_column(layout, std::string(trimmed(cross.substr(0, star))));
    const std::int32_t b = find_column(layout, std::string(trimmed(cross.substr(star + 1))));
    if (a >= 0 && b >= 0) return {a, b};
  }
  throw ConfigError(fmt::format("data.crosses has {}; want two columns of {} with a star between them",
                                shown(cross), request.path));
}

std::int32_t text_feature(std::int32_t column, const std::string& cross, const CsvLayout& layout) {
  const auto c = static_cast<std::size_t>(column);
  if (layout.columns[c].role == CsvRole::text) return layout.columns[c].feature;
  const bool number = layout.columns[c].role == CsvRole::number;
  throw ConfigError(fmt::format(
      "data.crosses has {}; {} {}", shown(cross), layout.column(c),
      number ? "holds numbers: want categories (data.categorical makes them of it)" : "is not a feature"));
}

/// One more column of texts: the pairs that rows have.
class PairColumn {
 public:
  PairColumn(const std::vector<std::string>& first, const std::vector<std::string>& second)
      : first_(first), second_(second) {}

  float code(float a, float b) {
    if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<float>::quiet_NaN();
    const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
    const auto [at, added] = codes_.try_emplace(i * second_.size() + j);
    if (added) at->second = static_cast<float>(texts_.code(crossed(first_[i], second_[j])));
    return at->second;
  }
  const std::vector<std::string>& texts() const { return texts_.texts(); }

 private:
  const std::vector<std::string>& first_;
  const std::vector<std::string>& second_;
  TextCodes texts_;
  std::unordered_map<std::size_t, float> codes_;
};

}  // namespace

std::vector<std::array<std::int32_t, 2>> find_crosses(const ReadRequest& request, const CsvLayout& layout) {
  if (request.schema) return request.schema->transform.crosses;
  std::vector<std::array<std::int32_t, 2>> crosses;
  for (const std::string& cross : request.config.crosses) {
    const auto [a, b] = columns_of(cross, request, layout);
    crosses.push_back({text_feature(a, cross, layout), text_feature(b, cross, layout)});
  }
  return crosses;
}

std::string crossed(const std::string& first, const std::string& second) {
  std::string pair;
  const auto append = [&](const std::string& text) {
    for (const char c : text) {
      if (c == '*' || c == '\\') pair += '\\';
      pair += c;
    }
  };
  append(first);
  pair += '*';
  append(second);
  return pair;
}

std::pair<std::string, std::string> parts_of_crossed(const std::string& pair) {
  std::pair<std::string, std::string> parts;
  std::string* part = &parts.first;
  for (std::size_t i = 0; i < pair.size(); ++i) {
    if (pair[i] == '*') {
      part = &parts.second;
      continue;
    }
    if (pair[i] == '\\' && i + 1 < pair.size()) ++i;
    *part += pair[i];
  }
  return parts;
}

void add_crosses(const std::vector<std::array<std::int32_t, 2>>& crosses, RawData& data) {
  if (crosses.empty()) return;
  const auto texts_of = [&](std::int32_t feature) -> const auto& {
    return data.texts[static_cast<std::size_t>(feature)];
  };
  std::vector<PairColumn> pairs;
  for (const auto& [a, b] : crosses) pairs.emplace_back(texts_of(a), texts_of(b));
  const std::int64_t width = data.width, wide = width + std::ssize(crosses);
  // In place from the last row on: a row's new place never lies before its old one.
  data.cells.resize(static_cast<std::size_t>(data.rows * wide));
  for (std::int64_t r = data.rows; r-- > 0;) {
    float* const to = data.cells.data() + r * wide;
    std::copy_backward(data.cells.data() + r * width, data.cells.data() + (r + 1) * width, to + width);
    for (std::size_t k = 0; k < crosses.size(); ++k)
      to[width + static_cast<std::int64_t>(k)] = pairs[k].code(to[crosses[k][0]], to[crosses[k][1]]);
  }
  std::vector<std::vector<std::string>> texts;
  for (const PairColumn& pair : pairs) texts.push_back(pair.texts());
  for (std::size_t k = 0; k < crosses.size(); ++k) {
    const std::string name = data.column_names.empty()
                                 ? fmt::format("{}*{}", crosses[k][0], crosses[k][1])
                                 : data.column_names[static_cast<std::size_t>(crosses[k][0])] + "*" +
                                       data.column_names[static_cast<std::size_t>(crosses[k][1])];
    if (texts[k].size() > kMostCategories)
      throw DataError(fmt::format(
          "{}: data.crosses has {} with more than {} distinct pairs; want fewer, or data.hash_bits = 22",
          data.source, shown(name), kMostCategories));
    if (!data.column_names.empty()) data.column_names.push_back(name);
    data.texts.push_back(std::move(texts[k]));
  }
  data.width = wide;
}

}  // namespace thalweg
