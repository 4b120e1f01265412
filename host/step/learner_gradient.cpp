// The gradient of a batch: in one call, in parts that follow the slices, or by ranks.
#include <algorithm>

#include "host/ranks/fold.hpp"
#include "host/step/learner_ranks.hpp"
#include "kernels/base/slices.hpp"

namespace thalweg {

GradientArenas::GradientArenas(const Context& ctx, std::int64_t floats, std::int64_t arenas)
    : sum(ctx, floats) {
  sum.zero(ctx);
  for (std::int64_t i = 1; i < arenas; ++i) waiting.emplace_back(ctx, floats);
}

std::vector<float*> GradientArenas::places() {
  std::vector<float*> all{sum.data()};
  for (Buffer<float>& arena : waiting) all.push_back(arena.data());
  return all;
}

/// Rows of the batch from position `first` on.
Input Learner::State::input_of(std::int64_t first, std::int64_t count) const {
  Input input = data.input(ids.ids(), first, count);
  if (!per_sample) return input;
  input.squares = per_sample->input_squares() + (data.by_position() ? first : 0);
  input.square_ids = data.by_position() ? nullptr : ids.ids() + first;
  return input;
}

/// The rows of the call that is likely to follow that up to position `done`; none: that is not known.
DenseRows Learner::State::rows_after(const BatchPart& part, std::int64_t done) const {
  const auto rows = [&](const std::int64_t* from, std::int64_t count) {
    return data.upcoming(from, std::min(options.micro_batch, count));
  };
  if (done < part.rows_end) return rows(ids.ids() + done, part.rows_end - done);
  const bool whole = ranks == nullptr && ids.upcoming() != nullptr;
  return whole ? rows(ids.upcoming(), ids.upcoming_count()) : DenseRows{};
}

MicroBatch Learner::State::micro_batch(const BatchPart& part, const BatchSlices& slices, float* grad) const {
  const std::int64_t first = part.rows.begin + slices.first;
  Input input = input_of(first, slices.rows);
  if (sparse) sparse->extend(input, grad, part.rows.begin);
  return {.input = {.slices = slices, .ids = ids.ids() + first, .step = inputs.step(), .input = input},
          .first = first,
          .arenas = {.param = network->parameters().data(),
                     .grad = grad,
                     .partials = part.slices == 1 ? grad : nullptr,
                     .partial_stride = network->plan().arena_size(),
                     .buffers = network->buffers().data()},
          .scale = inputs.loss_scale(),
          .losses = burst.losses() + first,
          .upcoming = rows_after(part, first + slices.rows)};
}

void Learner::State::sum_part(const BatchPart& part, float* grad, const HostObjective* objective) {
  const std::int64_t most = programs->most_rows(objective), count = part.rows.end - part.rows.begin;
  for (std::int64_t first = 0; first == 0 || first < count; first += most) {
    const std::int64_t rows = std::min(most, count - first);
    programs->run(micro_batch(part, {count, first, rows, part.slices}, grad), objective);
  }
}

void Learner::State::sum_in_parts(std::int64_t count, const HostObjective* objective) {
  const int slices = options.reduction_slices;
  const TouchedElements touched = sparse ? sparse->elements() : TouchedElements{};
  sum_parts(
      {count, slices, {{0, slices}}, programs->most_rows(objective)}, gradient.places(),
      [&](const BatchPart& part, float* sum) { sum_part(part, sum, objective); },
      [&](const auto& adds, const auto& sums) {
        fold_arenas(ctx, adds, sums, gradient.sum.size(), touched);
      });
}

/// What an objective writes of a batch that passes in micro-batches of `most` rows.
ObjectiveResult Learner::State::ask(const HostObjective& objective, std::int64_t most) {
  ObjectiveResult all;
  const std::int64_t count = objective.batch_rows;
  for (std::int64_t first = 0; first < count; first += most) {
    const BatchSlices rows{count, first, std::min(most, count - first), options.reduction_slices};
    append(all, programs->ask(micro_batch({{0, count}, rows.slices, count}, rows, gradient.sum.data()),
                              objective));
  }
  return all;
}

/// A batch that one call brings does without the list of its parts. The parts follow the slices, but an
/// objective of the caller's sees the micro-batches that it asked for: it is called before the parts are run.
void Learner::State::sum_batch(std::int64_t count, const HostObjective* objective) {
  const std::int64_t most = programs->most_rows(objective);
  const int slices = options.reduction_slices;
  if (count <= most && slices <= kMaxSlices)
    return sum_part({{0, count}, slices, count}, gradient.sum.data(), objective);
  if (objective == nullptr) return sum_in_parts(count, nullptr);
  const ObjectiveResult all = ask(*objective, most);
  const ObjectiveFunction of_parts = replayed(all);
  const HostObjective parts{of_parts, objective->rows, count, objective->scale};
  sum_in_parts(count, &parts);
}

void Learner::State::sum_gradient(std::int64_t count, const HostObjective* objective) {
  float* const grad = gradient.sum.data();
  if (sparse) sparse->index(input_of(0, count), grad, optimizer.lazy());
  if (per_sample && data.by_position()) per_sample->find_squares(ctx, data.input(ids.ids(), 0, count));
  if (ranks == nullptr) return sum_batch(count, objective);
  std::vector<float*> of_rows{burst.losses()};
  if (per_sample) of_rows.push_back(per_sample->placed_norms());
  ranks->sum->sum(
      ctx, count, programs->most_rows(objective),
      [&](const BatchPart& part, float* sum) { sum_part(part, sum, objective); }, grad, of_rows);
}

}  // namespace thalweg
