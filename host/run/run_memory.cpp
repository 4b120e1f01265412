#include "host/run/run_memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <memory>
#include <optional>

#include "host/data/checked_data.hpp"
#include "host/data/device_dataset.hpp"
#include "host/data/row_store.hpp"
#include "host/model/evaluation.hpp"
#include "host/runtime/counted_memory.hpp"
#include "host/runtime/device_of.hpp"
#include "host/runtime/lane.hpp"
#include "host/step/micro_batch.hpp"
#include "kernels/backend.hpp"
#include "thalweg/error.hpp"
#include "thalweg/learner.hpp"

namespace thalweg {
namespace {

/// The kernels of a context go into a recording that nobody will replay.
class UnusedRecording {
 public:
  explicit UnusedRecording(const Context& ctx) : ctx_(ctx) {
    backend_of(ctx).graphs->begin_capture(device_of(ctx));
  }
  ~UnusedRecording() {
    try {
      backend_of(ctx_).graphs->end_capture(device_of(ctx_));
    } catch (const Error&) {  // the recording is not complete
    }
  }
  UnusedRecording(const UnusedRecording&) = delete;
  UnusedRecording& operator=(const UnusedRecording&) = delete;

 private:
  const Context& ctx_;
};

/// Rows of a store's form without its values, so that nothing is read from a disk.
class RowsOfZeros final : public RowStore {
 public:
  explicit RowsOfZeros(const StoredForm& form) : form_(form) {}
  const StoredForm& form() const override { return form_; }

  void read(std::int64_t, std::int64_t count, FeatureRows& to) const override {
    to.rows += count;
    const auto values = static_cast<std::size_t>(form_.sparse ? 0 : count * form_.features);
    if (form_.sparse)
      to.offsets.resize(to.offsets.size() + static_cast<std::size_t>(count), to.offsets.back());
    if (form_.dtype == DType::u8) {
      to.u8.resize(to.u8.size() + values);
    } else {
      to.f32.resize(to.f32.size() + values);
    }
  }

 private:
  StoredForm form_;
};

/// A data set of which only sizes matter.
class Sizes {
 public:
  explicit Sizes(const Dataset& data) : data_(data) {
    if (data.store == nullptr) return;
    copy_ = data;
    copy_->store = std::make_shared<RowsOfZeros>(data.store->form());
  }
  const Dataset& operator*() const { return copy_ ? *copy_ : data_; }

