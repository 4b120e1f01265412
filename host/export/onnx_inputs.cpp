#include "host/export/onnx_inputs.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "host/data/csv_crosses.hpp"
#include "host/data/raw_data.hpp"
#include "host/model/input_names.hpp"

namespace thalweg::onnx {
namespace {

/// What the number of a text in a column says: it is missing, or not among the categories; the first category
/// has the next number.
constexpr std::int64_t kMissing = 0, kUnseen = 1, kFirst = 2;

template <class T>
std::vector<T> chosen(const std::vector<T>& from, const std::vector<std::size_t>& columns) {
  std::vector<T> to;
  for (const std::size_t column : columns) to.push_back(from[column]);
  return to;
}

std::vector<std::int64_t> counted_from(std::int64_t first, std::size_t count) {
  std::vector<std::int64_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

class InputGraph {
 public:
  InputGraph(const DataSchema& schema, Graph& graph)
      : transform_(schema.transform), features_(schema.features), columns_(schema), graph_(graph) {}

  Name build() {
    std::vector<Name> parts;
    if (!columns_.numbers.empty()) parts.push_back(numbers());
    std::vector<Name> codes = text_codes();
    for (const auto& pair : transform_.crosses) codes.push_back(cross_codes(pair, codes));
    std::vector<std::size_t> order = columns_.texts;
    order.insert(order.end(), columns_.crosses.begin(), columns_.crosses.end());
    for (std::size_t i = 0; i < order.size(); ++i) parts.push_back(one_hot(codes[i], order[i]));
    if (parts.size() == 1) return scaled(parts[0]);
    return scaled(in_order(graph_.node("Concat", parts, {{"axis", std::int64_t{1}}})));
  }

 private:
  std::int64_t categories_of(std::size_t column) const { return std::ssize(transform_.categories[column]); }

  /// [N, number columns] less their offsets, without missing ones.
  Name numbers() {
    const std::int64_t count = std::ssize(columns_.numbers);
    const bool precise = !transform_.offset.empty();
    Name value = graph_.input("numbers", precise ? Type::f64 : Type::f32, count);
    if (precise) {
      const Name offset = graph_.constant("offset", {count}, chosen(transform_.offset, columns_.numbers));
      value = graph_.cast(graph_.node("Sub", {value, offset}), Type::f32);
    }
    if (transform_.impute.empty()) return value;
    const Name impute = graph_.constant("impute", {count}, chosen(transform_.impute, columns_.numbers));
    return graph_.node("Where", {graph_.node("IsNaN", {value}), impute, value});
  }

  /// Per text column its numbers [N, 1].
  std::vector<Name> text_codes() {
    std::vector<Name> codes;
    const std::int64_t count = std::ssize(columns_.texts);
    if (count == 0) return codes;
    const Name texts = graph_.input("texts", Type::text, count);
    for (std::int64_t i = 0; i < count; ++i) {
      const Name at = graph_.constant("column", {1}, std::vector<std::int64_t>{i});
      const Name column = graph_.node("Gather", {texts, at}, {{"axis", std::int64_t{1}}});
      std::vector<std::string> keys = transform_.categories[columns_.texts[static_cast<std::size_t>(i)]];
      std::vector<std::int64_t> values = counted_from(kFirst, keys.size());
      keys.emplace_back(), values.push_back(kMissing);
      codes.push_back(
          graph_.node("LabelEncoder", {column},
                      {{"keys_strings", keys}, {"values_int64s", values}, {"default_int64", kUnseen}}));
    }
    return codes;
  }

  /// The numbers of a column of pairs, from those of the two columns: the pair (a, b) is a * width + b.
  Name cross_codes(const std::array<std::int32_t, 2>& pair, const std::vector<Name>& codes) {
    const auto first = static_cast<std::size_t>(pair[0]), second = static_cast<std::size_t>(pair[1]);
    const std::int64_t height = kFirst + categories_of(first), width = kFirst + categories_of(second);
    std::vector<std::int64_t> keys, values;
    const auto add = [&](std::int64_t a, std::int64_t b, std::int64_t value) {
      keys.push_back(a * width + b), values.push_back(value);
    };
    for (std::int64_t b = 0; b < width; ++b) add(kMissing, b, kMissing);
    for (std::int64_t a = kMissing + 1; a < height; ++a) add(a, kMissing, kMissing);
    const auto& texts = transform_.categories[columns_.crosses[crosses_++]];
    for (std::size_t k = 0; k < texts.size(); ++k) {
      const auto [a, b] = parts_of_crossed(texts[k]);
      add(code_of(a, first), code_of(b, second), kFirst + static_cast<std::int64_t>(k));
    }
    const Name scale = graph_.constant("width", {1}, std::vector<std::int64_t>{width});
    const Name both =
        graph_.node("Add", {graph_.node("Mul", {codes[place_of(first)], scale}), codes[place_of(second)]});
    return graph_.node("LabelEncoder", {both},
                       {{"keys_int64s", keys}, {"values_int64s", values}, {"default_int64", kUnseen}});
  }

  std::int64_t code_of(const std::string& text, std::size_t column) const {
    const auto& known = transform_.categories[column];
    return kFirst + (std::lower_bound(known.begin(), known.end(), text) - known.begin());
  }
  std::size_t place_of(std::size_t column) const {
    return static_cast<std::size_t>(std::find(columns_.texts.begin(), columns_.texts.end(), column) -
                                    columns_.texts.begin());
  }

  /// [N, categories]: 1 in the column of the category.
  Name one_hot(Name code, std::size_t column) {
    const std::int64_t count = categories_of(column);
    const Name missing = graph_.constant("missing", {1}, std::vector<std::int64_t>{kMissing});
    const auto is_missing = [&] { return graph_.node("Equal", {code, missing}); };
    const bool imputes = !transform_.impute.empty();
    if (imputes) {
      const auto category = kFirst + static_cast<std::int64_t>(transform_.impute[column]);
      const Name instead = graph_.constant("impute", {1}, std::vector<std::int64_t>{category});
      code = graph_.node("Where", {is_missing(), instead, code});
    }
    const Name each =
        graph_.constant("categories", {1, count}, counted_from(kFirst, static_cast<std::size_t>(count)));
    const Name hot = graph_.cast(graph_.node("Equal", {code, each}), Type::f32);
    if (imputes) return hot;
    const Name none =
        graph_.constant("none", {1}, std::vector<float>{std::numeric_limits<float>::quiet_NaN()});
    return graph_.node("Where", {is_missing(), none, hot});
  }

  /// The parts are numbers, texts, crosses; the model's inputs are in the order of the columns.
  Name in_order(const Name& value) {
    std::vector<std::int64_t> from(static_cast<std::size_t>(features_));
    std::int64_t at = 0;
    for (const auto* columns : {&columns_.numbers, &columns_.texts, &columns_.crosses})
      for (const std::size_t column : *columns)
        for (std::int64_t k = 0; k < std::max<std::int64_t>(1, categories_of(column)); ++k)
          from[columns_.first_input[column] + static_cast<std::size_t>(k)] = at++;
    return graph_.node("Gather", {value, graph_.constant("order", {features_}, from)},
                       {{"axis", std::int64_t{1}}});
  }

  /// In double: scale and shift of a date are large and nearly cancel, and the model rounds once (fma).
  Name scaled(const Name& value) {
    if (transform_.scale.empty()) return value;
    const auto constant = [&](const char* name, const std::vector<float>& of) {
      return graph_.constant(name, {features_}, std::vector<double>(of.begin(), of.end()));
    };
    const Name product =
        graph_.node("Mul", {graph_.cast(value, Type::f64), constant("scale", transform_.scale)});
    return graph_.cast(graph_.node("Add", {product, constant("shift", transform_.shift)}), Type::f32);
  }

  const FeatureTransform& transform_;
  std::int64_t features_;
  RawColumns columns_;
  Graph& graph_;
  std::size_t crosses_ = 0;  // how many are made
};

}  // namespace

RawColumns::RawColumns(const DataSchema& schema) {
  const auto& categories = schema.transform.categories;
  const auto width = static_cast<std::size_t>(raw_width(schema));
  const auto made = width - schema.transform.crosses.size();
  for (std::size_t column = 0; column < width; ++column) {
    const bool one_number = categories.empty() || categories[column].empty();
    (one_number ? numbers : column < made ? texts : crosses).push_back(column);
  }
  for (const ColumnInputs& column : raw_columns(schema))
    first_input.push_back(static_cast<std::size_t>(column.first));
}

Name add_inputs(const DataSchema& schema, Graph& graph) { return InputGraph(schema, graph).build(); }

}  // namespace thalweg::onnx
