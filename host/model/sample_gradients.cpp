#include <algorithm>

#include "host/data/all_rows.hpp"
#include "host/data/device_dataset.hpp"
#include "host/data/fit_to_schema.hpp"
#include "host/model/network.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "thalweg/error.hpp"
#include "thalweg/per_sample.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kMostRows = 512, kMostFloats = std::int64_t{1} << 24;

/// Memory for the gradients of a block of rows, and the way from row ids to them.
class GradientBlocks {
 public:
  GradientBlocks(const Context& ctx, Network& network, const Dataset& data)
      : ctx_(ctx),
        network_(network),
        arena_(network.plan().arena_size()),
        block_rows_(std::clamp<std::int64_t>(kMostFloats / arena_, 1, kMostRows)),
        data_(ctx, data),
        pass_(ctx, network, block_rows_, PassUse::per_sample),
        ids_(ctx, block_rows_),
        losses_(ctx, block_rows_),
        clobbered_(ctx, arena_),
        gradients_(ctx, block_rows_ * arena_) {}

  std::int64_t block_rows() const { return block_rows_; }

  /// Gradients of `count` rows in the arena's layout, in host memory.
  const std::vector<float>& gradients(const std::int64_t* rows, std::int64_t count) {
    ids_.upload(ctx_, rows, count);
    const PassInput input{.slices = whole_batch(count),
                          .ids = ids_.data(),
                          .training = false,
                          .input = data_.input(ids_.data(), count)};
    const ArenaView arenas{.param = network_.parameters().data(),
                           .grad = clobbered_.data(),
                           .buffers = network_.buffers().data()};
    const Matrix output = pass_.forward(ctx_, network_, input, arenas);
    evaluate_objective(ctx_, network_.objective(), output, data_.targets(ids_.data()), losses_.data(),
                       pass_.output_gradient(network_, count));
    pass_.output_gradients(ctx_, network_, input, arenas, nullptr);
    pass_.sample_gradients(ctx_, network_, input, arenas, matrix(gradients_.data(), count, arena_));
    host_.resize(static_cast<std::size_t>(count * arena_));
    backend_of(ctx_).memory.download(device_of(ctx_), host_.data(), gradients_.data(),
                                     count * arena_ * std::int64_t{sizeof(float)});
    return host_;
  }

 private:
  const Context& ctx_;
  Network& network_;
  std::int64_t arena_, block_rows_;
  DeviceDataset data_;
  Pass pass_;
  Buffer<std::int64_t> ids_;
  Buffer<float> losses_, clobbered_, gradients_;
  std::vector<float> host_;
};

/// The parameters' elements one after the other, without the arena's padding.
void pack_row(const ParameterPlan& plan, const float* arena_row, float* to) {
  for (const auto& entry : plan.parameters()) to = std::copy_n(arena_row + entry.offset, entry.size, to);
}

}  // namespace

std::int64_t parameter_count(const Model& model) {
  std::int64_t count = 0;
  for (const auto& entry : model.network().plan().parameters()) count += entry.size;
  return count;
}

void for_each_gradient_block(const Model& model, const Dataset& data, const std::vector<std::int64_t>* rows,
                             const GradientBlock& take) {
  Network& network = model.network();
  network.require_per_sample();
  if (data.target.empty()) throw DataError(data.source + ": has no targets, which gradients of a loss need");
  const FittedRows fitted(data, network.spec().schema, rows, true, model.context().threads());
  std::vector<std::int64_t> all;
  rows = fitted.rows();
  if (rows == nullptr) {
    all = all_rows(fitted.data().rows);
    rows = &all;
  }
  GradientBlocks blocks(model.context(), network, fitted.data());
  const std::int64_t columns = parameter_count(model), arena = network.plan().arena_size();
  const auto total = static_cast<std::int64_t>(rows->size());
  std::vector<float> packed;
  for (std::int64_t first = 0; first < total; first += blocks.block_rows()) {
    const std::int64_t count = std::min(blocks.block_rows(), total - first);
    const std::vector<float>& padded = blocks.gradients(rows->data() + first, count);
    packed.resize(static_cast<std::size_t>(count * columns));
    for (std::int64_t n = 0; n < count; ++n) {
      pack_row(network.plan(), padded.data() + n * arena, packed.data() + n * columns);
    }
    take(first, matrix<const float>(packed.data(), count, columns));
  }
}

std::vector<float> per_sample_gradients(const Model& model, const Dataset& data,
                                        const std::vector<std::int64_t>& rows) {
  std::vector<float> gradients;
  for_each_gradient_block(model, data, &rows, [&](std::int64_t, ConstMatrix block) {
    gradients.insert(gradients.end(), block.data, block.data + block.rows * block.cols);
  });
  return gradients;
}

}  // namespace thalweg
