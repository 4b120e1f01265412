#include "kernels/sparse_linear/sparse_linear.hpp"

#include <string>

#include "thalweg/error.hpp"

namespace thalweg {

void require_index_capacity(const SparseIndexArgs& args, std::int64_t entries) {
  const std::int64_t features = entries < args.input.cols ? entries : args.input.cols;
  if (args.touched.capacity < features) {
    throw InternalError("sparse_linear index: touched.capacity is " + std::to_string(args.touched.capacity) +
                        ", want at least min(features, entries) = " + std::to_string(features));
  }
  if (args.touched.entries_capacity < entries) {
    throw InternalError("sparse_linear index: touched.entries_capacity is " +
                        std::to_string(args.touched.entries_capacity) + ", want at least the " +
                        std::to_string(entries) + " entries of the batch");
  }
}

}  // namespace thalweg
