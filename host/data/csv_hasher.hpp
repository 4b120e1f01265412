#pragma once
// The rows of a table as hashed features (data.hash_bits).
#include <string>
#include <vector>

#include "host/data/csv_layout.hpp"
#include "host/data/csv_merger.hpp"
#include "host/data/hashing.hpp"

namespace thalweg {

class CsvHasher {
 public:
  /// With a schema that names its columns, features have those names; without names they have their index.
  CsvHasher(const CsvLayout& layout, const DataSchema* schema);

  /// Turns the block's cells and texts into entries. A missing cell has none.
  void hash(CsvRows& block) const;

 private:
  struct Block;

  const CsvLayout& layout_;
  std::vector<std::string> names_;      // of the features
  std::vector<HashedFeature> numbers_;  // by feature, of those that hold numbers
};

}  // namespace thalweg
