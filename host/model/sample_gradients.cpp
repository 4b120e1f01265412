#include <algorithm>
#include <memory>

#include "host/data/all_rows.hpp"
#include "host/data/device_dataset.hpp"
#include "host/model/checked_rows.hpp"
#include "host/model/model_call.hpp"
#include "host/model/stored_blocks.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "thalweg/error.hpp"
#include "thalweg/per_sample.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kMostRows = 512, kMostFloats = std::int64_t{1} << 24;

/// Memory for the gradients of a block of rows, and the way from row ids to them. It has a lane while it
/// works, and none while the caller looks at a block: that may take long, or wait for other threads' calls.
class GradientBlocks {
 public:
  GradientBlocks(const Context& ctx, Network& network, const Dataset& data,
                 const std::vector<std::int64_t>& rows)
      : ctx_(ctx),
        network_(network),
        arena_(network.plan().arena_size()),
        stored_(stored_blocks(ctx, data, rows, rows_at_once(std::ssize(rows)))),
        block_rows_(stored_ ? stored_->block_rows() : rows_at_once(std::ssize(rows))),
        data_(ctx, data),
        pass_(ctx, network, block_rows_, PassUse::per_sample),
        ids_(ctx, block_rows_),
        losses_(ctx, block_rows_),
        clobbered_(ctx, arena_),
        gradients_(ctx, block_rows_ * arena_) {}

  std::int64_t block_rows() const { return block_rows_; }

  /// Gradients of the `count` rows at position `first` of `rows`, in the arena's layout, in host memory.
  const std::vector<float>& gradients(const std::vector<std::int64_t>& rows, std::int64_t first,
                                      std::int64_t count) {
    const Lane lane(ctx_);
    ids_.upload(ctx_, rows.data() + first, count);
    const PassInput input{.slices = whole_batch(count),
                          .ids = ids_.data(),
                          .training = false,
                          .input = stored_ ? stored_->input(first, count) : data_.input(ids_.data(), count)};
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
  /// None for features in memory.
  static std::unique_ptr<StoredBlocks> stored_blocks(const Context& ctx, const Dataset& data,
                                                     const std::vector<std::int64_t>& rows,
                                                     std::int64_t most_rows) {
    if (data.store == nullptr) return nullptr;
    return std::make_unique<StoredBlocks>(ctx, data, &rows, most_rows);
  }

  std::int64_t rows_at_once(std::int64_t rows) const {
    return std::clamp(kMostFloats / arena_, std::int64_t{1}, std::clamp(rows, std::int64_t{1}, kMostRows));
  }

  const Context& ctx_;
  Network& network_;
  std::int64_t arena_;
  std::unique_ptr<StoredBlocks> stored_;
  std::int64_t block_rows_;
  DeviceDataset data_;
  Pass pass_;
  Buffer<std::int64_t> ids_;
  Buffer<float> losses_, clobbered_, gradients_;
  std::vector<float> host_;
};

GradientBlocks make_blocks(const Model& model, const Dataset& data, const std::vector<std::int64_t>& rows) {
  const Lane lane(model.context());
  return GradientBlocks(model.context(), model.network(), data, rows);
}

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
  const ModelUsers::Reads reads(model.network().users(), "for_each_gradient_block");
  Network& network = model.network();
  network.require_per_sample();
  if (take == nullptr)
    throw UsageError("for_each_gradient_block: the function that takes the blocks is empty");
  const CheckedRows fitted(model, data, rows);
  rows = fitted.rows();
  std::vector<std::int64_t> all;
  if (rows == nullptr) {
    all = all_rows(fitted.data().rows);
    rows = &all;
  }
  const std::int64_t columns = parameter_count(model), arena = network.plan().arena_size();
  const auto total = static_cast<std::int64_t>(rows->size());
  GradientBlocks blocks = make_blocks(model, fitted.data(), *rows);
  std::vector<float> packed;
  for (std::int64_t first = 0; first < total; first += blocks.block_rows()) {
    const std::int64_t count = std::min(blocks.block_rows(), total - first);
    const std::vector<float>& padded = blocks.gradients(*rows, first, count);
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
