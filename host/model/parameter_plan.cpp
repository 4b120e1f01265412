#include "host/model/parameter_plan.hpp"

#include "kernels/base/arena.hpp"

namespace thalweg {
namespace {

ParameterPlan::Entry place(ParameterSpec spec, std::int64_t& end) {
  std::int64_t size = 1;
  for (const std::int64_t extent : spec.shape) size *= extent;
  ParameterPlan::Entry entry{std::move(spec), end, size};
  end += padded_size(size);
  return entry;
}

}  // namespace

std::int64_t ParameterPlan::add_parameter(ParameterSpec spec) {
  parameters_.push_back(place(std::move(spec), arena_size_));
  return parameters_.back().offset;
}

std::int64_t ParameterPlan::add_buffer(ParameterSpec spec) {
  buffers_.push_back(place(std::move(spec), buffer_size_));
  return buffers_.back().offset;
}

}  // namespace thalweg
