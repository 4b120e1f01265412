// Data that come in parts: the learner goes on with another data set.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <tuple>

#include "host/data/validate_data.hpp"
#include "host/model/data_rules.hpp"
#include "host/model/model_call.hpp"
#include "host/step/learner_state.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// What a row means. Names that the file of a part had bear on no step.
auto meaning_of(const FeatureTransform& t) {
  return std::tie(t.offset, t.categories, t.impute, t.scale, t.shift);
}

const char* kind_of(bool sparse) { return sparse ? "sparse" : "dense"; }

std::string targets_of(const DataSchema& schema) {
  if (schema.target_kind == TargetKind::number) return "numbers";
  return fmt::format("the classes {}", fmt::join(schema.classes, ", "));
}

void require_same_schema(const DataSchema& before, const DataSchema& now) {
  if (before.features != now.features)
    throw ShapeError(fmt::format("Learner::set_data: the rows have {} features, those before have {}",
                                 now.features, before.features));
  if (before.sparse != now.sparse)
    throw ShapeError(fmt::format("Learner::set_data: the rows are {}, those before are {}",
                                 kind_of(now.sparse), kind_of(before.sparse)));
  if (before.target_kind != now.target_kind || before.classes != now.classes)
    throw DataError(fmt::format("Learner::set_data: the targets are {}, those before are {}", targets_of(now),
                                targets_of(before)));
  if (before.target_transform != now.target_transform)
    throw DataError("Learner::set_data: the targets are standardised in another way than those before");
  if (meaning_of(before.transform) != meaning_of(now.transform))
    throw DataError("Learner::set_data: the features have another transform than those before");
}

}  // namespace

void Learner::State::set_data(const Dataset& dataset) {
  require_collected("Learner::set_data");
  if (options.batches != nullptr)
    throw UsageError("Learner::set_data: LearnerOptions::batches are batches of one data set; pass rows");
  require_same_schema(schema, schema_of(dataset));
  validate_data(dataset, MissingValues::refused, ctx.threads());
  if (!dataset.target.empty()) require_targets(network.spec(), dataset);
  DeviceDataset placed(ctx, dataset);
  if (sparse) {
    SparseBatch batch(ctx, *network.sparse_layer(), dataset, options.max_batch, kept_slices());
    sparse.emplace(std::move(batch));
  }
  if (per_sample) per_sample->set_data(ctx, placed);
  data = std::move(placed);
  graphs.clear();  // they hold the addresses of the rows
}

void Learner::set_data(const Dataset& data) {
  const ChangingCall call(state_->ctx, state_->live_network(), "Learner::set_data");
  state_->set_data(data);
}

}  // namespace thalweg
