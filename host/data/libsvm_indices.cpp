#include "host/data/libsvm_indices.hpp"

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

int base_of(const SvmIndices& indices, std::int32_t lowest) {
  if (indices.base_known) return static_cast<int>(indices.least);
  return lowest == 0 ? 0 : 1;
}

void rebase(int base, RawData& data) {
  data.index_base = base;
  if (base == 1)
    for (std::int32_t& column : data.columns) --column;
}

}  // namespace thalweg
