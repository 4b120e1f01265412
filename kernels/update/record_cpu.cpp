#include "kernels/base/chains_cpu.hpp"
#include "kernels/update/record_math.hpp"
#include "kernels/update/update_cpu.hpp"

namespace thalweg::THALWEG_ISA {

void record(const Device& device, const GradientNormArgs& norm, const RecordArgs& args) {
  gradient_norm(device, norm);
  const float sum = row_sum(args.count, [&](std::int64_t n, float& chain) { chain += args.losses[n]; });
  std::int32_t first_bad = -1;
  if (!is_finite(sum)) {
    for (std::int64_t n = args.count; n-- > 0;) {
      if (!is_finite(args.losses[n])) first_bad = static_cast<std::int32_t>(n);
    }
  }
  if (!write_record(args, norm.out[0], sum, first_bad)) return;
  for (std::int64_t i = 0; i < args.statistics_size; ++i) args.statistics[i] = args.statistics_before[i];
}

}  // namespace thalweg::THALWEG_ISA
