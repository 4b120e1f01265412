#pragma once
// What a call that measures a model on rows begins with.
#include "host/data/fit_to_schema.hpp"
#include "host/model/data_rules.hpp"

namespace thalweg {

/// The rows of a call that needs targets, checked, in the form of the model's data.
class CheckedRows {
 public:
  /// `rows`: null: all of them.
  CheckedRows(const Model& model, const Dataset& data, const std::vector<std::int64_t>* rows)
      : fitted_(checked(model, data), model.spec().schema, rows, true, model.context().threads()) {
    require_targets(model.spec(), fitted_.data());
  }

  const Dataset& data() const { return fitted_.data(); }
  const std::vector<std::int64_t>* rows() const { return fitted_.rows(); }

 private:
  static const Dataset& checked(const Model& model, const Dataset& data) {
    require_data(model.context(), model.spec(), data, DataUse::targets);
    return data;
  }

  const FittedRows fitted_;
};

}  // namespace thalweg
