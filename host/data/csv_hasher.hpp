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
  explicit CsvHasher(const CsvLayout& layout);

  /// Turns the block's cells and texts into entries. A missing cell has none.
  void hash(CsvRows& block) const;

 private:
  struct Block;

  const CsvLayout& layout_;
  std::vector<std::string> names_;      // of the features
  std::vector<HashedFeature> numbers_;  // by feature, of those that hold numbers
};

}  // namespace thalweg
