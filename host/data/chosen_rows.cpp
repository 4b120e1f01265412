#include "host/data/chosen_rows.hpp"

#include <utility>

#include "host/data/feature_rows.hpp"
#include "host/data/memory_rows.hpp"

namespace thalweg {
namespace {

/// Row n of it is row ids[n] of another store.
class ChosenRows : public RowStore {
 public:
  ChosenRows(std::shared_ptr<const RowStore> from, const std::vector<std::int64_t>& ids)
      : from_(std::move(from)), ids_(ids), form_(from_->form()) {
    form_.rows = std::ssize(ids_);
    form_.entries = form_.rows * form_.longest_row;  // no fewer than there are
  }

  const StoredForm& form() const override { return form_; }

  void read(std::int64_t first, std::int64_t count, FeatureRows& to) const override {
    FeatureRows rows;
    read_rows(*from_, ids_.data() + first, count, rows);
    append_rows(std::move(rows), to);
  }

 private:
  std::shared_ptr<const RowStore> from_;
  std::vector<std::int64_t> ids_;
  StoredForm form_;
};

}  // namespace

Dataset choose_rows(const Dataset& data, const std::vector<std::int64_t>& ids) {
  Dataset chosen = select_all_but_features(data, ids);
  if (data.store == nullptr) {
    select_features(data, ids, chosen);
  } else {
    chosen.store = std::make_shared<ChosenRows>(data.store, ids);
  }
  return chosen;
}

}  // namespace thalweg
