#include "host/model/inference.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "host/data/device_dataset.hpp"
#include "kernels/common/backend.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kBlockRows = 1024;

PassInput block_input(const Network& network, const DeviceDataset& data, const std::int64_t* ids,
                      std::int64_t count) {
  PassInput input{.slices = whole_batch(count), .ids = ids, .training = false};
  if (network.sparse()) {
    input.sparse = data.sparse(ids, count);
  } else {
    input.dense = data.dense(ids, count);
  }
  return input;
}

}  // namespace

Inference infer(const Context& ctx, Network& network, const Dataset& data,
                const std::vector<std::int64_t>* rows, const std::atomic<int>* stop_signal) {
  std::vector<std::int64_t> all;
  if (rows == nullptr) {
    all.resize(static_cast<std::size_t>(data.rows));
    std::iota(all.begin(), all.end(), std::int64_t{0});
    rows = &all;
  }
  const auto total = static_cast<std::int64_t>(rows->size());
  const std::int64_t outputs = network.spec().outputs;
  Inference result{.rows = total, .outputs = std::vector<float>(static_cast<std::size_t>(total * outputs))};
  if (!data.target.empty()) result.losses.resize(static_cast<std::size_t>(total));

  const DeviceDataset placed(ctx, data);
  Pass pass(ctx, network, kBlockRows, PassUse::forward);
  Buffer<std::int64_t> ids(ctx, kBlockRows);
  Buffer<float> losses(ctx, kBlockRows);
  const ArenaView arenas{.param = network.parameters().data(), .buffers = network.buffers().data()};
  for (std::int64_t first = 0; first < total; first += kBlockRows) {
    if (stop_signal != nullptr && stop_signal->load() != 0) {
      throw InterruptedError("interrupted after " + std::to_string(first) + " of " + std::to_string(total) +
                             " rows of " + data.source);
    }
    const std::int64_t count = std::min(kBlockRows, total - first);
    ids.upload(ctx, rows->data() + first, count);
    const Matrix output = pass.forward(ctx, network, block_input(network, placed, ids.data(), count), arenas);
    ctx.backend().memory.download(ctx, result.outputs.data() + first * outputs, output.data,
                                  count * outputs * std::int64_t{sizeof(float)});
    if (result.losses.empty()) continue;
    evaluate_objective(ctx, network.objective(), output, placed.targets(ids.data()), losses.data(), {});
    ctx.backend().memory.download(ctx, result.losses.data() + first, losses.data(),
                                  count * std::int64_t{sizeof(float)});
  }
  return result;
}

std::int64_t predicted_class(const float* scores, std::int64_t outputs) {
  if (outputs == 1) return scores[0] > 0 ? 1 : 0;
  return std::max_element(scores, scores + outputs) - scores;
}

}  // namespace thalweg
