#pragma once
// The store of a data set whose values nobody has looked at yet, as that of a caller's view.
#include <cstdint>
#include <memory>

#include "host/data/row_store.hpp"
#include "thalweg/dataset.hpp"

namespace thalweg {

/// Checks each value as it is read, so that a step never sees one that is not finite.
class CheckedStore final : public RowStore {
 public:
  explicit CheckedStore(const Dataset& data);

  const StoredForm& form() const override { return store_->form(); }
  /// Throws DataError naming row and feature too.
  void read(std::int64_t first, std::int64_t count, FeatureRows& to) const override;

 private:
  /// The cells behind the first `cells` of `to`, which begin with row `first`.
  void check_cells(std::int64_t first, std::int64_t cells, const FeatureRows& to) const;

  const std::shared_ptr<const RowStore> store_;
  const RowOrigin origin_;
};

/// The store of the data set, which checks values itself where it is one of shards.
std::shared_ptr<const RowStore> checked_store(const Dataset& data);

}  // namespace thalweg
