#pragma once
// Targets: numbers, or classes with their labels; weights.
#include "host/data/raw_data.hpp"

namespace thalweg {

/// Most classes; labels beyond are not kept as texts.
constexpr std::size_t kMostClasses = 65536;
/// Fewer rows may all have texts of their own by chance.
constexpr std::int64_t kFewRows = 50;

/// A number as the label or category that it is: without ".0" where it is whole.
std::string number_text(double value);

/// Distinct labels that a block of rows keeps where a file may keep `most` of them. Rows outside of the range
/// are not known yet, and theirs must not count.
inline std::size_t most_labels_of_block(const RowRange& range, std::size_t most) {
  const bool takes_all = range.begin == 0 && !range.bounded();
  return takes_all ? most : std::numeric_limits<std::size_t>::max();
}

/// Sets target, target_kind and classes of training data.
void fit_targets(const LabelColumn& labels, TargetUse use, Dataset& data);
/// Sets target by the classes of a schema; leaves it empty when a label is not among them (or no number) and
/// the target is not needed.
void apply_targets(const LabelColumn& labels, const DataSchema& schema, bool need_target, Dataset& data);

/// Takes the weights over from a column. Throws DataError, which begins with `name`, for texts.
void set_weights(const LabelColumn& column, const std::string& name, RawData& data);

/// Finite, not negative, not all zero.
void check_weights(const Dataset& data);
/// Throws DataError naming the first row whose target is not finite.
void check_finite_targets(const Dataset& data);
/// The rows that statistics count: those whose weight is not 0. All of them where there are no weights or
/// none but 0. Refers to `rows`.
class CountedRows {
 public:
  CountedRows(const std::vector<float>& weight, const std::vector<std::int64_t>& rows);
  const std::vector<std::int64_t>& operator*() const { return own_.empty() ? rows_ : own_; }

 private:
  const std::vector<std::int64_t>& rows_;
  std::vector<std::int64_t> own_;
};
/// Multiplies class weights ("none", a list in class order, or "balanced": by the sums of the sample
/// weights of the rows `fit`, as scikit-learn 1.9) into data.weight of the rows `fit`, and divides these
/// weights by their mean: a step divides by its rows, so the gradient of any batch size is an unbiased one of
/// the weighted mean. In double, rounded once. Rows that are held out are measured as test data are, by their
/// sample weights. Throws DataError if the rows `fit` weigh nothing.
void fit_weights(const std::string& class_weight, const std::vector<std::int64_t>& fit, Dataset& data);

}  // namespace thalweg
