#include "host/data/shards/form_rules.hpp"

#include <fmt/format.h>

#include "thalweg/error.hpp"

namespace thalweg {

void require_form(const ShardForm& form, std::int64_t shard_bytes) {
  if (shard_bytes < 1) throw UsageError(fmt::format("a shard of {} bytes; want 1 or more", shard_bytes));
  const bool dense_floats = !form.sparse && form.dtype == DType::f32;
  if (form.floats != CellFloats::f32 && !dense_floats)
    throw UsageError(fmt::format("{} is for dense rows of numbers; these rows are {}", name_of(form.floats),
                                 form.sparse ? "sparse" : "bytes"));
  if (form.features < (form.sparse ? 0 : 1) || (form.sparse && form.dtype != DType::f32))
    throw ShapeError(fmt::format("shards of {} {} {} features; expected 1 or more, float32 where sparse",
                                 form.features, form.sparse ? "sparse" : "dense", dtype_of(form)));
}

}  // namespace thalweg
