#pragma once
#include <memory>

#include "host/data/row_store.hpp"
#include "thalweg/dataset.hpp"

namespace thalweg {

/// A store of the raw rows of `data` in the form of the schema: each row is transformed when it is read.
/// Throws DataError where the first row shows that they cannot be; a later row may throw it when it is read.
std::shared_ptr<const RowStore> fitted_store(const Dataset& data, const DataSchema& schema);

}  // namespace thalweg
