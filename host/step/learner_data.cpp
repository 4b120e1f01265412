#include "host/step/learner_data.hpp"

#include "host/model/data_rules.hpp"
#include "host/model/model_call.hpp"
#include "host/step/learner_ranks.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

LearnerData::LearnerData(const Context& ctx, const DataSchema& schema, const Dataset& rows,
                         const LearnerOptions& options, std::int64_t burst)
    : fitted_(std::make_unique<const FittedRows>(rows, schema, nullptr, !rows.target.empty(), ctx.threads())),
      placed_(ctx, fitted_->data()) {
  if (host().store != nullptr) stored_ = std::make_unique<StoredRows>(ctx, host(), options, burst);
}

void LearnerData::bring(const StepRows& rows) {
  if (stored_ != nullptr) stored_->bring(rows);  // mutant: features-of-the-batch
}

StepRows LearnerData::listed_where_needed(StepRows rows) const {
  const auto* batch = std::get_if<EpochBatch>(&rows);
  if (batch == nullptr) return rows;
  if (host().weight.empty() && batch->batches().block_order().block_rows == 0) return rows;
  return stored_ != nullptr ? stored_->rows() : batch->rows();  // listed already, to read them
}

DenseRows LearnerData::upcoming(const std::int64_t* ids, std::int64_t count) const {
  if (stored_ != nullptr || host().sparse) return {};
  return placed_.input(ids, count).dense();
}

/// Data that come in parts: the learner goes on with another data set.
void Learner::State::set_data(const Dataset& dataset) {
  require_collected("Learner::set_data");
  if (ranks != nullptr) ranks->require_here();
  if (options.batches != nullptr)
    throw UsageError("Learner::set_data: LearnerOptions::batches are batches of one data set; pass rows");
  if (dataset.rows == 0) throw ShapeError("Learner::set_data: the data set has no rows");
  require_data(ctx, network->spec(), dataset, DataUse::features);
  require_ranks(ctx, *network, dataset, options);
  LearnerData part(ctx, network->spec().schema, dataset, options, burst.limit());
  if (!dataset.target.empty()) require_targets(network->spec(), part.host());
  std::optional<SparseBatch> batch;
  if (sparse) batch.emplace(ctx, *network->sparse_layer(), part.host(), options.max_batch, kept_slices());
  const auto replace = [&] {
    if (per_sample) per_sample->set_data(ctx, part.placed());
    if (batch) sparse.emplace(std::move(*batch));
    data = std::move(part);
    graphs.clear();  // they hold the addresses of the rows
    place_bursts();
  };
  if (ranks == nullptr) return replace();
  ranks->between_orders([&] {
    replace();
    ranks->sum = make_rank_sum(ranks->sum->ranks());
    ranks->set_data(data.host());
  });
}

void Learner::set_data(const Dataset& data) {
  const ChangingCall call(state_->ctx, state_->network.live(), "Learner::set_data");
  state_->set_data(data);
}

}  // namespace thalweg
