#include "host/ranks/fold.hpp"

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/base/arena.hpp"
#include "kernels/fold/fold.hpp"
#include "thalweg/settings/train.hpp"

namespace thalweg {
namespace {

static_assert(kMostReductionSlices == 1 << kMaxFoldLevels, "a fold has all levels of the tree");

/// Of each value what begins at `from`.
FoldTerms terms_of(std::span<const TreeProgram::Add> adds, std::span<float* const> values,
                   std::int64_t from) {
  const auto value = [&](int leaf) { return values[static_cast<std::size_t>(leaf)] + from; };
  FoldTerms terms{.sum = value(adds.back().to)};
  for (auto add = adds.rbegin(); add != adds.rend(); ++add) terms.right[terms.count++] = value(add->from);
  return terms;
}

void fold_range(const Context& ctx, std::span<const TreeProgram::Add> adds, std::span<float* const> values,
                std::int64_t begin, std::int64_t end) {
  if (begin == end) return;
  backend_of(ctx).fold.add(device_of(ctx), {terms_of(adds, values, begin), end - begin});
}

}  // namespace

std::int64_t segment_end(const TouchedElements& touched) {
  return touched.offset + padded_size(touched.in_features * touched.outputs);
}

void fold(const Context& ctx, std::span<const TreeProgram::Add> adds, std::span<float* const> values,
          std::int64_t size) {
  if (!adds.empty()) fold_range(ctx, adds, values, 0, size);
}

void fold_arenas(const Context& ctx, std::span<const TreeProgram::Add> adds, std::span<float* const> values,
                 std::int64_t size, const TouchedElements& touched) {
  if (touched.features == nullptr || adds.empty()) return fold(ctx, adds, values, size);
  fold_range(ctx, adds, values, 0, touched.offset);
  backend_of(ctx).fold.add_touched(device_of(ctx), {terms_of(adds, values, 0), touched});
  fold_range(ctx, adds, values, segment_end(touched), size);
}

}  // namespace thalweg
