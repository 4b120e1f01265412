#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "host/runtime/available_memory.hpp"
#include "host/step/row_loader.hpp"

namespace thalweg {
namespace {

/// More batches than these hide no more of the disk's delays.
constexpr std::int64_t kMostReady = 64;

std::int64_t batches_ready(std::int64_t bytes, std::int64_t batch_bytes) {
  return std::clamp<std::int64_t>(bytes / batch_bytes - 1, 1, kMostReady);
}

/// Sparse rows lie twice, as they are read and in their order; ids and places are known of each row.
std::int64_t bytes_of_batch(const StoredForm& form, std::int64_t max_batch) {
  constexpr std::int64_t kIdsAndPlaces = 40;
  return max_batch * (form.row_bytes() * (form.sparse ? 2 : 1) + kIdsAndPlaces);
}

bool ascends(const EpochBatches& batches) {
  const std::vector<std::int64_t>& rows = batches.rows().list();  // none of all rows
  return std::adjacent_find(rows.begin(), rows.end(), std::greater_equal<>()) == rows.end();
}

/// The windows of all slices.
std::int64_t window_rows(const EpochBatches& batches) {
  const BlockOrder& order = batches.block_order();
  const auto rows = static_cast<std::int64_t>(batches.rows().size());
  const std::int64_t blocks = (rows + order.block_rows - 1) / order.block_rows;
  return std::min(std::min(order.window_blocks, blocks) * order.slices, blocks) * order.block_rows;
}

/// Of the windows in use and the next ones: rows that the list leaves out are read with their neighbours, and
/// the numbers of a window's rows are known before.
std::int64_t bytes_of_windows(const StoredForm& form, const EpochBatches& batches) {
  const auto& rows = batches.rows();
  const auto count = static_cast<std::size_t>(rows.size());
  const double span = static_cast<double>(rows[count - 1] - rows[0] + 1) / static_cast<double>(count);
  const auto row_bytes = static_cast<double>(form.row_bytes());
  return static_cast<std::int64_t>(static_cast<double>(window_rows(batches)) * (2 * span * row_bytes + 8));
}

}  // namespace

LoaderPlan LoaderPlan::of(const StoredForm& form, const LoadingOptions& options, std::int64_t max_batch,
                          const EpochBatches* batches) {
  const std::int64_t memory = options.memory > 0 ? options.memory : available_memory() / 4;
  const std::int64_t batch_bytes = bytes_of_batch(form, max_batch);
  LoaderPlan plan{.ready = batches_ready(memory, batch_bytes)};
  if (batches == nullptr || batches->block_order().block_rows == 0) return plan;
  if (!ascends(*batches)) {
    plan.note = "the rows to train on do not ascend: they are read one by one, not in blocks";
    return plan;
  }
  const std::int64_t windows = bytes_of_windows(form, *batches), left = memory - windows;
  if (left < 2 * batch_bytes) {
    plan.note = fmt::format(
        "data.memory = {:.1f} MB does not hold two windows of blocks and two batches ({:.1f} MB): rows are "
        "read one by one, which is slower and gives the same bits",
        static_cast<double>(memory) / 1e6, static_cast<double>(windows + 2 * batch_bytes) / 1e6);
    return plan;
  }
  plan.window = (window_rows(*batches) + batches->batch_size() - 1) / batches->batch_size();
  plan.ready = std::min(batches_ready(left, batch_bytes), plan.window);  // blocks of no third window
  return plan;
}

}  // namespace thalweg
