#include "host/step/memory_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/data/row_store.hpp"
#include "host/model/network.hpp"
#include "host/step/micro_batch.hpp"
#include "host/step/step_program.hpp"
#include "host/step/step_rows.hpp"
#include "kernels/update/update.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kFloat = sizeof(float);

template <class T>
std::int64_t bytes_of(const std::vector<T>& values) {
  return static_cast<std::int64_t>(values.size() * sizeof(T));
}

/// Of a store the features of one batch are there at a time.
std::int64_t staged_bytes(const Dataset& data, std::int64_t max_batch) {
  if (data.store == nullptr) return 0;
  return max_batch * data.store->form().most_row_bytes();
}

/// Floats of a Pass: outputs, what layers keep, and the gradients of PassUse::backward or per_sample.
std::int64_t pass_floats(const Network& network, std::int64_t rows, bool per_sample) {
  std::int64_t outputs = 0, kept = 0, widest = 0, inner = 0, moving = 0;
  const auto& layers = network.layers();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    kept += layers[i]->kept_floats(rows);
    widest = std::max(widest, layers[i]->out_features());
    if (!layers[i]->in_place()) outputs += layers[i]->out_features();
    if (i == 0 || layers[i]->gradient_in_place()) continue;
    inner += layers[i]->in_features();
    ++moving;
  }
  const std::int64_t gradients = per_sample   ? layers.back()->out_features() + inner
                                 : moving > 0 ? 2 * widest
                                              : widest;
  return rows * (outputs + gradients) + kept;
}

}  // namespace

MemoryPlan plan_memory(const ModelSpec& spec, const Dataset& data, const LearnerOptions& options) {
  const Network network(spec);
  const std::int64_t arena = network.plan().arena_size(), buffers = network.plan().buffer_size();
  const std::int64_t micro = asked_rows(options);
  const std::int64_t output_gradients = takes_fused_step(network, options.per_sample) ? options.max_batch : 0;
  const std::int64_t states =
      state_count(options.optimizer.name) + (options.optimizer.average != Averaging::none ? 1 : 0);
  return {.parameters = kFloat * (arena + 2 * buffers),
          .gradients = kFloat * arena * gradient_arenas(options),
          .states = kFloat * arena * states,
          .activations = kFloat * (pass_floats(network, micro, options.per_sample.clips()) +
                                   options.max_batch + output_gradients),
          .data = held_bytes(data) + staged_bytes(data, options.max_batch) + placed_bytes(options.batches)};
}

/// Float features are transformed before they get there; a step transforms the others.
std::int64_t held_bytes(const Dataset& data) {
  const bool stored_bytes = data.store != nullptr && data.store->form().dtype == DType::u8;
  const bool transforms = !data.dense_u8.empty() || stored_bytes;
  return bytes_of(data.dense_f32) + bytes_of(data.dense_u8) + bytes_of(data.offsets) +
         bytes_of(data.columns) + bytes_of(data.values) + bytes_of(data.target) + bytes_of(data.weight) +
         (transforms ? bytes_of(data.transform.scale) + bytes_of(data.transform.shift) : 0);
}

std::string size_text(std::int64_t bytes) {
  const auto size = static_cast<double>(bytes);
  if (bytes >= std::int64_t{1} << 30) return fmt::format("{:.2f} GiB", size / (1 << 30));
  if (bytes >= 1 << 20) return fmt::format("{:.1f} MiB", size / (1 << 20));
  return fmt::format("{:.1f} KiB", size / (1 << 10));
}

std::string describe(const MemoryPlan& plan) {
  return fmt::format(
      "memory: {}: parameters {}, gradients {}, optimizer states {}, activations {}, data {}, working memory "
      "{}",
      size_text(plan.total()), size_text(plan.parameters), size_text(plan.gradients), size_text(plan.states),
      size_text(plan.activations), size_text(plan.data), size_text(plan.working));
}

}  // namespace thalweg