 private:
  const Dataset& data_;
  std::optional<Dataset> copy_;
};

std::vector<std::int64_t> some_rows(const LearnerOptions& options) {
  const RowSet& all = options.batches->rows();
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < std::min(options.max_batch, all.size()); ++i) rows.push_back(all[i]);
  return rows;
}

void evaluate_all(const Context& ctx, Model& model, const DeviceDataset& data) {
  evaluate_rows(ctx, model.network(), PlacedRows(ctx, data, nullptr), {.scope = MetricScope::sums});
}

/// The steps of a run to its report, each once, in their order.
void carry_out(const Context& ctx, const RunToPlan& run, const LearnerOptions& options) {
  ModelSpec spec = run.spec;
  spec.config.init = name_of(Initialisation::zeros);  // values do not matter
  Model model(ctx, spec);
  const Sizes train(run.data.train);
  Learner learner(model, CheckedData{*train}, options);
  const std::optional<Sizes> validation =
      run.data.validation ? std::optional<Sizes>(*run.data.validation) : std::nullopt;
  std::optional<DeviceDataset> placed;
  if (validation) placed.emplace(ctx, **validation);
  learner.enqueue(some_rows(options));
  learner.collect();  // a queued step may wait until then
  if (placed) {
    evaluate_all(ctx, model, *placed);
  } else if (run.data.validates()) {
    learner.evaluate(run.data.split.validation, nullptr, MetricScope::sums);
  }
  if (!run.data.test) return;
  const Sizes test(*run.data.test);
  evaluate_all(ctx, model, DeviceDataset(ctx, *test));
}

std::int64_t most_bytes(const RunToPlan& run, const LearnerOptions& options) {
  const CountedMemory memory;
  const Context ctx({.device = run.ctx.device(), .numerics = run.ctx.numerics(), .threads = 1});
  const Lane lane(ctx);
  const UnusedRecording recording(ctx);
  carry_out(ctx, run, options);
  return memory.most_bytes();
}

/// A setting that makes a run smaller, and the bytes that the run takes with each of its values.
struct Remedy {
  const char* setting;
  std::int64_t asked;
  std::function<std::int64_t(std::int64_t value)> bytes;
};

bool takes_micro_batches(const ModelSpec& spec) {
  const Network network(spec);
  return std::all_of(network.layers().begin(), network.layers().end(),
                     [](const auto& layer) { return layer->whole_batch_reason().empty(); });
}

std::int64_t bytes_of_micro_batch(const RunToPlan& run, std::int64_t rows) {
  LearnerOptions options = run.options;
  options.micro_batch = rows;
  return most_bytes(run, options);
}

std::int64_t bytes_of_batch(const RunToPlan& run, std::int64_t rows) {
  const EpochBatches& asked = *run.options.batches;
  const EpochBatches batches(asked.rows(), rows, asked.seed(), asked.shuffle(), false, asked.block_order());
  LearnerOptions options = run.options;
  options.max_batch = rows;
  options.batches = &batches;
  return most_bytes(run, options);
}

std::int64_t bytes_of_slices(const RunToPlan& run, std::int64_t slices) {
  LearnerOptions options = run.options;
  options.reduction_slices = static_cast<int>(slices);
  return most_bytes(run, options);
}

/// The first changes no bit; the last only how sums are rounded, and helps most where the chains of the
/// slices are the memory.
std::vector<Remedy> remedies(const RunToPlan& run) {
  std::vector<Remedy> found;
  const std::int64_t micro = asked_rows(run.options), batch = run.options.max_batch;
  if (micro > 1 && takes_micro_batches(run.spec))
    found.push_back(
        {"train.micro_batch", micro, [&run](std::int64_t rows) { return bytes_of_micro_batch(run, rows); }});
  // The batches of Poisson sampling have other sizes.
  if (batch > 1 && batch == run.options.batches->batch_size())
    found.push_back(
        {"train.batch_size", batch, [&run](std::int64_t rows) { return bytes_of_batch(run, rows); }});
  if (run.options.reduction_slices > 1)
    found.push_back({"train.reduction_slices", run.options.reduction_slices,
                     [&run](std::int64_t slices) { return bytes_of_slices(run, slices); }});
  return found;
}

/// What would fit, as a sentence: the largest power of two below what is asked for.
std::string advice(const RunToPlan& run, std::int64_t free_bytes) {
  std::string refused;
  for (const Remedy& remedy : remedies(run)) {
    auto value = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(remedy.asked - 1)));
    std::int64_t bytes = remedy.bytes(value);
    while (bytes > free_bytes && value > 1) bytes = remedy.bytes(value /= 2);
    if (bytes <= free_bytes)
      return refused + fmt::format("{} = {} would fit: {}", remedy.setting, value, size_text(bytes));
    refused += fmt::format("{} = 1 would not fit either: {}. ", remedy.setting, size_text(bytes));
  }
  return refused +
         "Fewer rows or uint8 features take less; features of a converted set that is too large for the "
         "host's memory stay on the disk";
}

}  // namespace

MemoryPlan plan_run(const RunToPlan& run) {
  MemoryPlan plan = plan_memory(run.spec, run.data.train, run.options);
  if (run.data.validation) plan.data += held_bytes(*run.data.validation);
  if (run.data.test) plan.data += held_bytes(*run.data.test);
  plan.working = most_bytes(run, run.options) - plan.total();
  return plan;
}

void require_room(const RunToPlan& run, const MemoryPlan& plan, std::int64_t free_bytes) {
  if (plan.total() <= free_bytes) return;
  throw InternalError(
      fmt::format("the run does not fit on {}: it takes {} ({} bytes), of which {} ({}) are free; {}. {}",
                  run.ctx.device(), size_text(plan.total()), plan.total(), size_text(free_bytes), free_bytes,
                  describe(plan), advice(run, free_bytes)));
}

}  // namespace thalweg
