#include "host/data/fitted_store.hpp"

#include <numeric>
#include <utility>

#include "host/data/feature_rows.hpp"
#include "host/data/fit_to_schema.hpp"
#include "host/data/memory_rows.hpp"
#include "host/data/validate_data.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// What messages need to name a row, and where its features are.
Dataset origin_of(const Dataset& data) {
  Dataset origin;
  origin.rows = data.rows, origin.features = data.features, origin.sparse = data.sparse;
  origin.store = data.store;
  origin.transform = data.transform;
  origin.source = source_of(data);
  origin.source_files = data.source_files;
  origin.source_line = data.source_line;
  origin.first_source_row = data.first_source_row;
  return origin;
}

class FittedStore : public RowStore {
 public:
  FittedStore(const Dataset& data, const DataSchema& schema)
      : raw_(origin_of(data)), schema_(schema), form_(raw_.store->form()) {
    const Dataset first = fitted(0, 1);
    form_.features = first.features;
    form_.dtype = first.dense_u8.empty() ? DType::f32 : DType::u8;
  }

  const StoredForm& form() const override { return form_; }

  void read(std::int64_t first, std::int64_t count, FeatureRows& to) const override {
    Dataset some = fitted(first, count);
    FeatureRows rows;
    swap_features(some, rows);
    if (!form_.sparse) rows.offsets.assign(1, 0);
    append_rows(std::move(rows), to);
  }

 private:
  Dataset fitted(std::int64_t first, std::int64_t count) const {
    std::vector<std::int64_t> ids(static_cast<std::size_t>(count));
    std::iota(ids.begin(), ids.end(), first);
    Dataset rows = select_rows(raw_, ids);
    constexpr int kOneThread = 1;
    validate_data(rows, MissingValues::allowed, kOneThread);
    return fit_to_schema(std::move(rows), schema_, false, kOneThread);
  }

  Dataset raw_;
  DataSchema schema_;
  StoredForm form_;
};

}  // namespace

std::shared_ptr<const RowStore> fitted_store(const Dataset& data, const DataSchema& schema) {
  if (data.rows == 0) throw DataError(source_of(data) + " has no rows");
  return std::make_shared<FittedStore>(data, schema);
}

}  // namespace thalweg
