#include "kernels/dropout/dropout.hpp"

namespace thalweg {
namespace {

/// Word `unit % 4` of the sample's Philox block: the mask is part of the definition, so it is the same here.
std::uint32_t word_of(const DropoutArgs& args, std::int64_t id, std::int64_t unit) {
  const PhiloxBlock counter = philox_counter(*args.step, static_cast<std::uint64_t>(id), args.layer,
                                             static_cast<std::uint64_t>(unit / 4));
  return philox(counter, args.key).word[unit % 4];
}

void apply(const Device&, const DropoutArgs& args) {
  for (std::int64_t n = 0; n < args.input.rows; ++n) {
    const std::int64_t id = args.ids != nullptr ? args.ids[n] : n;
    for (std::int64_t u = 0; u < args.input.cols; ++u) {
      const bool keep = word_of(args, id, u) >= args.drop_below;
      const double kept = static_cast<double>(args.input.row(n)[u]) * args.keep_scale;
      args.output.row(n)[u] = keep ? static_cast<float>(kept) : 0.0f;
    }
  }
}

}  // namespace

extern const DropoutOps dropout_reference;
const DropoutOps dropout_reference{.apply = &apply};
}  // namespace thalweg
