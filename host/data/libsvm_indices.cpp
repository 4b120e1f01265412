#include "host/data/libsvm_indices.hpp"

#include <algorithm>
#include <limits>

namespace thalweg {

SvmIndices::SvmIndices(const ReadRequest& request) {
  const IndexBase base = request.config.index_base;
  base_known = request.schema || base != IndexBase::automatic;
  least = request.schema ? request.schema->index_base : base == IndexBase::one ? 1 : 0;
  width = request.schema ? request.schema->features : request.config.features;
  const bool leaves_out = request.schema && request.config.unseen == Unseen::ignore;
  most = width > 0 && base_known && !leaves_out ? width - 1 + least
                                                : std::numeric_limits<std::int32_t>::max() - 1;
}

std::int64_t rebase(RawData& data, const SvmIndices& indices) {
  std::int32_t lowest = std::numeric_limits<std::int32_t>::max(), highest = -1;
  for (const std::int32_t column : data.columns) {
    lowest = std::min(lowest, column);
    highest = std::max(highest, column);
  }
  data.index_base = indices.base_known ? static_cast<int>(indices.least) : (lowest == 0 ? 0 : 1);
  if (data.index_base == 1)
    for (std::int32_t& column : data.columns) --column;
  return highest < 0 ? 0 : std::int64_t{highest} + 1 - data.index_base;
}

}  // namespace thalweg
