#include "host/model/inference.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "host/data/all_rows.hpp"
#include "host/data/memory_rows.hpp"
#include "host/model/stored_blocks.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// Where the inputs of the blocks come from: the backend's memory, or a store.
class BlockInputs {
 public:
  BlockInputs(const Context& ctx, const PlacedRows& rows) : rows_(rows) {
    if (rows.host().store != nullptr) stored_.emplace(ctx, rows.host(), rows.chosen(), kBlockRows);
  }

  std::int64_t block_rows() const { return stored_ ? stored_->block_rows() : kBlockRows; }

  PassInput at(std::int64_t first, std::int64_t count) {
    return {.slices = whole_batch(count),
            .ids = rows_.ids(first),
            .training = false,
            .input = stored_ ? stored_->input(first, count) : rows_.input(first, count)};
  }

 private:
  const PlacedRows& rows_;
  std::optional<StoredBlocks> stored_;
};

}  // namespace

PlacedRows::PlacedRows(const Context& ctx, const DeviceDataset& data, const std::vector<std::int64_t>* rows)
    : data_(data), rows_(rows), ids_(ctx, rows != nullptr ? *rows : all_rows(data.host().rows)) {}

void for_each_block(const Context& ctx, Network& network, const PlacedRows& rows,
                    const std::atomic<int>* stop_signal,
                    const std::function<void(const OutputBlock&)>& visit) {
  BlockInputs inputs(ctx, rows);
  const std::int64_t block_rows = inputs.block_rows();
  Pass pass(ctx, network, std::min(block_rows, rows.count()), PassUse::forward);
  const ArenaView arenas{.param = network.parameters().data(), .buffers = network.buffers().data()};
  for (std::int64_t first = 0; first < rows.count(); first += block_rows) {
    require_going(stop_signal, first, rows.count(), source_of(rows.host()));
    const std::int64_t count = std::min(block_rows, rows.count() - first);
    const Matrix output = pass.forward(ctx, network, inputs.at(first, count), arenas);
    visit({.first = first, .output = output, .targets = rows.targets(first)});
  }
}

void require_going(const std::atomic<int>* stop_signal, std::int64_t done, std::int64_t rows,
                   const std::string& source) {
  if (stop_signal == nullptr || stop_signal->load() == 0) return;
  throw InterruptedError("interrupted after " + std::to_string(done) + " of " + std::to_string(rows) +
                         " rows of " + source);
}

std::vector<float> infer(const Context& ctx, Network& network, const Dataset& data,
                         const std::vector<std::int64_t>* chosen, const std::atomic<int>* stop_signal) {
  const DeviceDataset placed(ctx, data);
  const PlacedRows rows(ctx, placed, chosen);
  const std::int64_t outputs = network.spec().outputs;
  std::vector<float> result(static_cast<std::size_t>(rows.count() * outputs));
  for_each_block(ctx, network, rows, stop_signal, [&](const OutputBlock& block) {
    backend_of(ctx).memory.download(device_of(ctx), result.data() + block.first * outputs, block.output.data,
                                    block.output.rows * outputs * std::int64_t{sizeof(float)});
  });
  return result;
}

}  // namespace thalweg
