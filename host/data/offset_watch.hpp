#pragma once
// Whether columns of rows that pass by can do without an offset (precise.hpp), which all rows decide.
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <unordered_set>
#include <vector>

#include "host/data/raw_data.hpp"

namespace thalweg {

/// It knows the least and the largest number of each column, and how many distinct numbers float32 makes of
/// those that it rounds off. That is enough for columns whose blocks vary little though all of them vary
/// much, as sorted ones do.
class OffsetWatch {
 public:
  explicit OffsetWatch(std::int64_t columns) : least_(at(columns), kMost), most_(at(columns), -kMost) {}

  /// Rows of weight 0 do not count. Returns a column that may need an offset whatever follows; -1: none.
  std::int64_t add(const RawData& block, std::span<const float> weights);
  /// After all rows, the first column that may need one; -1: none does.
  std::int64_t first_in_doubt() const;

 private:
  struct Distinct {
    std::unordered_set<double> doubles;
    std::unordered_set<float> floats;
  };
  static constexpr float kMost = std::numeric_limits<float>::max();
  static std::size_t at(std::int64_t column) { return static_cast<std::size_t>(column); }
  static void add(double number, Distinct& distinct);
  bool is_in_doubt(std::int64_t column, const Distinct& distinct) const;

  std::vector<float> least_, most_;
  std::map<std::int64_t, Distinct> rounded_;  ///< by column
};

}  // namespace thalweg
