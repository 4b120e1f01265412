// Data that come in parts: the learner goes on with another data set.
#include "host/model/data_rules.hpp"
#include "host/model/model_call.hpp"
#include "host/step/learner_state.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

void Learner::State::set_data(const Dataset& dataset) {
  require_collected("Learner::set_data");
  if (options.batches != nullptr)
    throw UsageError("Learner::set_data: LearnerOptions::batches are batches of one data set; pass rows");
  if (dataset.rows == 0) throw ShapeError("Learner::set_data: the data set has no rows");
  require_data(ctx, network.spec(), dataset, DataUse::features);
  auto part = std::make_unique<const FittedRows>(dataset, network.spec().schema, nullptr,
                                                 !dataset.target.empty(), ctx.threads());
  if (!dataset.target.empty()) require_targets(network.spec(), part->data());
  DeviceDataset placed(ctx, part->data());
  std::unique_ptr<StoredRows> reading;
  if (part->data().store != nullptr)
    reading = std::make_unique<StoredRows>(ctx, part->data(), options, burst.limit());
  std::optional<SparseBatch> batch;
  if (sparse) batch.emplace(ctx, *network.sparse_layer(), part->data(), options.max_batch, kept_slices());
  if (per_sample) per_sample->set_data(ctx, placed);
  if (batch) sparse.emplace(std::move(*batch));
  data = std::move(placed);
  stored = std::move(reading);
  fitted = std::move(part);
  graphs.clear();  // they hold the addresses of the rows
}

void Learner::set_data(const Dataset& data) {
  const ChangingCall call(state_->ctx, state_->live_network(), "Learner::set_data");
  state_->set_data(data);
}

}  // namespace thalweg
