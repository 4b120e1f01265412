#include "host/data/csv_hasher.hpp"

#include <cmath>
#include <optional>
#include <unordered_map>

#include "host/data/csv_crosses.hpp"

namespace thalweg {
namespace {

/// What each text of a block becomes; each is hashed once.
class HashedTexts {
 public:
  HashedTexts(const std::string& column, const TextCodes& texts, std::int64_t bits) {
    for (const std::string& text : texts.texts())
      features_.push_back(hashed_feature(column + "=" + text, bits));
  }
  HashedFeature of(float code) const { return features_[static_cast<std::size_t>(code)]; }

 private:
  std::vector<HashedFeature> features_;
};

/// The same of a pair of columns, for the pairs that rows have.
class HashedPairs {
 public:
  HashedPairs(std::string columns, const TextCodes& first, const TextCodes& second, std::int64_t bits)
      : columns_(std::move(columns)), first_(first), second_(second), bits_(bits) {}

  HashedFeature of(float a, float b) {
    const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
    const auto [at, added] = features_.try_emplace(i * second_.texts().size() + j);
    if (added)
      at->second = hashed_feature(columns_ + "=" + crossed(first_.texts()[i], second_.texts()[j]), bits_);
    return at->second;
  }

 private:
  std::string columns_;
  const TextCodes& first_;
  const TextCodes& second_;
  std::int64_t bits_;
  std::unordered_map<std::size_t, HashedFeature> features_;
};

/// What the features are called. A file's own order and lack of a target or a header are not in it.
std::vector<std::string> hashed_names(const CsvLayout& layout, const DataSchema* schema) {
  if (schema != nullptr && !schema->transform.columns.empty()) return schema->transform.columns;
  std::vector<std::string> names;
  for (std::int32_t f = 0; f < layout.features; ++f) names.push_back(std::to_string(f));
  if (schema != nullptr || layout.names.empty()) return names;
  for (std::size_t c = 0; c < layout.columns.size(); ++c)
    if (layout.columns[c].feature >= 0)
      names[static_cast<std::size_t>(layout.columns[c].feature)] = layout.names[c];
  return names;
}

}  // namespace

/// The hashed texts of one block.
struct CsvHasher::Block {
  std::vector<std::optional<HashedTexts>> texts;  // by feature
  std::vector<HashedPairs> pairs;                 // by cross
};

CsvHasher::CsvHasher(const CsvLayout& layout, const DataSchema* schema) : layout_(layout) {
  if (layout.hash_bits == 0) return;
  names_ = hashed_names(layout, schema);
  for (const std::string& name : names_) numbers_.push_back(hashed_feature(name, layout.hash_bits));
}

void CsvHasher::hash(CsvRows& block) const {
  Block hashed;
  hashed.texts.resize(names_.size());
  std::vector<const TextCodes*> texts(names_.size());
  for (std::size_t i = 0; i < block.texts.size(); ++i) {
    const auto feature = static_cast<std::size_t>(layout_.text_features[i]);
    texts[feature] = &block.texts[i];
    hashed.texts[feature].emplace(names_[feature], block.texts[i], layout_.hash_bits);
  }
  for (const auto& [a, b] : layout_.crosses) {
    const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
    hashed.pairs.emplace_back(names_[i] + "*" + names_[j], *texts[i], *texts[j], layout_.hash_bits);
  }
  std::vector<std::pair<std::int32_t, float>> entries;
  const auto add = [&](HashedFeature feature, float value) {
    entries.emplace_back(feature.index, feature.sign * value);
  };
  for (std::int64_t r = 0; r < block.rows; ++r) {
    const float* const row = block.cells.data() + r * layout_.features;
    for (std::size_t f = 0; f < names_.size(); ++f) {
      if (std::isnan(row[f])) continue;
      if (hashed.texts[f])
        add(hashed.texts[f]->of(row[f]), 1);
      else
        add(numbers_[f], row[f]);
    }
    for (std::size_t k = 0; k < hashed.pairs.size(); ++k) {
      const auto [a, b] = layout_.crosses[k];
      if (!std::isnan(row[a]) && !std::isnan(row[b])) add(hashed.pairs[k].of(row[a], row[b]), 1);
    }
    end_row(entries, block.entries);
  }
  block.cells.clear();
  block.texts.clear();
}

}  // namespace thalweg
