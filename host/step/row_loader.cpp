#include "host/step/row_loader.hpp"

#include <chrono>
#include <utility>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// Batches that a step announces at most besides those that shall lie ready: the first step does not wait
/// until the order of a whole window is computed.
constexpr std::int64_t kAnnouncedPerStep = 4;

}  // namespace

RowLoader::RowLoader(std::shared_ptr<const RowStore> store, const LoadingOptions& options,
                     std::int64_t max_batch, const EpochBatches* batches)
    : store_(std::move(store)),
      plan_(LoaderPlan::of(store_->form(), options, max_batch, batches)),
      counted_(*store_),
      threads_(options.readers) {
  if (plan_.window > 0) cache_.emplace(counted_, *batches);
}

const FeatureRows& RowLoader::take(const StepRows& rows) {
  if (!is_of_this_process())
    throw UsageError(
        "the rows of this learner are read by threads of the process that made it, not of the child of a "
        "fork; make the learner in the child");
  try {
    put_first(rows);
    announce_following();
  } catch (...) {  // a batch may be half announced
    forget();
    throw;
  }
  wait_for(*announced_.front());
  return hand_out_first();
}

LoadingReport RowLoader::report() const {
  const std::lock_guard lock(mutex_);
  return {.wait_seconds = wait_seconds_,
          .read_seconds = counted_.seconds(),
          .bytes = counted_.bytes(),
          .note = plan_.note};
}

/// Batches of an epoch that were announced are of use only if the next one is the first of them.
void RowLoader::put_first(const StepRows& rows) {
  if (const auto* batch = std::get_if<EpochBatch>(&rows)) {
    if (!announced_.empty() && announced_.front()->place == *batch) return;
    forget();
    announce(*batch);
  } else {
    announced_.push_front(std::make_unique<Batch>());
    announced_.front()->rows = list_of(rows);
  }
}

void RowLoader::announce(const EpochBatch& batch) {
  announced_.push_back(std::make_unique<Batch>());
  Batch& announced = *announced_.back();
  announced.place = batch;
  announced.rows = batch.rows();
  if (!cache_) return;
  BlockCache::Use use = cache_->use(announced.rows);
  announced.blocks = std::move(use.blocks);
  for (const std::int64_t block : use.fresh) threads_.add([this, block] { cache_->load(block); });
}

void RowLoader::announce_following() {
  begin(*announced_.front());
  const std::int64_t wanted = 1 + std::max(plan_.ready, plan_.window);
  for (std::int64_t more = 0; std::ssize(announced_) < wanted; ++more) {
    const std::optional<EpochBatch>& last = announced_.back()->place;
    if (!last || (std::ssize(announced_) > plan_.ready && more >= kAnnouncedPerStep)) break;
    announce(last->next());
  }
  const std::int64_t ready = std::min(plan_.ready + 1, std::ssize(announced_));
  for (std::int64_t i = 0; i < ready; ++i) begin(*announced_[static_cast<std::size_t>(i)]);
}

void RowLoader::begin(Batch& batch) {
  if (batch.reading != nullptr) return;
  if (free_.empty()) free_.push_back(std::make_unique<BatchReading>(store_->form()));
  batch.reading = std::move(free_.back());
  free_.pop_back();
  threads_.add_urgent([this, &batch] { start(batch); });
}

/// The start counts as a part, so that the batch is not done before all its parts are there to be read.
void RowLoader::start(Batch& batch) {
  std::exception_ptr error;
  std::int64_t parts = 0, added = 0;
  try {
    batch.reading->start(batch.rows);
    parts = batch.reading->parts();
    batch.parts_left += parts;
    for (; added < parts; ++added)
      threads_.add_urgent([this, &batch, part = added] { read_part(batch, part); });
  } catch (...) {
    error = std::current_exception();
  }
  end_parts(batch, 1 + parts - added, error);
}

void RowLoader::read_part(Batch& batch, std::int64_t part) {
  const bool cached = cache_.has_value() && batch.place.has_value();
  std::exception_ptr error;
  try {
    batch.reading->read(part, cached ? static_cast<const RowStore&>(*cache_) : counted_);
  } catch (...) {
    error = std::current_exception();
  }
  end_parts(batch, 1, error);
}

void RowLoader::end_parts(Batch& batch, std::int64_t count, const std::exception_ptr& error) {
  {
    const std::lock_guard lock(mutex_);
    if (error) batch.error = error;
    batch.parts_left -= count;
    if (batch.parts_left > 0) return;
  }
  finish(batch);
}

/// By the thread that read the last part.
void RowLoader::finish(Batch& batch) {
  std::exception_ptr error;
  try {
    if (!batch.error) batch.reading->finish();
  } catch (...) {
    error = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  if (error) batch.error = error;
  batch.done = true;
  batch_done_.notify_all();
}

void RowLoader::wait_for(const Batch& batch) {
  using Clock = std::chrono::steady_clock;
  std::unique_lock lock(mutex_);
  if (batch.done) return;
  const Clock::time_point begin = Clock::now();
  batch_done_.wait(lock, [&] { return batch.done; });
  wait_seconds_ += std::chrono::duration<double>(Clock::now() - begin).count();
}

const FeatureRows& RowLoader::hand_out_first() {
  const std::unique_ptr<Batch> batch = std::move(announced_.front());
  announced_.pop_front();
  if (cache_) cache_->release(batch->blocks);
  if (batch->error) std::rethrow_exception(batch->error);
  std::swap(current_, batch->reading);  // those before were in use until now
  if (batch->reading != nullptr) free_.push_back(std::move(batch->reading));
  rows_ = std::move(batch->rows);
  return current_->features();
}

void RowLoader::forget() {
  threads_.clear();
  announced_.clear();
  if (cache_) cache_->clear();
}

}  // namespace thalweg
